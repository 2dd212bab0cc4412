"""Cues as ASS: places, styles, and text that stays text."""

from __future__ import annotations

import io

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.text.ass import ass_text, to_ass
from player.text.cues import Align, Cue, CuePlacement, TextEdge, TextSpan, TextStyle

USUAL = CuePlacement()


def _cue(start_s: float, end_s: float, text: str, place: CuePlacement = USUAL) -> Cue:
    return Cue(start_s, end_s, (TextSpan(text),), place)


def _events(document: str) -> list[list[str]]:
    lines = [line for line in document.splitlines() if line.startswith("Dialogue: ")]
    return [line.removeprefix("Dialogue: ").split(",", 9) for line in lines]


def test_times_and_repeated_cues() -> None:
    cue = _cue(3661.239, 3662.0, "x")
    assert _events(to_ass([cue, cue, _cue(1.0, 2.0, "y"), _cue(2.0, 3.0, " ")])) == [
        ["0", "0:00:01.00", "0:00:02.00", "Matinee", "", "0", "0", "0", "", "y"],
        ["0", "1:01:01.24", "1:01:02.00", "Matinee", "", "0", "0", "0", "", "x"],
    ]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (CuePlacement(), ["0", "0", "0", "", "x"]),
        (CuePlacement(Align.LEFT), ["0", "0", "0", "", "{\\an1}x"]),
        (CuePlacement(edge=TextEdge.TOP, y=0.0), ["0", "0", "1", "", "{\\an8}x"]),
        (CuePlacement(edge=TextEdge.TOP, y=10.0), ["0", "0", "108", "", "{\\an8}x"]),
        (CuePlacement(edge=TextEdge.TOP, y=100.0), ["0", "0", "1008", "", "{\\an8}x"]),
        (CuePlacement(edge=TextEdge.BOTTOM, y=75.0), ["0", "0", "270", "", "x"]),
        (CuePlacement(Align.RIGHT, left=50.0, width=30.0), ["960", "384", "0", "", "{\\an3}x"]),
        (
            CuePlacement(Align.LEFT, TextEdge.MIDDLE, 50.0, 10.0, 40.0),
            ["192", "960", "0", "", "{\\an4\\pos(192,540)}x"],
        ),
        (
            CuePlacement(Align.RIGHT, TextEdge.MIDDLE, 25.0, 10.0, 40.0),
            ["192", "960", "0", "", "{\\an6\\pos(960,270)}x"],
        ),
        (CuePlacement(edge=TextEdge.MIDDLE, y=25.0), ["0", "0", "0", "", "{\\an5\\pos(960,270)}x"]),
    ],
)
def test_places(place: CuePlacement, expected: list[str]) -> None:
    assert _events(to_ass([_cue(0.0, 1.0, "x", place)]))[0][5:] == expected


def test_columns() -> None:
    right = _events(to_ass([_cue(0.0, 1.0, "ab\ncd", CuePlacement(vertical="rl"))]))
    assert [event[9] for event in right] == ["{\\an5\\pos(1805,540)}a\\Nb", "{\\an5\\pos(1733,540)}c\\Nd"]
    left = _events(to_ass([_cue(0.0, 1.0, "ab\ncd", CuePlacement(Align.LEFT, left=10.0, vertical="lr"))]))
    assert [event[9] for event in left] == ["{\\an8\\pos(192,54)}a\\Nb", "{\\an8\\pos(264,54)}c\\Nd"]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ((TextSpan("a\nb"),), "a\\Nb"),
        ((TextSpan("a "), TextSpan("b", TextStyle(bold=True)), TextSpan(" c")), "a {\\b1}b{\\r} c"),
        ((TextSpan("x", TextStyle(italic=True, underline=True)),), "{\\i1\\u1}x"),
        ((TextSpan("x", TextStyle(colour=0xFF8000FF)),), "{\\c&H0080FF&}x"),
        ((TextSpan("x", TextStyle(colour=0xFF800080)),), "{\\c&H0080FF&\\1a&H7F&}x"),
        ((TextSpan("x", TextStyle(size=1.5)),), "{\\fscx150\\fscy150}x"),
        ((TextSpan("{\\an8}"),), "\\{\\\u2060an8\\}"),
        ((TextSpan("x\rDialogue: 0"),), "x Dialogue: 0"),
    ],
)
def test_styles_become_overrides_and_text_stays_text(spans: tuple[TextSpan, ...], expected: str) -> None:
    assert ass_text(spans) == expected


def test_a_background_is_a_box_behind_the_lines() -> None:
    spans = (TextSpan("x", TextStyle(background=0x102030C0)),)
    (event,) = _events(to_ass([Cue(0.0, 1.0, spans)]))
    assert (event[3], event[9]) == ("MatineeBox", "{\\3c&H302010&\\3a&H3F&}x")


@settings(max_examples=150)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_stays_on_its_own_line_of_the_document(text: str) -> None:
    document = to_ass([_cue(0.0, 1.0, "x" + text)])
    assert len(document.splitlines()) == len(to_ass([_cue(0.0, 1.0, "x")]).splitlines())


def test_ffmpeg_reads_the_document() -> None:
    document = to_ass(
        [_cue(1.0, 2.0, "first"), _cue(3600.0, 3601.0, "last", CuePlacement(Align.LEFT, TextEdge.TOP, 10.0))]
    )
    with av.open(io.BytesIO(document.encode()), format="ass") as container:
        found = [(float(packet.pts * packet.time_base), bytes(packet)) for packet in container.demux() if packet.size]
    assert [time_s for time_s, _ in found] == [1.0, 3600.0]
    assert found[1][1].endswith(b"{\\an7}last")
