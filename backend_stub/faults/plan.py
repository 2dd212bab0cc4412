"""All faults of one request folded into what its response suffers, in a fixed order (``docs/faults.md``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from backend_stub.faults.document import Bandwidth, Corrupt, Cut, Delay, Kill, Refuse, Stall, StatusFault, Truncate
from backend_stub.faults.engine import TakenFault
from backend_stub.faults.link import ShapedLink


class BodyEnding(Enum):
    """How a body ends early."""

    CUT = auto()
    TRUNCATE = auto()
    STALL = auto()
    KILL = auto()


_ENDING_OF: dict[type, BodyEnding] = {
    Cut: BodyEnding.CUT,
    Truncate: BodyEnding.TRUNCATE,
    Stall: BodyEnding.STALL,
    Kill: BodyEnding.KILL,
}


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """Delays add up, every link is passed, the first status and the earliest ending win."""

    delay_s: float = 0.0
    links: Sequence[ShapedLink] = ()
    refuse: bool = False
    status: StatusFault | None = None
    corruptions: Sequence[Corrupt] = ()
    ending: BodyEnding | None = None
    end_after: int = 0

    def corrupted(self, data: bytes, position: int) -> bytes:
        """``data``, which begins at byte ``position`` of the body, with the chosen bytes inverted."""
        if not self.corruptions:
            return data
        damaged = bytearray(data)
        for corruption in self.corruptions:
            first = max(corruption.at_byte - position, 0)
            last = min(corruption.at_byte + corruption.length - position, len(damaged))
            for index in range(first, last):
                damaged[index] ^= 0xFF
        return bytes(damaged)


def plan_of(taken: Sequence[TakenFault]) -> ResponsePlan:
    faults = [one.fault for one in taken]
    endings = [
        (fault.after_bytes, _ENDING_OF[type(fault)])
        for fault in faults
        if isinstance(fault, Cut | Truncate | Stall | Kill)
    ]
    end_after, ending = min(endings, key=lambda one: one[0], default=(0, None))
    return ResponsePlan(
        delay_s=sum(fault.seconds for fault in faults if isinstance(fault, Delay)),
        links=[one.link for one in taken if isinstance(one.fault, Bandwidth) and one.link is not None],
        refuse=any(isinstance(fault, Refuse) for fault in faults),
        status=next((fault for fault in faults if isinstance(fault, StatusFault)), None),
        corruptions=[fault for fault in faults if isinstance(fault, Corrupt)],
        ending=ending,
        end_after=end_after,
    )
