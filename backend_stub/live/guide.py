"""What is on a channel now and next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from backend_stub.broadcast.guide import Programme, programmes_of
from backend_stub.db.models import Title
from backend_stub.live import hls
from backend_stub.live.schedule import Channel
from backend_stub.manifests import CHAPTERS
from backend_stub.titles import CLEAR, LIVE, shown_place


def programmes(media_dir: Path, title: Title, now: float, count: int = 12) -> Sequence[Programme]:
    """What is on at ``now`` and after it; nothing for a title that is no channel. Reads the title's files once."""
    home = media_dir / title.id
    if LIVE in title.variants:  # a recording has a length
        on_air = not title.duration_s
        return programmes_of(home / LIVE, title.published_at or now, now, count) if on_air else ()
    if CLEAR not in title.variants:
        return ()
    try:
        channel, parts = _channel(home / shown_place(home, CLEAR))
    except (OSError, ValueError):
        return ()
    found: list[Programme] = []
    loop = channel.loop_at(now)
    while len(found) < count:
        begin, end = channel.loop_begins(loop), channel.loop_begins(loop + 1)
        starts = [(begin + start_s, title) for start_s, title in parts if begin + start_s < end] or [(begin, "")]
        for (start, name), until in zip(starts, [*(start for start, _ in starts[1:]), end], strict=True):
            if until > now:
                found.append(Programme(start, until, name))
        loop += 1
    return found[:count]


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
