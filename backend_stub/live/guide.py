"""What is on a channel now and next, and what was on as far back as a viewer can go."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path

from backend_stub.broadcast.channel import JournalError
from backend_stub.broadcast.guide import Programme, programmes_since
from backend_stub.broadcast.journal import read_description
from backend_stub.db.models import Title
from backend_stub.live import hls
from backend_stub.live.schedule import DEFAULT_WINDOW_S, Channel
from backend_stub.manifests import CHAPTERS
from backend_stub.titles import CHANNEL, CLEAR, LIVE, shown_place

_COMING, _PAST = 12, 36  # so many programmes at most
_LEAST_S = 600.0  # a channel's shorter loop is no programme: several of them are one
_MOST_BACK_S = 86400.0


@dataclass(frozen=True, slots=True)
class ChannelGuide:
    """The programmes of a channel in their order; ``back_s`` is how far back a viewer can go."""

    programmes: Sequence[Programme]
    back_s: float


def channel_guide(media_dir: Path, title: Title, now: float) -> ChannelGuide | None:
    """What is and was on; None for a title that is no channel."""
    back_s = _back_s(media_dir, title, now)
    until = list(takewhile(lambda one: one.ends_at <= now, _since(media_dir, title, now - back_s)))
    coming = programmes(media_dir, title, now)
    return ChannelGuide([*until[-_PAST:], *coming], back_s) if coming else None


def programmes(media_dir: Path, title: Title, now: float, count: int = _COMING) -> Sequence[Programme]:
    """What is on at ``now`` and after it; nothing for a title that is no channel. Reads the title's files once."""
    return tuple(islice(_since(media_dir, title, now), count))


def _back_s(media_dir: Path, title: Title, now: float) -> float:
    if LIVE not in title.variants:
        return DEFAULT_WINDOW_S
    try:
        channel = read_description(media_dir / title.id / LIVE)
    except (OSError, JournalError):
        return 0.0
    back_s = max(0.0, now - channel.started_at)
    return min(back_s, channel.window_s or _MOST_BACK_S, _MOST_BACK_S)


def _since(media_dir: Path, title: Title, since: float) -> Iterator[Programme]:
    """What is on at ``since`` and after it, without an end."""
    home = media_dir / title.id
    if LIVE in title.variants:  # a recording has a length
        if not title.duration_s:
            yield from programmes_since(home / LIVE, title.published_at or since, since)
        return
    if CLEAR not in title.variants:
        return
    try:
        channel, parts = _channel(home / shown_place(home, CLEAR))
    except (OSError, ValueError):
        return
    loops = math.ceil(_LEAST_S / channel.loop_s) if title.kind == CHANNEL else 1
    round_ = channel.loop_at(since) // loops
    while True:
        begin, end = channel.loop_begins(round_ * loops), channel.loop_begins((round_ + 1) * loops)
        named = parts if loops == 1 else [(0.0, parts[round_ % len(parts)][1])] if parts else []
        starts = [(begin + start_s, name) for start_s, name in named if begin + start_s < end] or [(begin, "")]
        for (start, name), until in zip(starts, [*(start for start, _ in starts[1:]), end], strict=True):
            if until > since:
                yield Programme(start, until, name)
        round_ += 1


@lru_cache(maxsize=512)
def _channel(folder: Path) -> tuple[Channel, tuple[tuple[float, str], ...]]:
    """A title that was published does not change: its loop, and its chapters (start in s, name)."""
    channel = Channel(hls.loop_length(folder, hls.multivariant((folder / "master.m3u8").read_text("utf-8"))))
    try:
        listed = json.loads((folder / CHAPTERS).read_text("utf-8"))
        parts = [(float(one["start-time"]), str(one["titles"][0]["title"])) for one in listed]
    except FileNotFoundError:
        return channel, ()
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{CHAPTERS} is damaged") from error
    # The first programme begins with the loop, whatever stands before the first chapter.
    return channel, tuple((start_s if number else 0.0, title) for number, (start_s, title) in enumerate(parts))
