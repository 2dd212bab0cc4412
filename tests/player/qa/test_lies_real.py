"""What a CDN leaves out or mixes up is found at real speed on libmpv as well, and no plan passes over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from player.net.faults import FaultPlan
from player.playback.settings import PlaybackSettings
from player.qa.explanations import why
from player.qa.outcome import outcome_of
from player.qa.plan import QaPlan
from player.qa.realtime_run import play
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

pytestmark = pytest.mark.realtime
PLAYED_S = 9.0  # of three segments of four seconds
AUDIO, VIDEO = "*seg-[34]-002*", "*seg-[012]-002*"


def played(path: str, fault: dict[str, Any], folder: Path, **settings: Any) -> dict[str, Any]:
    """The report of nine seconds in which every answer for some files is wrong."""
    rules = [{"match": {"path": path}, "fault": fault}]
    with FileServer(media.ffmpeg_dash().folder) as server:
        spec = RunSpec(
            Labels("lie"),
            PlaybackSource(url=server.url("manifest.mpd")),
            PlaybackSettings(**{"start_s": 0.0, "rung": 1, "fresh": True, "play_for_s": PLAYED_S, **settings}),
            faults=FaultPlan.parse({"version": 1, "rules": rules}),
            limit_s=120.0,
        )
        return play(spec, Bench(folder))


def passes(report: dict[str, Any]) -> bool:
    plan = QaPlan("lies", "", virtual=False, runs=(), thresholds=())
    return outcome_of(plan, [RunResult(Labels("lie"), report)]).passed


@pytest.mark.parametrize(
    ("path", "fault", "medium", "code"),
    [
        (AUDIO, {"type": "status", "status": 404}, "audio", "http.not_found"),
        (AUDIO, {"type": "truncate", "after_bytes": 2500}, "audio", "media.damaged"),
        (VIDEO, {"type": "body"}, "video", "media.damaged"),
        (VIDEO, {"type": "other", "offset": -1}, "video", "media.misplaced"),
    ],
    ids=["audio 404", "audio cut short", "video is a web page", "video of the segment before"],
)
def test_what_is_lost_is_said_and_fails(
    path: str, fault: dict[str, Any], medium: str, code: str, tmp_path: Path
) -> None:
    report = played(path, fault, tmp_path)
    assert 3.5 <= report["continuity"]["lost_s"][medium] <= 4.5, report["continuity"]
    codes = {each["code"] for each in (*report["recoveries"], *report["continuity"]["breaks"])}
    codes |= {each["error"] for each in report["requests"]}
    assert code in codes
    assert report["result"]["status"] == "ended"
    assert not passes(report)


def test_bytes_that_no_decoder_takes_fail_the_run(tmp_path: Path) -> None:
    report = played(VIDEO, {"type": "corrupt", "at_byte": 1500, "length": 1000}, tmp_path)
    assert report["continuity"]["decode_errors"] > 0
    assert not passes(report)
    [first, *_] = report["continuity"]["complaints"]
    assert first["start_s"] <= 4.5 <= first["end_s"] + 1.0, "the second segment begins at 4 s"
    [told] = [each for each in why(report) if each.startswith("The decoders complained")]
    assert "segment 1 of rung 1 from" in told


def test_a_trickle_is_given_up_and_blamed_on_the_network(tmp_path: Path) -> None:
    report = played(AUDIO, {"type": "trickle", "after_bytes": 2000, "bytes_per_s": 4}, tmp_path)
    assert "net.trickle" in {each["error"] for each in report["requests"]}
    assert report["result"]["status"] == "ended"
    assert "machine" not in {each["cause"] for each in report["stalls"]}, why(report)


def test_an_honest_run_passes_and_is_as_long_as_it_was_to_be(tmp_path: Path) -> None:
    report = played("*nothing*", {"type": "status", "status": 404}, tmp_path, play_for_s=3.0)
    assert passes(report), why(report)
    assert 2.5 <= report["result"]["position_s"] <= 4.5, "3 s became 5.5 once"
    assert report["continuity"]["decode_errors"] == 0
