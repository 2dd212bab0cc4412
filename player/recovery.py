"""What to do after a failure: one table for playback and downloads.

:func:`next_step` is pure. A failure's code says what sort of :class:`Trouble` it is, the trouble names the answers
worth trying in order, and the first one that the situation still allows is taken. Every kind of request has a last
resort, so there is an answer to everything, and every answer is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from drm_client.errors import DrmErrorCode
from player.errors import ErrorCode
from player.net.model import RequestKind


class Trouble(StrEnum):
    """Sorts of failure; all of one sort are answered alike."""

    ROUTE = "route"  # the server cannot be reached, or the connection to it broke
    BUSY = "busy"  # the server is there and has a fault of its own, or asks for patience
    SLOW = "slow"
    DENIED = "denied"  # signature, token or session expired
    MISSING = "missing"
    BROKEN = "broken"  # what came is not what it should be
    UNTRUSTED = "untrusted"  # going on would be unsafe
    UNDECODABLE = "undecodable"
    UNDECRYPTABLE = "undecryptable"
    FINAL = "final"


class Action(StrEnum):
    RETRY = "retry"  # the same resource, on whichever path is best then
    OTHER_PATH = "other_path"  # the same resource from a CDN not yet tried for it
    OTHER_RUNG = "other_rung"
    REFRESH_SESSION = "refresh_session"  # ask the service for new signed addresses
    REFRESH_LICENCE = "refresh_licence"
    WAIT_FOR_NETWORK = "wait_for_network"
    SKIP = "skip"  # go on without it; a segment leaves a gap
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. ``retry_after_s`` is what the server asked for."""

    kind: RequestKind
    code: ErrorCode | DrmErrorCode
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is left to try for the resource that failed.

    ``rounds`` counts the RETRY and WAIT_FOR_NETWORK steps already taken; ``pathways_left`` and ``rungs_left`` count
    the alternatives not tried since the last such step, ``refreshes_left`` how often the session (or the licence)
    may still be renewed. ``waited_s`` is the time since the first failure, ``buffer_s`` the media time that can
    still be shown. ``under_way`` tells whether the playback (or download) had worked before: then an outage is waited
    for, else it is reported soon.
    """

    rounds: int = 0
    refreshes_left: int = 0
    pathways_left: int = 0
    rungs_left: int = 0
    waited_s: float = 0.0
    buffer_s: float = 0.0
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The answer: do ``action`` after ``delay_s`` seconds. ``reason`` is one sentence for reports."""

    action: Action
    delay_s: float
    reason: str


PATIENCE_S = 90.0  # an outage longer than this ends the playback
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
LONGEST_RETRY_AFTER_S = 30.0

TROUBLE_BY_CODE: Mapping[ErrorCode | DrmErrorCode, Trouble] = {
    ErrorCode.NET_DNS: Trouble.ROUTE,
    ErrorCode.NET_REFUSED: Trouble.ROUTE,
    ErrorCode.NET_UNREACHABLE: Trouble.ROUTE,
    ErrorCode.NET_TIMEOUT: Trouble.ROUTE,
    ErrorCode.NET_STALLED: Trouble.ROUTE,
    ErrorCode.NET_CUT: Trouble.ROUTE,
    ErrorCode.NET_SLOW: Trouble.SLOW,
    ErrorCode.NET_PROTOCOL: Trouble.BROKEN,
    ErrorCode.NET_LENGTH: Trouble.BROKEN,
    ErrorCode.NET_TOO_LARGE: Trouble.BROKEN,
    ErrorCode.NET_TOO_MANY_REDIRECTS: Trouble.BROKEN,
    ErrorCode.NET_TLS: Trouble.UNTRUSTED,
    ErrorCode.NET_FORBIDDEN_URL: Trouble.UNTRUSTED,
    ErrorCode.HTTP_SERVER: Trouble.BUSY,
    ErrorCode.HTTP_RATE_LIMITED: Trouble.BUSY,
    ErrorCode.HTTP_UNAUTHORISED: Trouble.DENIED,
    ErrorCode.HTTP_FORBIDDEN: Trouble.DENIED,
    ErrorCode.HTTP_NOT_FOUND: Trouble.MISSING,
    ErrorCode.HTTP_GONE: Trouble.MISSING,
    ErrorCode.HTTP_RANGE: Trouble.MISSING,
    ErrorCode.HTTP_STATUS: Trouble.BROKEN,
    ErrorCode.MANIFEST_NOT_RECOGNISED: Trouble.BROKEN,
    ErrorCode.MANIFEST_EMPTY: Trouble.BROKEN,
    ErrorCode.MANIFEST_HTML: Trouble.BROKEN,
    ErrorCode.MANIFEST_SYNTAX: Trouble.BROKEN,
    ErrorCode.MANIFEST_FORBIDDEN_URL: Trouble.UNTRUSTED,
    ErrorCode.MEDIA_DAMAGED: Trouble.BROKEN,
    ErrorCode.MEDIA_DECODER: Trouble.UNDECODABLE,
    ErrorCode.MEDIA_UNSUPPORTED: Trouble.UNDECODABLE,
    ErrorCode.SERVICE_EXPIRED: Trouble.DENIED,
    DrmErrorCode.NO_KEY: Trouble.UNDECRYPTABLE,
    DrmErrorCode.DECRYPT_FAILED: Trouble.UNDECRYPTABLE,
    DrmErrorCode.LICENCE_EXPIRED: Trouble.UNDECRYPTABLE,
    DrmErrorCode.LICENCE_UNREACHABLE: Trouble.ROUTE,
}
"""Every other code is :attr:`Trouble.FINAL`: trying again changes nothing."""

