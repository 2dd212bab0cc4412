"""The sample titles, in small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import m3u8
import numpy as np
import pytest

from backend_stub.config import Settings
from backend_stub.encoding import cli
from backend_stub.encoding.samples import (
    FPS,
    SAMPLES,
    TEST_PATTERN,
    make_source,
    missing_samples,
    music,
    publish_sample,
    time_code,
)
from backend_stub.live.faults import NO_FAULTS
from backend_stub.live.files import live_file
from backend_stub.services.publishing import is_published
from ui.cli.main import main

TINY = [replace(sample, seconds=1, width=320, height=180) for sample in (*SAMPLES, TEST_PATTERN)]


@pytest.mark.parametrize("sample", TINY, ids=lambda sample: sample.title)
def test_a_sample_moves_sounds_and_shows_the_time(sample, tmp_path: Path) -> None:
    make_source(sample, tmp_path / "source.mkv")
    with av.open(str(tmp_path / "source.mkv")) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    with av.open(str(tmp_path / "source.mkv")) as container:
        assert len(container.streams.audio) == len(sample.languages)
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
    assert len(pictures) == FPS
    middle = [picture[40:130].astype(int) for picture in pictures]
    assert np.abs(middle[-1] - middle[0]).mean() > 1, "it moves"
    assert middle[12].std() > 10, "it has detail"
    foot = [picture[-40:, :160].astype(int) for picture in pictures]
    assert np.abs(foot[10] - foot[11]).max() > 100, "its time code counts"
    assert sound.std() > 0


def test_the_time_code_changes_with_every_frame() -> None:
    pictures = time_code(3, 16)
    assert len({picture.tobytes() for picture in pictures}) == 3 * FPS
    assert pictures.shape[1] % 2 == pictures.shape[2] % 2 == 0


def test_music_is_loud_enough_and_never_clips() -> None:
    sound = music(5, (0, 4, 7, 12))
    assert sound.shape == (5 * 48_000, 2)
    assert 0.2 < np.abs(sound).max() < 1
    windows = np.abs(sound[:, 0]).reshape(20, -1).max(axis=1)
    assert windows.min() > 0.02, "no silence in it"


def test_samples_are_published(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "data")
    assert missing_samples(settings) == SAMPLES
    done: list[float] = []
    title_id = publish_sample(settings, TINY[1], progress=lambda _stage, part: done.append(part))
    assert title_id == "small-lives"
    assert [sample.title for sample in missing_samples(settings)] == ["Seahorse Valley", "Rings of Light"]
    assert is_published(settings, "small-lives")
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert list(settings.staging_dir.iterdir()) == []


def test_the_test_pattern_is_a_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "TEST_PATTERN", replace(TEST_PATTERN, seconds=9, width=128, height=72))
    words = ["publish", "--test-pattern", "--data", str(tmp_path)]
    assert main([*words, "film.mp4"]) != 0
    assert main(words) == 0
    assert capsys.readouterr().out == "test-pattern\n"
    assert main(words) == 0, "there is nothing left to do"
    body, _ = live_file(tmp_path / "media", "test-pattern", "video/72p/index.m3u8", 1_800_000_000.0, NO_FAULTS)
    playlist = m3u8.loads(body.decode())
    assert len(playlist.segments) > 20
    assert any(segment.discontinuity for segment in playlist.segments)
