"""What of a title did not reach the decoder, or reached it twice: the ``continuity`` of a report. Pure.

Times are on the title's timeline, in seconds. What is read twice (after a jump back, say) counts once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from player.reporting.events import MediaBroken, MediaDamaged

MEDIA = ("video", "audio", "subtitles")
_TOUCHING_S = 0.05


def continuity(events: Sequence[MediaBroken], damaged: Sequence[MediaDamaged], origin_s: float) -> dict[str, Any]:
    """Return ``lost_s``, ``repeated_s`` and ``corrupt_bytes`` by kind of media, ``stands_s`` of the video, and
    ``breaks`` as rows, those that touch made one."""
    return {
        "lost_s": {media: _total(events, "lost", media) for media in MEDIA},
        "repeated_s": {media: _total(events, "repeated", media) for media in MEDIA},
        "stands_s": _total(events, "stands", "video"),
        "corrupt_bytes": {media: sum(each.size for each in damaged if each.media == media) for media in MEDIA[:2]},
        "breaks": [_row(each, origin_s) for each in _folded(events)],
    }


def _total(events: Iterable[MediaBroken], kind: str, media: str) -> float:
    """The length of all stretches of one kind together, in seconds; what overlaps counts once."""
    return _length((each.start_s, each.end_s) for each in events if (each.kind, each.media) == (kind, media))


def _length(spans: Iterable[tuple[float, float]]) -> float:
    total, reached_s = 0.0, -math.inf
    for start_s, end_s in sorted(spans):
        total += max(0.0, end_s - max(start_s, reached_s))
        reached_s = max(reached_s, end_s)
    return round(total, 3)


def at_once_s(continuity: Mapping[str, Any], kind: str) -> float:
    """The seconds of a report's ``continuity`` in which video, audio or subtitles were of one kind (``lost``,
    ``repeated``); what befell several of them at the same time counts once."""
    totals = [float(seconds) for seconds in continuity[f"{kind}_s"].values()]
    told = [row for row in continuity.get("breaks", ()) if row["kind"] == kind]
    together_s = _length((row["start_s"], row["end_s"]) for row in told)
    return min(math.fsum(totals), max(together_s, *totals, 0.0))


def _folded(events: Sequence[MediaBroken]) -> list[MediaBroken]:
    """The breaks in the order in which they came; one that goes on with the one before is a part of it."""
    found: list[MediaBroken] = []
    last: dict[tuple[str, str, int | None], int] = {}
    for each in events:
        number = last.get((each.kind, each.media, each.unplayed))
        before = None if number is None else found[number]
        if number is None or before is None or not _goes_on(before, each):
            last[each.kind, each.media, each.unplayed] = len(found)
            found.append(each)
        else:
            found[number] = _together(before, each)
    return found


def _goes_on(before: MediaBroken, each: MediaBroken) -> bool:
    touches = before.start_s - _TOUCHING_S <= each.start_s <= before.end_s + _TOUCHING_S
    return touches and before.segment == each.segment


def _together(before: MediaBroken, each: MediaBroken) -> MediaBroken:
    return MediaBroken(
        before.at_s,
        before.kind,
        before.media,
        before.start_s,
        max(before.end_s, each.end_s),
        before.segment,
        before.pathway or each.pathway,
        before.code or each.code,
        before.sha256 or each.sha256,
        before.unplayed,
    )


def _row(each: MediaBroken, origin_s: float) -> dict[str, Any]:
    return {
        "at_s": round(each.at_s - origin_s, 4),
        "kind": each.kind,
        "media": each.media,
        "start_s": round(each.start_s, 3),
        "end_s": round(each.end_s, 3),
        "segment": each.segment,
        "pathway": each.pathway,
        "code": each.code,
        "sha256": each.sha256,
        **({} if each.unplayed is None else {"unplayed": each.unplayed + 1}),
    }
