"""A session on a machine that cannot show the highest rung."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from player.net.shaping import LinkTrace
from player.playback.settings import PlaybackSettings
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.player import SimulatedPlayer
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

SECONDS = 48
TOP = 2
DROPPING_LOOKS = 44
DROPPED_PER_LOOK = 3  # of twelve or thirteen: there are two looks and 25 pictures in a second


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too slow for the highest rung, which is what a fast link has shown for most of the first twenty seconds."""
    looks, measure = itertools.count(), SimulatedPlayer.measure
    monkeypatch.setattr(
        SimulatedPlayer,
        "measure",
        lambda player: replace(measure(player), dropped=DROPPED_PER_LOOK * min(next(looks), DROPPING_LOOKS)),
    )


def report(folder: Path, **settings: int) -> dict[str, Any]:
    title = media.ffmpeg_dash(SECONDS)
    with FileServer(title.folder) as server:
        source, link = PlaybackSource(url=server.url("manifest.mpd")), LinkTrace.constant(2e7, 0.02)
        spec = RunSpec(Labels("drops"), source, PlaybackSettings(buffer_s=6.0, **settings), link)  # type: ignore[arg-type]
        return simulate(spec, Bench(folder))


def notes(found: dict[str, Any]) -> list[str]:
    return [note["sentence"] for note in found["recoveries"] if note["kind"] == "dropped_frames"]


def test_without_drops_the_top_rung_stays(tmp_path: Path) -> None:
    found = report(tmp_path)
    assert found["decisions"][-1]["rung"] == TOP
    assert notes(found) == []


@pytest.mark.usefixtures("slow_machine")
def test_the_top_rung_is_left_out_and_the_decisions_say_why(tmp_path: Path) -> None:
    found = report(tmp_path)
    (sentence,) = notes(found)
    assert f"rung {TOP}" in sentence
    last = [each for each in found["decisions"] if each["rung"] is not None][-1]
    assert (last["rung"], last["reason"]) == (TOP - 1, "capped")
    assert "decodes without drops" in last["sentence"]
    assert last["inputs"]["caps"] == {"max_decodable_rung": TOP - 1}


@pytest.mark.usefixtures("slow_machine")
def test_what_the_viewer_fixed_is_kept(tmp_path: Path) -> None:
    found = report(tmp_path, rung=TOP)
    assert {each["rung"] for each in found["decisions"] if each["rung"] is not None} == {TOP}
    assert len(notes(found)) == 1, "Auto would know"
