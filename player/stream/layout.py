"""Byte positions of the virtual Matroska file. Pure arithmetic.

The file is made while it is read, so its positions are chosen, not counted::

    [EBML][Segment][Info][Tracks][Cues][empty Cluster][Void -> P_first]
    P_i = BASE + i * STRIDE            segment i
      + k * CHUNK                      its k-th chunk: about one second, at low latency one part
        + n * TRACK                      audio or text track n of that chunk
        + VIDEO                          the video of that chunk

A Void element that declares a huge size and whose body is never delivered bridges the space between two places:
libmpv seeks over it. Two rules keep libmpv's cache right. Video positions do not depend on which audio tracks are
written, or a refresh after an audio switch would find other packets. And a Cue points half a stride *before* its
segment, where a Void leads on: libmpv skips our seek callback when it is already at a position, and every real seek
must reach it.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE = 1 << 32
STRIDE = 1 << 32
CHUNK = 1 << 26
VIDEO = 1 << 25
TRACK = 1 << 20
MAX_TRACK = VIDEO // TRACK - 1
CUE_LEAD = STRIDE // 2
MAX_CHUNKS = CUE_LEAD // CHUNK - 1  # the second half of a segment's space stays empty: the next Cue points there


@dataclass(frozen=True, slots=True)
class Spot:
    """A virtual position as a place in a segment: ``segment`` is its number, ``offset`` bytes into it.

    ``cue`` is True for the place before the segment to which its Cue points.
    """

    segment: int
    offset: int
    cue: bool = False


def segment_position(segment: int) -> int:
    """Virtual byte position of a segment."""
    return BASE + segment * STRIDE


def cue_position(segment: int) -> int:
    """Virtual byte position to which the Cue of a segment points."""
    return segment_position(segment) - CUE_LEAD


def locate(position: int) -> Spot | None:
    """The place of a virtual position; None inside the file's header."""
    shifted = position - BASE + CUE_LEAD
    if shifted < 0:
        return None
    segment, offset = divmod(shifted, STRIDE)
    if offset == 0:
        return Spot(segment, 0, cue=True)
    if offset < CUE_LEAD:  # the second half of the segment before
        return Spot(segment - 1, offset + CUE_LEAD)
    return Spot(segment, offset - CUE_LEAD)


def chunk_count(duration_s: float, chunk_s: float = 1.0) -> int:
    """How many chunks of about ``chunk_s`` a segment of this duration has, within what the stride holds."""
    return max(1, min(MAX_CHUNKS, round(duration_s / chunk_s)))


def chunk_of(time_s: float, start_s: float, duration_s: float, chunks: int) -> int:
    """The chunk in which a sample with this decode time stands; clamped to the segment's own chunks."""
    if duration_s <= 0:
        return 0
    return int(max(0.0, min(chunks - 1.0, (time_s - start_s) * chunks / duration_s)))


def video_offset(chunk: int) -> int:
    """Where the video of a chunk begins, in bytes from the segment's position."""
    return chunk * CHUNK + VIDEO


def track_offset(chunk: int, number: int) -> int:
    """Where the audio or text track ``number`` (from 0) of a chunk begins, in bytes from the segment's position."""
    if not 0 <= number <= MAX_TRACK:
        raise ValueError(f"track number {number} does not fit the layout")
    return chunk * CHUNK + number * TRACK
