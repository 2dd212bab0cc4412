"""Periods of DASH whose border lies in the middle of a segment that both list: each moment is played once."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from player.playback.settings import PlaybackSettings
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

SECONDS = 24


def divided(manifest: str, borders: list[int]) -> str:
    """The MPD with periods between these times, each with the segments that hold any of it."""
    start, end = manifest.index("<Period"), manifest.index("</Period>") + len("</Period>")
    periods = [_period(manifest[start:end], *span) for span in pairwise([0, *borders, SECONDS])]
    return manifest[:start] + "".join(periods) + manifest[end:]


def _period(period: str, start_s: int, end_s: int) -> str:
    def template(found: re.Match[str]) -> str:
        scale = int(re.search(r'timescale="(\d+)"', found[0])[1])  # type: ignore[index]
        durations = [
            int(each[1])
            for each in re.finditer(r'<S (?:t="\d+" )?d="(\d+)"(?: r="(\d+)")?', found[0])
            for _ in range(1 + int(each[2] or 0))
        ]
        times = [sum(durations[:number]) for number in range(len(durations))]
        held = [
            number
            for number, time in enumerate(times)
            if time < end_s * scale and time + durations[number] > start_s * scale
        ]
        rows = "".join(f'<S t="{times[number]}" d="{durations[number]}"/>' for number in held)
        text = re.sub(r"(?s)(<SegmentTimeline>).*(</SegmentTimeline>)", rf"\g<1>{rows}\2", found[0])
        text = re.sub(r'startNumber="\d+"', f'startNumber="{held[0] + 1}"', text)
        return text.replace("<SegmentTemplate", f'<SegmentTemplate presentationTimeOffset="{start_s * scale}"')

    head = f'<Period id="{start_s}" start="PT{start_s}S" duration="PT{end_s - start_s}S">'
    return re.sub(r"(?s)<SegmentTemplate.*?</SegmentTemplate>", template, re.sub(r"<Period[^>]*>", head, period))


def played(folder: Path, start_s: float, rung: int | None, tmp_path: Path) -> dict[str, Any]:
    with FileServer(folder) as server:
        source = PlaybackSource(url=server.url("manifest.mpd"))
        settings = PlaybackSettings(start_s=start_s, rung=rung)
        report = simulate(RunSpec(Labels("borders"), source, settings), Bench(tmp_path))
    assert report["result"]["status"] == "ended", report["errors"]
    return report


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return shutil.copytree(media.ffmpeg_dash(SECONDS).folder, tmp_path / "film")


def divide(film: Path, borders: list[int]) -> None:
    manifest = film / "manifest.mpd"
    manifest.write_text(divided(manifest.read_text(encoding="utf-8"), borders), encoding="utf-8")


@pytest.mark.parametrize("rung", [None, 1])
@pytest.mark.parametrize(
    ("borders", "start_s"), [([8], 0.0), ([10], 0.0), ([10], 10.5), ([10], 13.0), ([6, 15], 0.0)]
)
def test_each_moment_is_played_once(
    borders: list[int], start_s: float, rung: int | None, film: Path, tmp_path: Path
) -> None:
    divide(film, borders)
    report = played(film, start_s, rung, tmp_path)
    assert report["continuity"]["breaks"] == []
    assert report["summary"]["played_s"] == pytest.approx(SECONDS - start_s, abs=0.6)


def test_segments_of_different_names_are_different_and_what_comes_twice_is_said(film: Path, tmp_path: Path) -> None:
    divide(film, [10])
    manifest = film / "manifest.mpd"
    first, border, second = manifest.read_text(encoding="utf-8").partition('<Period id="10"')
    manifest.write_text(first + border + second.replace('media="seg-', 'media="ad-'), encoding="utf-8")
    for path in film.glob("seg-*"):
        shutil.copy(path, path.with_name(path.name.replace("seg-", "ad-")))
    found = played(film, 0.0, 1, tmp_path)["continuity"]
    assert found["lost_s"] == {"video": 0.0, "audio": 0.0, "subtitles": 0.0}
    assert found["repeated_s"]["video"] == pytest.approx(4.0, abs=0.1)


def test_a_period_within_one_segment_repeats_it_and_says_so(film: Path, tmp_path: Path) -> None:
    divide(film, [9, 11])
    found = played(film, 0.0, 1, tmp_path)["continuity"]
    assert found["lost_s"] == {"video": 0.0, "audio": 0.0, "subtitles": 0.0}
    assert found["repeated_s"]["video"] == pytest.approx(4.0, abs=0.1)


def moved(film: Path, medium: str, early_s: int) -> None:
    """The second of two periods has another offset for one medium."""
    divide(film, [10])
    manifest = film / "manifest.mpd"
    head, border, second = manifest.read_text(encoding="utf-8").partition('<Period id="10"')

    def offset(found: re.Match[str]) -> str:
        scale = int(re.search(r'timescale="(\d+)"', found[0])[1])  # type: ignore[index]
        offset = f'presentationTimeOffset="{(10 + early_s) * scale}"'
        return re.sub(r'presentationTimeOffset="\d+"', offset, found[0])

    wrong = re.sub(rf'(?s)<AdaptationSet[^>]*contentType="{medium}".*?</AdaptationSet>', offset, second)
    assert wrong != second
    manifest.write_text(head + border + wrong, encoding="utf-8")


@pytest.mark.parametrize("medium", ["video", "audio"])
@pytest.mark.parametrize("early_s", [-4, 4])
def test_a_second_period_whose_offset_is_wrong_by_a_segment_is_red(
    early_s: int, medium: str, film: Path, tmp_path: Path
) -> None:
    """Its first segment takes the place behind the one on the border, so that only its beginning is missing."""
    moved(film, medium, early_s)
    assert played(film, 0.0, 1, tmp_path)["continuity"]["lost_s"][medium] > 1.5


@pytest.mark.parametrize(("early_s", "start_s"), [(-1, 0.0), (1, 0.0), (1, 15.0)])
def test_a_second_period_whose_audio_is_a_second_from_its_video_is_red(
    early_s: int, start_s: float, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its segments cover its beginning all the same, and nothing else is wrong."""
    moved(film, "audio", early_s)
    lost_s = played(film, start_s, 1, tmp_path)["continuity"]["lost_s"]
    assert lost_s["audio"] == pytest.approx(1.0 if early_s < 0 else 2.0, abs=0.1), "early audio also ends early"
    assert lost_s["video"] == 0
    assert main(["qa", "ladder", "--json", str(film / "manifest.mpd")]) == 1
    assert '"ladder.av_offset"' in capsys.readouterr().out
