"""The ladder never exceeds its source and always makes sense."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.encoding.ladder import KeyLabel, build_ladder
from backend_stub.encoding.probe import AudioInfo, SourceInfo


def source(
    width: int = 1920,
    height: int = 1080,
    fps: Fraction = Fraction(25),
    bitrate: int | None = None,
    audio: tuple[AudioInfo, ...] = (),
) -> SourceInfo:
    return SourceInfo(Path("film.mp4"), 60.0, 60.0, width, height, fps, bitrate, False, 0, audio)


sources = st.builds(
    source,
    width=st.integers(16, 8000),
    height=st.integers(16, 5000),
    fps=st.fractions(Fraction(1), Fraction(240), max_denominator=1001),
    bitrate=st.none() | st.integers(1_000, 200_000_000),
)


@given(sources)
def test_no_rung_exceeds_the_source(film: SourceInfo) -> None:
    ladder = build_ladder(film)
    assert ladder.fps <= film.fps
    for rung in ladder.video:
        assert rung.width <= film.width
        assert rung.height <= film.height
        assert film.bitrate is None or rung.bitrate <= film.bitrate


@given(sources)
def test_rungs_rise_and_have_even_sides(film: SourceInfo) -> None:
    rungs = build_ladder(film).video
    for lower, higher in pairwise(rungs):
        assert lower.width * lower.height < higher.width * higher.height
        assert lower.bitrate <= higher.bitrate
    assert all(rung.width % 2 == rung.height % 2 == 0 for rung in rungs)
    assert len({rung.name for rung in rungs}) == len(rungs)
    assert rungs[-1].width >= film.width - 1
    assert rungs[-1].height >= film.height - 1


@given(sources)
def test_the_shape_of_the_picture_is_kept(film: SourceInfo) -> None:
    for rung in build_ladder(film).video:
        error = abs(rung.width / rung.height * film.height / film.width - 1)
        assert error <= 3 / min(rung.width, rung.height)


def test_the_usual_ladder_and_its_labels() -> None:
    rungs = build_ladder(source(3840, 2160)).video
    assert [(rung.name, rung.label) for rung in rungs] == [
        ("240p", KeyLabel.SD),
        ("360p", KeyLabel.SD),
        ("480p", KeyLabel.SD),
        ("720p", KeyLabel.HD),
        ("1080p", KeyLabel.HD),
        ("1440p", KeyLabel.UHD),
        ("2160p", KeyLabel.UHD),
    ]
    assert [(rung.width, rung.height) for rung in rungs[:2]] == [(426, 240), (640, 360)]


def test_an_upright_film_gets_the_same_steps() -> None:
    rungs = build_ladder(source(1080, 1920)).video
    assert [(rung.width, rung.height) for rung in rungs[:1]] == [(240, 426)]
    assert rungs[-1].name == "1080p"
    assert rungs[-1].label is KeyLabel.HD


def test_a_small_source_gets_one_rung() -> None:
    assert [rung.name for rung in build_ladder(source(320, 180)).video] == ["180p"]


def test_a_poor_source_has_its_whole_ladder_scaled_down() -> None:
    rungs = build_ladder(source(1920, 1080, bitrate=1_000_000)).video
    assert rungs[-1].bitrate == pytest.approx(1_000_000, abs=2)
    assert rungs[0].bitrate < 0.2 * rungs[-1].bitrate


def test_sound_keeps_its_channels_up_to_six_and_each_track_has_its_own_name() -> None:
    tracks = (AudioInfo(0, "eng", 6, None), AudioInfo(1, "eng", 1, 32_000), AudioInfo(2, "fra", 2, 90_000))
    ladder = build_ladder(source(audio=tracks))
    assert [(rung.name, rung.channels, rung.bitrate) for rung in ladder.audio] == [
        ("eng", 6, 384_000),
        ("eng-1", 1, 32_000),
        ("fra", 2, 90_000),
    ]
    assert ladder.labels[0] is KeyLabel.AUDIO


def test_a_silent_film_needs_no_audio_key() -> None:
    assert build_ladder(source(640, 360)).labels == (KeyLabel.SD,)
