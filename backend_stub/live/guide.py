"""What is on a channel now and next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from backend_stub.live import hls
from backend_stub.live.schedule import Channel
from backend_stub.titles import CLEAR, shown_place


@dataclass(frozen=True, slots=True)
class Programme:
    """One loop of a title on its channel, in seconds since 1970."""

    starts_at: float
    ends_at: float


def programmes(media_dir: Path, title_id: str, now: float, count: int = 2) -> Sequence[Programme]:
    """What is on at ``now`` and after it; nothing for a title that is no channel. Reads the title's files once."""
    home = media_dir / title_id
    try:
        channel = _channel(home / shown_place(home, CLEAR))
    except (OSError, ValueError):
        return ()
    first = channel.loop_at(now)
    return [
        Programme(channel.loop_begins(loop), channel.loop_begins(loop + 1)) for loop in range(first, first + count)
    ]


@lru_cache(maxsize=512)
def _channel(folder: Path) -> Channel:
    """A title that was published does not change."""
    return Channel(hls.loop_length(folder, hls.multivariant((folder / "master.m3u8").read_text("utf-8"))))
