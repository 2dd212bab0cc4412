"""The rights machine: each rule, what the viewer is told, and the bounds over any sequence of events."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client import clock, rights
from drm_client.clock import TrustedTime
from drm_client.policy import LicencePolicy
from drm_client.rights import FirstPlay, LicenceFacts, RightsState, judge
from tests.drm_client.offline_kit import Machine, policy
from tests.kit.licence_server import DAY, HOUR, START

DEVICE = "device-1"


def at(seconds: float, certain: float | None = None) -> TrustedTime:
    return TrustedTime(START + seconds, START + (seconds if certain is None else certain))


def started(seconds: float = 0.0, **changes: object) -> LicenceFacts:
    return LicenceFacts(policy(**changes), FirstPlay(at(seconds), settled=True))


@pytest.mark.parametrize(
    ("old", "new", "first_play"),
    [
        (started(rental=True), LicenceFacts(policy(rental=True)), FirstPlay(at(0), settled=True)),
        (started(rental=True), started(HOUR, rental=True), FirstPlay(at(0), settled=True)),
        (started(HOUR, rental=True), started(rental=True), FirstPlay(at(0), settled=True)),
        (started(), LicenceFacts(policy()), None),
        (LicenceFacts(policy(rental=True)), LicenceFacts(policy(rental=True)), None),
        # Dated by a clock that was not sure: a signed time may still set it right.
        (
            LicenceFacts(policy(rental=True), FirstPlay(at(9, 5))),
            LicenceFacts(policy(rental=True)),
            FirstPlay(at(9, 5)),
        ),
        # Another device of the account has played it first.
        (
            started(HOUR, rental=True, first_play_at=START),
            LicenceFacts(policy(rental=True)),
            FirstPlay(at(0), settled=True),
        ),
    ],
)
def test_the_first_play_of_a_rental_goes_on_in_another_licence(
    old: LicenceFacts, new: LicenceFacts, first_play: FirstPlay | None
) -> None:
    carried = rights.carried_over(old, new)
    assert (carried.first_play, carried.policy) == (first_play, new.policy)


@pytest.mark.parametrize(
    ("held", "seconds", "state", "may_start", "remaining_s"),
    [
        (LicenceFacts(policy()), 0, "ready", True, 48 * HOUR),
        (LicenceFacts(policy(expires_at=None)), 900 * DAY, "ready", True, None),
        (started(), HOUR, "started", True, 47 * HOUR),
        (LicenceFacts(policy()), 48 * HOUR - 1, "ready", True, 1),
        (LicenceFacts(policy()), 48 * HOUR, "expired", False, 0),
        (LicenceFacts(policy(grace_s=HOUR)), 48 * HOUR, "expired", False, 0),
        (started(play_s=2 * HOUR), HOUR, "started", True, HOUR),
        (started(play_s=2 * HOUR), 2 * HOUR, "played_out", False, 0),
        (started(47 * HOUR, play_s=2 * HOUR), 48 * HOUR, "expired", False, 0),
        (LicenceFacts(policy(play_s=2 * HOUR, first_play_at=START - HOUR)), 0, "started", True, HOUR),
        (started(HOUR, play_s=2 * HOUR, first_play_at=START), HOUR, "started", True, HOUR),
        (LicenceFacts(policy(device_id="another")), 0, "wrong_device", False, 0),
        (LicenceFacts(policy(), revoked=True), 0, "revoked", False, 0),
        (LicenceFacts(policy(), released=True), 0, "released", False, 0),
        (LicenceFacts(policy(), confirmed=False), 0, "unconfirmed", False, 0),
    ],
)
def test_states(held: LicenceFacts, seconds: float, state: str, may_start: bool, remaining_s: float | None) -> None:
    standing = judge(held, at(seconds), DEVICE)
    assert (standing.state, standing.may_start, standing.may_play) == (state, may_start, may_start)
    assert standing.remaining_s == remaining_s
    assert standing.sentence.endswith(".")
    assert not standing.provisional


@pytest.mark.parametrize(
    "held", [LicenceFacts(policy(grace_s=HOUR)), started(46 * HOUR, play_s=2 * HOUR, grace_s=HOUR)]
)
def test_a_playback_that_runs_when_the_time_is_up_may_go_on_for_the_grace_time(held: LicenceFacts) -> None:
    since = START + 47 * HOUR
    running = judge(held, at(48 * HOUR), DEVICE, watching_since_s=since)
    assert (running.state, running.may_play, running.may_start) == (RightsState.GRACE, True, False)
    assert running.remaining_s == HOUR
    assert "finish watching" in running.sentence
    assert not judge(held, at(49 * HOUR), DEVICE, watching_since_s=since).may_play
    assert not judge(held, at(48 * HOUR + 1), DEVICE, watching_since_s=START + 48 * HOUR).may_play
    assert judge(held, at(47 * HOUR), DEVICE, watching_since_s=since).remaining_s == 2 * HOUR


def test_withdrawal_ends_a_running_playback_at_once() -> None:
    for change in ({"revoked": True}, {"released": True}, {"confirmed": False}):
        held = replace(LicenceFacts(policy(grace_s=HOUR)), **change)  # type: ignore[arg-type]
        assert not judge(held, at(HOUR), DEVICE, watching_since_s=START).may_play


def test_renewal_is_due_in_its_window_and_when_it_is_needed() -> None:
    due = {
        hours: judge(LicenceFacts(policy()), at(hours * HOUR), DEVICE).renewal_due
        for hours in (0, 23, 24, 47, 48, 719)
    }
    assert due == {0: False, 23: False, 24: True, 47: True, 48: True, 719: True}
    assert not judge(LicenceFacts(policy()), at(30 * DAY), DEVICE).renewal_due
    assert not judge(LicenceFacts(policy(renewal=None)), at(48 * HOUR), DEVICE).renewal_due
    assert not judge(started(play_s=HOUR, rental=True), at(2 * HOUR), DEVICE).renewal_due
    assert judge(started(play_s=HOUR), at(2 * HOUR), DEVICE).renewal_due


def test_a_renewal_keeps_a_rentals_playback_clock_and_starts_anothers_anew() -> None:
    for rental in (True, False):
        held = rights.renewed(started(HOUR, rental=rental), policy(sequence=2, rental=rental))
        assert (rights.first_play_at(held) is not None) is rental
        assert held.confirmed
    assert rights.renewed(replace(started(), confirmed=False, revoked=True), policy()).confirmed


def test_a_forward_jump_ends_a_licence_only_provisionally() -> None:
    jumped = judge(LicenceFacts(policy()), at(900 * DAY, certain=HOUR), DEVICE)
    assert (jumped.state, jumped.may_play, jumped.provisional) == (RightsState.EXPIRED, False, True)
    assert "connect once" in jumped.sentence
    assert judge(LicenceFacts(policy()), at(HOUR), DEVICE).may_start


def test_a_first_play_under_a_clock_that_ran_ahead_is_set_right() -> None:
    first = rights.start(LicenceFacts(policy(play_s=2 * HOUR)), at(900 * DAY, certain=HOUR))
    healed = rights.settle(first, at(900 * DAY + HOUR, certain=2 * HOUR), at(3 * HOUR))
    assert rights.first_play_at(healed) == START + 2 * HOUR  # an hour of certain time ago
    assert rights.settle(healed, at(5 * HOUR), at(9 * HOUR)) is healed
    assert rights.start(healed, at(6 * HOUR)) is healed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (-5, "less than a minute"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (7200, "2 hours"),
        (47 * HOUR, "47 hours"),
        (48 * HOUR, "2 days"),
        (30 * DAY, "30 days"),
    ],
)
def test_durations_for_people(seconds: float, words: str) -> None:
    assert rights.duration_words(seconds) == words


def test_every_state_has_a_sentence_of_its_own() -> None:
    helds = [
        LicenceFacts(policy()),
        LicenceFacts(policy(play_s=HOUR)),
        LicenceFacts(policy(expires_at=None, renewal=None)),
    ]
    helds += [LicenceFacts(policy(), **{flag: value}) for flag, value in (("revoked", True), ("released", True))]  # type: ignore[arg-type]
    helds += [LicenceFacts(policy(), confirmed=False), LicenceFacts(policy(device_id="x"))]
    sentences = [judge(held, at(0), DEVICE).sentence for held in helds]
    sentences += [judge(LicenceFacts(policy()), at(hours * HOUR), DEVICE).sentence for hours in (25, 48, 900)]
    sentences += [judge(started(play_s=HOUR), at(2 * HOUR), DEVICE).sentence]
    assert len(set(sentences)) == len(sentences)
    assert judge(LicenceFacts(policy()), at(0), DEVICE).sentence == "You have 2 days left to watch this."


def test_a_simulation_tells_every_change() -> None:
    held = LicenceFacts(policy(play_s=2 * HOUR))
    moments = rights.simulate(held, at(0), DEVICE, at=[START + HOUR, START - 5], play_at_s=START + 30 * HOUR)
    told = [((moment.at_s - START) / HOUR, str(moment.standing.state)) for moment in moments]
    assert told == [
        (0, "ready"), (1, "ready"), (24, "ready"), (30, "started"), (32, "played_out"), (48, "played_out"),
        (720, "played_out"),
    ]  # fmt: skip
    assert [one.standing.renewal_due for one in moments] == [False, False, True, True, True, True, False]
    assert all(one.at_s >= START for one in rights.simulate(held, at(0), DEVICE))


# --- over sequences of events


@dataclass
class Viewer:
    """A viewer with a licence, a machine, and no network most of the time."""

    machine: Machine
    held: LicenceFacts
    state: clock.ClockState
    played_s: float = 0.0  # since the service was last heard
    since_start_s: float | None = None

    @classmethod
    def of(cls, terms: LicencePolicy) -> Viewer:
        machine = Machine()
        state = clock.hear(clock.begin(machine.read()), machine.read(), machine.real.at_s)
        return cls(machine, LicenceFacts(terms), state)

    def judge(self) -> rights.LicenceJudgement:
        self.state = clock.advance(self.state, self.machine.read())
        return judge(self.held, self.state.time, DEVICE)

    def watch(self, seconds: float) -> None:
        """Play in steps of a minute for as long as it is permitted."""
        self.judge()
        since, watched = self.state.time.at_s, 0.0
        if not judge(self.held, self.state.time, DEVICE).may_start:
            return
        self.held = rights.start(self.held, self.state.time)
        while watched < seconds:
            self.judge()
            if not judge(self.held, self.state.time, DEVICE, watching_since_s=since).may_play:
                return
            self.machine.run(600.0)
            watched += 600.0
            self.played_s += 600.0

    def hear(self) -> None:
        before = clock.advance(self.state, self.machine.read()).time
        self.state = clock.hear(self.state, self.machine.read(), self.machine.real.at_s)
        self.held = rights.settle(self.held, before, self.state.time)
        self.played_s = 0.0

    def do(self, name: str, value: float) -> None:
        match name:
            case "watch":
                self.watch(min(value, 12 * HOUR))
            case "run":
                self.machine.run(value)
            case "restart":
                self.machine.restart(value)
            case "set wall":
                self.machine.wall_error_s = value
            case "server":
                self.hear()
        self.judge()


_TERMS = policy(play_s=8 * HOUR, grace_s=HOUR, renewal=None)
_HONEST = st.tuples(st.sampled_from(["watch", "run", "restart", "server"]), st.floats(0, 20 * HOUR))
_ANY = st.one_of(
    _HONEST,
    st.tuples(st.just("set wall"), st.floats(-90 * DAY, 90 * DAY)),
    st.tuples(st.just("restart"), st.just(0.0)),
)


@given(st.lists(_ANY, max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_setting_of_clocks_gains_more_than_the_stated_bound(events: list[tuple[str, float]]) -> None:
    """Between two contacts with the service, no more is played than was left at the first, and the grace time.

    After the next contact, what has ended stays ended.
    """
    viewer = Viewer.of(_TERMS)
    left_s = _left(viewer)
    for name, value in events:
        viewer.do(name, value)
        if name == "server":
            left_s = _left(viewer)
            if viewer.machine.real.at_s > START + 48 * HOUR + 1:
                assert not viewer.judge().may_play
        assert viewer.played_s <= left_s + _TERMS.grace_s + 600 + 1


def _left(viewer: Viewer) -> float:
    standing = viewer.judge()
    whole = standing.playback_s if standing.playback_s is not None else _TERMS.play_s
    assert whole is not None
    return min(standing.remaining_s or 0.0, whole)


@given(st.lists(_HONEST, max_size=30), st.floats(0, 400 * DAY))
@settings(max_examples=100, deadline=None)
def test_an_honest_viewer_has_exactly_what_the_licence_says(events: list[tuple[str, float]], jump_s: float) -> None:
    """With a right clock, licences are judged by the real time.

    After a forward jump (a machine that boots with a wrong date) this holds again from the next contact.
    """
    viewer = Viewer.of(_TERMS)
    for name, value in events:
        viewer.do(name, value)
        real = TrustedTime(viewer.machine.real.at_s, viewer.machine.real.at_s)
        for ahead_s in (-1.0, 1.0):  # the two may differ where a clock ends just now
            near = TrustedTime(real.at_s + ahead_s, real.at_s + ahead_s)
            if judge(viewer.held, near, DEVICE).state is viewer.judge().state:
                break
        else:
            pytest.fail("the judgement is not that of the real time")
    viewer.machine.wall_error_s = jump_s
    viewer.machine.restart()
    viewer.judge()
    viewer.machine.wall_error_s = 0.0
    viewer.hear()
    healed = viewer.judge()
    now_s = viewer.machine.real.at_s
    assert healed.licence_s == pytest.approx(max(0.0, START + 48 * HOUR - now_s), abs=0.1)
    assert not healed.provisional
