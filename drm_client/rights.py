"""What a kept licence permits at a time: one pure state machine over values, the trusted time included.

Two clocks run. The *licence* clock ends at ``expires_at``, whether the title was played or not. The *playback* clock
starts at the first play and ends ``play_s`` later. The earlier end counts.

Expires while watching: a playback that began before the end may go on until it is over, at most ``grace_s`` beyond
the end; none may begin then. Revocation, release and a licence for another device end a playback at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from drm_client.clock import TrustedTime
from drm_client.policy import LicencePolicy


class RightsState(StrEnum):
    """Where a licence stands. ``EXPIRED`` and ``PLAYED_OUT`` say which of the two clocks ended it; ``UNCONFIRMED``
    that the service must confirm it: it may be a restored old copy, or was issued under a wrong clock."""

    READY = "ready"
    STARTED = "started"
    GRACE = "grace"
    EXPIRED = "expired"
    PLAYED_OUT = "played_out"
    REVOKED = "revoked"
    RELEASED = "released"
    WRONG_DEVICE = "wrong_device"
    UNCONFIRMED = "unconfirmed"


MAY_PLAY = frozenset({RightsState.READY, RightsState.STARTED, RightsState.GRACE})
FUTURE_S = 86_400.0
"""A licence that was issued further in the future than this must be confirmed by its issuer."""


@dataclass(frozen=True, slots=True)
class FirstPlay:
    """When the title was first played, by the trusted clock of that moment. ``settled`` once a signed server time has
    confirmed it."""

    time: TrustedTime
    settled: bool = False


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What is known of one kept licence. ``confirmed`` is False when the store was found to be an old copy."""

    policy: LicencePolicy
    first_play: FirstPlay | None = None
    revoked: bool = False
    released: bool = False
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class LicenceJudgement:
    """The judgement on a licence at one time. Remaining times are in seconds, None where there is no end.

    ``may_start``: a playback may begin; ``may_play``: one that runs may go on. ``ends_at`` is when playing must end
    and ``remaining_s`` until then, for a running playback with its grace time. ``licence_s`` and ``playback_s`` are
    the two clocks alone (0 once over). ``renewal_due`` asks for a renewal now. ``provisional`` says that only the
    wall clock ended it: the next signed server time may undo that.
    """

    state: RightsState
    may_play: bool
    may_start: bool
    ends_at: float | None
    remaining_s: float | None
    licence_s: float | None
    playback_s: float | None
    renewal_due: bool
    provisional: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class ForecastStep:
    """One line of a simulation: at ``at_s`` (seconds since 1970) the rights stand like this."""

    at_s: float
    standing: LicenceJudgement


def judge(
    rights: LicenceFacts, now: TrustedTime, device_id: str, *, watching_since_s: float | None = None
) -> LicenceJudgement:
    """How ``rights`` stand at ``now`` on the device ``device_id``.

    ``watching_since_s`` is the trusted time at which the running playback began, None where none runs.
    """
    end = _clocks_end(rights)
    watching = watching_since_s is not None and (end is None or watching_since_s < end)
    state = _state(rights, now.at_s, device_id, watching=watching)
    if state in _BY_TIME and rights.policy.issued_at > now.at_s + FUTURE_S:
        state = RightsState.UNCONFIRMED  # its issuer's clock was wrong then, or this one's is now
    certain = _state(rights, now.certain_s, device_id, watching=watching)
    ends_at = end + rights.policy.grace_s if end is not None and watching else end
    may_play = state in MAY_PLAY
    standing = LicenceJudgement(
        state=state,
        may_play=may_play,
        may_start=may_play and state is not RightsState.GRACE,
        ends_at=ends_at,
        remaining_s=_left(ends_at, now.at_s) if may_play else 0.0,
        licence_s=_left(rights.policy.expires_at, now.at_s),
        playback_s=_left(playback_ends_at(rights), now.at_s),
        renewal_due=renewal_due(rights, state, now.at_s),
        provisional=state in _OVER and certain in MAY_PLAY,
        sentence="",
    )
    return replace(standing, sentence=sentence_for(standing, rights.policy))


