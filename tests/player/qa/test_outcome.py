"""Figures, conditions and the three documents that a plan leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest

from player.qa.chart import even
from player.qa.explanations import why, why_in_short
from player.qa.html_report import page
from player.qa.junit import junit
from player.qa.outcome import PlanOutcome, outcome_of
from player.qa.plan import QaPlan
from player.qa.run_spec import Labels, RunResult, RunSpec
from player.qa.thresholds import PLAIN, figure, judge, metrics_of, parse, statistic
from player.title.opening import PlaybackSource
from tests.kit.reports import report, result
from ui.cli.qa_run import tell


def outcome(results: Sequence[RunResult], *conditions: str) -> PlanOutcome:
    return outcome_of(QaPlan("Plan & <test>", "why", True, (), tuple(map(parse, conditions))), results)


def test_what_servers_said_is_printed_of_passed_runs_too(capsys: pytest.CaptureFixture[str]) -> None:
    note = {"rule": "cors", "host": "a.test", "url": "", "count": 2, "sentence": "a.test does not say it."}
    results = [RunResult(Labels(name), report(delivery=[note])) for name in ("one", "two")]
    tell(outcome(results, "failed_requests >= 0"), None)
    assert "note    a.test does not say it. (2 runs)" in capsys.readouterr().err


def test_a_plan_may_bound_the_parts_of_a_start() -> None:
    parts = [{"part": "manifest", "seconds": 0.4, "budget_s": 0.1, "over": False, "at_s": 0.0}]
    startup = {**report()["startup"], "parts": parts}
    results = [RunResult(Labels("one"), report(startup=startup))]
    assert outcome(results, "start.manifest <= 0.5", "start.licence == 0").passed
    assert not outcome(results, "start.manifest p95 <= 0.3").passed


def test_figures_come_out_of_the_report() -> None:
    metrics = metrics_of(report(path_switches=[{}, {}]), memory_bytes=3 * 2**20)
    assert metrics["startup_s"] == 0.5
    assert metrics["path_switches"] == 2
    assert metrics["memory_mb"] == 3
    assert (metrics["cdn.a.share"], metrics["cdn.b.share"]) == (0.75, 0.25)
    assert (metrics["cdn.a.errors"], metrics["errors.net.timeout"]) == (2, 1)
    assert figure(metrics, "errors.http.gone") == 0
    assert (metrics["latency_s"], metrics["mean_quality"]) == (None, None)
    rungs = [{"quality": 40.0}, {"quality": 90.0}]
    decisions = [{"rung": rung, "inputs": {"rungs": rungs}} for rung in (0, 1, 1, 1, None)]
    live = {"mean_s": 3.2, "off_target_max_s": 0.4}
    metrics = metrics_of(report(decisions=decisions, live=live))
    assert (metrics["latency_s"], metrics["latency_drift_s"], metrics["mean_quality"]) == (3.2, 0.4, 77.5)
    assert set(PLAIN) <= set(metrics)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("startup_s p95 <= 2.5", 2.5, True),
        ("mean_bitrate_bps >= 3M", 3e6, True),
        ("mean_bitrate_bps > 3M", 3e6, False),
        ("cdn.a.share<60%", 0.6, False),
        ("errors.http.server != 0", 0, False),
        ("stalls == 0", None, False),
    ],
)
def test_conditions_are_read_and_held(text: str, value: float | None, holds: bool) -> None:
    assert parse(text).holds(value) is holds


@pytest.mark.parametrize("text", ["", "stalls", "stalls p42 < 1", "stalls < many", "unheard < 1", "stalls < 1 or"])
def test_conditions_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "errors.net.refsed == 0",
        "lost_s.vidoe == 0",
        "repeated_s.text == 0",
        "start.manifst <= 1",
        "cdn.a.total == 0",
        "cdn.errors == 0",
        "cdn == 0",
        "start < 1",
    ],
)
def test_a_figure_that_there_cannot_be_is_refused(text: str) -> None:
    """It would be 0 in every run, and the condition would always hold."""
    with pytest.raises(ValueError, match="no figure is called"):
        parse(text)


def test_statistics_go_by_the_nearest_rank() -> None:
    values = [float(n) for n in range(1, 21)]
    found = [statistic(name, values) for name in ("p50", "p95", "min", "max", "mean", "sum")]
    assert found == [10, 19, 1, 20, 10.5, 210]
    assert statistic("p99", [7.0]) == 7


def test_a_statistic_of_runs_without_the_figure_breaks() -> None:
    runs = [("a", {"startup_s": 1.0}), ("b", {"startup_s": None})]
    judged = judge(parse("startup_s max < 5"), runs)
    assert not judged.holds
    assert "not known" in judged.sentence


def test_a_failure_breaks_a_plan_that_says_nothing_of_it() -> None:
    failed = result("bad", summary={"failed": True})
    assert not outcome([failed], "stalls == 0").passed
    assert outcome([failed], "failed <= 1").passed


@pytest.mark.parametrize("text", ["errors.drm.no_key == 0", "errors.net.refused <= 1", "cdn.edge-a.share >= 0.2"])
def test_every_code_of_an_error_and_every_cdn_is_a_figure(text: str) -> None:
    assert parse(text).text == text


@pytest.mark.parametrize("text", ["errors.net.refused == 0", "errors <= 100"])
def test_a_failure_breaks_a_plan_that_speaks_of_errors(text: str) -> None:
    """An error may be got over: who names one has not said that a playback may fail."""
    assert not outcome([result("bad", summary={"failed": True})], text).passed


@pytest.mark.parametrize("what", ["lost_s", "repeated_s"])
def test_who_names_one_medium_has_said_nothing_of_the_others(what: str) -> None:
    continuity = report()["continuity"]
    silent = {**continuity, what: {**continuity[what], "audio": 6.0}}
    assert not outcome([RunResult(Labels("one"), report(continuity=silent))], f"{what}.video == 0").passed
    assert outcome([RunResult(Labels("one"), report(continuity=silent))], f"{what}.audio <= 6").passed


def test_what_no_browser_tells_is_not_held_against_its_player() -> None:
    """The decoder's complaints beside ours, that tells of them."""
    quiet = {**report()["continuity"], "decode_errors": 0}
    silent = {**quiet, "decode_errors": None}
    ours = RunResult(Labels("one", player="matinee"), report(continuity=quiet))
    theirs = RunResult(Labels("one", player="shaka"), report(continuity=silent))
    both = outcome([ours, theirs], "failed == 0")
    assert both.passed
    assert [run.passed for run in both.runs] == [True, True]
    assert "only run" in next(each.sentence for each in both.judgements if each.condition.metric == "decode_errors")
    assert not outcome([ours, theirs], "failed == 0", "decode_errors == 0").passed, "here somebody asks for it"
    untold = RunResult(Labels("one", player="matinee"), report(continuity=silent))
    assert not outcome([ours, untold], "failed == 0").passed, "ours must tell"


