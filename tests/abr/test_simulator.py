"""The simulator: link arithmetic, sessions, scores, the optimum, the file formats."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abr import registry
from abr.constraints import ConstrainedPolicy
from abr.model import AbandonmentVerdict, Caps, Decision, Reason, Snapshot, TransferProgress
from abr.simulator import synthetic
from abr.simulator.compare import compare, run
from abr.simulator.formats import Ladder, Trace, ladder_from_json, trace_from_json, trace_to_json
from abr.simulator.metrics import gain_interval, mean_interval, score
from abr.simulator.optimum import ScriptedCore, optimum_rungs
from abr.simulator.plot import GAP, PANEL, TOP, session_svg, sessions_html
from abr.simulator.session import Options, SimulatedSession, simulate

SHORT = Ladder.constant((300, 700, 1500), segment_s=4.0, segments=6, name="short")
periods = st.lists(
    st.tuples(st.floats(0.1, 9.0), st.sampled_from([0.0, 2e5, 1e6, 7e6]), st.floats(0.0, 0.3)), min_size=1, max_size=6
).filter(lambda each: any(bps for _, bps, _ in each))


def scripted(rungs: list[int]) -> ConstrainedPolicy:
    return ConstrainedPolicy(ScriptedCore(rungs, "script"))


@given(periods, st.floats(0.0, 60.0), st.floats(1.0, 5e7))
def test_a_transfer_ends_when_its_bits_have_arrived(
    each: list[tuple[float, float, float]], at_s: float, bits: float
) -> None:
    trace = Trace("t", each)
    end = trace.finish_s(at_s, bits)
    assert end >= at_s
    assert trace.bits(at_s, end) == pytest.approx(bits, rel=1e-6, abs=1.0)
    assert trace.latency_s(at_s) in {latency for _, _, latency in trace.periods}


def test_a_session_to_the_millisecond() -> None:
    """1 Mbit/s, 100 ms latency, 1.2 Mbit per segment: 1.3 s each, and after the fourth the buffer is full."""
    session = simulate(scripted([0]), SHORT, Trace("t", [(100.0, 1e6, 0.1)]), Options(buffer_max_s=14.0))
    assert session.startup_s == pytest.approx(1.3)
    assert [request.end_s for request in session.requests[:3]] == pytest.approx([1.3, 2.6, 3.9])
    assert session.requests[4].start_s == pytest.approx(7.3)  # 12.1 s were buffered at 5.2 s, and 10 leave room
    assert session.stalled_s == 0
    assert session.idle_s > 0
    result = score(session, SHORT)
    assert result.qoe == pytest.approx(0.3 - 1.5 * 1.3 / 6)
    assert result.switches == 0


def test_a_stall_is_the_time_without_media_and_resumes_with_a_segment() -> None:
    """6 Mbit at 1 Mbit/s take 6.1 s, the buffer has 4 s: 2.1 s of stall per segment."""
    session = simulate(scripted([2]), SHORT, Trace("t", [(100.0, 1e6, 0.1)]), Options())
    assert session.startup_s == pytest.approx(6.1)
    assert [length for _, length in session.stalls] == pytest.approx([2.1] * 5)
    assert score(session, SHORT).qoe == pytest.approx(1.5 - 1.5 * (6.1 + 5 * 2.1) / 6)


def test_sessions_repeat_exactly_and_respect_caps() -> None:
    trace, ladder = synthetic.trace("drift", seed=4), synthetic.ladder()
    one, two = (simulate(registry.create(), ladder, trace) for _ in range(2))
    assert one == two
    capped = simulate(registry.create(), ladder, trace, Options(caps=Caps(max_decodable_rung=1)))
    assert max(capped.rungs) == 1
    assert max(one.rungs) > 1


@settings(deadline=None, max_examples=8)
@given(st.sampled_from(synthetic.KINDS), st.integers(1, 50))
def test_no_policy_beats_the_optimum(kind: str, seed: int) -> None:
    ladder = synthetic.ladder((300, 700, 1500, 3000), segments=20, seed=seed)
    trace = synthetic.trace(kind, mean_kbps=1500, seed=seed)
    best = score(simulate(scripted(optimum_rungs(ladder, trace)), ladder, trace), ladder).qoe
    for name in registry.names():
        assert score(simulate(registry.create(name), ladder, trace), ladder).qoe <= best + 0.02


def test_the_optimum_of_a_constant_link_lives_on_the_rung_it_carries() -> None:
    ladder, trace = Ladder.constant((300, 700, 1500), segments=30), Trace("t", [(60.0, 8e5, 0.0)])
    session = simulate(scripted(optimum_rungs(ladder, trace)), ladder, trace)
    assert session.stalled_s == 0
    assert session.rungs[0] == 0
    assert session.rungs.count(1) > 15


def test_comparing_ranks_and_brackets() -> None:
    traces, ladder = synthetic.traces(4, mean_kbps=2000, seed=2), synthetic.ladder(segments=25)
    standings = compare(["planner", "fixed:rung=4", "optimum"], ladder, traces, Options())
    assert [each.policy for each in standings] == ["optimum", "planner", "fixed:rung=4"]
    for each in standings:
        assert each.qoe[1] <= each.qoe[0] <= each.qoe[2]
    assert standings[0].gain is not None
    assert standings[0].gain[0] == pytest.approx(100.0)
    assert compare(["planner"], ladder, traces, Options(), with_gain=False)[0].gain is None


def test_intervals_are_seeded_and_narrow_for_equal_values() -> None:
    assert mean_interval([2.0] * 9) == (2.0, 2.0, 2.0)
    values = [1.13, 5.71, 2.29, 8.37, 3.53, 0.17, 9.91]
    assert mean_interval(values, seed=3) == mean_interval(values, seed=3) != mean_interval(values, seed=4)
    assert gain_interval([2.0, 3.0], [0.0, 0.0], [4.0, 6.0]) == pytest.approx((50.0, 50.0, 50.0))
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])
    with pytest.raises(ValueError, match="same sessions"):
        gain_interval([1.0], [0.0, 0.0], [1.0])


def test_synthetic_traces_differ_by_kind_and_repeat_by_seed() -> None:
    for kind in synthetic.KINDS:
        one, two = synthetic.trace(kind, seed=5), synthetic.trace(kind, seed=5)
        assert one.periods == two.periods != synthetic.trace(kind, seed=6).periods
        assert one.mean_bps == pytest.approx(4e6)
    with pytest.raises(ValueError, match="steady"):
        synthetic.trace("wobble")


def test_trace_files_round_trip() -> None:
    trace = Trace("t", [(1.5, 2e6, 0.08), (2.0, 0.0, 0.1)])
    assert trace_from_json(trace_to_json(trace), "t").periods == trace.periods


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", "[]", "[1]", "[" * 100_000, '[{"duration_ms": 1}]', '[{"duration_ms": 9, "bandwidth_kbps": 0}]',
     '[{"duration_ms": -1, "bandwidth_kbps": 5}]', '[{"duration_ms": 1e400, "bandwidth_kbps": 5}]',
     '[{"duration_ms": 9, "bandwidth_kbps": 1%s}]' % ("0" * 400),
     '[{"duration_ms": true, "bandwidth_kbps": 5}]', '[{"duration_ms": 0, "bandwidth_kbps": 5}]'],
)  # fmt: skip
def test_a_bad_trace_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="bad"):
        trace_from_json(text, "bad")


def test_ladder_files_sort_their_rungs() -> None:
    data = {"segment_duration_ms": 2000, "bitrates_kbps": [900, 300], "segment_sizes_bits": [[1800e3, 600e3]]}
    ladder = ladder_from_json(json.dumps(data), "l")
    assert [rung.bitrate_bps for rung in ladder.rungs] == [300_000, 900_000]
    assert ladder.sizes == ((75_000, 225_000),)


@pytest.mark.parametrize(
    "change",
    [{"bitrates_kbps": []}, {"bitrates_kbps": [1, "x"]}, {"segment_sizes_bits": [[1]]}, {"segment_sizes_bits": 3},
     {"segment_duration_ms": 0}, {"segment_duration_ms": None}, {"segment_sizes_bits": [[1, -1]]},
     {"bitrates_kbps": [1, 10**400]}, {"segment_sizes_bits": [[1, 10**400]]}, {"segment_sizes_bits": ["12"]},
     {"bitrates_kbps": [1e-9, 1]}],
)  # fmt: skip
def test_a_bad_ladder_is_one_sentence(change: dict[str, object]) -> None:
    data = {"segment_duration_ms": 2000, "bitrates_kbps": [300, 900], "segment_sizes_bits": [[6e5, 18e5]], **change}
    with pytest.raises(ValueError, match="bad"):
        ladder_from_json(json.dumps(data), "bad")


def test_a_drawing_shows_three_panels_and_the_stalls() -> None:
    trace = Trace("slow <link>", [(100.0, 1e6, 0.1)])
    session = run("fixed:rung=2", SHORT, trace, Options())
    svg = session_svg(session, SHORT, trace)
    assert svg.count("<polyline") == 3
    assert "%" not in svg  # Qt, which makes the PNG, knows no relative sizes
    empty = f",{TOP + 2 * PANEL + GAP:.1f} "
    assert svg.count(empty) > len(session.stalls)  # the buffer is drawn to be empty before a stall ends
    assert svg.count('opacity="0.15"') == len(session.stalls) == 5
    assert "slow &lt;link&gt;" in svg
    assert sessions_html([svg, svg], "two").count("<svg") == 2


def test_a_policy_that_only_waits_is_found_out() -> None:
    class Waiting:
        name = "waiting"

        def decide(self, snapshot: Snapshot) -> Decision:
            return Decision(None, Reason.HOLD, "Later.", snapshot, wait_s=0.001)

        def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
            raise AssertionError("nothing was fetched")

    with pytest.raises(ValueError, match="waits for ever"):
        simulate(Waiting(), SHORT, Trace("t", [(1.0, 1e6, 0.0)]))


def test_a_link_on_which_a_segment_takes_hours_is_an_error() -> None:
    with pytest.raises(ValueError, match="too slow"):
        simulate(registry.create(), SHORT, Trace("t", [(1.0, 1.0, 0.0)]))


def test_an_empty_session_can_still_be_described() -> None:
    assert SimulatedSession("p", "t", "l").stalled_s == 0


def test_as_the_player_a_thin_link_gets_a_deeper_buffer() -> None:
    ladder, link = Ladder.constant((200, 600), segments=40), Trace("thin", [(100.0, 8e5, 0.04)])
    deepest = [
        max(request.buffer_after_s for request in simulate(registry.create(), ladder, link, options).requests)
        for options in (Options(buffer_max_s=20.0), Options(buffer_max_s=20.0, as_player=True))
    ]
    assert deepest[0] <= 20.0 < deepest[1] <= 40.0


def test_sizes_that_no_manifest_tells_are_hidden_from_the_policy() -> None:
    ladder = synthetic.ladder(segments=10)
    session = simulate(registry.create(), ladder, synthetic.trace("steady"), Options(sizes_known=False, record=True))
    assert {decision.snapshot.next_sizes for decision in session.decisions} == {()}