def first_play_at(rights: LicenceFacts) -> float | None:
    """When the title was first played, by this device or another one of the account: the earlier of both."""
    times = (rights.policy.first_play_at, None if rights.first_play is None else rights.first_play.time.at_s)
    return min((time for time in times if time is not None), default=None)


def playback_ends_at(rights: LicenceFacts) -> float | None:
    """When the playback clock ends, seconds since 1970; None before the first play or without such a clock."""
    began_at = first_play_at(rights)
    if began_at is None or rights.policy.play_s is None:
        return None
    return began_at + rights.policy.play_s


def renewal_due(rights: LicenceFacts, state: RightsState, at_s: float) -> bool:
    """Whether a renewal should be tried at ``at_s``: it is within its window, or needed to play at all."""
    renewal = rights.policy.renewal
    if renewal is None or at_s >= renewal.until_at:
        return False
    if state in (RightsState.GRACE, RightsState.EXPIRED, RightsState.UNCONFIRMED):
        return True
    if state is RightsState.PLAYED_OUT:
        return not rights.policy.rental
    return state in MAY_PLAY and at_s >= renewal.from_at


def start(rights: LicenceFacts, now: TrustedTime) -> LicenceFacts:
    """The rights after a play that began at ``now``; the first one starts the playback clock."""
    return rights if rights.first_play is not None else replace(rights, first_play=FirstPlay(now))


def settle(rights: LicenceFacts, before: TrustedTime, after: TrustedTime) -> LicenceFacts:
    """The rights after a signed server time turned the trusted time from ``before`` into ``after``.

    A first play may have been dated by a wall clock that ran ahead. That must not lengthen the playback clock once
    the clock is right again: the play was at least as long ago as certain time has passed since. The same holds for
    one in the future, dated while the issuer's own clock was wrong.
    """
    first = rights.first_play
    if first is None or (first.settled and first.time.at_s <= after.at_s):
        return rights
    passed_s = max(0.0, before.certain_s - first.time.certain_s)
    # A certain time that went back was wrong, and dates nothing.
    least_s = min(first.time.certain_s, after.certain_s) if after.certain_s >= before.certain_s else 0.0
    at_s = max(min(first.time.at_s, after.certain_s - passed_s), least_s)
    return replace(rights, first_play=FirstPlay(TrustedTime(at_s, at_s), settled=True))


def renewed(rights: LicenceFacts, policy: LicencePolicy) -> LicenceFacts:
    """The rights under the policy that a renewal brought: a rental's playback clock goes on, another restarts."""
    return LicenceFacts(policy, rights.first_play if policy.rental else None)


def confirmed(rights: LicenceFacts, first_play_s: float | None) -> LicenceFacts:
    """The rights after the service confirmed them, with the first play that it knows of; the earlier one counts."""
    return replace(with_first_play(rights, first_play_s), confirmed=True)


def with_first_play(rights: LicenceFacts, first_play_s: float | None) -> LicenceFacts:
    """The rights with the first play that the service knows of; the earlier one counts."""
    first = rights.first_play
    if first_play_s is None or (first is not None and first.time.at_s <= first_play_s):
        return rights
    return replace(rights, first_play=FirstPlay(TrustedTime(first_play_s, first_play_s), settled=True))


def carried_over(old: LicenceFacts, new: LicenceFacts) -> LicenceFacts:
    """``new`` takes the place of ``old``: a rental's playback clock goes on, by the earlier of both first plays."""
    first = old.first_play
    if not new.policy.rental or (first is None and old.policy.first_play_at is None):
        return new
    if first is None or (old.policy.first_play_at is not None and old.policy.first_play_at < first.time.at_s):
        return with_first_play(new, old.policy.first_play_at)
    if new.first_play is not None and new.first_play.time.at_s <= first.time.at_s:
        return new
    return replace(new, first_play=first)


