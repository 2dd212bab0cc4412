"""Every codec in every container that carries it, made by others' tools, is played to the end on the real libmpv.

Each video frame is shown once and in order, and the audio is complete to its last frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from player.engine import Engine
from tests.kit.playback import engine, opened
from tests.kit.samples import FRAMES, SAMPLE_RATE, SAMPLES, SECONDS, Sample
from tests.kit.screen import Screen
from tests.kit.slices import slice_of

LOUD = 500  # of 32,767; the tone reaches 4,000
SMALLEST_FRAME = 960  # samples of sound: one of Opus
MOST_TRIES = 10
AT_ONCE = 4  # most of a playback of two seconds is waiting
TABLE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"


@dataclass(frozen=True)
class Played:
    """What was seen and heard of a sample. ``begin`` and ``end`` of the tone are in samples, ``quietest`` is the
    peak of its quietest hundredth of a second."""

    report: Mapping[str, Any]
    frames: list[int]
    begin: int
    end: int
    quietest: int


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Played]]]:
    """All samples that are asked for, some of them at a time."""
    folder = tmp_path_factory.mktemp("formats")
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked = [test.callspec.params["sample"] for test in tests if "played" in test.fixturenames]
    with engine(folder / "profile") as made, ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            sample.name: pool.submit(play, made, sample, folder / f"{number}.raw")
            for number, sample in enumerate(asked)
        }


def play(made: Engine, sample: Sample, sound: Path) -> Played:
    """Again for as long as the screen was held up, since libmpv may have let a picture go then."""
    for _ in range(MOST_TRIES):
        held_up, found = _play(made, sample, sound)
        if not held_up:
            break
    return found


def _play(made: Engine, sample: Sample, sound: Path) -> tuple[bool, Played]:
    options = {
        "ao": "pcm",
        "ao_pcm_waveheader": False,
        "ao_pcm_file": str(sound),
        "audio_format": "s16",
        "audio_channels": "mono",
        "audio_samplerate": SAMPLE_RATE,
    }
    with (
        Screen(untimed=True, framedrop="no", video_sync="display-desync", **options) as screen,
        opened(made, sample.folder(), sample.manifest, screen.player) as (session, recorder),
    ):
        assert made.wait(session, 60)
        report = recorder.report(source=sample.name, policy="")
        frames = screen.frames
    if not report["result"]["played_to_end"]:
        return screen.held_up, Played(report, frames, 0, 0, 0)
    samples = np.abs(np.fromfile(sound, np.int16).astype(np.int32))
    loud = np.flatnonzero(samples > LOUD)
    begin, end = int(loud[0]), int(loud[-1]) + 1
    step = SAMPLE_RATE // 100
    peaks = samples[begin : end - (end - begin) % step].reshape(-1, step).max(axis=1)
    return screen.held_up, Played(report, frames, begin, end, int(peaks.min()))


@pytest.mark.parametrize("sample", slice_of(zip(SAMPLES), 20, lambda sample: sample.name))
def test_a_sample_plays_to_its_end(played: Mapping[str, Future[Played]], sample: Sample) -> None:
    found = played[sample.name].result(120)
    assert found.report["result"]["played_to_end"], found.report["errors"]
    assert found.frames == (list(range(FRAMES)) if sample.video else [])
    assert found.begin < sample.most_priming
    missing = SECONDS * SAMPLE_RATE - (found.end - found.begin)
    padded = "Opus" in sample.name and -SMALLEST_FRAME < missing < 0  # the last frame is played whole
    assert abs(missing) < SMALLEST_FRAME / 2 or 0 < missing <= sample.sound_left_out or padded
    assert found.quietest > LOUD


def test_the_table_in_the_docs_lists_the_samples() -> None:
    rows = {tuple(cell.strip() for cell in line.strip("|").split("|")) for line in TABLE.read_text().splitlines()}
    for sample in SAMPLES:
        assert (sample.video or "-", sample.audio, sample.container, sample.protocol, sample.maker) in rows
