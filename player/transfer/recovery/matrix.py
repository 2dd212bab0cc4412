"""The table itself: a row for each kind of request and each trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode
from player.net.model import RequestKind
from player.transfer.recovery.model import Action, Trouble

OUTAGE_PATIENCE_S = 900.0  # no network: nothing is wrong with the title, so it may take a while
SERVER_PATIENCE_S = 90.0  # a server that is there and does not serve


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """What is worth trying, in order. RETRY at most ``rounds`` times; WAIT_FOR_NETWORK no longer than ``patience_s``
    after the first failure; ``last`` (SKIP or FAIL) when all that has been done."""

    tries: tuple[Action, ...] = ()
    rounds: int = 0
    patience_s: float = 0.0
    last: Action = Action.FAIL


TROUBLE_BY_CODE: Mapping[ErrorCode | DrmErrorCode, Trouble] = {
    ErrorCode.NET_DNS: Trouble.DNS,
    ErrorCode.NET_UNREACHABLE: Trouble.UNREACHABLE,
    ErrorCode.NET_REFUSED: Trouble.REFUSED,
    ErrorCode.NET_TLS: Trouble.TLS,
    ErrorCode.NET_TIMEOUT: Trouble.TIMEOUT,
    ErrorCode.NET_STALLED: Trouble.STALLED,
    ErrorCode.NET_TRICKLE: Trouble.TRICKLE,
    ErrorCode.NET_CUT: Trouble.CUT,
    ErrorCode.NET_SLOW: Trouble.SLOW,
    ErrorCode.NET_PROTOCOL: Trouble.PROTOCOL,
    ErrorCode.NET_TOO_MANY_REDIRECTS: Trouble.PROTOCOL,
    ErrorCode.NET_LENGTH: Trouble.LENGTH,
    ErrorCode.NET_TOO_LARGE: Trouble.LENGTH,
    ErrorCode.NET_FORBIDDEN_URL: Trouble.UNSAFE,
    ErrorCode.HTTP_UNAUTHORISED: Trouble.DENIED,
    ErrorCode.HTTP_FORBIDDEN: Trouble.DENIED,
    ErrorCode.HTTP_NOT_FOUND: Trouble.NOT_FOUND,
    ErrorCode.INPUT_FILE: Trouble.NOT_FOUND,
    ErrorCode.HTTP_GONE: Trouble.GONE,
    ErrorCode.HTTP_RANGE: Trouble.RANGE,
    ErrorCode.HTTP_RATE_LIMITED: Trouble.RATE_LIMITED,
    ErrorCode.HTTP_SERVER: Trouble.SERVER,
    ErrorCode.HTTP_STATUS: Trouble.PROTOCOL,
    ErrorCode.MANIFEST_NOT_RECOGNISED: Trouble.CORRUPT,
    ErrorCode.MANIFEST_EMPTY: Trouble.CORRUPT,
    ErrorCode.MANIFEST_HTML: Trouble.CORRUPT,
    ErrorCode.MANIFEST_SYNTAX: Trouble.CORRUPT,
    ErrorCode.MANIFEST_FORBIDDEN_URL: Trouble.UNSAFE,
    ErrorCode.MEDIA_DAMAGED: Trouble.CORRUPT,
    ErrorCode.MEDIA_MISPLACED: Trouble.CORRUPT,
    ErrorCode.MEDIA_DECODER: Trouble.UNDECODABLE,
    ErrorCode.MEDIA_UNSUPPORTED: Trouble.UNDECODABLE,
    ErrorCode.SERVICE_EXPIRED: Trouble.DENIED,
    ErrorCode.CLOCK_SKEW: Trouble.CLOCK_SKEW,
    ErrorCode.DISK_FULL: Trouble.DISK_FULL,
    DrmErrorCode.NO_KEY: Trouble.NO_KEY,
    DrmErrorCode.DECRYPT_FAILED: Trouble.UNDECRYPTABLE,
    DrmErrorCode.LICENCE_EXPIRED: Trouble.NO_KEY,
    DrmErrorCode.LICENCE_UNREACHABLE: Trouble.UNREACHABLE,
    DrmErrorCode.LICENCE_MALFORMED: Trouble.CORRUPT,
}
"""Every other code is :attr:`Trouble.FINAL`."""

_CDN, _RETRY, _RUNG = Action.OTHER_PATH, Action.RETRY, Action.OTHER_RUNG
_SESSION, _LICENCE, _WAIT = Action.REFRESH_SESSION, Action.REFRESH_LICENCE, Action.WAIT_FOR_NETWORK

_LOST = MatrixRow((_CDN, _RETRY, _WAIT), rounds=3, patience_s=OUTAGE_PATIENCE_S)
_BROKE = replace(_LOST, patience_s=SERVER_PATIENCE_S)
_BUSY = MatrixRow((_CDN, _RETRY, _RUNG, _WAIT), rounds=4, patience_s=SERVER_PATIENCE_S, last=Action.SKIP)
_SPOILED = MatrixRow((_CDN, _RETRY, _RUNG), rounds=2, last=Action.SKIP)
_MISSING = replace(_SPOILED, rounds=1)

BASE: Mapping[Trouble, MatrixRow] = {
    Trouble.DNS: _LOST,
    Trouble.UNREACHABLE: _LOST,
    Trouble.REFUSED: _BROKE,
    Trouble.TLS: MatrixRow((_CDN, _RETRY), rounds=1),
    Trouble.TIMEOUT: _LOST,
    Trouble.STALLED: _LOST,
    Trouble.TRICKLE: replace(_BUSY, rounds=1),
    Trouble.CUT: _BROKE,
    Trouble.SLOW: MatrixRow((_CDN, _RUNG, _RETRY), rounds=1),
    Trouble.DENIED: MatrixRow((_SESSION, _CDN)),
    Trouble.NOT_FOUND: _MISSING,
    Trouble.GONE: replace(_MISSING, tries=(_CDN, _RUNG), rounds=0),
    Trouble.RANGE: _MISSING,
    Trouble.RATE_LIMITED: _BUSY,
    Trouble.SERVER: _BUSY,
    Trouble.LENGTH: _SPOILED,
    Trouble.PROTOCOL: _SPOILED,
    Trouble.CORRUPT: _SPOILED,
    Trouble.NO_KEY: MatrixRow((_LICENCE, _RUNG)),
    Trouble.UNDECRYPTABLE: MatrixRow((_CDN, _RETRY), rounds=1),
    Trouble.UNDECODABLE: MatrixRow((_RUNG,), last=Action.SKIP),
    Trouble.CLOCK_SKEW: MatrixRow((_SESSION, _LICENCE, _CDN)),
    Trouble.DISK_FULL: MatrixRow(),
    Trouble.UNSAFE: MatrixRow((_CDN,)),
    Trouble.FINAL: MatrixRow(),
}
"""The row of a segment; :func:`_row` takes away what other kinds do not have."""


@dataclass(frozen=True, slots=True)
class _Nature:
    """What can be done about a kind of request at all. ``rounds`` bounds the retries; a kind that playback can do
    without ends with SKIP, one that leaves a gap may."""

    able: frozenset[Action]
    rounds: int = 4
    dispensable: bool = False
    leaves_gap: bool = False


_SEGMENT = _Nature(frozenset({_CDN, _RETRY, _RUNG, _SESSION, _LICENCE, _WAIT}), leaves_gap=True)
_INIT = replace(_SEGMENT, leaves_gap=False)
_EXTRA = _Nature(frozenset({_CDN, _RETRY, _SESSION}), rounds=1, dispensable=True)
_ASIDE = _Nature(frozenset({_RETRY}), rounds=1, dispensable=True)

_NATURES: Mapping[RequestKind, _Nature] = {
    RequestKind.MANIFEST: _Nature(frozenset({_CDN, _RETRY, _RUNG, _SESSION, _WAIT})),
    RequestKind.INIT: _INIT,
    RequestKind.INDEX: _INIT,
    RequestKind.SEGMENT: _SEGMENT,
    RequestKind.PART: _SEGMENT,
    RequestKind.KEY: _Nature(frozenset({_CDN, _RETRY, _SESSION, _WAIT})),
    RequestKind.LICENCE: _Nature(frozenset({_RETRY, _SESSION, _LICENCE, _WAIT})),
    RequestKind.STEERING: _ASIDE,
    RequestKind.TIME: _ASIDE,
    RequestKind.TEXT: _EXTRA,
    RequestKind.IMAGE: _EXTRA,
    RequestKind.API: _Nature(frozenset({_RETRY, _SESSION})),
    RequestKind.TELEMETRY: _ASIDE,
}


def _row(nature: _Nature, base: MatrixRow) -> MatrixRow:
    tries = tuple(action for action in base.tries if action in nature.able)
    rounds = min(base.rounds, nature.rounds) if _RETRY in tries else 0
    last = Action.SKIP if nature.dispensable else base.last if nature.leaves_gap else Action.FAIL
    return MatrixRow(tries, rounds, base.patience_s if _WAIT in tries else 0.0, last)


MATRIX: Mapping[RequestKind, Mapping[Trouble, MatrixRow]] = {
    kind: {trouble: _row(nature, BASE[trouble]) for trouble in Trouble} for kind, nature in _NATURES.items()
}
"""The full product of kinds and troubles."""


def trouble_of(code: ErrorCode | DrmErrorCode) -> Trouble:
    """The sort of trouble that an error code stands for."""
    return TROUBLE_BY_CODE.get(code, Trouble.FINAL)