def simulate(
    rights: LicenceFacts,
    now: TrustedTime,
    device_id: str,
    at: Iterable[float] = (),
    *,
    play_at_s: float | None = None,
) -> tuple[ForecastStep, ...]:
    """How the rights will stand at the times ``at`` (seconds since 1970) and at every time at which they change.

    Times before ``now`` are left out. ``play_at_s`` supposes that the title is first played then, if it was not.
    """
    plays_at = None if play_at_s is None or first_play_at(rights) is not None else max(play_at_s, now.at_s)
    played = rights if plays_at is None else start(rights, TrustedTime(plays_at, plays_at))
    times = {now.at_s, *changes(played), *at} | (set() if plays_at is None else {plays_at})
    moments = []
    for time_s in sorted(time_s for time_s in times if time_s >= now.at_s):
        supposed = rights if plays_at is None or time_s < plays_at else played
        moments.append(ForecastStep(time_s, judge(supposed, TrustedTime(time_s, time_s), device_id)))
    return tuple(moments)


def changes(rights: LicenceFacts) -> tuple[float, ...]:
    """The times at which the rights change by themselves, in order."""
    policy = rights.policy
    times = [policy.expires_at, playback_ends_at(rights)]
    if policy.renewal is not None:
        times += [policy.renewal.from_at, policy.renewal.until_at]
    return tuple(sorted({time for time in times if time is not None}))


def sentence_for(standing: LicenceJudgement, policy: LicencePolicy) -> str:
    """What to tell the viewer, in one sentence or two."""
    if standing.provisional:
        return "By this computer's clock the time for this title is over; connect once to check the date."
    if standing.state in _FIXED_SENTENCES:
        return _FIXED_SENTENCES[standing.state]
    renew = " Connect to renew it." if standing.renewal_due else ""
    if standing.state is RightsState.EXPIRED:
        return f"The licence for this title has run out.{renew}"
    if standing.state is RightsState.PLAYED_OUT:
        return f"The time to finish watching this title is over.{renew}"
    if standing.remaining_s is None:
        return f"You can watch this without a time limit.{renew}"
    left = duration_words(standing.remaining_s)
    if standing.state is RightsState.GRACE:
        return f"The time is up, but you may finish watching: {left} left.{renew}"
    if standing.state is RightsState.READY and policy.play_s is not None:
        return f"You have {left} to start watching, then {duration_words(policy.play_s)} to finish.{renew}"
    return f"You have {left} left to watch this.{renew}"


def duration_words(seconds: float) -> str:
    """A duration for people, rounded down: ``3 days``, ``5 hours``, ``1 minute``."""
    for unit, length_s, least in (("day", 86_400, 2), ("hour", 3_600, 1), ("minute", 60, 1)):
        count = math.floor(max(0.0, seconds) / length_s)
        if count >= least:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


_BY_TIME = frozenset({*MAY_PLAY, RightsState.EXPIRED, RightsState.PLAYED_OUT})
_OVER = frozenset({RightsState.EXPIRED, RightsState.PLAYED_OUT})
_FIXED_SENTENCES = {
    RightsState.REVOKED: "The service has withdrawn the licence for this title.",
    RightsState.RELEASED: "The licence for this title was given back.",
    RightsState.WRONG_DEVICE: "The licence for this title is for another device.",
    RightsState.UNCONFIRMED: "The service must confirm this licence; connect once.",
}


def _state(rights: LicenceFacts, at_s: float, device_id: str, *, watching: bool) -> RightsState:
    fixed = _fixed_state(rights, device_id)
    if fixed is not None:
        return fixed
    end = _clocks_end(rights)
    if end is not None and at_s >= end:
        if watching and at_s < end + rights.policy.grace_s:
            return RightsState.GRACE
        return RightsState.EXPIRED if end == rights.policy.expires_at else RightsState.PLAYED_OUT
    return RightsState.READY if first_play_at(rights) is None else RightsState.STARTED


def _fixed_state(rights: LicenceFacts, device_id: str) -> RightsState | None:
    """A state that no time changes."""
    if rights.policy.device_id != device_id:
        return RightsState.WRONG_DEVICE
    if rights.released:
        return RightsState.RELEASED
    if rights.revoked:
        return RightsState.REVOKED
    return None if rights.confirmed else RightsState.UNCONFIRMED


def _clocks_end(rights: LicenceFacts) -> float | None:
    """When the earlier of the two clocks ends."""
    ends = (rights.policy.expires_at, playback_ends_at(rights))
    return min((end for end in ends if end is not None), default=None)


def _left(end_s: float | None, at_s: float) -> float | None:
    return None if end_s is None else max(0.0, end_s - at_s)
