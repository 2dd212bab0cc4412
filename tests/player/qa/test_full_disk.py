"""What a run keeps beside its report, on a disk that is full: the run says so, and nothing torn is judged or left."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from player.playback.settings import PlaybackSettings
from player.qa.picture import compare
from player.qa.picture.tape import Tapes
from player.qa.recording.archive import ArchiveWriter
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.kiosk_world import FULL

CLUSTER = bytes.fromhex("1f43b675") + (0x10000000 | 1 << 20).to_bytes(4, "big")  # 1 MiB of it


def test_a_run_whose_recording_finds_no_room_is_played_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "run.mrec"
    place.symlink_to(FULL)
    with FileServer(media.ffmpeg_dash().folder) as server:
        spec = RunSpec(Labels("t"), PlaybackSource(url=server.url("manifest.mpd")), PlaybackSettings(), record=place)
        with pytest.raises(OSError, match="No space") as caught:
            simulate(spec, Bench(tmp_path / "bench"))
    assert caught.value.errno == errno.ENOSPC
    assert not place.is_symlink(), "a torn recording is of no use"
    assert not [each for each in caplog.records if each.exc_info]


def test_a_recording_that_finds_no_room_at_its_end_is_taken_away(tmp_path: Path) -> None:
    place = tmp_path / "run.mrec"
    place.symlink_to(FULL)
    writer = ArchiveWriter(place)
    writer.put("a", b"little: it stays in memory for now")
    with pytest.raises(OSError, match="No space"):
        writer.close({}, {}, [])
    assert not place.is_symlink()


def test_a_tape_that_finds_no_room_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "tape-1.mkv").symlink_to(FULL)
    tapes = Tapes(tmp_path)
    read = iter([[memoryview(CLUSTER + bytes(1 << 20))], []])
    stream = tapes.around(lambda: SimpleNamespace(read=lambda _length: next(read), close=lambda: None))()  # type: ignore[arg-type,return-value]
    assert len(stream.read(1 << 20)) == 1, "the player reads on"
    stream.close()
    with pytest.raises(OSError, match="No space"):
        tapes.close()


@pytest.mark.parametrize(("free", "code"), [(0, errno.ENOSPC), (1 << 30, errno.EIO)])
def test_a_comparison_that_could_not_be_written_says_why(
    free: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(_options: Sequence[str], *, cwd: Path) -> tuple[bytes, str]:
        (cwd / "vmaf.json").write_text('{"version":')
        return b"", ""

    monkeypatch.setattr(compare, "run", torn)
    monkeypatch.setattr(compare.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    with pytest.raises(OSError, match="FFmpeg could not write") as caught:
        compare._vmaf(tmp_path / "own.mkv", tmp_path / "wanted.mkv", 4.0)
    assert caught.value.errno == code
