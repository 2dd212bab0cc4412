"""Where libmpv really draws the subtitles, and in what colours: its own pictures are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from player.text.ass import to_ass
from player.text.cues import Cue, moved
from player.text.ttml import parse_ttml
from player.text.webvtt import parse_webvtt
from tests.kit.clip import write_still
from tests.kit.screen import HEIGHT, WIDTH, Screen
from tests.kit.waiting import until

_WEBVTT = """WEBVTT

STYLE
::cue(.warm) { color: #ff0000 }

REGION
id:fred
width:40% lines:2 regionanchor:0%,100% viewportanchor:10%,60%

00:01.000 --> 00:01.900
Usual

00:02.000 --> 00:02.900 line:0 position:0% align:left
First

00:03.000 --> 00:03.900 line:50%,center position:100% align:right
Right

00:04.000 --> 00:04.900 region:fred align:left
Region

00:05.000 --> 00:05.900
<c.warm>Red</c>

00:06.000 --> 00:06.900
<c.bg_blue>Boxed</c>

00:07.000 --> 00:07.900 vertical:rl
Tall
"""

_TTML = """<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"><head><layout>
<region xml:id="box" tts:origin="50% 20%" tts:extent="40% 20%" tts:displayAlign="center" tts:textAlign="center"/>
<region xml:id="low" tts:origin="10% 60%" tts:extent="80% 20%" tts:displayAlign="after" tts:textAlign="end"/>
</layout></head><body><div>
<p region="box" begin="1s" end="1.9s">Box</p>
<p region="low" begin="2s" end="2.9s" tts:color="lime" tts:fontSize="200%">Low</p>
</div></body></tt>"""


@dataclass(frozen=True)
class Ink:
    """What is drawn on the black picture: its bounds in per cent, and its mean colour where it is strong."""

    left: float
    top: float
    right: float
    bottom: float
    red: int
    green: int
    blue: int

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2


class Board:
    """A black picture on the real libmpv with one document of subtitles, held at any time."""

    def __init__(self, screen: Screen, cues: list[Cue]) -> None:
        self._screen = screen
        self._wait(lambda: bool(screen.player.read("video-params")))
        screen.player.command("sub-add", f"memory://{to_ass(cues)}", "select")

    def at(self, time_s: float) -> Ink:
        self._screen.player.command("seek", "0.05", "absolute+exact")
        self._wait(lambda: self._ink() is None)
        self._screen.player.command("seek", f"{time_s}", "absolute+exact")
        self._wait(lambda: self._ink() is not None)
        ink = self._ink()
        assert ink is not None
        return ink

    @staticmethod
    def _wait(condition: Callable[[], bool]) -> None:
        until(condition, "libmpv drew nothing")

    def _ink(self) -> Ink | None:
        picture = self._screen.picture[:, :, :3].astype(int)
        drawn = picture.max(axis=2) > 100
        if not drawn.any():
            return None
        rows, columns = np.nonzero(drawn.any(axis=1))[0], np.nonzero(drawn.any(axis=0))[0]
        height, width = drawn.shape
        red, green, blue = (int(picture[:, :, n][drawn].mean()) for n in (2, 1, 0))
        bounds = (columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
        return Ink(*(100 * float(bound) for bound in bounds), red, green, blue)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    clip = write_still(tmp_path_factory.mktemp("black") / "black.mp4", black, seconds=20, fps=10)
    with Screen(pause=True) as screen:
        screen.player.handle.command("loadfile", str(clip))
        yield Board(screen, [*parse_webvtt(_WEBVTT), *moved(parse_ttml(_TTML), 10.0)])


def test_the_usual_place_is_low_and_in_the_middle(board: Board) -> None:
    ink = board.at(1.5)
    assert ink.top > 80
    assert ink.bottom < 98
    assert abs(ink.centre - 50) < 3
    assert min(ink.red, ink.green, ink.blue) > 150


def test_the_first_line_at_the_left(board: Board) -> None:
    ink = board.at(2.5)
    assert ink.bottom < 10
    assert ink.left < 3


def test_the_middle_of_the_right_side(board: Board) -> None:
    ink = board.at(3.5)
    assert 42 < ink.top < ink.bottom < 58
    assert ink.right > 96
    assert ink.left > 70


def test_a_region(board: Board) -> None:
    ink = board.at(4.5)
    assert 10 <= ink.left < 13
    assert 50 < ink.top < ink.bottom < 62


def test_a_colour_of_a_style_sheet(board: Board) -> None:
    ink = board.at(5.5)
    assert ink.red > 150 > 60 > max(ink.green, ink.blue)


def test_a_box_behind_the_words(board: Board) -> None:
    ink = board.at(6.5)
    assert ink.blue > 200 > ink.red
    assert ink.top > 75


def test_a_column(board: Board) -> None:
    ink = board.at(7.5)
    assert ink.left > 85
    assert ink.bottom - ink.top > 15


def test_the_middle_of_a_ttml_region(board: Board) -> None:
    ink = board.at(11.5)
    assert abs(ink.centre - 70) < 3
    assert 22 < ink.top < ink.bottom < 38


def test_the_end_of_a_ttml_region_in_its_colour_and_size(board: Board) -> None:
    ink, usual = board.at(12.5), board.at(1.5)
    assert 86 < ink.right <= 91
    assert ink.bottom < 81
    assert ink.green > 150 > 60 > max(ink.red, ink.blue)
    assert ink.bottom - ink.top > 1.4 * (usual.bottom - usual.top)
