"""Letters and posters."""

from __future__ import annotations

import string
from pathlib import Path

import av
import numpy as np
import pytest

from backend_stub.encoding import stroke_font
from backend_stub.encoding.poster import HEIGHT, PICTURES, WIDTH, letter_poster, make_pictures
from backend_stub.encoding.probe import probe


def test_letters_differ_from_each_other() -> None:
    shapes = {stroke_font.draw(character, 48).tobytes() for character in string.ascii_uppercase + string.digits}
    assert len(shapes) == 36


@pytest.mark.parametrize("character", string.ascii_uppercase + string.digits + ".,:-'!?&/")
def test_every_letter_has_ink_and_fits(character: str) -> None:
    ink = stroke_font.draw(character, 60)
    assert ink.max() == 1
    assert ink.min() == 0
    assert not ink[:, -1].any()
    assert not ink[-1].any()


def test_text_without_glyphs_is_left_out() -> None:
    assert stroke_font.plain("  Größe – Café №1 ") == "GROSSE CAFE NO1"
    assert stroke_font.plain("фильм") == ""


def test_lines_fit_their_width() -> None:
    lines = stroke_font.wrap("THE LONG AND WINDING STORY OF A FILM", 40, 400)
    assert len(lines) > 1
    assert all(stroke_font.text_width(line, 40) <= 400 for line in lines)


def test_the_title_is_lettered_at_the_foot_only() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    lettered = letter_poster(grey, "A Title")
    assert (lettered[: HEIGHT // 2] == 90).all()
    assert lettered[HEIGHT * 2 // 3 :].max() == 255
    assert lettered.shape == grey.shape


@pytest.mark.parametrize("title", ["", "фильм"])
def test_a_title_that_cannot_be_drawn_leaves_the_picture_alone(title: str) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert letter_poster(grey, title) is grey


@pytest.mark.parametrize("title", ["W" * 200, "word " * 100])
def test_an_endless_title_stays_on_the_poster(title: str) -> None:
    lettered = letter_poster(np.zeros((HEIGHT, WIDTH, 3), np.uint8), title)
    assert not lettered[:, -20:].any()
    assert lettered.any()


def test_the_pictures_are_jpegs_of_the_film(barcoded: Path, tmp_path: Path) -> None:
    make_pictures(probe(barcoded), "The Film", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*PICTURES, "focal.json"])
    for name, shape in (("poster.jpg", (HEIGHT, WIDTH)), ("backdrop.jpg", (720, 1280)), ("still.jpg", (360, 640))):
        assert (tmp_path / name).read_bytes().startswith(b"\xff\xd8\xff")
        with av.open(str(tmp_path / name)) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
        assert picture.shape == (*shape, 3)
        assert picture[: shape[0] // 2].std() > 20