def test_a_channel_that_had_to_go_on_elsewhere_does_not_pass() -> None:
    moved = {"at_s": 9.0, "kind": "live_moved", "sentence": "It is not there any more."}
    live = {"live": {"mean_s": 6.0, "off_target_max_s": 0.1}}
    assert outcome([RunResult(Labels("channel"), report(**live))]).passed
    film = RunResult(Labels("film"), report())
    assert outcome([RunResult(Labels("channel"), report(**live)), film]).passed, "a film has no channel's list"
    jumped = [RunResult(Labels("channel"), report(**live, recoveries=[moved]))]
    assert not outcome(jumped).passed
    assert outcome(jumped, "live_jumps <= 1").passed


def test_the_documents_agree() -> None:
    hostile = "<script>alert(1)</script>\x00"
    stalled = report(
        title=hostile,
        summary={"stalls": 1},
        stalls=[{"at_s": 5.0, "position_s": 3.0, "duration_s": 1.5}],
        seeks=[{"at_s": 6.0, "from_s": 3.0, "to_s": 9.0}],
        path_switches=[{"at_s": 5.5, "sentence": f"a was slow {hostile}"}],
    )
    made = outcome([result("good"), result("bad", 2, **stalled)], "stalls == 0", "startup_s p95 < 9")
    document = json.loads(json.dumps(made.document()))
    assert [run["passed"] for run in document["runs"]] == [True, False]
    assert (document["passed"], document["statistics"]["stalls"]["mean"]) == (False, 0.5)

    suite = Xml.fromstring(junit(made)).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [case.find("failure") is not None for case in suite.findall("testcase")] == [False, True, False]

    html = page(made)
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert "script" not in tags.seen
    assert tags.seen.count("svg") == 2
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"|url\(', html) == [], "it needs nothing from elsewhere"
    assert "stood still for 1.5 s" in html
    assert "<b>0.1 s, segment 1: 180p (0.20 Mbit/s)</b>Rung 0." in html, "each decision is told on hover"
    assert "default-src &#x27;none&#x27;" in html or "default-src 'none'" in html


def test_why_names_the_request_that_was_under_way() -> None:
    told = why(report(stalls=[{"at_s": 4.0, "position_s": 3.0, "duration_s": None}]))
    assert any(
        "segment from b, asked for at 3.0 s with 4.0 s in hand, failed after 5.0 s (net.timeout)" in each
        for each in told
    )
    told = why(report(stalls=[{"at_s": 90.0, "position_s": 3.0, "duration_s": 1}]))
    assert any("nothing was being fetched" in each for each in told)
    assert "At 4.0 s 360p (0.60 Mbit/s): Rung 1." in told
    assert "At 0.0 s a: it was the first in the order that was given, and it answered." in told
    assert any(each.startswith("b gave 25% of the media") for each in told)
    assert "The first picture was there after 0.50 s: manifest at 0.10 s, first picture at 0.50 s." in told
    note = {"at_s": 3.5, "kind": "retry", "sentence": "a has a fault."}
    told = why(report(stalls=[{"at_s": 7.0, "position_s": 3.0, "duration_s": 1}], requests=[], recoveries=[note]))
    assert any("nothing was being fetched, after this at 3.5 s: a has a fault." in each for each in told)


