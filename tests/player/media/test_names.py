"""Segments whose names promise another container than their bytes are: the bytes decide."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from player.base.errors import ErrorCode, MediaError
from player.manifest import parse
from player.manifest.edit import iter_renditions
from player.manifest.model import Container, TrackType
from player.media.demux import open_demuxer, read_whole
from player.media.model import StreamKind
from player.media.whole_segment import WholeSource
from player.playback.settings import PlaybackSettings
from player.qa.explanations import why
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from player.tracks.codec_probe import start_of, with_kind
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.segments import encode_audio
from tests.player.tracks.test_codec_probe import ts_head

NAMED = [Container.TS, Container.PACKED_AUDIO, Container.FMP4, Container.WEBM, Container.UNKNOWN]


def transport_stream() -> bytes:
    return next(iter(sorted((media.ffmpeg_hls_ts(8).folder / "360p").glob("*.ts")))).read_bytes()


@pytest.mark.parametrize("named", NAMED)
def test_a_transport_stream_is_one_whatever_its_name(named: Container) -> None:
    data = transport_stream()
    demuxer = open_demuxer(named)
    assert demuxer.probe(WholeSource(data)).keys() == {StreamKind.VIDEO, StreamKind.AUDIO}
    assert read_whole(demuxer, data) == read_whole(open_demuxer(Container.TS), data)


@pytest.mark.parametrize("named", NAMED)
def test_packed_audio_is_that_whatever_its_name(named: Container) -> None:
    data = encode_audio("aac", "adts", rate=48_000, layout="stereo")
    found = read_whole(open_demuxer(named), data)
    assert found == read_whole(open_demuxer(Container.PACKED_AUDIO), data)
    assert {sample.kind for sample in found} == {StreamKind.AUDIO}


@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize(
    "bytes_", [b"\xff\xd8\xff" + bytes(2000), b"WEBVTT\n\n", b"<html>No</html>" * 90, bytes(3000)]
)
def test_what_is_no_media_is_damaged_whatever_its_name(named: Container, bytes_: bytes) -> None:
    with pytest.raises(MediaError) as caught:
        read_whole(open_demuxer(named), bytes_)
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED


def test_one_segment_of_another_kind_does_not_change_those_after_it() -> None:
    data = transport_stream()
    demuxer = open_demuxer(Container.TS)
    read_whole(demuxer, encode_audio("aac", "adts", rate=48_000, layout="stereo"))
    assert read_whole(demuxer, data) == read_whole(open_demuxer(Container.TS), data)


def renamed(ending: str, folder: Path, *, declared: bool = True) -> Path:
    shutil.copytree(media.ffmpeg_hls_ts(8).folder, folder)
    for path in folder.rglob("*.ts"):
        path.rename(path.with_suffix(ending))
    for path in folder.rglob("*.m3u8"):
        text = re.sub(r"\.ts$", ending, path.read_text(), flags=re.MULTILINE)
        path.unlink()
        path.write_text(text if declared else re.sub(r',(?:CODECS|RESOLUTION)=("[^"]*"|[^,\n]*)', "", text))
    return folder


def played(folder: Path, manifest: str, tmp_path: Path) -> dict[str, Any]:
    with FileServer(folder) as server:
        source = PlaybackSource(url=server.url(manifest))
        return simulate(RunSpec(Labels("names"), source, PlaybackSettings(start_s=0.0)), Bench(tmp_path))


@pytest.mark.parametrize("ending", [".aac", ".mp4", ".mp3", ".webm"])
@pytest.mark.parametrize(
    ("manifest", "declared"), [("master.m3u8", True), ("master.m3u8", False), ("360p/index.m3u8", True)]
)
def test_a_title_with_wrong_endings_is_played_whole(
    ending: str, manifest: str, declared: bool, tmp_path: Path
) -> None:
    report = played(renamed(ending, tmp_path / "title", declared=declared), manifest, tmp_path)
    assert report["result"]["status"] == "ended", why(report)
    assert report["result"]["position_s"] == pytest.approx(8, abs=0.2)
    assert sum(report["continuity"]["lost_s"].values()) == 0, why(report)
    assert report["rungs"]  # there is a picture


def test_video_in_a_file_that_is_called_audio_is_a_video_track() -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.aac\n#EXT-X-ENDLIST\n"
    presentation = parse(text, "https://example.org/a/x.m3u8")
    (rendition,) = [each for _, _, each in iter_renditions(presentation)]
    assert start_of(rendition) is not None
    changed = with_kind(presentation, rendition, ts_head(0x1B, 0x0F))
    assert [(t.type, t.renditions[0].muxed_audio) for t in changed.periods[0].tracks] == [(TrackType.VIDEO, True)]
    assert with_kind(presentation, rendition, ts_head(0x0F)) == presentation
