"""Timelines as they are made in practice: holes, sound that begins before 0, clocks that run over or drift, titles
without sound. All of it on the real libmpv, every picture and every second of sound."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from player.engine import Engine
from player.manifest.model import Container
from player.media.demux import open_demuxer, read_whole
from tests.e2e.test_frames import AV_LIMIT_S, PCM, beeps
from tests.kit import media, samples
from tests.kit.playback import engine, opened
from tests.kit.screen import Screen

UNTIMED = {"untimed": True, "framedrop": "no", "ao_null_untimed": True, "video_sync": "display-desync"}
SECONDS, SEGMENT_S = 12, media.SEGMENT_S
FRAMES = SECONDS * media.FPS
HOLE = range(SEGMENT_S, 2 * SEGMENT_S)  # the seconds of the second segment


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


@dataclass(frozen=True)
class Played:
    """Pictures in the order shown; the second and the lateness of every beep."""

    frames: list[int]
    sound: list[tuple[int, float]]


def play(made: Engine, folder: Path, manifest: str) -> Played:
    """Again where the screen was held up: then libmpv may have let a picture go."""
    for _ in range(5):
        heard = folder / "sound.raw"
        with (
            Screen(**{**UNTIMED, **PCM}, ao_pcm_file=str(heard)) as screen,
            opened(made, folder, manifest, screen.player) as (session, recorder),
        ):
            assert made.wait(session, 60)
            report = recorder.report(source=manifest, policy="")
        assert report["result"]["played_to_end"], report["errors"]
        if not screen.held_up:
            break
    return Played(screen.frames, [(round(at_s), at_s - round(at_s)) for at_s, _ in beeps(heard)])


def title(folder: Path, playlists: str, change: Callable[[str], str]) -> tuple[Path, str]:
    """A title with separate sound whose media playlists of one kind (``video``, ``audio``) are changed."""
    whole = media.packager_clear(SECONDS)
    assert whole.hls is not None
    shutil.copytree(whole.folder, folder)
    for path in folder.glob(f"{playlists}*.m3u8"):
        before = path.read_text()
        path.write_text(change(before))
        assert path.read_text() != before
    return folder, whole.hls


def second_is_a_hole(playlist: str) -> str:
    first, second, *rest = playlist.split("#EXTINF")[1:]
    head = playlist.split("#EXTINF")[0]
    return "#EXTINF".join([head, first + "#EXT-X-GAP\n", second, *rest])


def test_a_hole_in_the_picture_leaves_the_sound_where_it_belongs(made: Engine, tmp_path: Path) -> None:
    played = play(made, *title(tmp_path / "t", "video", second_is_a_hole))
    assert played.frames == [frame for frame in range(FRAMES) if frame // media.FPS not in HOLE]
    assert [second for second, _ in played.sound] == list(range(SECONDS))
    assert all(abs(late_s) < AV_LIMIT_S for _, late_s in played.sound)


def test_a_hole_in_the_sound_is_silent_and_as_long_as_it_was(made: Engine, tmp_path: Path) -> None:
    played = play(made, *title(tmp_path / "t", "audio", second_is_a_hole))
    assert played.frames == list(range(FRAMES))
    heard = {second for second, _ in played.sound}
    assert heard.isdisjoint(HOLE[1:])
    assert heard >= set(range(SECONDS)) - {*HOLE, HOLE.stop}  # the beeps at its edges are cut
    assert all(abs(late_s) < AV_LIMIT_S for _, late_s in played.sound)


@pytest.mark.parametrize("longer", [0.6, 1.2])
def test_durations_that_are_not_true_lose_nothing(made: Engine, tmp_path: Path, longer: float) -> None:
    """As after hours of durations that were rounded."""

    def stretched(playlist: str) -> str:
        return re.sub(r"#EXTINF:([\d.]+)", lambda found: f"#EXTINF:{float(found[1]) * longer:.3f}", playlist)

    folder, manifest = title(tmp_path / "t", "[av]", stretched)
    played = play(made, folder, manifest)
    assert played.frames == list(range(FRAMES))
    assert [second for second, _ in played.sound] == list(range(SECONDS))
    assert all(abs(late_s) < AV_LIMIT_S for _, late_s in played.sound)


def test_a_clock_of_33_bits_runs_over_in_mid_title(made: Engine) -> None:
    assert play(made, samples.running_over(), "index.m3u8").frames == list(range(samples.FRAMES))


def test_a_title_without_sound(made: Engine) -> None:
    for _ in range(5):
        with (
            Screen(**UNTIMED) as screen,
            opened(made, samples.trick_play(), "manifest.mpd", screen.player) as (session, recorder),
        ):
            assert made.wait(session, 60)
            assert recorder.report(source="", policy="")["result"]["played_to_end"]
            assert not session.state.audio_tracks
        if not screen.held_up:
            break
    assert screen.frames == list(range(samples.FRAMES))


@pytest.mark.parametrize(
    ("container", "init", "first", "dts_s"),
    [
        ("fMP4", "video/init.mp4", "video/1.m4s", -0.08),
        ("fMP4", "audio/init.mp4", "audio/1.m4s", -1024 / 48_000),
        ("WebM", "audio/init.webm", "audio/1.webm", -0.0065),
    ],
    ids=("pictures-out-of-order", "priming", "codec-delay"),
)
def test_samples_that_play_to_their_end_begin_before_0(container: str, init: str, first: str, dts_s: float) -> None:
    """These are among those of ``test_formats``: of which every picture is shown, and all sound heard."""
    wanted = ("Shaka Packager", "DASH", container)
    sample = next(one for one in samples.SAMPLES if (one.maker, one.protocol, one.container) == wanted)
    folder, kind = sample.folder(), Container.WEBM if container == "WebM" else Container.FMP4
    found = read_whole(open_demuxer(kind, (folder / init).read_bytes()), (folder / first).read_bytes())
    assert found[0].dts_s == pytest.approx(dts_s, abs=1e-4)
