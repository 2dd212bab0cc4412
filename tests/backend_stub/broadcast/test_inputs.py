"""Inputs of a broadcast besides the test picture: a file, what an encoder sends, and what is neither."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from backend_stub.broadcast.channel import BroadcastChannel
from backend_stub.broadcast.journal import read_channel
from backend_stub.broadcaster.encoder import EncoderInput
from backend_stub.encoding import tools
from backend_stub.encoding.errors import ToolMissingError
from tests.kit.on_air import ENTRY
from tests.kit.waiting import until

LENGTH_S = 4


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One keyframe, and audio."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine"]
    words = [tools.locate().ffmpeg, "-v", "error", *sources, "-t", str(LENGTH_S), "-g", "500", "-c:a", "aac", path]
    subprocess.run(words, check=True, timeout=60)
    return path


def broadcasting(data: Path, *words: str) -> subprocess.Popen[str]:
    command = ["broadcast", *words, "--id", "chan", "--rungs", "90", "--data", str(data)]
    return subprocess.Popen([sys.executable, "-c", ENTRY, *command], stderr=subprocess.PIPE, text=True)


def lengths(channel: BroadcastChannel) -> list[float]:
    return [sum(segment.duration_s for segment in track.segments) for track in channel.tracks]


def made(data: Path) -> BroadcastChannel:
    return read_channel(data / "media" / "chan" / "live")


def test_a_file_that_is_played_once_is_an_event(tmp_path: Path, clip: Path) -> None:
    process = broadcasting(tmp_path, str(clip), "--once")
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    channel = made(tmp_path)
    assert channel.ended_at is not None
    assert lengths(channel) == [pytest.approx(LENGTH_S, abs=0.1)] * 2


def test_what_an_encoder_sends_is_there_from_its_first_picture(tmp_path: Path, clip: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"rtmp://127.0.0.1:{free.getsockname()[1]}/live/x"
    process = broadcasting(tmp_path, url)
    send = [tools.locate().ffmpeg, "-v", "error", "-re", "-i", str(clip), "-c", "copy", "-f", "flv", url]
    try:
        until(
            lambda: subprocess.run(send, check=False, stderr=subprocess.DEVNULL).returncode == 0, "it listens", 60.0
        )
        until(lambda: made(tmp_path).runs and all(run.over for run in made(tmp_path).runs.values()), "it ends", 30.0)
        assert lengths(made(tmp_path)) == [pytest.approx(LENGTH_S, abs=0.5)] * 2
        assert made(tmp_path).ended_at is None, "another encoder may come"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_what_is_no_media_is_refused_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    process = broadcasting(tmp_path / "data", str(tmp_path / "text.mp4"))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert re.search("text.mp4 cannot be broadcast: .*Invalid data", said)


def test_an_address_that_no_ffmpeg_here_receives_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_stub.broadcaster.encoder._protocols", lambda _program: frozenset())
    with pytest.raises(ToolMissingError, match="imageio-ffmpeg"):
        EncoderInput("srt://127.0.0.1:9000").program()
