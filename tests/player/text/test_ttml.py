"""TTML and IMSC in, cues out: times, styles, regions; bounded whatever comes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.text import ttml
from player.text.cues import Align, CuePlacement, TextEdge, TextSpan, TextStyle
from player.text.ttml import parse_ttml

NAMES = (
    'xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" '
    'xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
)


def document(body: str, head: str = "", root: str = "") -> str:
    return f'<?xml version="1.0"?><tt {NAMES} {root}><head>{head}</head><body>{body}</body></tt>'


def times(body: str, root: str = "") -> list[tuple[float, float]]:
    return [(pytest.approx(cue.start_s), pytest.approx(cue.end_s)) for cue in parse_ttml(document(body, root=root))]


@pytest.mark.parametrize(
    ("attributes", "root", "expected"),
    [
        ('begin="00:00:01.250" end="00:00:02"', "", (1.25, 2.0)),
        ('begin="00:00:01:15" end="00:00:02:00"', 'ttp:frameRate="30"', (1.5, 2.0)),
        ('begin="1s" dur="500ms"', "", (1.0, 1.5)),
        ('begin="50f" end="100f"', 'ttp:frameRate="25"', (2.0, 4.0)),
        ('begin="30f" end="60f"', 'ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"', (1.001, 2.002)),
        ('begin="10000000t" end="25000000t"', 'ttp:tickRate="10000000"', (1.0, 2.5)),
        ('begin="0.5m" end="0.01h"', "", (30.0, 36.0)),
        ('begin="1s" end="9s" dur="2s"', "", (1.0, 3.0)),
        ('begin="01:30:00.5" end="100:00:00"', "", (5400.5, 360_000.0)),
    ],
)
def test_times(attributes: str, root: str, expected: tuple[float, float]) -> None:
    assert times(f"<div><p {attributes}>x</p></div>", root) == [expected]


def test_times_count_from_what_holds_them() -> None:
    nested = '<div begin="10s" end="15s"><p begin="1s" end="2s">a</p><p begin="3s" end="60s">b</p></div>'
    assert times(nested) == [(11.0, 12.0), (13.0, 15.0)]
    sequence = '<div timeContainer="seq" begin="10s"><p dur="2s">a</p><p begin="1s" dur="2s">b</p></div>'
    assert times(sequence) == [(10.0, 12.0), (13.0, 15.0)]
    assert times('<div><p begin="5s" end="5s">x</p><p begin="x" end="1s"> </p></div>') == []


def test_spans_may_come_and_go_within_a_paragraph() -> None:
    body = '<div><p begin="1s" end="4s">a<span begin="1s"> b</span><span begin="2s"><br/>c</span></p></div>'
    cues = parse_ttml(document(body))
    assert [(cue.start_s, cue.end_s, cue.text) for cue in cues] == [
        (1.0, 2.0, "a"),
        (2.0, 3.0, "a b"),
        (3.0, 4.0, "a b\nc"),
    ]


def test_blanks_are_folded_unless_they_are_kept() -> None:
    body = "<div><p {} end='1s'>\n  one  <span>\n two </span> <br/>\n three\n</p></div>"
    assert parse_ttml(document(body.format("")))[0].text == "one two\nthree"
    kept = parse_ttml(document("<div><p xml:space='preserve' end='1s'>a  b</p></div>"))
    assert kept[0].text == "a  b"


HEAD = """<styling>
<style xml:id="base" tts:color="#FFFF00" tts:fontSize="100%" tts:fontWeight="bold"/>
<style xml:id="sub" style="base" tts:fontWeight="normal" tts:fontStyle="italic"/>
<style xml:id="loop" style="pool" tts:color="red"/><style xml:id="pool" style="loop"/>
</styling><layout>
<region xml:id="top" tts:origin="10% 5%" tts:extent="80% 20%" tts:textAlign="center"/>
<region xml:id="low" tts:displayAlign="after"><style tts:origin="20% 70%"/><style tts:extent="50% 20%"/></region>
<region xml:id="mid" tts:displayAlign="center" tts:extent="100% 50%" tts:position="center bottom"/>
<region xml:id="col" tts:writingMode="tbrl" tts:extent="20% 80%" tts:origin="70% 10%"/>
</layout>"""


def one(paragraph: str, root: str = 'ttp:cellResolution="40 20"') -> tuple[CuePlacement, tuple[TextSpan, ...]]:
    (cue,) = parse_ttml(document(f"<div>{paragraph}</div>", HEAD, root))
    return cue.place, cue.spans


@pytest.mark.parametrize(
    ("paragraph", "style"),
    [
        ('<p end="1s">x</p>', TextStyle()),
        ('<p end="1s" style="base">x</p>', TextStyle(colour=0xFFFF00FF, bold=True, size=0.938)),
        ('<p end="1s" style="sub">x</p>', TextStyle(colour=0xFFFF00FF, italic=True, size=0.938)),
        ('<p end="1s" style="base sub">x</p>', TextStyle(colour=0xFFFF00FF, italic=True, size=0.938)),
        ('<p end="1s" style="base"><span tts:fontSize="200%">x</span></p>',
         TextStyle(colour=0xFFFF00FF, bold=True, size=1.875)),
        ('<p end="1s" style="loop nobody">x</p>', TextStyle(colour=0xFF0000FF)),
        ('<p end="1s" tts:color="rgba(255,0,0,128)">x</p>', TextStyle(colour=0xFF000080)),
        ('<p end="1s" tts:backgroundColor="black"><span>x</span></p>', TextStyle(background=0xFF)),
        ('<p end="1s" tts:textDecoration="underline">x</p>', TextStyle(underline=True)),
        ('<p end="1s" tts:fontSize="1c">x</p>', TextStyle(size=0.938)),
    ],
)  # fmt: skip
def test_styles(paragraph: str, style: TextStyle) -> None:
    assert one(paragraph)[1] == (TextSpan("x", style),)


@pytest.mark.parametrize(
    ("paragraph", "place"),
    [
        ('<p end="1s">x</p>', CuePlacement()),
        ('<p end="1s" tts:textAlign="end">x</p>', CuePlacement(Align.RIGHT)),
        ('<p end="1s" region="top">x</p>', CuePlacement(Align.CENTER, TextEdge.TOP, 5.0, 10.0, 80.0)),
        ('<p end="1s" region="low">x</p>', CuePlacement(Align.LEFT, TextEdge.BOTTOM, 90.0, 20.0, 50.0)),
        ('<p end="1s"><span region="low">x</span></p>', CuePlacement(Align.LEFT, TextEdge.BOTTOM, 90.0, 20.0, 50.0)),
        (
            '<p end="1s" region="mid" tts:textAlign="center">x</p>',
            CuePlacement(Align.CENTER, TextEdge.MIDDLE, 75.0, 0.0, 100.0),
        ),
        ('<p end="1s" region="col">x</p>', CuePlacement(Align.LEFT, left=86.0, vertical="rl")),
        ('<p end="1s" region="nobody">x</p>', CuePlacement()),
    ],
)
def test_places(paragraph: str, place: CuePlacement) -> None:
    assert one(paragraph)[0] == place


def test_lengths_in_pixels_and_cells() -> None:
    head = (
        '<layout><region xml:id="a" tts:origin="192px 108px" tts:extent="960px 540px"/>'
        '<region xml:id="b" tts:origin="4c 2c" tts:extent="20c 10c" tts:displayAlign="after"/></layout>'
    )
    body = '<div><p region="a" end="1s">x</p><p region="b" end="1s">y</p></div>'
    root = 'tts:extent="1920px 1080px" ttp:cellResolution="40 20"'
    first, second = parse_ttml(document(body, head, root))
    assert first.place == CuePlacement(Align.LEFT, TextEdge.TOP, 10.0, 10.0, 50.0)
    assert second.place == CuePlacement(Align.LEFT, TextEdge.BOTTOM, 60.0, 10.0, 50.0)


def test_ruby_stands_in_brackets() -> None:
    ruby = (
        '<span tts:ruby="container"><span tts:ruby="base">漢</span><span tts:ruby="delimiter">（</span>'
        '<span tts:ruby="text">kan</span><span tts:ruby="delimiter">）</span></span>'
    )
    assert parse_ttml(document(f'<div><p end="1s">{ruby}</p></div>'))[0].text == "漢(kan)"


def test_hidden_text_stays_hidden() -> None:
    body = (
        '<div><p end="1s"><span tts:display="none">a<span>b</span></span>'
        '<span tts:visibility="hidden">c</span>d</p></div><div tts:display="none"><p end="1s">e</p></div>'
    )
    assert [cue.text for cue in parse_ttml(document(body))] == ["d"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", ErrorCode.MEDIA_DAMAGED),
        (b"<tt", ErrorCode.MEDIA_DAMAGED),
        (b"<html/>", ErrorCode.MEDIA_DAMAGED),
        (b'<!DOCTYPE tt [<!ENTITY a "b">]><tt><body><div><p>&a;</p></div></body></tt>', ErrorCode.MEDIA_DAMAGED),
        (b"<tt><body>" + b"<div>" * 60 + b"</div>" * 60 + b"</body></tt>", ErrorCode.MEDIA_DAMAGED),
        (
            b'<tt xmlns:s="urn:x"><body><div s:backgroundImage="#a"/></body></tt>',
            ErrorCode.MEDIA_UNSUPPORTED,
        ),
    ],
)
def test_what_cannot_be_read_is_an_error(data: bytes, code: ErrorCode) -> None:
    with pytest.raises(MediaError) as caught:
        parse_ttml(data)
    assert caught.value.code is code


def test_too_much_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "<div>" + '<p end="1s">a<br/>b</p>' * 5 + "</div>"
    monkeypatch.setattr(ttml, "MAX_CUES", 4)
    with pytest.raises(MediaError):
        parse_ttml(document(body))
    monkeypatch.setattr(ttml, "_MAX_LEAVES", 10)
    with pytest.raises(MediaError):
        parse_ttml(document(body))


def test_styles_that_refer_to_each_other_cost_no_more_than_their_number() -> None:
    names = " ".join(f"s{number}" for number in range(20))
    styles = "".join(f'<style xml:id="s{number}" style="{names}"/>' for number in range(20))
    body = '<div><p end="1s" style="s0">x</p></div>'
    assert parse_ttml(document(body, f"<styling>{styles}</styling>"))[0].text == "x"


_PIECES = st.sampled_from(
    [
        *("<p", "<div", "<span", "<br", "/>", ">", "</p>", "</div>", "</span>", "x", " ", "&amp;", "&a;", "<!--"),
        *(' begin="1s"', ' end="2s"', ' dur="x"', ' begin="00:00:01:99"', ' region="low"', ' style="base loop"'),
        *(' tts:fontSize="999999%"', ' tts:color="#12"', ' timeContainer="seq"', ' end="-1s"'),
    ]
)


@settings(max_examples=150)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_document_is_read_or_refused(body: str) -> None:
    try:
        cues = parse_ttml(document(body, HEAD))
    except MediaError:
        return
    assert all(cue.end_s > cue.start_s >= 0 for cue in cues)


def test_mutated_documents_are_read_or_refused() -> None:
    body = '<div style="sub"><p region="low" begin="1s" end="2s">a<span tts:color="red">b</span><br/>c</p></div>'
    whole = document(body, HEAD, 'ttp:cellResolution="40 20" ttp:tickRate="1000"').encode()
    source = random.Random(5)
    read = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(source.randint(1, 4)):
            place = source.randrange(len(data))
            if source.random() < 0.5:
                data[place] = source.randrange(256)
            else:
                data[place : place + source.randint(0, 9)] = data[:: source.randint(40, 400)]
        try:
            cues = parse_ttml(bytes(data))
        except MediaError:
            continue
        read += 1
        assert all(cue.end_s > cue.start_s >= 0 for cue in cues)
    assert read
