"""Segment sequences of DASH (ISO/IEC 23009-1 5.3.9.6, S@k): segments that share one number or time in an MPD."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from player.manifest.model import Segment, SegmentIndex

ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class SequenceIndex:
    """Segment sequences (S@k, 5.3.9.6) taken apart: each segment of a sequence is a segment of its own.

    ``sequences`` has a segment for each whole sequence, with its segments as parts. ``runs`` are, for each stretch of
    sequences of one length, the position of its first sequence, the position here of that one's first segment, and
    the length. Segments are numbered through: ``stride`` numbers to a sequence. The period's end may cut off some of
    the last sequence.
    """

    sequences: SegmentIndex
    runs: tuple[tuple[int, int, int], ...]
    count: int
    stride: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, position: int, /) -> Segment:
        position = range(self.count)[position]
        sequence, own, length = self.runs[bisect_right(self.runs, position, key=lambda run: run[1]) - 1]
        step, sub = divmod(position - own, length)
        return self._part(self.sequences[sequence + step], sub)

    def _part(self, whole: Segment, sub: int) -> Segment:
        number = whole.number * self.stride + sub
        if not whole.parts:
            return whole._replace(number=number)
        part = whole.parts[sub]
        start_s = whole.start_s + sub * part.duration_s
        return whole._replace(number=number, start_s=start_s, duration_s=part.duration_s, url=part.url, parts=())

    def __iter__(self) -> Iterator[Segment]:
        every = (self._part(whole, sub) for whole in self.sequences for sub in range(max(len(whole.parts), 1)))
        return islice(every, self.count)

    def position_at(self, time_s: float) -> int:
        position = self.sequences.position_at(time_s)
        sequence, own, length = self.runs[bisect_right(self.runs, position, key=lambda run: run[0]) - 1]
        whole = self.sequences[position]
        sub = int((time_s - whole.start_s + ROUNDING_S) * length // whole.duration_s)
        return min(own + (position - sequence) * length + min(max(sub, 0), length - 1), self.count - 1)


def whole_sequences(index: SegmentIndex) -> SegmentIndex:
    """The reverse of taking apart, for showing: one segment for each sequence, with its parts."""
    return index.sequences if isinstance(index, SequenceIndex) else index
