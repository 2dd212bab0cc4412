"""Chapters on the seek bar."""

from __future__ import annotations

from itertools import pairwise

import pytest

from player.manifest.chapters import Chapter
from tests.kit.fake_client import playing
from ui.app.viewmodels.chapters import chapter_marks, chapter_name
from ui.app.viewmodels.seeking import SeekRange

CHAPTERS = (Chapter(10.0, "The ferry"), Chapter(150.0), Chapter(300.0, "Ice"))


def test_marks_are_where_chapters_begin():
    assert chapter_marks(CHAPTERS, SeekRange(0.0, 600.0)) == pytest.approx([1 / 60, 0.25, 0.5])
    assert chapter_marks(CHAPTERS, SeekRange(100.0, 200.0, live=True)) == [0.5]
    assert chapter_marks(CHAPTERS, SeekRange()) == []


def test_the_ends_of_the_bar_and_what_lies_too_near_have_no_mark():
    close = [Chapter(float(second)) for second in range(601)]
    marks = chapter_marks(close, SeekRange(0.0, 600.0))
    assert marks[0] > 0.0
    assert marks[-1] < 1.0
    assert len(marks) <= 200
    assert all(after - before >= 0.005 for before, after in pairwise(marks))


def test_a_time_belongs_to_the_chapter_that_began_before_it():
    names = [chapter_name(CHAPTERS, time_s) for time_s in (9.9, 10.0, 149.0, 150.0, 9999.0)]
    assert names == ["", "The ferry", "The ferry", "Chapter 2", "Ice"]
    assert chapter_name((), 5.0) == ""


def test_the_name_follows_the_time_that_is_sought(stage):
    session = stage.play(playing())
    assert not stage.item("chapter").isVisible()
    session.publish(playing(chapters=CHAPTERS))  # they come after the first picture
    stage.until(lambda: stage.item("chapter").property("text") == "The ferry")
    assert stage.item("chapterMarks").property("count") == 3
    stage.app.player.scrub(0.5)
    assert stage.item("chapter").property("text") == "Ice"
    assert stage.app.player.chapterAt(0.25) == "Chapter 2"
    session.publish(playing(title="Another"))
    stage.until(lambda: stage.item("chapterMarks").property("count") == 0)
