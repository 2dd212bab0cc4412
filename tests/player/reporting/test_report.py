"""The report of a small run, whole; and that nothing secret is in any."""

from __future__ import annotations

import json
from typing import Any

from abr.model import Decision, Estimate, Phase, Reason, Rung, Snapshot
from player.manifest.model import Segment
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Transfer
from player.reporting.events import (
    BufferSampled,
    ErrorRaised,
    FetchHeld,
    Note,
    PhaseReached,
    RungDecided,
    SegmentAbandoned,
    SegmentDone,
    SegmentReplaced,
    Sought,
    StallBegan,
    StallEnded,
    StatusChanged,
    TransferDone,
)
from player.reporting.report import REPORT_VERSION, Recorder, summary_lines
from player.reporting.state import PlaybackFailure, PlaybackState, PlaybackStatus, RungChoice
from player.stream.fetching import Order
from player.title.opening import PlaybackSource, TitleAddresses
from tests.kit.clock import FakeClock
from tests.kit.presentations import entry, rendition
from tests.kit.transport import ScriptedTransport

RUNGS = (RungChoice(0, "240p", 240, 400_000), RungChoice(1, "360p", 360, 800_000))
SNAPSHOT = Snapshot(10.0, Phase.STARTUP, (Rung("a", 400_000), Rung("b", 800_000)), None, 0.0, 30.0, 4.0, Estimate())


def transfer(at_s: float, kind: RequestKind, pathway: str, received: int, error: str | None = None) -> TransferDone:
    first = None if error else at_s + 0.05
    return TransferDone(
        at_s + 0.2,
        Transfer(
            1, kind, "http://a.test/x?token=***", pathway, "main", at_s, first, at_s + 0.2, 200, received, error=error
        ),
    )


def recorded() -> Recorder:
    """8 s of two rungs over two CDNs, with a stall, a jump, an abandoned segment and an error on the way."""
    recorder = Recorder()
    for event in (
        PhaseReached(10.0, "requested"),
        StatusChanged(10.0, "loading"),
        transfer(10.0, RequestKind.MANIFEST, "", 500),
        PhaseReached(10.3, "manifest"),
        RungDecided(10.3, 0, 0.0, Decision(0, Reason.START_DEFAULT, "Begin low.", SNAPSHOT, policy="planner")),
        transfer(10.4, RequestKind.SEGMENT, "a", 200_000),
        SegmentDone(10.6, "main", 0, 0.0, 4.0, 1, 200_000, "a"),
        PhaseReached(10.7, "first_frame"),
        PhaseReached(10.8, "manifest"),
        transfer(11.0, RequestKind.SEGMENT, "a", 1000, "net.cut"),
        Note(11.2, "path_switch", "a failed.", "a", "b"),
        Note(11.2, "other_path", "trying another CDN", "a", "", "main", "net.cut"),
        SegmentAbandoned(11.5, 1, 1, 0, 7000, "too slow"),
        SegmentReplaced(11.55, 0, 0, 1, 3000, "the link is back"),
        transfer(11.6, RequestKind.SEGMENT, "b", 100_000),
        SegmentDone(11.8, "main", 1, 4.0, 4.0, 0, 100_000, "b"),
        SegmentDone(11.8, "audio-0", 0, 0.0, 4.0, 0, 60_000, "b"),
        FetchHeld(11.8, 13.3, "buffer_full", "Enough.", 8.20049),
        BufferSampled(12.0, 1.3, 6.70049, 4_999_999.6, 1),
        StallBegan(13.0, 8.0),
        StallEnded(15.0, 8.0, 2.0, "network"),
        Sought(16.0, 8.0, 3.0),
        ErrorRaised(17.0, "net.dns", "No such host.", fatal=True),
        StatusChanged(17.0, "failed"),
    ):
        recorder(event)
    recorder.see(
        PlaybackState(
            status=PlaybackStatus.FAILED,
            title="Bars",
            position_s=3.5,
            duration_s=24.0,
            rungs=RUNGS,
            dropped_frames=2,
            failure=PlaybackFailure("net.dns", "No such host."),
        )
    )
    return recorder


def report_of_a_small_run() -> dict[str, Any]:
    return recorded().report(source="bars.mpd", policy="planner", libmpv="mpv 0.35")