ANSWERS: Mapping[Trouble, tuple[Action, ...]] = {
    Trouble.ROUTE: (Action.OTHER_PATH, Action.RETRY, Action.WAIT_FOR_NETWORK),
    Trouble.BUSY: (Action.OTHER_PATH, Action.RETRY, Action.OTHER_RUNG, Action.WAIT_FOR_NETWORK),
    Trouble.SLOW: (Action.OTHER_PATH, Action.OTHER_RUNG, Action.RETRY),
    Trouble.DENIED: (Action.REFRESH_SESSION, Action.OTHER_PATH),
    Trouble.MISSING: (Action.OTHER_PATH, Action.RETRY, Action.OTHER_RUNG),
    Trouble.BROKEN: (Action.OTHER_PATH, Action.RETRY, Action.OTHER_RUNG),
    Trouble.UNTRUSTED: (Action.OTHER_PATH,),
    Trouble.UNDECODABLE: (Action.OTHER_RUNG,),
    Trouble.UNDECRYPTABLE: (Action.REFRESH_LICENCE,),
    Trouble.FINAL: (),
}

_ROUNDS: Mapping[Trouble, int] = {
    Trouble.ROUTE: 3,
    Trouble.BUSY: 4,
    Trouble.SLOW: 1,
    Trouble.MISSING: 1,
    Trouble.BROKEN: 2,
}

_MEDIA = frozenset({RequestKind.SEGMENT, RequestKind.PART, RequestKind.INIT, RequestKind.INDEX})
_OF_A_RUNG = _MEDIA | {RequestKind.MANIFEST}  # an HLS media playlist belongs to a rung
_SIGNED = _OF_A_RUNG | {RequestKind.KEY, RequestKind.LICENCE, RequestKind.TEXT, RequestKind.IMAGE}
_AWAITED = _OF_A_RUNG | {RequestKind.KEY, RequestKind.LICENCE}
_DISPENSABLE = frozenset(
    {RequestKind.STEERING, RequestKind.TEXT, RequestKind.IMAGE, RequestKind.TIME, RequestKind.TELEMETRY}
)
_LEAVES_A_GAP = frozenset({RequestKind.SEGMENT, RequestKind.PART})
_GAP_FOR = frozenset({Trouble.MISSING, Trouble.BROKEN, Trouble.BUSY, Trouble.UNDECODABLE})

_WORDS: Mapping[Action, str] = {
    Action.RETRY: "trying again",
    Action.OTHER_PATH: "trying another CDN",
    Action.OTHER_RUNG: "trying another quality",
    Action.REFRESH_SESSION: "asking for new addresses",
    Action.REFRESH_LICENCE: "asking for a new licence",
    Action.WAIT_FOR_NETWORK: "waiting for the network",
    Action.SKIP: "going on without it",
    Action.FAIL: "nothing is left to try",
}


def next_step(failure: Failure, situation: Situation, seed: int = 0) -> Step:
    """The answer to ``failure``. ``seed`` makes the jitter; the same arguments give the same step."""
    trouble = trouble_of(failure.code)
    for action in ANSWERS[trouble]:
        if _possible(action, failure, situation, trouble):
            return _step(action, _delay(action, failure, situation, seed), failure)
    return _step(_last_resort(failure.kind, trouble), 0.0, failure)


def trouble_of(code: ErrorCode | DrmErrorCode) -> Trouble:
    """The sort of trouble that an error code stands for."""
    return TROUBLE_BY_CODE.get(code, Trouble.FINAL)


def _possible(action: Action, failure: Failure, situation: Situation, trouble: Trouble) -> bool:
    kind = failure.kind
    match action:
        case Action.OTHER_PATH:
            return situation.pathways_left > 0
        case Action.OTHER_RUNG:
            return kind in _OF_A_RUNG and situation.rungs_left > 0
        case Action.REFRESH_SESSION:
            return kind in _SIGNED and situation.refreshes_left > 0
        case Action.REFRESH_LICENCE:
            return kind in _MEDIA and situation.refreshes_left > 0
        case Action.RETRY:
            if failure.code is ErrorCode.HTTP_GONE or (failure.retry_after_s or 0) > LONGEST_RETRY_AFTER_S:
                return False
            rounds = _ROUNDS[trouble]
            return situation.rounds < (min(rounds, 1) if kind in _DISPENSABLE else rounds)
        case Action.WAIT_FOR_NETWORK:
            return kind in _AWAITED and situation.under_way and situation.waited_s < PATIENCE_S
        case _:
            return False


def _delay(action: Action, failure: Failure, situation: Situation, seed: int) -> float:
    """Exponential back-off with jitter (half to all of the step), shorter while the buffer runs dry."""
    if action not in (Action.RETRY, Action.WAIT_FOR_NETWORK):
        return 0.0
    step = min(FIRST_DELAY_S * 2.0 ** min(situation.rounds, 16), LONGEST_DELAY_S)
    if situation.under_way:
        step = min(step, max(situation.buffer_s / 2, 2 * FIRST_DELAY_S))
    if action is Action.WAIT_FOR_NETWORK:
        step = max(step, 1.0)  # an outage is not worth more than a look a second
    jittered = step * (0.5 + 0.5 * Random(f"{seed}/{situation.rounds}").random())
    return max(jittered, min(failure.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))


def _last_resort(kind: RequestKind, trouble: Trouble) -> Action:
    if kind in _DISPENSABLE or (kind in _LEAVES_A_GAP and trouble in _GAP_FOR):
        return Action.SKIP
    return Action.FAIL


def _step(action: Action, delay_s: float, failure: Failure) -> Step:
    after = f" in {delay_s:.1f} s" if delay_s else ""
    return Step(action, delay_s, f"{failure.kind} failed ({failure.code}): {_WORDS[action]}{after}.")
