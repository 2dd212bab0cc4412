"""What other tools write, against the files they wrote beside it, and against the parsers that others made."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import m3u8
import pytest
from mpegdash.parser import MPEGDASHParser

from player.manifest import attach_index, parse
from player.manifest.edit import iter_renditions
from player.manifest.model import IndexRef, Presentation, Rendition, Segment
from tests.kit import media
from tests.player.manifest.golden import CORPUS, url_of
from ui.cli.inspect_load import load

RECIPES: list[Callable[[], media.TestMedia]] = [
    media.ffmpeg_dash,
    media.ffmpeg_hls_ts,
    media.packager_clear,
    media.packager_cbcs,
    media.dash_on_demand,
]


def _manifests(title: media.TestMedia) -> Iterator[Path]:
    for name in (title.dash, title.hls):
        if name is not None:
            yield title.folder / name


def _file(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _loaded(presentation: Presentation) -> list[Rendition]:
    renditions = [item for _, _, item in iter_renditions(presentation) if not item.embedded]
    assert renditions
    return renditions


def _boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    found, position = [], 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        found.append((kind, position, size))
        position += size
    return found


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_our_segments_are_the_files_on_disk(recipe: Callable[[], media.TestMedia]) -> None:
    """Every byte of every file of a rendition is named exactly once, and the times cover the title."""
    title = recipe()
    for manifest in _manifests(title):
        presentation = load(str(manifest), base=None, now_s=0.0)
        assert not [warning for warning in presentation.warnings if warning.code == "child_not_loaded"]
        assert presentation.duration_s == pytest.approx(title.seconds, abs=0.2)
        for rendition in _loaded(presentation):
            segments = list(rendition.segments)
            assert segments[-1].end_s == pytest.approx(title.seconds, abs=0.2)
            for before, after in pairwise(segments):
                assert after.start_s == pytest.approx(before.end_s, abs=0.002)
            _check_bytes(segments)


def _check_bytes(segments: list[Segment]) -> None:
    urls = {segment.url for segment in segments}
    if len(urls) == len(segments):
        for segment in segments:
            assert _file(segment.url).stat().st_size > 0
        folder = _file(segments[0].url).parent
        return _no_file_is_missing(folder, urls, segments)
    data = _file(segments[0].url).read_bytes()
    end = len(data)
    for segment in reversed(segments):
        assert segment.byte_range is not None
        assert segment.byte_range.end == end
        end = segment.byte_range.start
    fragments = [start for kind, start, _ in _boxes(data) if kind == b"moof"]
    assert {segment.byte_range.start for segment in segments if segment.byte_range} <= set(fragments)
    return None


def _no_file_is_missing(folder: Path, urls: set[str], segments: list[Segment]) -> None:
    """A file of the same pattern that no segment names would be a segment that we lost."""
    name = _file(segments[0].url).name
    stem = name.rstrip(".0123456789mst").rstrip("0123456789")
    alike = {path.name for path in folder.glob(f"{stem}*{Path(name).suffix}")}
    named = {_file(url).name for url in urls}
    initial = {_file(segments[0].init.url).name} if segments[0].init else set()
    assert alike - named - initial == set()


def test_sidx_of_the_packager_gives_the_fragments() -> None:
    """ISO/IEC 14496-12 8.16.3: the ranges of the index are the fragments of the file."""
    title = media.dash_on_demand()
    assert title.dash is not None
    path = title.folder / title.dash
    presentation = parse(path.read_bytes(), path.resolve().as_uri())
    for rendition in _loaded(presentation):
        reference = rendition.segments
        assert isinstance(reference, IndexRef)
        data = _file(reference.url).read_bytes()
        part = data[reference.byte_range.start : reference.byte_range.end]
        loaded = attach_index(presentation, rendition, part)
        found = next(item for item in _loaded(loaded) if item.id == rendition.id)
        moofs = [start for kind, start, _ in _boxes(data) if kind == b"moof"]
        assert [segment.byte_range.start for segment in found.segments if segment.byte_range] == moofs
        assert found.index == reference


PLAIN = [
    path
    for path in sorted(CORPUS.glob("hls/*.m3u8"))
    if not any(
        word in path.name
        for word in (
            *("define", "oddities", "skip", "4.4.6", "4.2-", "urls", "several", "part", "once", "variables"),
            "reports",  # m3u8 demands LAST-MSN, which may be left out
        )
    )
]


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.name)
def test_m3u8_agrees_where_it_is_right(path: Path) -> None:
    theirs = m3u8.loads(path.read_text(encoding="utf-8-sig"), uri=url_of(path))
    rendition = parse(path.read_bytes(), url_of(path)).periods[0].tracks[0].renditions[0]
    ours = list(rendition.segments)
    assert [segment.url for segment in ours] == [segment.absolute_uri for segment in theirs.segments]
    assert [segment.duration_s for segment in ours] == [segment.duration for segment in theirs.segments]
    assert [segment.number for segment in ours] == [
        (theirs.media_sequence or 0) + position for position in range(len(theirs.segments))
    ]
    assert [segment.gap for segment in ours] == [bool(segment.gap_tag) for segment in theirs.segments]
    assert rendition.playlist is not None
    assert rendition.playlist.ended == theirs.is_endlist
    assert rendition.target_duration_s == theirs.target_duration


@pytest.mark.parametrize("recipe", [media.ffmpeg_dash, media.packager_clear], ids=lambda recipe: recipe.__name__)
def test_mpegdash_agrees_on_representations_and_timelines(recipe: Callable[[], media.TestMedia]) -> None:
    title = recipe()
    assert title.dash is not None
    path = title.folder / title.dash
    theirs = MPEGDASHParser.parse(path.read_text(encoding="utf-8"))
    ours = {item.id: item for item in _loaded(parse(path.read_bytes(), path.resolve().as_uri()))}
    count = 0
    for period in theirs.periods:
        for adaptation in period.adaptation_sets:
            for representation in adaptation.representations:
                mine = ours[str(representation.id)]
                count += 1
                assert mine.bandwidth_bps == representation.bandwidth
                template = (representation.segment_templates or adaptation.segment_templates)[0]
                durations = [
                    item.d / template.timescale
                    for item in template.segment_timelines[0].Ss
                    for _ in range((item.r or 0) + 1)
                ]
                assert [segment.duration_s for segment in mine.segments] == pytest.approx(durations)
    assert count == len(ours)
