"""What a licence permits and until when: pure rules over the contract, the plan and the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backend_stub.db.models import ContentKey
from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import HDCP_LEVELS, ContractTerms, Entitled, label_height
from backend_stub.services.plans import Plan

_RENEW_SHARE = 0.2  # the last part of a download's licence, in which it is renewed
_RENEW_AFTER_S = 14 * 86400.0
_STREAMING_GRACE_S = 300.0

Withheld = Literal["plan", "hdcp", "unknown"]


@dataclass(frozen=True, slots=True)
class Terms:
    """The clocks of one licence, seconds since 1970; ``play_s`` and ``grace_s`` are lengths.

    ``renew_from`` and ``renew_until`` are None together, when the licence cannot be renewed.
    """

    issued_at: float
    expires_at: float
    play_s: float | None
    first_play_at: float | None
    grace_s: float
    rental: bool
    renew_from: float | None
    renew_until: float | None

    @property
    def holds_until(self) -> float:
        """After this a licence is of no use any more: it has ended and can no longer be renewed."""
        return max(self.expires_at + self.grace_s, self.renew_until or 0.0)


def download_terms(entitled: Entitled, now: float, first_play_at: float | None = None) -> Terms:
    """Of a download's licence that is issued or renewed now.

    ``first_play_at`` is known from before; it stays for a rental and is forgotten otherwise.
    """
    rights = entitled.rights
    expires_at = entitled.end(now + rights.licence_s)
    window_end = rights.available_until
    renewable = rights.renewable and (window_end is None or expires_at < window_end)
    renew_until = min(expires_at + _RENEW_AFTER_S, window_end or expires_at + _RENEW_AFTER_S)
    return Terms(
        issued_at=now,
        expires_at=expires_at,
        play_s=rights.play_s,
        first_play_at=first_play_at if rights.rental else None,
        grace_s=rights.grace_s,
        rental=rights.rental,
        renew_from=expires_at - _RENEW_SHARE * (expires_at - now) if renewable else None,
        renew_until=renew_until if renewable else None,
    )


def streaming_terms(entitled: Entitled, now: float, session_ends_at: float, keys_until: float) -> Terms:
    """Of a play session's licence: shorter than the session, and renewed while that has its place."""
    session_end = entitled.end(session_ends_at)
    expires_at = min(session_end, keys_until)
    renewable = expires_at < session_end
    return Terms(
        issued_at=now,
        expires_at=expires_at,
        play_s=None,
        first_play_at=None,
        grace_s=_STREAMING_GRACE_S,
        rental=False,
        renew_from=(now + expires_at) / 2 if renewable else None,
        renew_until=session_end if renewable else None,
    )


@dataclass(frozen=True, slots=True)
class KeySelection:
    """Which of the keys asked for are given, and why the others are not, by key id (hex)."""

    given: Sequence[ContentKey]
    withheld: dict[str, Withheld]


def select_keys(entitled: Entitled, rows: Sequence[ContentKey], asked: Sequence[str], hdcp: str) -> KeySelection:
    """The keys ``asked`` for that the plan and the outputs of the device permit.

    Raises :class:`ProblemError` 404 ``key_not_found`` when the title has none of them, 403 ``not_entitled`` or
    ``hdcp_too_low`` when no picture could be shown.
    """
    of_title = {row.kid: row for row in rows}
    known = [of_title[kid] for kid in dict.fromkeys(asked) if kid in of_title]
    withheld: dict[str, Withheld] = {kid: "unknown" for kid in asked if kid not in of_title}
    for row in known:
        if not entitled.allows(row.label):
            withheld[row.kid] = "plan"
        elif _hdcp_rank(hdcp) < _hdcp_rank(least_hdcp(entitled.rights, row.label)):
            withheld[row.kid] = "hdcp"
    given = [row for row in known if row.kid not in withheld]
    pictures = [row for row in known if label_height(row.label)]
    if asked and not known:
        raise ProblemError(404, "key_not_found", "This title has none of the keys asked for.")
    needed = pictures or known
    if needed and not any(row in given for row in needed):
        if any(withheld.get(row.kid) == "hdcp" for row in known):
            raise ProblemError(
                403, "hdcp_too_low", "The connection to the screen is not protected as this title asks."
            )
        raise ProblemError(403, "not_entitled", "Your plan does not cover this quality.")
    return KeySelection(given, withheld)


def least_hdcp(rights: ContractTerms, label: str) -> str:
    return rights.hdcp.get(label, "none")


def shown_keys(rights: ContractTerms, given: Sequence[ContentKey]) -> dict[str, object]:
    return {
        row.kid: {"label": row.label, "max_height": label_height(row.label), "hdcp": least_hdcp(rights, row.label)}
        for row in given
    }


def shown_output(rights: ContractTerms, given: Sequence[ContentKey]) -> dict[str, object]:
    levels = [least_hdcp(rights, row.label) for row in given if label_height(row.label)]
    least = min(levels, key=_hdcp_rank, default="none")
    return {"hdcp": least, "analogue": rights.analogue, "mirror": rights.mirror}


def shown_plan(plan: Plan) -> dict[str, object]:
    members = ("name", "max_height", "streams", "download_devices", "download_titles")
    return {member: getattr(plan, member) for member in members}


def _hdcp_rank(level: str) -> int:
    return HDCP_LEVELS.index(level)
