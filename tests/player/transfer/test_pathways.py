"""The choice of CDN: named cases, and properties over random runs."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode
from player.transfer.pathways import Cause, Pathways

SEGMENT = 500_000  # bytes
CUT, MISSING, SERVER = ErrorCode.NET_CUT, ErrorCode.HTTP_NOT_FOUND, ErrorCode.HTTP_SERVER


def good(paths: Pathways, pathway: str, now_s: float, bps: float = 8e6) -> None:
    paths.finished(pathway, now_s, SEGMENT, SEGMENT * 8 / bps)


def test_the_first_of_the_ranked_is_used_and_kept() -> None:
    paths = Pathways(["a", "b"])
    for now in range(100):
        choice = paths.choose(now)
        assert (choice.pathway, choice.probe) == ("a", False)
        assert choice.reason
        good(paths, "a", now)
    assert paths.history == []


def test_there_must_be_a_pathway() -> None:
    with pytest.raises(ValueError, match="no pathway"):
        Pathways([]).choose(0)


def test_a_pathway_nobody_announced_can_be_used() -> None:
    assert Pathways([]).choose(0, among=["x"]).pathway == "x"


def test_a_broken_route_changes_the_pathway_at_once_with_the_reason() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 1, CUT)
    choice = paths.choose(1)
    assert choice.pathway == "b"
    assert "net.cut" in choice.reason
    (switch,) = paths.history
    assert (switch.at_s, switch.before, switch.after, switch.cause) == (1, "a", "b", Cause.ERROR)


@pytest.mark.parametrize(("code", "tolerated"), [(MISSING, 2), (SERVER, 1), (ErrorCode.NET_LENGTH, 1)])
def test_troubles_that_may_be_the_files_own_are_tolerated_for_a_while(code: ErrorCode, tolerated: int) -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    for _ in range(5):  # never so many in succession
        for _ in range(tolerated):
            paths.failed("a", 1, code)
        good(paths, "a", 1)
    assert paths.choose(1).pathway == "a"
    for _ in range(tolerated + 1):
        paths.failed("a", 2, code)
    assert paths.choose(2).pathway == "b"


def test_what_lacks_a_file_is_avoided_for_that_file_only() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    assert paths.choose(0, avoid={"a"}).pathway == "b"
    assert paths.choose(0).pathway == "a"
    assert paths.history == []


def test_the_preferred_one_is_probed_with_one_request_before_it_is_used_again() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    assert paths.choose(0).pathway == "b"
    good(paths, "b", 1)
    assert not paths.choose(9).probe
    probe = paths.choose(30)
    assert (probe.pathway, probe.probe) == ("a", True)
    assert paths.choose(30).pathway == "b", "only one request tests it"
    good(paths, "a", 31)
    assert paths.choose(31).pathway == "a"
    assert [switch.cause for switch in paths.history] == [Cause.ERROR, Cause.RETURN]


def test_no_probe_while_the_buffer_is_short() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    assert not paths.choose(60, buffer_s=2.0).probe
    assert paths.choose(60, buffer_s=20.0).probe


def test_a_test_of_a_pathway_that_is_not_listed_any_more_decides_nothing() -> None:
    paths = Pathways(["a", "b", "c"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    good(paths, "b", 29, 1e6)
    assert paths.choose(30).pathway == "a"
    paths.set_order(["b", "c"], 30)
    good(paths, "a", 31, 9e6)
    assert (paths.current, paths.choose(31).pathway) == ("b", "b")


def test_with_a_short_buffer_a_small_request_beside_the_others_is_the_probe() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    good(paths, "b", 29)
    assert paths.beside(5, ["a", "b"], 4.0) is None, "still out of use"
    assert paths.beside(30, ["a", "b"], 0.5) is None, "nothing to spare"
    assert paths.beside(30, ["a", "b"], 20.0) is None, "then the next segment is the probe"
    assert paths.beside(30, ["b"], 4.0) is None
    found = paths.beside(30, ["a", "b"], 4.0)
    assert found is not None
    assert (found.pathway, found.probe) == ("a", True)
    assert paths.beside(30, ["a", "b"], 4.0) is None, "one at a time"
    assert paths.choose(30, buffer_s=4.0).pathway == "b"
    good(paths, "a", 31, 4e6)  # on a fresh connection: half as fast is good enough
    assert paths.choose(31, buffer_s=4.0).pathway == "a"
    assert paths.history[-1].cause is Cause.RETURN


def test_a_probe_that_fails_doubles_the_exclusion() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    times = []
    for now in range(1000):
        if paths.choose(now).probe:
            times.append(now)
            paths.failed("a", now, CUT)
        else:
            good(paths, "b", now)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[:4] == [20, 40, 80, 160]
    assert max(gaps) <= 301


def test_a_probe_that_was_cancelled_may_be_made_again() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    assert paths.choose(30).probe
    paths.left("a")
    assert paths.choose(31).probe


def test_the_preferred_one_does_not_come_back_while_it_is_much_slower() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    good(paths, "b", 29, 8e6)
    assert paths.choose(30).probe
    good(paths, "a", 31, 1e6)
    assert paths.choose(32).pathway == "b"
    assert paths.excluded("a", 32)


def test_all_in_trouble_the_first_to_recover_is_used_and_proves_itself() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, CUT)
    paths.choose(0)
    paths.failed("b", 1, CUT)
    choice = paths.choose(1)
    assert choice.pathway == "a"
    assert "Every CDN" in choice.reason
    good(paths, "a", 2)
    assert not paths.excluded("a", 2)
    assert paths.choose(3).pathway == "a"


def test_retry_after_keeps_a_pathway_out_that_long() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.failed("a", 0, ErrorCode.HTTP_RATE_LIMITED, 60.0)
    assert paths.choose(0).pathway == "b"
    assert paths.choose(59).pathway == "b"
    assert not paths.choose(59).probe
    assert paths.choose(61).probe


# Slowness


def test_a_slow_pathway_is_left_when_a_probe_shows_a_faster_one() -> None:
    paths = Pathways(["a", "b"], wanted_bps=5e6)
    paths.choose(0)
    for now in range(20, 24):
        good(paths, "a", now, 1e6)
    probe = paths.choose(24)
    assert (probe.pathway, probe.probe) == ("b", True)
    good(paths, "b", 25, 8e6)
    assert paths.choose(25).pathway == "b"
    assert paths.history[-1].cause is Cause.SLOW
    assert "1.0 Mbit/s" in paths.history[-1].reason


def test_a_slow_link_is_not_blamed_on_the_cdn() -> None:
    paths = Pathways(["a", "b"], wanted_bps=5e6)
    probes = 0
    for now in range(600):
        choice = paths.choose(now)
        probes += choice.probe
        good(paths, choice.pathway, now, 1e6)
    assert paths.current == "a"
    assert paths.history == []
    assert probes <= 600 / 60


def test_a_running_transfer_moves_only_when_that_can_help() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)

    def reason(now: float, rate: float = 1e5, remaining: float = 30.0, buffer: float = 5.0) -> str | None:
        return paths.too_slow("a", now, rate_bps=rate, remaining_s=remaining, buffer_s=buffer)

    assert "0.1 Mbit/s" in (reason(1) or "")
    assert reason(1, remaining=2.0) is None, "in time for the buffer"
    assert paths.too_slow("a", 1, rate_bps=1e5, remaining_s=30, buffer_s=5, among=["a"]) is None
    good(paths, "b", 1, 1.2e5)
    assert reason(2) is None, "the other one is no better"
    good(paths, "b", 3, 8e6)
    assert reason(4) is not None
    paths.failed("b", 5, CUT)
    assert reason(6) is None, "the other one is out of use"


def test_one_that_nobody_has_measured_is_tried_only_when_this_one_is_far_too_slow() -> None:
    """The link may be slow for both: with sound beside it a picture may get just half of it for a while."""
    paths = Pathways(("a", "b"))
    paths.choose(0)

    def leave(of_real_time: float) -> bool:
        reason = paths.too_slow("a", 1, rate_bps=3e5, remaining_s=9, buffer_s=0, of_real_time=of_real_time)
        return reason is not None

    assert not leave(0.7)
    assert not leave(0.5)
    assert leave(0.4)
    paths.finished("b", 2, 1_000_000, 1.0)
    assert leave(0.7), "b is known to be faster"


def test_after_a_change_that_did_not_help_running_transfers_stay() -> None:
    paths = Pathways(["a", "b"])
    paths.choose(0)
    paths.slow("a", 1, 2e5)
    assert paths.choose(1).pathway == "b"
    good(paths, "b", 10, 2.1e5)
    assert paths.too_slow("b", 30, rate_bps=2e5, remaining_s=60, buffer_s=3) is None


def test_steering_gives_a_new_order_and_health_is_kept() -> None:
    paths = Pathways(["a", "b", "c"])
    paths.choose(0)
    paths.failed("c", 0, CUT)
    paths.set_order(["c", "b", "a"], 1)
    assert paths.choose(1).pathway == "b"
    assert paths.history[-1].cause is Cause.ORDER


# Properties


class World:
    """CDNs whose state changes at random; transfers end as the state says."""

    def __init__(self, seed: int, names: list[str], change_s: float) -> None:
        self.random = Random(seed)
        self.names = names
        self.change_s = change_s
        self.states: dict[str, float | None] = dict.fromkeys(names, 8e6)  # a rate, or None: down
        self.next_change = change_s

    def step(self, now: float) -> None:
        if now >= self.next_change:
            name = self.random.choice(self.names)
            self.states[name] = self.random.choice([None, None, 8e6, 8e6, 1e6])
            self.next_change = now + self.random.expovariate(1 / self.change_s)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 4), st.floats(1, 60))
def test_random_runs(seed: int, number: int, change_s: float) -> None:
    names = [chr(ord("a") + n) for n in range(number)]
    world = World(seed, names, change_s)
    paths = Pathways(names, wanted_bps=4e6)
    now = 0.0
    while now < 900:
        world.step(now)
        healthy = {name for name in names if not paths.excluded(name, now)}
        choice = paths.choose(now)
        assert not healthy or choice.pathway in healthy, "an excluded one only when all are"
        rate = world.states[choice.pathway]
        now += 0.5 if rate is None else SEGMENT * 8 / rate
        if rate is None:
            paths.failed(choice.pathway, now, CUT)
        else:
            paths.finished(choice.pathway, now, SEGMENT, SEGMENT * 8 / rate)
    _check_history(paths)


def _check_history(paths: Pathways) -> None:
    rules = paths.rules
    for before, after in pairwise(paths.history):
        assert after.before == before.after
        assert after.reason
        if after.cause is Cause.RETURN:
            assert after.at_s - before.at_s >= rules.stay_s, "no return before the dwell time is over"
    windows = Counter(int(switch.at_s // 60) for switch in paths.history if switch.cause is Cause.RETURN)
    assert max(windows.values(), default=0) <= 60 / rules.stay_s


@given(st.integers(0, 1000))
def test_a_flapping_cdn_is_used_less_and_less(seed: int) -> None:
    """It recovers in time for each probe and breaks right after: the changes must become rare."""
    paths = Pathways(["a", "b"])
    random = Random(seed)
    now, last = 0.0, ""
    while now < 3600:
        choice = paths.choose(now)
        now += random.uniform(0.5, 2.0)
        if choice.pathway == "a" and last == "a":
            paths.failed("a", now, CUT)
        else:
            good(paths, choice.pathway, now)
        last = choice.pathway
    returns = [switch for switch in paths.history if switch.cause is Cause.RETURN]
    assert len(returns) <= 3600 / 60
    assert len([switch for switch in returns if switch.at_s > 2400]) <= 15
