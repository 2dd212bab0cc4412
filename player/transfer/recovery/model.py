"""The values of the error matrix: what failed, what is left, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, MatineeError
from player.net.model import RequestKind


class Trouble(StrEnum):
    """Sorts of failure; all of one sort are answered alike."""

    DNS = "dns"
    UNREACHABLE = "unreachable"  # no way to the host
    REFUSED = "refused"
    TLS = "tls"
    TIMEOUT = "timeout"  # no first byte in time
    STALLED = "stalled"  # silence in mid-body
    TRICKLE = "trickle"  # the server is there and sends next to nothing
    CUT = "cut"
    SLOW = "slow"  # slower than real time, or than another CDN could be
    DENIED = "denied"  # 401 or 403: signature, token or session expired
    NOT_FOUND = "not_found"
    GONE = "gone"
    RANGE = "range"  # 416
    RATE_LIMITED = "rate_limited"  # 429
    SERVER = "server"  # 5xx
    LENGTH = "length"
    PROTOCOL = "protocol"  # not proper HTTP, or a status that makes no sense
    CORRUPT = "corrupt"  # the bytes are not what they should be
    NO_KEY = "no_key"  # or none that may still be used
    UNDECRYPTABLE = "undecryptable"  # what came out makes no sense: damaged, or the wrong key
    UNDECODABLE = "undecodable"
    CLOCK_SKEW = "clock_skew"  # refused, and this machine's clock is wrong
    DISK_FULL = "disk_full"
    UNSAFE = "unsafe"  # going on would be unsafe
    FINAL = "final"  # trying again changes nothing


class Action(StrEnum):
    RETRY = "retry"  # the same resource, on whichever path is best then
    OTHER_PATH = "other_path"  # the same resource from a CDN not yet tried for it
    OTHER_RUNG = "other_rung"
    REFRESH_SESSION = "refresh_session"  # new signed addresses, or a new token, from the service
    REFRESH_LICENCE = "refresh_licence"
    WAIT_FOR_NETWORK = "wait_for_network"  # loading pauses; it goes on by itself
    SKIP = "skip"  # go on without it; a segment leaves a gap
    FAIL = "fail"


def retry_after_s(error: MatineeError | DrmError) -> float | None:
    """How long the server wants to be left alone, in seconds; None where it does not say."""
    asked_s = error.fields.get("retry_after_s")
    return float(asked_s) if isinstance(asked_s, int | float) else None


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. ``retry_after_s`` is what the server asked for."""

    kind: RequestKind
    code: ErrorCode | DrmErrorCode
    retry_after_s: float | None = None

    @classmethod
    def of(cls, kind: RequestKind, error: MatineeError | DrmError) -> Failure:
        """The failure that an error tells of."""
        return cls(kind, error.code, retry_after_s(error))


@dataclass(frozen=True, slots=True)
class Situation:
    """What is left to try for the resource that failed.

    ``rounds`` counts the RETRY and WAIT_FOR_NETWORK steps already taken; ``pathways_left`` and ``rungs_left`` count
    the alternatives not tried since the last such step, ``refreshes_left`` how often the session (or the licence)
    may still be renewed. ``waited_s`` is the time since the first failure, ``buffer_s`` the media time that can
    still be shown. ``under_way`` tells whether the playback (or download) had worked before: then an outage is waited
    for, else it is reported soon.

    ``patient``: an outage is waited out however long it takes (a download; a viewer who has paused). ``may_skip``:
    a gap is better than an end (not in a download). ``may_come``: the resource may not have been published yet (the
    live edge), so that a 404 is worth more tries.
    """

    rounds: int = 0
    refreshes_left: int = 0
    pathways_left: int = 0
    rungs_left: int = 0
    waited_s: float = 0.0
    buffer_s: float = 0.0
    under_way: bool = False
    patient: bool = False
    may_skip: bool = True
    may_come: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The answer: do ``action`` after ``delay_s`` seconds. ``reason`` is one sentence for reports."""

    action: Action
    delay_s: float
    reason: str