def test_a_summary_says_why_and_of_changes_only_the_last() -> None:
    decisions = [
        {"at_s": float(n), "position": n, "rung": n % 2, "sentence": f"Reason {n}.", "reason": "x"} for n in range(9)
    ]
    switch = {"at_s": 2.0, "from": "a", "to": "b", "sentence": "b answers, a does not."}
    told = why_in_short(report(decisions=decisions, path_switches=[switch]))
    assert "At 2.0 s: b answers, a does not." in told
    assert told[-4] == "(6 earlier: --report FILE has them all)"
    assert [each.rpartition(": ")[2] for each in told[-3:]] == ["Reason 6.", "Reason 7.", "Reason 8."]
    assert not any("of the media" in each for each in told), "that is in the summary's figures"


@pytest.mark.parametrize(
    ("top", "expected"),
    [(0.0, [0.0]), (70.1, [0, 10, 20, 30, 40, 50, 60, 70]), (1.63, [0, 1]), (0.35, [0, 0.2]), (21, [0, 10, 20])],
)
def test_axes_have_even_numbers(top: float, expected: list[float]) -> None:
    assert even(top, 10 if top > 50 else 4) == pytest.approx(expected)


class Tags(HTMLParser):
    """The tags of a page; ``open`` are those that nobody closed."""

    EMPTY = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_what_happens_again_and_again_is_one_line() -> None:
    notes = [
        {
            "at_s": 3.0 + number / 7,
            "kind": "retry",
            "sentence": f"At {number}.0 s it is tried again.",
            "code": "http.server",
        }
        for number in range(262)
    ]
    (line,) = [each for each in why(report(recoveries=notes)) if "tried again" in each]
    assert line == "262 times between 3.0 and 40.3 s: At 0.0 s it is tried again."


def test_a_stall_under_failures_says_what_the_server_answered() -> None:
    asked = [
        {"at_s": 7.0 + n, "kind": "segment", "pathway": "a", "seconds": 0.01, "bytes": 0, "error": "http.server"}
        for n in range(5)
    ]
    told = why(report(stalls=[{"at_s": 7.5, "position_s": 3.0, "duration_s": 5.0}], requests=asked))
    assert any("5 requests for media failed (5 x http.server)" in each for each in told)


def test_what_was_lost_stands_first() -> None:
    lost = {
        "kind": "lost",
        "media": "audio",
        "start_s": 4.0,
        "end_s": 8.0,
        "segment": 1,
        "pathway": "a",
        "code": "http.missing",
    }
    continuity = {"lost_s": {"audio": 4.0}, "repeated_s": {}, "breaks": [{"at_s": 3.0, **lost}]}
    first = why(report(continuity=continuity))[0]
    assert first == "At 3.0 s: The audio from 4.0 to 8.0 s of the title was lost: segment 1 from a (http.missing)."


def test_a_cdn_that_nobody_asked_is_not_judged_unless_the_plan_names_it() -> None:
    """A mistyped name would hold at 0 for ever."""
    results = [RunResult(Labels("film"), report())]
    judged = outcome(results, "cdn.c.errors == 0")
    assert not judged.passed
    assert "named in cdns" in next(each.sentence for each in judged.judgements if not each.holds)
    assert outcome(results, "cdn.b.errors == 0").passed
    named = RunSpec(Labels("film"), PlaybackSource(url="http://a.test/", cdns=("a", "c")))
    assert outcome_of(QaPlan("named", "", True, (named,), (parse("cdn.c.errors == 0"),)), results).passed


def test_lost_audio_that_a_player_hides_is_not_judged() -> None:
    told = report()
    hidden = {**told, "continuity": {**told["continuity"], "unjudged": ["audio"]}}
    results = [RunResult(Labels("film", player="hlsjs"), hidden)]
    assert not outcome(results, "lost_s == 0").passed
    assert not outcome(results, "lost_s.audio == 0").passed
    assert outcome(results, "stalls <= 9").not_applied == ("hlsjs: lost audio is not judged",)


def test_who_allows_stills_says_so() -> None:
    told = report()
    stands = {**told, "continuity": {**told["continuity"], "stands_s": 3.0}}
    results = [RunResult(Labels("film"), stands)]
    judged = outcome(results)
    assert not judged.passed
    assert "stills: allowed" in next(each.sentence for each in judged.judgements if not each.holds)
    assert outcome(results, "stands_s <= 3").passed
    assert outcome_of(QaPlan("slides", "", True, (), (), stills=True), results).passed
