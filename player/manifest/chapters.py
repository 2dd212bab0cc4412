"""Chapters of a title, as HLS tells them: a JSON document that EXT-X-SESSION-DATA names ``com.apple.hls.chapters``
(Apple, "Providing JavaScript Object Notation (JSON) chapters"). Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from player.base.languages import distance
from player.manifest.model import Presentation

DATA_ID = "com.apple.hls.chapters"
MAX_BYTES = 1 << 20
_MOST = 2_000
_MAX_TITLE = 200  # characters


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a title; ``title`` may be empty, then it has its number only."""

    start_s: float
    title: str = ""


def document_of(presentation: Presentation) -> str | None:
    """The address of the chapters; None where the manifest names none."""
    return next((data.uri for data in presentation.session_data if data.id == DATA_ID and data.uri), None)


def read_chapters(data: bytes, languages: Sequence[str] = ()) -> tuple[Chapter, ...]:
    """The chapters in order, with their titles in the most wanted of ``languages`` (BCP 47) that there is.

    What cannot be read is passed over: chapters are a convenience.
    """
    try:
        listed = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return ()
    entries = listed if isinstance(listed, list) else []
    found = [_chapter(entry, languages) for entry in entries[:_MOST] if isinstance(entry, dict)]
    return tuple(sorted((chapter for chapter in found if chapter is not None), key=lambda chapter: chapter.start_s))


def _chapter(entry: Mapping[str, Any], languages: Sequence[str]) -> Chapter | None:
    start_s = entry.get("start-time")
    if not isinstance(start_s, int | float) or isinstance(start_s, bool) or not math.isfinite(start_s) or start_s < 0:
        return None
    titles = entry.get("titles")
    named = [
        (str(item.get("language") or ""), item["title"])
        for item in (titles if isinstance(titles, list) else [])
        if isinstance(item, dict) and isinstance(item.get("title"), str)
    ]
    best = min(named, key=lambda item: distance(item[0], languages), default=("", ""))
    return Chapter(float(start_s), " ".join(best[1].split())[:_MAX_TITLE])
