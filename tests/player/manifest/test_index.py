"""Indexes inside the media: sidx (ISO/IEC 14496-12 8.16.3) and WebM cues (RFC 9559 5.1.5), made byte by byte here."""

from __future__ import annotations

import struct

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest import attach_index, index_ranges, parse
from player.manifest.index.sidx import MissingIndex, read_sidx
from player.manifest.index.webm import read_cues
from player.manifest.model import Presentation, Rendition

MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="{duration}">'
    '<Period start="PT0S" duration="PT3S"/>'
    '<Period><AdaptationSet mimeType="video/{kind}"><Representation id="v" bandwidth="1"><BaseURL>v.{kind}</BaseURL>'
    '<SegmentBase indexRange="{range}" timescale="10" presentationTimeOffset="20"><Initialization range="0-99"/>'
    "</SegmentBase></Representation></AdaptationSet></Period></MPD>"
)


def sidx(
    entries: list[tuple[bool, int, int]], *, timescale: int = 10, earliest: int = 0, first: int = 0, version: int = 0
) -> bytes:
    times = struct.pack(">II" if version == 0 else ">QQ", earliest, first)
    body = bytes([version, 0, 0, 0]) + struct.pack(">II", 1, timescale) + times + struct.pack(">HH", 0, len(entries))
    for to_index, size, duration in entries:
        body += struct.pack(">III", size | (0x80000000 if to_index else 0), duration, 0x90000000)
    return struct.pack(">I4s", len(body) + 8, b"sidx") + body


def rendition(presentation: Presentation) -> Rendition:
    return presentation.periods[1].tracks[0].renditions[0]


@pytest.mark.parametrize("version", [0, 1])
def test_sidx_gives_ranges_and_times_on_the_presentation_timeline(version: int) -> None:
    """5.3.9.2: the period's start is added and the presentation time offset taken away; the anchor is the byte after
    the box, plus first_offset."""
    data = sidx([(False, 500, 20), (False, 600, 15)], earliest=20, first=7, version=version)
    text = MPD.format(duration="PT9S", kind="mp4", range=f"100-{99 + len(data)}")
    presentation = parse(text, "https://example.org/x.mpd")
    segments = list(rendition(attach_index(presentation, rendition(presentation), data)).segments)
    anchor = 100 + len(data) + 7
    assert [(s.byte_range.start, s.byte_range.length) for s in segments] == [(anchor, 500), (anchor + 500, 600)]
    assert [(s.start_s, s.duration_s) for s in segments] == [(3.0, 2.0), (5.0, 1.5)]
    assert segments[0].init.byte_range.header() == "bytes=0-99"
    assert segments[0].media_offset_s == 1.0
    assert segments[0].size_bytes == 500


def test_hierarchical_sidx_is_followed_inside_the_range() -> None:
    inner_one = sidx([(False, 100, 10), (False, 110, 10)])
    inner_two = sidx([(False, 120, 10)], earliest=20)
    outer = sidx([(True, len(inner_one), 20), (True, len(inner_two), 10), (False, 50, 5)])
    references, missing = read_sidx(outer + inner_one + inner_two, 0)
    assert not missing
    assert [round(item.start_s, 3) for item in references] == [0.0, 1.0, 2.0, 3.0]
    assert [item.size for item in references] == [100, 110, 120, 50]
    references, missing = read_sidx(outer, 0)
    assert missing[0] == MissingIndex(len(outer), len(inner_one))
    assert len(references) == 1


def test_an_index_that_refers_to_others_elsewhere_is_a_warning() -> None:
    presentation = parse(MPD.format(duration="PT9S", kind="mp4", range="100-199"), "https://example.org/x.mpd")
    body = sidx([(False, 50, 10), (True, 40, 20)], earliest=20)
    indexed = attach_index(presentation, rendition(presentation), body)
    assert [warning.code for warning in indexed.warnings] == ["dash.empty_period", "dash.index_elsewhere"]
    alone = sidx([(True, 40, 20)])
    with pytest.raises(ManifestError) as caught:
        attach_index(presentation, rendition(presentation), alone)
    assert caught.value.code is ErrorCode.MANIFEST_UNSUPPORTED


def test_indexes_outside_the_range_are_asked_for_and_put_in_their_place() -> None:
    """ISO/IEC 14496-12 8.16.3: a sidx may refer to further ones anywhere behind it, level by level."""
    leaf = sidx([(False, 70, 10), (False, 80, 10)], earliest=20)
    late = sidx([(False, 90, 10)], earliest=60)
    middle = sidx([(True, len(leaf) + 150, 20), (False, 60, 20)], earliest=20)
    below = len(middle) + len(leaf) + 150 + 60
    root = sidx([(True, below, 40), (True, len(late) + 90, 10)], earliest=20)
    end = 100 + len(root)
    presentation = parse(MPD.format(duration="PT9S", kind="mp4", range=f"100-{end - 1}"), "https://example.org/x.mpd")
    item = rendition(presentation)
    first = index_ranges(item, root)
    assert [part.start for part in first] == [end, end + below]
    pieces = [(end, middle), (end + below, late)]
    (second,) = index_ranges(item, root, pieces)
    assert second.start == end + len(middle)
    pieces.append((second.start, leaf))
    assert index_ranges(item, root, pieces) == ()
    indexed = attach_index(presentation, item, root, more=pieces)
    assert [s.byte_range.length for s in rendition(indexed).segments] == [70, 80, 60, 90]


