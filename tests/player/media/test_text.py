"""WebVTT in, ASS out: times, places, styles; bounded whatever comes."""

from __future__ import annotations

import io

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.errors import ErrorCode, MediaError
from player.media import fmp4, webvtt
from player.media.source import WholeSource
from player.media.text import ass_text, parse_webvtt, parse_wvtt_sample, to_ass
from player.media.webvtt import Cue, CueSettings
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


def test_a_file_becomes_its_cues() -> None:
    cues = parse_webvtt("\ufeff" + FILE.replace("\n", "\r\n"))
    assert cues == [
        Cue(1.0, 2.5, "Hello <b>there</b>", CueSettings(align="left", line=10.0)),
        Cue(3.0, 4.0, "two\nlines"),
        Cue(3600.0, 3601.0, "late", CueSettings(position=20.0, position_align="line-left", size=40.0)),
    ]


def test_a_timestamp_map_moves_the_cues_onto_the_presentation() -> None:
    segment = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:02.000 --> 00:03.000\nx\n"
    assert parse_webvtt(segment)[0].start_s == 2.0
    assert parse_webvtt(segment, media_offset_s=-10.0)[0].start_s == 2.0
    later = segment.replace("LOCAL:00:00:00.000", "LOCAL:00:00:01.000").replace("900000", "990000")
    assert parse_webvtt(later, media_offset_s=-10.0)[0].start_s == 2.0


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


def _events(document: str) -> list[list[str]]:
    lines = [line for line in document.splitlines() if line.startswith("Dialogue: ")]
    return [line.removeprefix("Dialogue: ").split(",", 9) for line in lines]


def test_times_and_repeated_cues() -> None:
    cue = Cue(3661.239, 3662.0, "x")
    assert _events(to_ass([cue, cue, Cue(1.0, 2.0, "y"), Cue(2.0, 3.0, " ")])) == [
        ["0", "0:00:01.00", "0:00:02.00", "Default", "", "0", "0", "0", "", "y"],
        ["0", "1:01:01.24", "1:01:02.00", "Default", "", "0", "0", "0", "", "x"],
    ]


@pytest.mark.parametrize(
    ("settings_text", "override", "left", "right", "vertical"),
    [
        ("", "", 0, 0, 0),
        ("align:start", "{\\an1}", 0, 0, 0),
        ("align:right", "{\\an3}", 0, 0, 0),
        ("line:0", "{\\an8}", 0, 0, 1),
        ("line:2", "{\\an8}", 0, 0, 144),
        ("line:-1", "", 0, 0, 0),
        ("line:-3", "", 0, 0, 198),
        ("line:10%", "{\\an8}", 0, 0, 108),
        ("line:90%", "", 0, 0, 0),
        ("line:75%,end", "", 0, 0, 270),
        ("position:25% size:50%", "", 1, 960, 0),
        ("position:10% align:left", "{\\an1}", 192, 1, 0),
        ("position:80%,line-right size:30% align:end", "{\\an3}", 960, 384, 0),
        ("line:nonsense position:900% size:x align:y", "", 0, 0, 0),
    ],
)
def test_places(settings_text: str, override: str, left: int, right: int, vertical: int) -> None:
    document = to_ass([Cue(0.0, 1.0, "x", webvtt.parse_settings(settings_text))])
    assert _events(document)[0][5:] == [str(left), str(right), str(vertical), "", override + "x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", "a\\Nb"),
        ("<i>x</i> <u>y</u>", "{\\i1}x{\\i0} {\\u1}y{\\u0}"),
        ("<c.yellow.bg_black>x</c>", "{\\c&H00FFFF&}x{\\c}"),
        ("<c.speaker>x</c>", "x"),
        ("<v Anna>Hi <00:00:01.000>there</v>", "Hi there"),
        ("Tom &amp; &lt;Jerry&gt;&#13;Dialogue: 0", "Tom & <Jerry> Dialogue: 0"),
        ("{\\an8}", "\\{\\\u2060an8\\}"),
    ],
)
def test_tags_become_overrides_and_text_stays_text(text: str, expected: str) -> None:
    assert ass_text(text) == expected


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_stays_on_its_own_line_of_the_document(text: str) -> None:
    document = to_ass([Cue(0.0, 1.0, "x" + text)])
    assert len(document.splitlines()) == len(to_ass([Cue(0.0, 1.0, "x")]).splitlines())


@settings(max_examples=200)
@given(st.text(alphabet="0123456789:.->\n <>abW\tlinepost%,", max_size=300))
def test_any_file_is_read_or_refused(text: str) -> None:
    for cue in parse_webvtt("WEBVTT\n" + text):
        assert cue.end_s > cue.start_s >= 0


def test_ffmpeg_reads_the_document() -> None:
    document = to_ass(parse_webvtt(FILE))
    with av.open(io.BytesIO(document.encode()), format="ass") as container:
        found = [(float(packet.pts * packet.time_base), bytes(packet)) for packet in container.demux() if packet.size]
    assert [time_s for time_s, _ in found] == [1.0, 3.0, 3600.0]
    assert found[0][1].endswith(b"{\\an7}Hello {\\b1}there{\\b0}")


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
