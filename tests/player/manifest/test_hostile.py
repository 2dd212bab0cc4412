"""Damaged and made-up manifests: an answer or an error of the family, never anything else, and never for long."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, ManifestError
from player.manifest import parse, refresh
from player.manifest.dump import to_json
from player.manifest.index.attach import index_segments
from player.manifest.model import ByteRange, Container, IndexRef
from tests.player.manifest.golden import NOW_S, manifests, url_of

CORRUPTIONS = 12
SOAK_CORRUPTIONS = 200
PIECES = [
    b"#EXTM3U\n",
    b"#EXTINF:",
    b'#EXT-X-KEY:METHOD=AES-128,URI="',
    b"#EXT-X-BYTERANGE:9@",
    b"-1",
    b"99999999999999999999",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"=",
    b"{$a}",
    b"NaN",
    b"inf",
    b"1e999",
    b"\x00",
    b"\xff\xfe",
    "é".encode(),
    b"<",
    b">",
    b"</Period>",
    b"<Period>",
    b'r="-1"',
    b'd="0"',
    b'timescale="0"',
    b"$Number%09d$",
    b"$",
    b"PT",
    b"../",
    b"file:",
    b"&amp;",
    b"&x;",
]


def survive(body: bytes, url: str) -> None:
    """Parse and print; only errors of the family may come out."""
    with suppress(ManifestError):
        presentation = parse(body, url, now_s=NOW_S)
        json.dumps(to_json(presentation), allow_nan=False)
        refresh(presentation, body, url, NOW_S)


def corrupted(data: bytes, chance: random.Random) -> bytes:
    result = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(result) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            del result[at : at + chance.randint(1, 40)]
        elif kind == 1:
            result[at:at] = chance.choice(PIECES)
        elif kind == 2 and at < len(result):
            result[at] = chance.randrange(256)
        elif kind == 3:
            result[at:at] = result[at : at + chance.randint(1, 200)]
        else:
            result[at : at + 1] = str(chance.choice([0, -1, 2**31, 2**63, 10**30])).encode()
    return bytes(result)


@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.name)
def test_random_corruptions_never_end_in_a_traceback(path: Path) -> None:
    corrupt_often(path, CORRUPTIONS)


@pytest.mark.soak
@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.name)
def test_many_random_corruptions_never_end_in_a_traceback(path: Path) -> None:
    corrupt_often(path, SOAK_CORRUPTIONS)


def corrupt_often(path: Path, count: int) -> None:
    data = path.read_bytes()
    chance = random.Random(path.name)
    for _ in range(count):
        survive(corrupted(data, chance), url_of(path))


@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.name)
def test_truncations_never_end_in_a_traceback(path: Path) -> None:
    data = path.read_bytes()
    for cut in range(0, len(data), max(len(data) // 25, 1)):
        survive(data[:cut], url_of(path))


def test_variables_that_grow_out_of_each_other_are_refused() -> None:
    lines = ["#EXTM3U", '#EXT-X-DEFINE:NAME="v0",VALUE="' + "x" * 1000 + '"']
    lines += [f'#EXT-X-DEFINE:NAME="v{n}",VALUE="' + f"{{$v{n - 1}}}" * 1000 + '"' for n in range(1, 9)]
    lines += ["#EXT-X-TARGETDURATION:1"]
    with pytest.raises(ManifestError, match="variables"):
        parse("\n".join(lines), "https://example.org/a.m3u8")


def test_variables_in_very_many_lines_are_refused() -> None:
    lines = ["#EXTM3U", '#EXT-X-DEFINE:NAME="v",VALUE="' + "x" * 200_000 + '"', "#EXT-X-TARGETDURATION:1"]
    lines += ["#EXTINF:1,\n{$v}"] * 1000
    with pytest.raises(ManifestError, match="variables"):
        parse("\n".join(lines), "https://example.org/a.m3u8")


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), max_size=30))
def test_made_up_playlists(pieces: list[bytes]) -> None:
    survive(b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + b"".join(pieces), "https://example.org/x")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "t": st.one_of(st.integers(-5, 100), st.just("x")),
                "d": st.integers(-2, 50),
                "r": st.integers(-3, 20),
                "n": st.integers(-2, 30),
                "k": st.integers(-1, 4),
            },
        ),
        max_size=12,
    ),
    st.integers(-3, 20),
    st.sampled_from(["$Time$", "$Number$", "$Number$-$Time$", "$SubNumber$", "x"]),
)
def test_any_timeline_expands_in_order(items: list[dict[str, object]], offset: int, media: str) -> None:
    """Iteration and indexing agree, and no segment lies outside the period, whatever the S elements say."""
    lines = "".join("<S " + " ".join(f'{key}="{value}"' for key, value in item.items()) + "/>" for item in items)
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT60S"><Period><AdaptationSet '
        f'mimeType="video/mp4"><SegmentTemplate media="{media}" presentationTimeOffset="{offset}"><SegmentTimeline>'
        f'{lines}</SegmentTimeline></SegmentTemplate><Representation id="v"/></AdaptationSet></Period></MPD>'
    )
    index = parse(text, "https://example.org/x").periods[0].tracks[0].renditions[0].segments
    listed = list(index)
    assert listed == [index[position] for position in range(len(index))]
    assert all(segment.duration_s > 0 for segment in listed)
    if listed:
        assert 0 <= index.position_at(30.0) < len(listed)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([Container.FMP4, Container.WEBM]))
def test_any_index_bytes(data: bytes, container: Container) -> None:
    reference = IndexRef("u", ByteRange(0, 200), container)
    for body in (data, b"\0\0\0\x40sidx" + data, b"\x1c\x53\xbb\x6b\x80" + data):
        with suppress(ManifestError):
            assert all(segment.duration_s >= 0 for segment in index_segments(reference, body, data)[0])


MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT10S">{root}<Period>{period}'
    '<AdaptationSet id="1" mimeType="audio/mp4">{segments}{sets}</AdaptationSet></Period></MPD>'
)
TEMPLATE = '<SegmentTemplate media="$Number$" duration="1"/>'
ONE = '<Representation id="a" bandwidth="1"/>'


def pattern(repeat: int, times: int) -> str:
    rows = f'<S r="{repeat}" p="1"/>' * times
    return (
        f'<SegmentTemplate media="$Time$"><SegmentTimeline><Pattern id="1"><P d="1"/><P d="2"/></Pattern>{rows}'
        "</SegmentTimeline></SegmentTemplate>"
    )


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            {"root": f'<RequestParam queryString="a={"b" * 100_000}" queryTemplate="{"$querypart$&amp;" * 3}"/>'},
            "the parameters of its requests are too long",
        ),
        (
            {"root": f'<RequestParam queryString="a={"b" * 100_000}" queryTemplate="{"$querypart$" * 3}"/>'},
            "the parameters of its requests are too long",
        ),
        (
            {
                "period": '<Preselection id="1" preselectionComponents="1"/>' * 100,
                "sets": "".join(f'<Representation id="{number}" bandwidth="1"/>' for number in range(50)),
            },
            "its Preselections have too many Representations",
        ),
        ({"segments": pattern(150_000, 3)}, "a SegmentTimeline has too many segments"),
    ],
    ids=["query", "query in one piece", "preselections", "patterns"],
)
def test_little_text_that_stands_for_very_much_is_refused(parts: dict[str, str], sentence: str) -> None:
    text = MPD.format(**({"root": "", "period": "", "segments": TEMPLATE, "sets": ONE} | parts))
    with pytest.raises(ManifestError, match=sentence) as caught:
        parse(text, "https://example.org/a/film.mpd")
    assert caught.value.code is ErrorCode.MANIFEST_LIMIT
