"""WebVTT in, cues out: times, places, styles, regions; bounded whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.media import fmp4
from player.media.whole_segment import WholeSource
from player.text import cues as model
from player.text import webvtt
from player.text.cues import PLAIN, Align, Cue, CuePlacement, TextEdge, TextSpan, TextStyle
from player.text.webvtt import parse_webvtt, parse_wvtt_head, parse_wvtt_sample
from player.text.webvtt_markup import Sheet, parse_markup
from tests.kit import media

FILE = """WEBVTT - a title
Kind: captions

NOTE this --> is
not a cue

STYLE
::cue { color: red }

1
00:01.000 --> 00:02.500 line:10% align:left
Hello <b>there</b>

00:00:03.000 --> 00:00:04.000
two
lines

01:00:00.000 --> 01:00:01.000 position:20%,line-left size:40%
late

broken --> cue
00:05.000 --> 00:04.000
ends before it begins
"""
RED = TextStyle(colour=0xFF0000FF)


def styled(payload: str, sheet: str = "", identifier: str = "") -> tuple[TextSpan, ...]:
    text = f"WEBVTT\n\nSTYLE\n{sheet}\n\n{identifier}\n00:01.000 --> 00:02.000\n{payload}\n"
    (cue,) = parse_webvtt(text)
    return cue.spans


def placed(words: str) -> CuePlacement:
    (cue,) = parse_webvtt(f"WEBVTT\n\n00:01.000 --> 00:02.000 {words}\nx\n")
    return cue.place


def test_a_file_becomes_its_cues() -> None:
    first, second, third = parse_webvtt("\ufeff" + FILE.replace("\n", "\r\n"))
    assert (first.start_s, first.end_s) == (1.0, 2.5)
    assert first.spans == (TextSpan("Hello ", RED), TextSpan("there", TextStyle(colour=0xFF0000FF, bold=True)))
    assert first.place == CuePlacement(Align.LEFT, TextEdge.TOP, 10.0)
    assert second == Cue(3.0, 4.0, (TextSpan("two\nlines", RED),))
    assert (third.start_s, third.place) == (3600.0, CuePlacement(left=20.0, width=40.0))


def test_a_timestamp_map_moves_the_cues_onto_the_presentation() -> None:
    segment = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:02.000 --> 00:03.000\nx\n"
    assert parse_webvtt(segment)[0].start_s == 2.0
    assert parse_webvtt(segment, media_offset_s=-10.0)[0].start_s == 2.0
    later = segment.replace("LOCAL:00:00:00.000", "LOCAL:00:00:01.000").replace("900000", "990000")
    assert parse_webvtt(later, media_offset_s=-10.0)[0].start_s == 2.0


def test_without_a_map_the_period_moves_the_cues() -> None:
    cues = parse_webvtt("WEBVTT\n\n00:02.000 --> 00:03.000\nx\n", media_offset_s=-3.0, offset_s=60.0)
    assert [(cue.start_s, cue.end_s) for cue in cues] == [(62.0, 63.0)]


@pytest.mark.parametrize(
    "text", ["", "<html></html>", "WEBVTTX\n\n00:01.000 --> 00:02.000\nx", "1\n00:00:01,000 -->"]
)
def test_what_is_no_webvtt_is_an_error(text: str) -> None:
    with pytest.raises(MediaError) as caught:
        parse_webvtt(text)
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED


def test_too_much_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webvtt, "MAX_CUES", 10)
    cue = "00:01.000 --> 00:02.000\nx\n\n"
    assert len(parse_webvtt("WEBVTT\n\n" + cue * 10)) == 10
    with pytest.raises(MediaError):
        parse_webvtt("WEBVTT\n\n" + cue * 11)
    monkeypatch.setattr(webvtt, "MAX_CHARACTERS", 100)
    with pytest.raises(MediaError):
        parse_webvtt("WEBVTT\n\n" + cue * 9)


ROW = 100 / 15


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("", CuePlacement()),
        ("align:start", CuePlacement(Align.LEFT)),
        ("align:right", CuePlacement(Align.RIGHT)),
        ("line:0", CuePlacement(edge=TextEdge.TOP, y=0.0)),
        ("line:2", CuePlacement(edge=TextEdge.TOP, y=2 * ROW)),
        ("line:-1", CuePlacement()),
        ("line:-3", CuePlacement(y=95 - 2 * ROW)),
        ("line:10%", CuePlacement(edge=TextEdge.TOP, y=10.0)),
        ("line:90%", CuePlacement()),
        ("line:75%,end", CuePlacement(y=75.0)),
        ("line:50%,center", CuePlacement(edge=TextEdge.MIDDLE, y=50.0)),
        ("position:25% size:50%", CuePlacement(left=0.0, width=50.0)),
        ("position:10% align:left", CuePlacement(Align.LEFT, left=10.0, width=90.0)),
        ("position:80%,line-right size:30% align:end", CuePlacement(Align.RIGHT, left=50.0, width=30.0)),
        ("vertical:rl line:25%", CuePlacement(left=25.0, vertical="rl")),
        ("vertical:lr", CuePlacement(vertical="lr")),
        ("line:nonsense position:900% size:x align:y vertical:up", CuePlacement()),
    ],
)
def test_places(words: str, place: CuePlacement) -> None:
    assert placed(words) == place


def test_the_first_columns_of_vertical_text() -> None:
    assert (placed("vertical:lr line:0").left or 0) < 3
    assert (placed("vertical:rl line:0").left or 0) > 97
    assert (placed("vertical:rl line:-1").left or 100) < 3


REGIONS = """WEBVTT

