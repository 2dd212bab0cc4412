"""The dates of a live timeline. HLS dates its segments (EXT-X-PROGRAM-DATE-TIME), an MPD counts from a date. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from player.manifest.model import Segment

_JUMP_S = 0.5  # a difference as great as this begins a piece of its own


@dataclass(frozen=True, slots=True)
class TimelineDates:
    """``pieces`` are pairs of a time on the timeline and its date (seconds since 1970, by the source's clock), in the
    timeline's order. A piece goes on to the next one; the last has no end. Between two of them dates may be left out,
    where the encoder was off."""

    pieces: tuple[tuple[float, float], ...] = ()

    def date_of(self, time_s: float) -> float | None:
        """The date of a time on the timeline; None where nothing is dated."""
        before = [piece for piece in self.pieces if piece[0] <= time_s] or self.pieces[:1]
        return before[-1][1] + time_s - before[-1][0] if before else None

    def time_of(self, date_s: float) -> float | None:
        """The time on the timeline of a date, earlier than the first piece or later than all that there is, too. What
        was never on air is where the timeline goes on behind it. None where nothing is dated."""
        place = max((number for number, piece in enumerate(self.pieces) if piece[1] <= date_s), default=0)
        if not self.pieces:
            return None
        time_s = self.pieces[place][0] + date_s - self.pieces[place][1]
        return min([time_s, *(start_s for start_s, _ in self.pieces[place + 1 : place + 2])])


UNDATED = TimelineDates()


def dates_of(segments: Iterable[Segment]) -> TimelineDates:
    """The dates of an HLS rendition."""
    pieces: list[tuple[float, float]] = []
    for segment in segments:
        date_s = segment.program_date_time_s
        if date_s is None:
            continue
        if not pieces or abs(date_s - pieces[-1][1] - (segment.start_s - pieces[-1][0])) > _JUMP_S:
            pieces.append((segment.start_s, date_s))
    return TimelineDates(tuple(pieces))