def test_a_report_says_what_was_played_and_how_it_ended() -> None:
    report = report_of_a_small_run()
    assert json.loads(json.dumps(report)) == report
    assert report["version"] == REPORT_VERSION
    assert (report["source"], report["title"], report["policy"], report["libmpv"]) == (
        "bars.mpd",
        "Bars",
        "planner",
        "mpv 0.35",
    )
    assert report["result"] == {
        "status": "failed",
        "played_to_end": False,
        "position_s": 3.5,
        "duration_s": 24.0,
        "reloads": 0,
        "error": {"code": "net.dns", "sentence": "No such host."},
    }


def test_a_stretch_without_a_fetch_is_one_row() -> None:
    assert report_of_a_small_run()["waits"] == [
        {"at_s": 1.8, "seconds": 1.5, "reason": "buffer_full", "sentence": "Enough.", "buffer_s": 8.2}
    ]


def test_the_start_of_a_run_phase_by_phase() -> None:
    report = report_of_a_small_run()
    assert report["startup"] == {
        "first_frame_s": 0.7,
        "phases": [
            {"phase": "requested", "at_s": 0.0},
            {"phase": "manifest", "at_s": 0.3},
            {"phase": "first_media_byte", "at_s": 0.45},
            {"phase": "first_frame", "at_s": 0.7},
        ],
        "budget_s": 2.0,
        "goal_s": 1.0,
        "over": False,
        "parts": [
            {"part": "cdn", "at_s": 0.0, "seconds": 0.0, "budget_s": 0.05, "over": False},
            {"part": "manifest", "at_s": 0.0, "seconds": 0.3, "budget_s": 0.1, "over": False},
            {"part": "segment", "at_s": 0.3, "seconds": 0.3, "budget_s": 0.5, "over": False},
        ],
    }


def test_only_a_start_with_the_service_is_held_against_its_budgets() -> None:
    of_the_service = Recorder()
    of_the_service(PhaseReached(9.5, "requested"))
    of_the_service(transfer(9.5, RequestKind.API, "", 500))
    for event in recorded().events[1:]:
        of_the_service(event)
    found = of_the_service.report(source="bars.mpd", policy="planner")
    over = [part["part"] for part in found["startup"]["parts"] if part["over"]]
    assert over == ["api", "cdn", "manifest"]
    assert found["paths"]["service"]["requests"] == 2, "the manifest is of the service's host"


def test_the_summary_in_figures() -> None:
    report = report_of_a_small_run()
    assert report["summary"] == {
        "startup_s": 0.7,
        "played_s": 6.7,
        "stalls": 1,
        "stalled_s": 2.0,
        "rebuffer_ratio": 0.22989,
        "mean_bitrate_bps": 600_000,
        "segment_bitrate_bps": 600_000,
        "switches": 1,
        "errors": 1,
        "failed": True,
        "dropped_frames": 2,
        "bytes": 301_500,
        "wasted_bytes": 10000,
        "requests": 4,
    }


def test_what_came_to_pass_is_listed_by_its_time() -> None:
    report = report_of_a_small_run()
    assert report["stalls"] == [{"at_s": 3.0, "position_s": 8.0, "duration_s": 2.0, "cause": "network"}]
    assert [
        (row["position"], row["to_rung"], row["given_up"], row["wasted_bytes"]) for row in report["replaced"]
    ] == [(0, 1, False, 3000)]
    assert report["seeks"] == [{"at_s": 6.0, "from_s": 8.0, "to_s": 3.0}]
    assert report["buffer"] == [
        {"at_s": 2.0, "position_s": 1.3, "buffer_s": 6.7, "throughput_bps": 5_000_000, "rung": 1}
    ]
    assert report["errors"] == [{"at_s": 7.0, "code": "net.dns", "sentence": "No such host.", "fatal": True}]
    assert [status["status"] for status in report["statuses"]] == ["loading", "failed"]
    assert [(item["track"], item["position"], item["bytes"]) for item in report["segments"]] == [
        ("main", 0, 200_000),
        ("main", 1, 100_000),
        ("audio-0", 0, 60_000),
    ]


