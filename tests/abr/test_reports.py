"""Recorded decisions: dictionaries, explanations, counterfactuals, and the command line over them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from abr import registry
from abr.explain import Recorded, decision_at, explain, recorded_decisions, what_followed, what_would_change
from abr.ledger import decision_from_dict, decision_to_dict
from abr.model import Caps, Estimate, LiveState, Phase, Snapshot, TransferRate
from abr.replay import rebuilt_trace, replay, transfers_of
from abr.simulator.formats import Ladder, Trace, trace_to_json
from abr.simulator.session import Options, simulate
from tests.kit.snapshots import estimate, snapshot
from ui.cli.main import main

GOLDEN = """\
At 60.0 s, segment 15: rung 0, 240p (300 kbit/s) (buffer_low, policy thresholds)
  Fetch 240p (300 kbit/s): only 3.0 s are buffered.
  Buffer: 3.0 s of 30 s; phase steady.
  Network: 4.0 Mbit/s expected, 2.4 Mbit/s at the least in nine of ten, from 5 transfers; first byte after 50 ms.
  Before: rung 2, 480p (1.5 Mbit/s).
  The rules:
    ratio: rung 3, 720p (3.0 Mbit/s) (4.0 Mbit/s is 2.67 times the current rung)
    low buffer: rung 0, 240p (300 kbit/s) (3.0 s buffered)
  What would have changed it:
    with 5.0 s buffered: rung 2, 480p (1.5 Mbit/s)"""


def report(policy: str = "bba0", mbps: float = 2.0) -> dict[str, Any]:
    """A run report as far as decisions and requests go, made by a simulated session."""
    ladder = Ladder.constant((300, 700, 1500), segments=20)
    trace = Trace("run", [(30.0, mbps * 1e6, 0.05), (20.0, mbps * 3e5, 0.05)])
    session = simulate(registry.create(policy), ladder, trace, Options(record=True))
    fetched = [decision for decision in session.decisions if decision.rung is not None]
    decisions = [
        {"at_s": decision.snapshot.now_s, "position": number, **decision_to_dict(decision)}
        for number, decision in enumerate(fetched)
    ]
    requests = [
        {
            "at_s": each.start_s,
            "first_byte_s": each.first_byte_s - each.start_s,
            "seconds": each.end_s - each.start_s,
            "bytes": each.size,
        }
        for each in session.requests
    ]
    return {"decisions": decisions, "requests": requests}


@pytest.mark.parametrize("policy", registry.names())
def test_decisions_survive_json(policy: str) -> None:
    moment = snapshot(
        4e6,
        caps=Caps(user_max_bps=2_000_000, excluded=frozenset({4})),
        live=LiveState(5.0, 5.0, 0.95, 1.05),
        next_sizes=((1, None, 3, 4, 5),),
        phase=Phase.AFTER_SEEK,
    )
    for each in (moment, snapshot(None, current=None), snapshot(buffer_s=29.0)):
        decision = registry.create(policy).decide(each)
        assert decision_from_dict(json.loads(json.dumps(decision_to_dict(decision)))) == decision


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "whim"},
        {"inputs": {}},
        {"inputs": None},
        {"votes": 3},
        {"votes": [[1]]},
        {"rung": "x"},
        {"rung": 99},
        {"wait_s": 10**400},
        {"sentence": ...},
    ],
)
def test_a_damaged_decision_is_a_value_error(change: dict[str, Any]) -> None:
    data = decision_to_dict(registry.create().decide(snapshot())) | change
    if change.get("sentence") is ...:
        del data["sentence"]
    with pytest.raises(ValueError, match=r"."):
        decision_from_dict(data)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("segment_s",), 0),
        (("buffer_s",), "3"),
        (("buffer_max_s",), math.nan),
        (("playing",), 1),
        (("current",), 7),
        (("next_sizes",), [[1, 2]]),
        (("next_sizes",), [[1, 2, 3, 4, -5]]),
        (("estimate", "mean_bps"), 10**400),
        (("estimate", "usual_bps"), 0.0),
        (("estimate", "recent"), [[1, 0.0, 0.0]]),
        (("rungs", 0, "bitrate_bps"), None),
        (("caps", "excluded"), ["x"]),
    ],
)
def test_inputs_out_of_range_are_a_value_error(place: tuple[str | int, ...], value: object) -> None:
    data = decision_to_dict(registry.create().decide(snapshot(caps=Caps(excluded=frozenset({4})))))
    inner = data["inputs"]
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(ValueError, match=r"."):
        decision_from_dict(data)


def test_the_explanation_reads_as_agreed() -> None:
    decision = registry.create("thresholds").decide(snapshot(4e6, buffer_s=3.0))
    data = {"decisions": [{"at_s": 60.0, "position": 15, **decision_to_dict(decision)}]}
    assert explain(recorded_decisions(data)[0]) == GOLDEN


def test_the_decision_in_force_is_the_last_one_before() -> None:
    recorded = recorded_decisions(report())
    assert decision_at(recorded, recorded[3].at_s + 0.001) is recorded[3]
    assert decision_at(recorded, -5.0) is recorded[0]
    assert decision_at(recorded, 1e9) is recorded[-1]


def test_the_recorded_link_is_found_again() -> None:
    trace, measured = rebuilt_trace(transfers_of(report(mbps=2.0)))
    assert trace.bps(1.0) == pytest.approx(2e6, rel=0.01)
    assert trace.periods[0][2] == pytest.approx(0.05)
    assert 0.3 < measured <= 1.0


def test_a_replay_of_the_same_policy_changes_nothing() -> None:
    result = replay(report("bba0"), "bba0")
    assert result.recorded == result.other
    better = replay(report("fixed", mbps=8.0), "planner")
    assert better.other.mbps > better.recorded.mbps


def test_a_replay_is_of_the_picture_alone_and_stands_beside_how_it_was() -> None:
    """The sound took a fifth of the link; the run began at its first segment and stalled once."""
    data = report("bba0", mbps=2.0)
    for each in data["requests"]:
        each |= {"track": "main", "kind": "segment"}
    sound = [each | {"track": "audio-0", "bytes": each["bytes"] // 4} for each in data["requests"]]
    alone = replay(data, "bola")
    data["requests"] += sound
    data["segments"] = [
        {"at_s": 4.0 * n, "track": "main", "position": n, "rung": each["rung"]}
        for n, each in enumerate(data["decisions"])
    ]
    data |= {"startup": {"first_frame_s": 0.75}, "stalls": [{"at_s": 9.0, "duration_s": 2.0}], "summary": {}}
    result = replay(data, "optimum")
    assert result.recorded == alone.recorded
    assert result.other.qoe >= result.recorded.qoe
    assert alone.actual is None
    assert result.actual is not None
    assert (result.actual.startup_s, result.actual.stalled_s, result.actual.stalls) == (0.75, 2.0, 1)


def test_a_recording_with_a_later_rate_is_still_read() -> None:
    """Earlier versions wrote down what was expected after the next transfer."""
    decision = registry.create().decide(snapshot(4e6))
    data = decision_to_dict(decision)
    data["inputs"]["estimate"] = {**data["inputs"]["estimate"], "later_bps": 3e6}
    assert decision_from_dict(data) == decision


def test_a_fixed_run_is_replayed_as_fixed() -> None:
    data = report("bba0")
    for each in data["decisions"]:
        each["inputs"]["manual"] = 1
    assert replay(data, "bola").recorded_policy == "fixed:rung=1"


def test_an_explanation_tells_the_circumstances_and_what_followed() -> None:
    live, caps = LiveState(5.0, 6.0), Caps(user_max_bps=2_000_000)
    moment = snapshot(9e6, live=live, caps=caps, playback_rate=1.5, next_sizes=((1000, None, 3000, 4000, 5000),))
    moment = replace(moment, estimate=estimate(9e6, usual_bps=7e6))
    made = decision_to_dict(registry.create().decide(moment))
    data = {
        "decisions": [{"at_s": at_s, "position": number, **made} for number, at_s in enumerate((1.0, 9.0))],
        "abandoned": [{"at_s": 2.0, "position": 0, "sentence": "Given up."}],
        "segments": [{"at_s": 4.0, "position": 0, "track": "main"}],
    }
    recorded = recorded_decisions(data)
    text = explain(recorded[0], what_followed(data, recorded, recorded[0]))
    for words in (
        "1 kB, unknown, 3 kB",
        "7.0 Mbit/s usual of late",
        "live, 5.0 s behind, 6.0 s wanted",
        "1.5 times the speed",
        "limited by the viewer's limit of 2.0 Mbit/s",
        "unlimited: rung",
        "at 2.0 s: Given up.",
        "at 4.0 s the segment had arrived",
        "until 9.0 s nothing was fetched",
    ):
        assert words in text
    data["waits"] = [
        {"at_s": at_s, "seconds": 4.5, "reason": "buffer_full", "sentence": "Enough.", "buffer_s": 30.0}
        for at_s in (1.0, 4.1, 9.5)
    ]
    (told,) = [each for each in what_followed(data, recorded, recorded[0]) if "nothing was fetched" in each]
    assert told == "from 4.1 to 8.6 s nothing was fetched, 30 s were buffered: Enough."


def test_an_explanation_names_the_terms_of_the_plan_with_their_sizes() -> None:
    """A thin, flickering link with a tunnel now and then; and a steady one, on which none of that counts."""
    rates = [TransferRate(int(mbps * 125_000), 1.0, 0.05) for mbps in (1.2, 2.0) * 4]
    seen = estimate(1.6e6, outage_chance=0.05, recent=tuple(rates), slump_bps=2e5)
    moment = snapshot(1.6e6, estimate=seen, buffer_s=24.0)
    told = dict(_terms_told(moment))
    assert set(told) >= {"starvation", "outages", "change"}
    assert all("Mbit/s for this choice against the next best; without it rung" in words for words in told.values())
    assert "13.5 s of stall feared" in told["starvation"]
    steady = snapshot(2.8e6, estimate=estimate(2.8e6, steady=1.0), buffer_s=20.0)
    assert {"steady link", "change"} <= set(dict(_terms_told(steady)))
    assert "starvation" not in dict(_terms_told(steady))


def _terms_told(moment: Snapshot) -> Iterator[tuple[str, str]]:
    text = explain(Recorded(60.0, registry.create().decide(moment)))
    lines = text.split("  The terms of the plan:\n")[1].split("\n  What")[0].split("\n")
    for line in lines:
        name, _, words = line.strip().partition(": ")
        yield name, words


def test_a_rate_that_would_have_changed_it_is_that_of_a_link_faster_throughout() -> None:
    """The usual rate is faster too. The policy does decide as reported."""
    seen = estimate(1.6e6, usual_bps=1.6e6)
    moment = snapshot(1.6e6, estimate=seen, buffer_s=40.0, buffer_max_s=60.0)
    decision = registry.create().decide(moment)
    change = next(each for each in what_would_change(decision) if "Mbit/s expected" in each)
    times = float(change.split()[1]) * 1e6 / 1.6e6 * 1.02  # the words are rounded
    faster = estimate(1.6e6 * times, usual_bps=1.6e6 * times)
    rates = [each.name for each in fields(seen) if each.name.endswith("_bps")]
    assert [getattr(seen.on_a_link(times), rate) for rate in rates] == [getattr(faster, rate) for rate in rates]
    other = registry.create().decide(replace(moment, estimate=faster))
    assert other.rung != decision.rung
    assert change.split(": ")[1].startswith(f"rung {other.rung},")


def test_the_nearest_change_is_near() -> None:
    decision = registry.create("thresholds").decide(snapshot(4e6, buffer_s=3.0))
    assert any(each.startswith("with 5.0 s buffered") for each in what_would_change(decision))


@pytest.mark.parametrize(
    "data", [{}, {"decisions": []}, {"decisions": [{}]}, {"decisions": 3}, {"decisions": [{"at_s": "x"}]}]
)
def test_a_report_without_decisions_is_an_error(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"record"):
        recorded_decisions(data)


def test_a_report_without_transfers_is_an_error() -> None:
    for requests in (None, [], [{"at_s": 1}], [3]):
        with pytest.raises(ValueError, match="records no"):
            transfers_of({"requests": requests})


def test_explain_and_replay_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(report()), encoding="utf-8")
    assert main(["abr", "explain", str(path), "--at", "20"]) == 0
    assert "What would have changed it" in capsys.readouterr().out
    assert main(["abr", "replay", str(path), "--policy", "planner", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["other_policy"] == "planner"
    assert main(["abr", "replay", str(path)]) == 0
    assert "quality of experience" in capsys.readouterr().out


def test_simulate_and_compare_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace, ladder, plot = tmp_path / "t.json", tmp_path / "l.json", tmp_path / "p.svg"
    trace.write_text(trace_to_json(Trace("t", [(9.0, 3e6, 0.05)])), encoding="utf-8")
    sizes = [[2.4e6, 5.6e6]] * 8
    data = {"segment_duration_ms": 4000, "bitrates_kbps": [600, 1400], "segment_sizes_bits": sizes}
    ladder.write_text(json.dumps(data), encoding="utf-8")
    given = ["--trace", str(trace), "--ladder", str(ladder), "--policy", "planner", "--json"]
    assert main(["abr", "simulate", *given, "--plot", str(plot)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert len(row["rungs"]) == 8
    assert row["stalls"] == 0
    assert plot.read_text(encoding="utf-8").startswith("<svg")
    picture = tmp_path / "p.png"
    assert main(["abr", "simulate", *given, "--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    assert main(["abr", "compare", *given, "--policy", "optimum"]) == 0
    assert [each["policy"] for each in json.loads(capsys.readouterr().out)["policies"]] == ["optimum", "planner"]


@pytest.mark.parametrize(
    "words",
    [
        ["simulate", "--trace", "missing.json"],
        ["simulate", "--policy", "nonsense"],
        ["simulate", "--limit", "0"],
        ["simulate", "--limit", "1", "--plot", "drawing.pdf"],
        ["simulate", "--policy", "fixed:rung=1e400"],
        ["compare", "--buffer", "3"],
        ["compare", "--seed", "-1"],
        ["explain", "missing.json", "--at", "nan"],
        ["explain", "missing.json"],
        ["replay", "missing.json"],
    ],
)
def test_bad_input_is_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["abr", *words]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("matinee: ")
    assert shown.err.count("\n") == 1
    assert not shown.out


def test_replacing_is_an_option_whose_waste_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace, ladder = tmp_path / "t.json", tmp_path / "l.json"
    link = Trace("back", [(40.0, 3e6, 0.05), (400.0, 12e6, 0.05)])
    trace.write_text(trace_to_json(link), encoding="utf-8")
    sizes = [[4e6, 8e6, 16e6]] * 30
    data = {"segment_duration_ms": 4000, "bitrates_kbps": [1000, 2000, 4000], "segment_sizes_bits": sizes}
    ladder.write_text(json.dumps(data), encoding="utf-8")
    given = ["--trace", str(trace), "--ladder", str(ladder), "--policy", "throughput", "--buffer", "40"]
    assert main(["abr", "simulate", *given, "--json"]) == 0
    (without,) = json.loads(capsys.readouterr().out)
    assert without["replaced"] == 0
    assert main(["abr", "simulate", *given, "--json", "--replace"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["replaced"] > 0
    assert found["replacing_wasted_mbytes"] > 0
    assert found["qoe"] > without["qoe"]
    assert main(["abr", "compare", *given, "--no-gain", "--replace"]) == 0
    shown = capsys.readouterr().out
    assert "wasted by it, MB" in shown
    assert f"{found['replacing_wasted_mbytes']:.2f}" in shown


def test_a_report_that_is_not_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    for text in ("", "[]", "{}", "<html>"):
        path.write_text(text, encoding="utf-8")
        assert main(["abr", "explain", str(path)]) == 2
        assert capsys.readouterr().err


def test_explaining_a_planned_decision_names_a_change() -> None:
    decision = registry.create().decide(replace(snapshot(2e6), buffer_s=12.0))
    text = explain(recorded_decisions({"decisions": [{"at_s": 1.0, **decision_to_dict(decision)}]})[0])
    assert "Mbit/s expected: rung" in text


def test_as_the_player_a_link_just_below_the_top_rung_does_not_stall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "even.json"
    trace.write_text(trace_to_json(Trace("even", [(1000.0, 5.4e6, 0.04)])), encoding="utf-8")
    ladder = tmp_path / "ladder.json"
    sizes = [[kbps * 4000 for kbps in (300, 700, 1500, 3000, 6000)]] * 40
    kbps = [300, 700, 1500, 3000, 6000]
    ladder.write_text(
        json.dumps({"segment_duration_ms": 4000, "bitrates_kbps": kbps, "segment_sizes_bits": sizes}),
        encoding="utf-8",
    )
    given = ["--trace", str(trace), "--ladder", str(ladder), "--policy", "planner", "--policy", "fixed:rung=4"]
    assert main(["abr", "simulate", *given, "--json"]) == 0
    _, fixed = json.loads(capsys.readouterr().out)
    assert fixed["stalled_s"] > 10
    assert main(["abr", "simulate", *given, "--as-player", "--json"]) == 0
    planner, fixed = json.loads(capsys.readouterr().out)
    assert planner["stalled_s"] == 0
    assert fixed["stalled_s"] == 0


def test_the_first_rung_is_explained_by_what_the_manifest_has_shown() -> None:
    shown = Estimate(shown_bps=2e6, ttfb_s=0.06)
    begin = snapshot(current=None, phase=Phase.STARTUP, segments_fetched=0, buffer_s=0.0, estimate=shown)
    decision = registry.create().decide(begin)
    text = explain(Recorded(0.2, decision))
    assert "the manifest and its like came at 2.0 Mbit/s" in text
    assert any("expected: rung" in each for each in what_would_change(decision))
