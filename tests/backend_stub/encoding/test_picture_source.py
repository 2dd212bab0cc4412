"""Whatever the container, a chunk holds the film's own frames."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from backend_stub.encoding import chunks
from backend_stub.encoding.documents import read_source, source_document
from backend_stub.encoding.errors import BadInputError
from backend_stub.encoding.ladder import TargetCodec, build_ladder
from backend_stub.encoding.picture_source import copy_pictures, with_pictures
from backend_stub.encoding.poster import make_pictures
from backend_stub.encoding.probe import SourceInfo, probe
from tests.backend_stub.encoding.conftest import ffmpeg
from tests.kit import barcode, media


def prepared(film: Path, folder: Path) -> SourceInfo:
    """As the tasks of a job find the film."""
    source = probe(film)
    copied = copy_pictures(source, folder / "copy.mkv")
    source = read_source(source_document(source))
    return with_pictures(source, folder / "copy.mkv") if copied else source


@pytest.mark.parametrize(("form", "copied"), [("mp4", False), ("ts", True), ("flv", True), ("h264", False)])
def test_a_chunk_between_two_keyframes_has_every_frame(
    barcoded: Path, tmp_path: Path, form: str, copied: bool
) -> None:
    film = tmp_path / f"film.{form}"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "1000", "-sc_threshold", "0"]
    ffmpeg("-i", barcoded, "-map", "0:v", *coding, film)
    source = prepared(film, tmp_path)
    assert (source.pictures_path is not None) == copied
    ladder = build_ladder(source, [TargetCodec.H264], 1.0)
    second = chunks.split(source.picture_s, ladder.fps)[1]
    report = chunks.encode_chunk(source, ladder, TargetCodec.H264, second, tmp_path / "chunk", preset="ultrafast")
    assert report.frames == 4 * media.FPS
    with av.open(str(chunks.rung_file(tmp_path / "chunk", ladder.video[-1]))) as container:
        marks = [barcode.decode(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert marks == [barcode.Mark(number, 1) for number in range(4 * media.FPS, 8 * media.FPS)]


def test_a_film_that_ends_before_its_poster_has_one_from_its_begin(barcoded: Path, tmp_path: Path) -> None:
    whole = barcoded.read_bytes()
    film = tmp_path / "film.mp4"
    film.write_bytes(whole[: len(whole) // 5])
    make_pictures(probe(film), "The Film", tmp_path)
    assert (tmp_path / "poster.jpg").exists()


def test_a_film_without_a_whole_picture_has_no_poster(barcoded: Path, tmp_path: Path) -> None:
    head = barcoded.read_bytes()
    film = tmp_path / "film.mp4"
    film.write_bytes(head[: head.index(b"mdat") + 8])
    with pytest.raises(BadInputError, match="no picture that can be decoded"):
        make_pictures(probe(film), "The Film", tmp_path)
