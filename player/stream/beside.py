"""The audio tracks in the segments of a video that nobody plays. Who looks for faults wants each of them judged.

Only playback in virtual time does that: it reads the whole of each segment anyway, and has time to read it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from drm_client.errors import DrmError
from player.base.errors import MediaError
from player.media.model import StreamConfig, StreamKind
from player.stream.feed import MainFeed, Offsets, TimedSample
from player.stream.store import StoredSegment
from player.stream.timeline import Slot

MUXED = "muxed"
"""Name of the audio that comes in the main track's segments, and is played."""

Look = Callable[[int, StreamConfig, float, bytes], None]
"""Takes a sample of such a track: its number from 0 on, what it is, its time in the title in seconds, its bytes."""


def name_of(number: int) -> str:
    """Name of the audio track of this number in the main track's segments, from 0 on, where it is not played."""
    return f"{MUXED}-{number}"


def is_inside(track: str) -> bool:
    """Whether a track comes in the main track's segments, beside the video."""
    return track.partition("-")[0] == MUXED


def number_of(track: str) -> int | None:
    """The number of a track that is named by :func:`name_of`; None for another one."""
    head, _, number = track.partition("-")
    return int(number) if head == MUXED and number else None


class Beside:
    """Reads them. ``first`` is the number of the first that is not played; ``look`` sees their samples."""

    def __init__(self, first: int, offsets: Offsets, look: Look) -> None:
        self._first = first
        self._offsets = offsets
        self._look = look
        self._most: dict[object, int] = {}  # audio tracks in a segment of each rendition so far

    def numbers(self, entry: StoredSegment) -> range:
        """The tracks that are in the segments of the same rendition, or should be."""
        found = 0 if entry.demuxer is None else entry.demuxer.audio_tracks
        most = self._most[entry.rendition.key] = max(found, self._most.get(entry.rendition.key, 0))
        return range(self._first, most)

    def samples(self, number: int, slot: Slot, entry: StoredSegment) -> list[TimedSample] | None:
        """What a track has in a segment that has been read; None where it cannot be read."""
        try:
            return list(self._looked_at(number, slot, entry.with_audio(number)))
        except (MediaError, DrmError):
            return None

    def _looked_at(self, number: int, slot: Slot, entry: StoredSegment) -> Iterator[TimedSample]:
        for sample in MainFeed(slot, entry, self._offsets).of(StreamKind.AUDIO):
            config = None if entry.demuxer is None else entry.demuxer.configs.get(StreamKind.AUDIO)
            if config is not None:
                self._look(number, config, sample.pts_s, bytes(sample.data))
            yield sample
