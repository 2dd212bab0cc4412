"""The rules of RFC 8216bis on a live playlist and its next refresh, both of them whole. Pure.

What the comparison of :mod:`player.manifest` finds (``matinee inspect --diff``) is not judged here again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from player.manifest.changes import BrokenRule
from player.qa.conform.hls_dates import date_of
from player.qa.conform.model import BIS, RefreshRule, Severity
from player.qa.conform.playlist import Playlist, number, playlist


@dataclass(frozen=True, slots=True)
class _Listed:
    """A segment of a playlist; ``start`` is its date, where one is said."""

    name: str
    duration_s: float
    start: datetime | None
    key: tuple[tuple[str, str], ...]

    @property
    def end(self) -> datetime | None:
        return None if self.start is None else self.start + timedelta(seconds=self.duration_s)


def _listed(found: Playlist) -> list[_Listed]:
    listed: list[_Listed] = []
    date: datetime | None = None
    key: tuple[tuple[str, str], ...] = ()
    range_, seconds = "", 0.0
    for line in found.lines:
        if line.tag == "EXT-X-PROGRAM-DATE-TIME":
            date = date_of(line.value)
        elif line.tag == "EXT-X-KEY":
            key = () if line.attributes.get("METHOD") == "NONE" else tuple(sorted(line.attributes.items()))
        elif line.tag == "EXT-X-BYTERANGE":
            range_ = line.value
        elif line.tag == "EXTINF":
            seconds = number(line.value.partition(",")[0].strip()) or 0.0
        elif not line.tag:
            listed.append(_Listed(f"{line.value} {range_}".strip(), seconds, date, key))
            date = listed[-1].end
            range_ = ""
    return listed


def _removed(before: Playlist, after: Playlist) -> list[_Listed]:
    """The segments that are listed no more, though others still are."""
    now = {each.name for each in _listed(after)}
    gone = [each for each in _listed(before) if each.name not in now]
    return gone if len(gone) < len(_listed(before)) else []


def _ranges(found: Playlist) -> dict[str, dict[str, str]]:
    ranges: dict[str, dict[str, str]] = {}
    for each in found.lists("EXT-X-DATERANGE"):
        ranges.setdefault(each.get("ID", ""), {}).update(each)
    return ranges


def _span(each: dict[str, str]) -> tuple[datetime, datetime] | None:
    """Where a date range starts and ends; one of unknown length is as long as nothing."""
    start, end = date_of(each.get("START-DATE", "")), date_of(each.get("END-DATE", ""))
    if start is None or start.tzinfo is None:
        return None
    seconds = number(each.get("DURATION", each.get("PLANNED-DURATION", ""))) or 0.0
    return start, end if end is not None and end.tzinfo is not None else start + timedelta(seconds=seconds)


def _range_removed(before: Playlist, after: Playlist) -> Iterator[str]:
    dated = [
        (each, each.start) for each in _listed(after) if each.start is not None and each.start.tzinfo is not None
    ]
    for id_, each in _ranges(before).items():
        span = _span(each)
        if id_ in _ranges(after) or span is None:
            continue
        kept = next((one for one, start in dated if start <= span[1] and span[0] < (one.end or span[0])), None)
        if kept is not None:
            yield f"The date range {id_[:40]} is gone, and the segment {kept.name[:60]} of its time is still listed."


def _range_reused(before: Playlist, after: Playlist) -> Iterator[str]:
    for id_, each in _ranges(before).items():
        again = _ranges(after).get(id_, each)
        if "START-DATE" in again and again["START-DATE"] != each.get("START-DATE"):
            yield f"The ID {id_[:40]} was that of another date range."


def _range_between(before: Playlist, after: Playlist) -> Iterator[str]:
    known = _ranges(before)
    starts = {id_: date_of(each.get("START-DATE", "")) for id_, each in _ranges(after).items()}
    for id_, each in known.items():
        start = starts.get(id_)
        if each.get("END-ON-NEXT") != "YES" or start is None:
            continue
        alike = [(starts[other], other) for other, one in _ranges(after).items() if one.get("CLASS") == each["CLASS"]]
        later = sorted((date, other) for date, other in alike if date is not None and date > start)
        following = next((date for date, other in later if other in known), None)
        for date, other in later:
            if other not in known and following is not None and date < following:
                yield f"The date range {other[:40]} was put between {id_[:40]} and the one that ended it."


def _uncounted(before: Playlist, after: Playlist) -> Iterator[str]:
    if _removed(before, after) and not after.has("EXT-X-MEDIA-SEQUENCE"):
        yield "Segments were removed, and there is no EXT-X-MEDIA-SEQUENCE."


def _discontinuities_uncounted(before: Playlist, after: Playlist) -> Iterator[str]:
    broken = before.has("EXT-X-DISCONTINUITY") and not after.has("EXT-X-DISCONTINUITY-SEQUENCE")
    if broken and _removed(before, after):
        yield "Segments of a playlist with EXT-X-DISCONTINUITY were removed without an EXT-X-DISCONTINUITY-SEQUENCE."


def _typed(before: Playlist, after: Playlist) -> Iterator[str]:
    if after.has("EXT-X-PLAYLIST-TYPE") and _removed(before, after):
        yield "Segments were removed from a playlist with an EXT-X-PLAYLIST-TYPE."


def _key_removed(before: Playlist, after: Playlist) -> Iterator[str]:
    keys = {each.name: each.key for each in _listed(before)}
    for each in _listed(after):
        if keys.get(each.name) and not each.key:
            yield f"The EXT-X-KEY of the segment {each.name[:60]} was removed."
            return


def _parts_out_of_order(before: Playlist, after: Playlist) -> Iterator[str]:
    def named(found: Playlist) -> list[str]:
        return [f"{each.get('URI', '')} {each.get('BYTERANGE', '')}".strip() for each in found.lists("EXT-X-PART")]

    now, kept = set(named(after)), False
    for name in named(before):
        kept = kept or name in now
        if kept and name not in now:
            yield f"The part {name[:60]} was removed before one that stands in front of it."
            return


_HEAD = "#EXTM3U\n#EXT-X-VERSION:12\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{}\n"
_FIRST = _HEAD.format(1) + "".join(
    f"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:{second:02}Z\n#EXTINF:4,\n{number}.ts\n"
    for number, second in enumerate(range(0, 20, 4), 1)
)


def _next(text: str) -> str:
    """A refresh in which the first segment is gone."""
    first = text.index("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04Z")
    head = text[: text.index("#EXT-X-PROGRAM-DATE-TIME")].replace("SEQUENCE:1\n", "SEQUENCE:2\n", 1)
    return head + text[first:]


def _with(line: str) -> str:
    return _FIRST.replace("#EXT-X-MEDIA-SEQUENCE:1\n", f"#EXT-X-MEDIA-SEQUENCE:1\n{line}\n")


def _dated(second: int, id_: str = "a", more: str = "DURATION=4") -> str:
    return f'#EXT-X-DATERANGE:ID="{id_}",START-DATE="2026-01-01T00:00:{second:02}Z",{more}'


_LOW = "#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=3"
_KEYED = _with('#EXT-X-KEY:METHOD=AES-128,URI="k"')
_PARTS = _with(_LOW) + '#EXT-X-PART:DURATION=1,URI="6.0.ts"\n#EXT-X-PART:DURATION=1,URI="6.1.ts"\n'
_CLASS = 'CLASS="c"'
_NEXT = _with(_dated(0, "a", f"{_CLASS},END-ON-NEXT=YES") + "\n" + _dated(8, "b", _CLASS))
_BROKEN = _with("#EXT-X-DISCONTINUITY-SEQUENCE:0").replace("#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF", 1)


def _must(
    code: str,
    clause: str,
    text: str,
    check: Callable[[Playlist, Playlist], Iterator[str]],
    breaks: tuple[str, str],
    keeps: tuple[str, str],
) -> RefreshRule:
    def checked(before: str, after: str) -> Iterator[str]:
        return check(playlist(before), playlist(after))

    return RefreshRule(code, f"{BIS} {clause}", Severity.MUST, text, checked, breaks, keeps)


RULES: tuple[RefreshRule, ...] = (
    _must(
        "hls.daterange_removed",
        "6.2.1",
        "A date range stays as long as a segment of its time is listed.",
        _range_removed,
        (_with(_dated(0)), _FIRST),
        (_with(_dated(0, more="DURATION=3")), _next(_FIRST)),
    ),
    _must(
        "hls.daterange_reused",
        "6.2.1",
        "No new date range has the ID of another one.",
        _range_reused,
        (_with(_dated(4)), _with(_dated(8))),
        (_with(_dated(4)), _with(f"{_dated(4)}\n{_dated(8, 'b')}")),
    ),
    _must(
        "hls.daterange_between",
        "6.2.1",
        "No date range comes between one that ends on the next of its class, and that one.",
        _range_between,
        (_NEXT, _NEXT + _dated(4, "d", _CLASS) + "\n"),
        (_NEXT, _NEXT + _dated(12, "d", _CLASS) + "\n"),
    ),
    _must(
        "hls.sequence_missing",
        "6.2.2",
        "A playlist that drops segments has an EXT-X-MEDIA-SEQUENCE.",
        _uncounted,
        (_FIRST, _next(_FIRST).replace("#EXT-X-MEDIA-SEQUENCE:2\n", "")),
        (_FIRST, _next(_FIRST)),
    ),
    _must(
        "hls.discontinuity_sequence_missing",
        "6.2.2",
        "A playlist with discontinuities that drops segments has an EXT-X-DISCONTINUITY-SEQUENCE.",
        _discontinuities_uncounted,
        (_BROKEN, _next(_FIRST)),
        (_BROKEN, _next(_with("#EXT-X-DISCONTINUITY-SEQUENCE:1"))),
    ),
    _must(
        "hls.typed_window",
        "6.2.2",
        "A playlist that drops segments has no EXT-X-PLAYLIST-TYPE.",
        _typed,
        (_with("#EXT-X-PLAYLIST-TYPE:EVENT"), _next(_with("#EXT-X-PLAYLIST-TYPE:EVENT"))),
        (_with("#EXT-X-PLAYLIST-TYPE:EVENT"), _with("#EXT-X-PLAYLIST-TYPE:EVENT") + "#EXTINF:4,\n6.ts\n"),
    ),
    _must(
        "hls.key_removed",
        "6.2.3",
        "The EXT-X-KEY of a listed segment stays.",
        _key_removed,
        (_KEYED, _next(_FIRST)),
        (_KEYED, _next(_KEYED)),
    ),
    _must(
        "hls.part_removed",
        "6.2.2",
        "Parts are removed in their order.",
        _parts_out_of_order,
        (_PARTS, _PARTS.replace('#EXT-X-PART:DURATION=1,URI="6.1.ts"\n', "")),
        (_PARTS, _PARTS.replace('#EXT-X-PART:DURATION=1,URI="6.0.ts"\n', "")),
    ),
)


def broken_by(before: str, after: str) -> tuple[BrokenRule, ...]:
    """What a refresh breaks: nothing where one of them is a delta update, or no playlist."""
    if any(not playlist(text).is_media or "#EXT-X-SKIP" in text for text in (before, after)):
        return ()
    return tuple(
        BrokenRule(rule.code, sentence, rule.clause) for rule in RULES for sentence in rule.check(before, after)
    )
