"""What is shown and heard, proven from decoded video and audio.

libmpv draws into memory, and each frame carries its number and rung. Audio goes to a file, and a beep begins each
full second.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from player.engine import Engine
from player.playback.session import Session
from player.reporting.report import Recorder
from tests.kit import media, playback
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.scripted_policy import round_robin
from tests.kit.waiting import PATIENCE_S, until

FRAME_S = 1 / media.FPS
SEEKS = 8
NEAR = media.FPS // 2  # frames: a busy machine does not draw each of them
AV_LIMIT_S = 0.040
ATTEMPTS = 4

TITLES: dict[str, Callable[[], tuple[media.TestMedia, str]]] = {
    "dash": lambda: _with(media.ffmpeg_dash(), "dash"),
    "hls-fmp4": lambda: _with(media.packager_clear(), "hls"),
    "hls-ts": lambda: _with(media.ffmpeg_hls_ts(), "hls"),
    "cenc": lambda: _with(media.packager_cenc(), "dash"),
    "cbcs": lambda: _with(media.packager_cbcs(), "hls"),
    "on-demand": lambda: _with(media.dash_on_demand(), "dash"),
}


def _with(title: media.TestMedia, form: str) -> tuple[media.TestMedia, str]:
    manifest = title.dash if form == "dash" else title.hls
    assert manifest is not None
    return title, manifest


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


@contextmanager
def opened(
    made: Engine, title: media.TestMedia, manifest: str, screen: Screen, **settings: object
) -> Iterator[tuple[Session, Recorder]]:
    """A playback of a title from a plain file server that changes the rung at every segment."""
    keys = [(bytes.fromhex(kid), bytes.fromhex(key)) for kid, key in title.keys.values()]
    with playback.opened(
        made, title.folder, manifest, screen.player, keys, make_policy=round_robin, **settings
    ) as both:
        yield both


@pytest.mark.parametrize("name", TITLES)
def test_every_frame_is_shown_once_and_in_order_while_rungs_change(made: Engine, name: str) -> None:
    title, manifest = TITLES[name]()
    for _ in range(ATTEMPTS):
        with (
            Screen(untimed=True, framedrop="no", ao_null_untimed=True, video_sync="display-desync") as screen,
            opened(made, title, manifest, screen) as (session, recorder),
        ):
            assert made.wait(session, 60)
            report = recorder.report(source=name, policy="")
        # Where the screen was held up, a lost picture says nothing about the playback.
        if not screen.held_up or screen.frames == list(range(title.frames)):
            break
    assert report["result"]["played_to_end"], report["errors"]
    assert screen.frames == list(range(title.frames))
    assert screen.unmarked == []
    rung_of = screen.rung_of_frame()
    per_segment = [
        {rung_of[frame] for frame in range(start, min(start + title.segment_s * title.fps, title.frames))}
        for start in range(0, title.frames, title.segment_s * title.fps)
    ]
    assert all(len(rungs) == 1 for rungs in per_segment)
    # A lower rung than it is the turn of is taken while hardly anything is buffered: now and then, on a busy machine.
    assert sum(a != b for a, b in pairwise(per_segment)) >= len(per_segment) / 2


@pytest.mark.parametrize("name", TITLES)
def test_time_pos_is_exact_after_seeks(made: Engine, name: str) -> None:
    """Paused, so that the time is that of the picture which is shown, whatever the machine is doing beside."""
    title, manifest = TITLES[name]()
    positions = random.Random(name)
    with Screen() as screen, opened(made, title, manifest, screen, start_paused=True) as (session, _):
        assert screen.wait_for(0, 0, PATIENCE_S) is not None
        for _ in range(SEEKS):
            frame = positions.randrange(title.frames - 1)
            since = len(screen.shown)
            session.seek(frame * FRAME_S + 0.003)
            hit = screen.wait_for(frame, since, PATIENCE_S, tolerance=1)
            assert hit is not None, (frame, screen.shown[since:], screen.player.recent_log)
            shown_s = screen.player.read("time-pos")
            assert abs(shown_s - hit.mark.frame * FRAME_S) < FRAME_S / 2, (frame, hit, shown_s)
            assert abs(hit.mark.frame - frame) <= 1


PCM = {
    "ao": "pcm",
    "ao_pcm_waveheader": False,
    "audio_format": "s16",
    "audio_channels": "mono",
    "audio_samplerate": media.SAMPLE_RATE,
}


def beeps(path: Path) -> list[tuple[float, float]]:
    """Begin and pitch of every beep in a file of 16 bit samples: (seconds, hertz)."""
    rate = media.SAMPLE_RATE
    samples = np.fromfile(path, np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 4000)
    begins = loud[np.diff(loud, prepend=-rate) > rate // 4]
    found = []
    for start in begins:
        part = samples[start : start + rate // 25].astype(np.float64)
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 16384))
        found.append((float(start) / rate, float(spectrum.argmax()) * rate / 16384))
    return found


@pytest.mark.parametrize("name", TITLES)
def test_sound_fits_the_pictures(made: Engine, name: str, tmp_path: Path) -> None:
    """Audio and video are decoded on one timeline. Over all changes of rung, every beep in libmpv's output is within
    the limit of its second."""
    title, manifest = TITLES[name]()
    path = tmp_path / "sound.raw"
    with (
        Screen(untimed=True, framedrop="no", video_sync="display-desync", **PCM, ao_pcm_file=str(path)) as screen,
        opened(made, title, manifest, screen) as (session, recorder),
    ):
        assert made.wait(session, 60)
        assert recorder.report(source=name, policy="")["result"]["played_to_end"]
    heard = beeps(path)
    assert len(heard) == title.seconds
    first_s = heard[0][0]
    for second, (at_s, pitch) in enumerate(heard):
        assert abs(at_s - second) < AV_LIMIT_S, (second, at_s, first_s)
        assert abs(pitch - media.beep_hz(second)) < 40, (second, pitch)


@pytest.mark.realtime
def test_sound_stays_with_the_pictures_after_an_audio_switch(made: Engine) -> None:
    """At real speed: what libmpv measures between the sound it plays and the picture it shows."""
    title, manifest = TITLES["dash"]()
    with Screen() as screen, opened(made, title, manifest, screen) as (session, _):
        assert screen.wait_for(media.FPS, 0, 20, NEAR) is not None
        other = next(track for track in session.state.audio_tracks if not track.selected)
        since = len(screen.shown)
        session.select_audio(other.id)
        measured = []
        for second in range(3, 7):
            assert screen.wait_for(second * media.FPS, since, 20, NEAR) is not None
            measured.append(screen.player.read("avsync"))
        until(lambda: [track.id for track in session.state.audio_tracks if track.selected] == [other.id])
        until(lambda: screen.player.read("aid") == 2)
        assert all(abs(offset_s) < AV_LIMIT_S for offset_s in measured), measured
        numbers = [number for number in screen.frames if number >= media.FPS]
        assert numbers == sorted(numbers)