REGION
id:left width:40% lines:3 regionanchor:0%,100%
viewportanchor:10%,90%

REGION
id:top
viewportanchor:0%,0%
regionanchor:0%,0%
lines:2

00:01.000 --> 00:03.000 region:left align:left
a

00:02.000 --> 00:04.000 region:top
b

00:02.000 --> 00:04.000 region:left line:0
leaves its region

00:02.000 --> 00:04.000 region:unknown
c
"""


def test_regions() -> None:
    in_left, in_top, left_it, lost = parse_webvtt(REGIONS)
    assert (in_left.flow, in_left.place) == ("left", CuePlacement(Align.LEFT, TextEdge.BOTTOM, 90.0, 10.0, 40.0))
    assert (in_top.flow, in_top.place) == ("top", CuePlacement(Align.CENTER, TextEdge.BOTTOM, 12.0, 0.0, 100.0))
    assert (left_it.flow, left_it.place) == ("", CuePlacement(edge=TextEdge.TOP, y=0.0))
    assert (lost.flow, lost.place) == ("", CuePlacement())


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (
            "<i>x</i> <u>y</u>",
            (TextSpan("x", TextStyle(italic=True)), TextSpan(" "), TextSpan("y", TextStyle(underline=True))),
        ),
        ("<c.yellow.bg_black>x</c>", (TextSpan("x", TextStyle(colour=0xFFFF00FF, background=0xFF)),)),
        ("<c.speaker>x</c>", (TextSpan("x"),)),
        ("<v Anna>Hi <00:00:01.000>there</v>", (TextSpan("Hi there"),)),
        ("Tom &amp; &lt;Jerry&gt;", (TextSpan("Tom & <Jerry>"),)),
        ("<ruby>漢<rt>kan</rt></ruby>x", (TextSpan("漢(kan)x"),)),
        (
            "<b>x<i>y</b>z",
            (TextSpan("x", TextStyle(bold=True)), TextSpan("y", TextStyle(bold=True, italic=True)), TextSpan("z")),
        ),
        ("</b>x < y", (TextSpan("x < y"),)),
    ],
)
def test_tags(text: str, spans: tuple[TextSpan, ...]) -> None:
    assert parse_markup(text, Sheet()) == spans


@pytest.mark.parametrize(
    ("sheet", "payload", "style"),
    [
        ("::cue { color: #f00 }", "x", RED),
        ("::cue(b) { color: red }", "<b>x</b>", TextStyle(colour=0xFF0000FF, bold=True)),
        ("::cue(.loud) { font-weight: 700; font-size: 150% }", "<c.loud>x</c>", TextStyle(bold=True, size=1.5)),
        ('::cue(v[voice="Bob Ross"]) { color: rgb(255,0,0) }', "<v.x Bob Ross>x</v>", RED),
        ('::cue(v[voice="Bob"]) { color: red }', "<v Ann>x</v>", PLAIN),
        ("::cue(#one) { font-style: italic }", "x", TextStyle(italic=True)),
        ("::cue(#two) { font-style: italic }", "x", PLAIN),
        ("::cue { background-color: rgba(0, 0, 0, 0.5) }", "x", TextStyle(background=0x80)),
        ("::cue(i),::cue(u) { color: red }", "<u>x</u>", TextStyle(colour=0xFF0000FF, underline=True)),
        ("::cue { /* no */ color: nonsense; text-decoration: underline }", "x", TextStyle(underline=True)),
        ("video::cue { color: red } p { color: red }", "x", RED),
    ],
)
def test_style_sheets(sheet: str, payload: str, style: TextStyle) -> None:
    assert [span.style for span in styled(payload, sheet, "one")] == [style]


@settings(max_examples=150)
@given(st.text(alphabet="0123456789:.->\n <>abW\tlinepost%,{}()#/*&;vSTYLEREGION", max_size=400))
def test_any_file_is_read_or_refused(text: str) -> None:
    for cue in parse_webvtt("WEBVTT\n" + text):
        assert cue.end_s > cue.start_s >= 0
        assert len(cue.text) <= 2 * model.MAX_CUE_CHARACTERS


@pytest.mark.parametrize("piece", ["::cue ", "/*", "<c.", "<b>", "::cue(", "REGION\n\n", "&#", "00:01.000 --> "])
def test_repetition_costs_no_more_than_its_length(piece: str) -> None:
    """None of these may take time that grows faster than the text: the test would run into its time limit."""
    parse_webvtt("WEBVTT\n\nSTYLE\n" + piece * 100_000 + "\n\n00:01.000 --> 00:02.000\n" + piece * 100_000)


def test_wvtt_samples_of_the_packager_are_the_cues_it_was_given() -> None:
    title = media.packager_clear(8)
    folder = title.folder / "text-dash"
    init = fmp4.parse_init((folder / "init.mp4").read_bytes())
    cues = []
    for path in sorted(folder.glob("*.m4s"), key=lambda path: int(path.stem)):
        for _, sample in fmp4.samples(init, WholeSource(path.read_bytes())):
            cues += parse_wvtt_sample(bytes(sample.data), sample.pts_s, sample.pts_s + sample.duration_s)
    expected = parse_webvtt(media.subtitles(8))
    assert [cue.text for cue in cues] == [cue.text for cue in expected]
    assert [cue.start_s for cue in cues] == [pytest.approx(cue.start_s) for cue in expected]


def test_the_head_of_a_wvtt_track_styles_its_samples() -> None:
    def box(name: bytes, payload: bytes) -> bytes:
        return (len(payload) + 8).to_bytes(4, "big") + name + payload

    head = parse_wvtt_head(b"WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:r\nwidth:50%\n")
    data = box(b"vttc", box(b"iden", b"7") + box(b"sttg", b"region:r") + box(b"payl", b"words")) + box(b"vtte", b"")
    (cue,) = parse_wvtt_sample(data, 2.0, 3.0, head)
    assert (cue.start_s, cue.end_s, cue.spans, cue.flow) == (2.0, 3.0, (TextSpan("words", RED),), "r")