def test_only_the_index_of_a_long_reference_is_loaded() -> None:
    """The referenced size of a sidx includes the media behind it (ISO/IEC 14496-12 8.16.3.3)."""
    leaf = sidx([(False, 1, 1)] * 2_000)
    root = sidx([(True, 50_000_000, 2_000)])
    end = 100 + len(root)
    presentation = parse(
        MPD.format(duration="PT900S", kind="mp4", range=f"100-{end - 1}"), "https://example.org/x.mpd"
    )
    item = rendition(presentation)
    (look,) = index_ranges(item, root)
    assert look.length == 16 * 1024
    (whole,) = index_ranges(item, root, [(end, leaf[: look.length])])
    assert (whole.start, whole.length) == (end, len(leaf))
    pieces = [(end, leaf[: look.length]), (end, leaf)]
    indexed = rendition(attach_index(presentation, item, root, more=pieces))
    assert len(indexed.segments) == 1_980  # 20 lie before the period


def test_a_hierarchical_index_is_whole_once_its_pieces_are_there() -> None:
    leaf = sidx([(False, 70, 10), (False, 80, 10)], earliest=20)
    root = sidx([(True, len(leaf), 20), (False, 60, 20)], earliest=20)
    end = 100 + len(root)
    presentation = parse(MPD.format(duration="PT9S", kind="mp4", range=f"100-{end - 1}"), "https://example.org/x.mpd")
    item = rendition(presentation)
    (wanted,) = index_ranges(item, root)
    pieces = [(wanted.start, leaf)]
    assert index_ranges(item, root, pieces) == ()
    indexed = attach_index(presentation, item, root, more=pieces)
    assert [s.byte_range.length for s in rendition(indexed).segments] == [70, 80, 60]
    assert "dash.index_elsewhere" not in [warning.code for warning in indexed.warnings]
    wrong = [(wanted.start, b"\0" * 40)]
    assert index_ranges(item, root, wrong) == ()  # never asked for twice


def test_an_index_that_the_named_range_cuts_off_is_asked_for_whole() -> None:
    whole = sidx([(False, 50, 10), (False, 60, 10)], earliest=20)
    presentation = parse(MPD.format(duration="PT9S", kind="mp4", range="100-131"), "https://example.org/x.mpd")
    item = rendition(presentation)
    (wanted,) = index_ranges(item, whole[:32])
    assert (wanted.start, wanted.length) == (100, len(whole))
    indexed = attach_index(presentation, item, whole[:32], more=[(100, whole)])
    assert [s.byte_range.length for s in rendition(indexed).segments] == [50, 60]


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\x08free", sidx([(False, 1, 1)], timescale=0), sidx([(False, 1, 1)])[8:], b"\xff" * 100]
)
def test_damaged_indexes_are_errors_of_the_family(data: bytes) -> None:
    text = MPD.format(duration="PT9S", kind="mp4", range="100-199")
    presentation = parse(text, "https://example.org/x.mpd")
    with pytest.raises(ManifestError) as caught:
        attach_index(presentation, rendition(presentation), data)
    assert caught.value.code is ErrorCode.MANIFEST_SYNTAX


def element(identity: int, body: bytes) -> bytes:
    name = identity.to_bytes((identity.bit_length() + 7) // 8, "big")
    return name + struct.pack(">Q", len(body) | (1 << 56)) + body


def cues(points: list[tuple[int, int]]) -> bytes:
    body = b"".join(
        element(
            0xBB,
            element(0xB3, struct.pack(">I", time))
            + element(0xB7, element(0xF7, b"\x01") + element(0xF1, struct.pack(">Q", position))),
        )
        for time, position in points
    )
    return element(0x1C53BB6B, body)


HEADER = (
    element(0x1A45DFA3, b"\x42\x82\x84webm")
    + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
    + element(
        0x1549A966, element(0x2AD7B1, struct.pack(">I", 1_000_000)) + element(0x4489, struct.pack(">d", 5000.0))
    )
)


def test_webm_cues_give_clusters() -> None:
    start = HEADER.index(b"\x18\x53\x80\x67") + 12
    found = read_cues(cues([(0, 200), (2000, 900), (4000, 1500)]), HEADER, media_size=start + 2000)
    assert [(item.offset - start, item.size) for item in found] == [(200, 700), (900, 600), (1500, 500)]
    assert [(item.start_s, item.duration_s) for item in found] == [(0.0, 2.0), (2.0, 2.0), (4.0, 1.0)]


def test_webm_cues_reach_the_presentation() -> None:
    data = cues([(2000, 200), (4000, 900)])
    presentation = parse(MPD.format(duration="PT9S", kind="webm", range="1000-1999"), "https://example.org/x.mpd")
    segments = list(rendition(attach_index(presentation, rendition(presentation), data, header=HEADER)).segments)
    assert [(item.start_s, item.duration_s) for item in segments] == [(3.0, 2.0), (5.0, 1.0)]
    assert segments[1].byte_range.length is None
    with pytest.raises(ManifestError):
        attach_index(presentation, rendition(presentation), b"\x1c\x53\xbb\x6b\x80", header=HEADER)


def test_an_index_file_of_its_own_counts_from_the_start_of_the_media() -> None:
    """ISO/IEC 23009-1 5.3.9.4.2: SegmentTemplate@index."""
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT4S"><Period><AdaptationSet '
        'mimeType="video/mp4"><SegmentTemplate media="$RepresentationID$.mp4" index="$RepresentationID$.sidx"/>'
        '<Representation id="v"/></AdaptationSet></Period></MPD>'
    )
    presentation = parse(text, "https://example.org/x.mpd")
    only = presentation.periods[0].tracks[0].renditions[0]
    assert only.index is not None
    assert only.index.url == "https://example.org/v.sidx"
    loaded = attach_index(presentation, only, sidx([(False, 500, 20), (False, 600, 20)], first=50))
    first = loaded.periods[0].tracks[0].renditions[0].segments[0]
    assert (first.url, first.byte_range.start) == ("https://example.org/v.mp4", 50)
