"""Chapters on the seek bar: where they begin, and which one a time belongs to. Pure but for the viewer's language."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from player.manifest.chapters import Chapter
from ui.app.viewmodels.seeking import SeekRange
from ui.app.viewmodels.text import tr

_CLOSEST = 0.005  # of the bar: marks nearer to each other would be one smear


def chapter_marks(chapters: Sequence[Chapter], bar: SeekRange) -> list[float]:
    """The places on the bar where a chapter begins, 0 to 1; not its ends, and none that lies too near to the one
    before."""
    marks: list[float] = []
    for chapter in chapters:
        if bar.start_s < chapter.start_s < bar.end_s:
            place = bar.fraction(chapter.start_s)
            if place - (marks[-1] if marks else 0.0) >= _CLOSEST:
                marks.append(place)
    return marks


def chapter_name(chapters: Sequence[Chapter], time_s: float) -> str:
    """The name of the chapter that a time belongs to, or its number where it has none; empty before the first one."""
    number = bisect_right(chapters, time_s, key=lambda chapter: chapter.start_s)
    if number == 0:
        return ""
    return chapters[number - 1].title or tr("Chapter {number}").format(number=number)
