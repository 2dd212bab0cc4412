"""A live media playlist that is the one before without its first segments and with some more: only what is new is
read.

A window of hours is sent again every few seconds. If the text after its first segment equals that of the last
playlist, its segments are the same objects, and only the lines after them are parsed, in the state that holds there.
Line numbers stay those of the playlist that brought them. If anything could change its meaning (continued byte
ranges, dates that place others, deltas, parts, variables), all is parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from player.manifest.hls.media import MediaPlaylist, MediaReader
from player.manifest.model import KeyInfo, PlaylistInfo, Segment

_READ_WHOLE = (
    "{$",
    "#EXT-X-BYTERANGE",
    "#EXT-X-BITRATE",
    "#EXT-X-DATERANGE",
    "#EXT-X-SKIP",
    "#EXT-X-PART:",
    "#EXT-X-TILES",
    "\r",
)
FEWEST = 100  # segments: below, reading all is as quick
_SAME_S = 1e-3


@dataclass(frozen=True, slots=True)
class Grown:
    """What is put behind the ``kept`` segments of the older playlist; ``playlist`` has only the new ones, ``removed``
    are those that it does not list any more."""

    playlist: MediaPlaylist
    kept: tuple[Segment, ...]
    removed: tuple[Segment, ...]


def grown(old: Sequence[Segment], info: PlaylistInfo, text: str, url: str) -> Grown | None:
    """``text`` read as a continuation of the playlist that ``old`` and ``info`` are of; None where it must be read
    whole. Raises :class:`ManifestError` as reading it whole does."""
    before = info.text
    if len(old) < FEWEST or not before or info.url != url or any(word in text for word in _READ_WHOLE):
        return None
    reader = MediaReader(url, None, substitutes=False)
    head_end = _uri_end(text, 0)
    reader.feed(text[:head_end].split("\n"), 1)
    position = reader.segments[0].number - old[0].number if len(reader.segments) == 1 else -1
    if not 0 <= position < len(old) or not _same(reader.segments[0], old[position]):
        return None
    begin = 0
    for _ in range(position + 1):
        begin = _uri_end(before, begin)
    end = _last_uri_end(before)
    if not _ends_with(reader, before[:begin], old[position]) or not _ends_with(reader, before[:end], old[-1]):
        return None
    tail_at = head_end + end - begin
    last = old[-1]
    if end < begin or text[head_end:tail_at] != before[begin:end]:
        return None
    if last.program_date_time_s is None and "#EXT-X-PROGRAM-DATE-TIME" in text[tail_at:]:
        return None
    reader.go_on_behind(last)
    reader.feed(text[tail_at:].split("\n"), text.count("\n", 0, tail_at) + 1)
    playlist = reader.finish()
    if _summary(playlist.info) != _summary(info):
        return None
    new_info = replace(playlist.info, text=text, variables=info.variables)
    playlist = replace(playlist, info=new_info, segments=playlist.segments[1:])
    return Grown(playlist, tuple(old[position:]), tuple(old[:position]))


def _uri_end(text: str, begin: int) -> int:
    """Where the line behind the first URI from ``begin`` on begins; the end of the text where there is none."""
    while begin < len(text):
        end = text.find("\n", begin) + 1 or len(text)
        line = text[begin:end].strip()
        begin = end
        if line and line[0] != "#":
            break
    return begin


def _last_uri_end(text: str) -> int:
    """Where the line behind the last URI begins."""
    end = len(text)
    while end > 0:
        begin = text.rfind("\n", 0, end - 1) + 1
        line = text[begin:end].strip()
        if line and line[0] != "#":
            break
        end = begin
    return end


def _ends_with(reader: MediaReader, text: str, segment: Segment) -> bool:
    """Whether the last line of ``text`` is the URI of ``segment``."""
    line = text[text.rfind("\n", 0, max(len(text) - 1, 0)) + 1 :].strip()
    return bool(line) and reader.resolve(line) == segment.url


def _same(new: Segment, old: Segment) -> bool:
    """Whether the first segment is what it was, as far as its own lines tell."""
    one, two = ((None if init is None else (init.url, init.byte_range)) for init in (new.init, old.init))
    dates = new.program_date_time_s, old.program_date_time_s
    return (
        (new.url, new.discontinuity, new.gap, new.title) == (old.url, old.discontinuity, old.gap, old.title)
        and abs(new.duration_s - old.duration_s) <= _SAME_S
        and _keys(new.keys) == _keys(old.keys)
        and one == two
        and (dates[0] is None or (dates[1] is not None and abs(dates[0] - dates[1]) <= _SAME_S))
    )


def _keys(keys: Sequence[KeyInfo]) -> list[tuple[object, ...]]:
    return [(key.method, key.uri, key.iv, key.keyformat, key.keyformat_versions, key.key_id) for key in keys]


def _summary(info: PlaylistInfo) -> tuple[object, ...]:
    """What a playlist says of itself wherever that stands in it: it may stand in what is not read again."""
    return (
        info.version,
        info.target_duration_s,
        info.part_target_s,
        info.playlist_type,
        info.iframes_only,
        info.independent_segments,
        info.start_offset_s,
        info.start_precise,
        info.hold_back_s,
        info.part_hold_back_s,
        info.can_block_reload,
        info.can_skip_until_s,
    )
