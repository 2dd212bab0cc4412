"""What each kind of request is given by default: time, size and urgency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from player.net.model import Request, RequestKind

_KIB = 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """What a request is held to. Times are seconds; see :class:`player.net.model.Request` for their meaning."""

    first_byte_s: float
    stall_s: float
    deadline_s: float
    max_bytes: int
    priority: int


POLICIES: Mapping[RequestKind, KindPolicy] = {
    RequestKind.MANIFEST: KindPolicy(6, 5, 30, 64 * _MIB, 50),
    RequestKind.INIT: KindPolicy(5, 4, 20, 16 * _MIB, 45),
    RequestKind.INDEX: KindPolicy(5, 4, 20, 16 * _MIB, 45),
    RequestKind.SEGMENT: KindPolicy(5, 4, 180, 512 * _MIB, 30),
    RequestKind.PART: KindPolicy(5, 3, 30, 64 * _MIB, 35),
    RequestKind.KEY: KindPolicy(6, 4, 15, 64 * _KIB, 60),
    RequestKind.LICENCE: KindPolicy(12, 5, 20, 1 * _MIB, 60),
    RequestKind.STEERING: KindPolicy(5, 3, 10, 256 * _KIB, 15),
    RequestKind.TEXT: KindPolicy(6, 5, 30, 32 * _MIB, 25),
    RequestKind.IMAGE: KindPolicy(8, 5, 30, 32 * _MIB, 5),
    RequestKind.TIME: KindPolicy(4, 3, 8, 64 * _KIB, 40),
    RequestKind.API: KindPolicy(8, 5, 20, 8 * _MIB, 40),
    RequestKind.TELEMETRY: KindPolicy(8, 5, 20, 1 * _MIB, 0),
}


def limits_of(request: Request) -> KindPolicy:
    """The limits of ``request``: its kind's where it leaves them open, and its urgency added to the kind's."""
    policy = POLICIES[request.kind]
    return KindPolicy(
        first_byte_s=policy.first_byte_s if request.first_byte_s is None else request.first_byte_s,
        stall_s=policy.stall_s if request.stall_s is None else request.stall_s,
        deadline_s=policy.deadline_s if request.deadline_s is None else request.deadline_s,
        max_bytes=policy.max_bytes if request.max_bytes is None else request.max_bytes,
        priority=policy.priority + request.priority,
    )