def test_the_ladder_the_paths_and_the_changes_between_them() -> None:
    report = report_of_a_small_run()
    assert report["rungs"][1] == {"index": 1, "label": "360p", "height": 360, "bitrate_bps": 800_000}
    assert report["paths"] == {
        "a.test": {"requests": 1, "bytes": 500, "errors": {}},
        "a": {"requests": 2, "bytes": 201_000, "errors": {"net.cut": 1}},
        "b": {"requests": 1, "bytes": 100_000, "errors": {}},
    }
    assert [(switch["from"], switch["to"]) for switch in report["path_switches"]] == [("a", "b")]
    assert [note["code"] for note in report["recoveries"]] == ["net.cut"]


def test_a_decision_is_there_with_its_reason_and_inputs() -> None:
    (decision,) = recorded().report(source="x", policy="planner")["decisions"]
    assert (decision["at_s"], decision["position"], decision["rung"]) == (0.3, 0, 0)
    assert (decision["reason"], decision["sentence"]) == ("start_default", "Begin low.")
    assert "rungs" in json.dumps(decision)


def test_a_run_that_never_began_has_a_report_too() -> None:
    report = Recorder().report(source="x", policy="y")
    assert (report["startup"]["first_frame_s"], report["startup"]["phases"]) == (None, [])
    assert (report["startup"]["parts"], report["startup"]["over"]) == ([], False)
    assert (report["summary"]["mean_bitrate_bps"], report["summary"]["rebuffer_ratio"]) == (0, 0.0)
    assert "no picture was shown" in "\n".join(summary_lines(report))


def test_a_stall_that_did_not_end_is_listed() -> None:
    recorder = Recorder()
    recorder(StallBegan(1.0, 5.0))
    listed = {"at_s": 0.0, "position_s": 5.0, "duration_s": None, "cause": None}
    assert recorder.report(source="x", policy="y")["stalls"] == [listed]


def test_the_summary_for_people() -> None:
    text = "\n".join(summary_lines(recorded().report(source="bars.mpd", policy="planner")))
    for part in (
        "Bars: failed at 3.5 s",
        "first picture after 0.70 s of 2 s",
        "manifest 0.30 of 0.10 s",
        "segment 0.30 of 0.50 s",
        "1 stalls, 2.0 s in all; 1 quality changes",
        "0.60 Mbit/s on average, 2 frames dropped",
        "a: 2 requests, 0.2 MB; 1 x net.cut",
        "a failed.",
        "No such host. (net.dns)",
    ):
        assert part in text


async def test_no_secret_of_an_address_gets_into_a_report() -> None:
    clock, recorder = FakeClock(), Recorder()
    url = "http://user:hidden@a.test/s/abcdefsecret/v.m4s?token=verysecret"
    gate = Gate(ScriptedTransport(clock, {url: b"x"}), clock, lambda done: recorder(TransferDone(done.end_s, done)))
    await clock.run(gate.fetch(Request(RequestKind.SEGMENT, url, headers={"authorization": "Bearer verysecret"})))
    source = PlaybackSource(
        url=url, keys=((bytes(16), b"verysecretkey..."),), licence_url="http://l.test/?k=verysecret"
    )
    shown = json.dumps(recorder.report(source=source.shown_name, policy="x"))
    for text in (shown, repr(source), repr(TitleAddresses({"a": url})), repr(recorder.events)):
        assert "secret" not in text
        assert "hidden" not in text


def test_orders_and_entries_do_not_show_addresses() -> None:
    order = Order("main", 0, 0, rendition("v"), Segment(1, 0.0, 4.0, "http://a.test/v?token=verysecret"))
    assert "verysecret" not in repr(order)
    assert "verysecret" not in repr(entry(segment=order.segment))


def test_a_channel_that_plays_for_days_is_kept_from_its_begin_and_its_end() -> None:
    recorder = Recorder(most=100)
    recorder(PhaseReached(1.0, "requested"))
    for number in range(1000):
        recorder(BufferSampled(2.0 + number, float(number), 5.0, None, 0))
        if number % 250 == 100:
            recorder(ErrorRaised(2.0 + number, "net.cut", "The connection was cut.", fatal=False))
        assert len(recorder.events) <= 110
    report = recorder.report(source="x", policy="y")
    places = [row["position_s"] for row in report["buffer"]]
    assert (places[0], places[-1]) == (0.0, 999.0)
    assert report["forgotten"] == 1000 - len(places)
    assert [row["at_s"] for row in report["errors"]] == [101.0, 351.0, 601.0, 851.0]
    assert report["summary"]["played_s"] == 999.0
