"""What plays after one another: the files that were opened together. Pure but for chance, which it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random


class Repeat(StrEnum):
    OFF = "off"
    ALL = "all"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class PlayQueue:
    """``places`` are paths in the order in which they are listed; ``order`` are their numbers in the order in which
    they play, ``at`` is the place in ``order`` that plays now."""

    places: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    at: int = 0
    repeat: Repeat = Repeat.OFF
    shuffled: bool = False

    @classmethod
    def of(cls, places: Sequence[str], first: int = 0, repeat: Repeat = Repeat.OFF) -> PlayQueue:
        """These, beginning with one of them."""
        return cls(tuple(places), tuple(range(len(places))), first, repeat)

    @property
    def current(self) -> str:
        """What plays now; empty for nothing."""
        return self.places[self.order[self.at]] if self.order else ""

    def row(self) -> int:
        """The number in ``places`` of what plays now; -1 for nothing."""
        return self.order[self.at] if self.order else -1

    def after_end(self) -> PlayQueue | None:
        """What follows by itself; None where nothing does."""
        return self if self.repeat is Repeat.ONE and self.order else self.step(1)

    def step(self, direction: int) -> PlayQueue | None:
        """The next one (1) or the one before (-1), as the viewer asks for it; None where there is none."""
        at = self.at + direction
        if not self.order:
            return None
        if not 0 <= at < len(self.order):
            if self.repeat is Repeat.OFF:
                return None
            at %= len(self.order)
        return replace(self, at=at)

    def to_row(self, row: int) -> PlayQueue:
        """Play what is listed at ``row``."""
        return replace(self, at=self.order.index(row)) if 0 <= row < len(self.places) else self

    def added(self, places: Sequence[str]) -> PlayQueue:
        """More of them, at the end."""
        more = range(len(self.places), len(self.places) + len(places))
        return replace(self, places=(*self.places, *places), order=(*self.order, *more))

    def removed(self, row: int) -> PlayQueue:
        """Without what is listed at ``row``, which must not play."""
        if not 0 <= row < len(self.places) or row == self.row():
            return self
        place = self.order.index(row)
        order = tuple(one - (one > row) for one in self.order if one != row)
        places = self.places[:row] + self.places[row + 1 :]
        return replace(self, places=places, order=order, at=self.at - (place < self.at))

    def moved(self, row: int, to: int) -> PlayQueue:
        """With what is listed at ``row`` listed at ``to`` instead. Where nothing is shuffled it plays then, too."""
        if not (0 <= row < len(self.places) and 0 <= to < len(self.places)):
            return self
        rows = list(range(len(self.places)))
        rows.insert(to, rows.pop(row))
        now = {old: new for new, old in enumerate(rows)}
        places = tuple(self.places[old] for old in rows)
        playing = now[self.row()]
        order = tuple(now[one] for one in self.order) if self.shuffled else tuple(range(len(places)))
        return replace(self, places=places, order=order, at=order.index(playing))

    def shuffle(self, rng: Random, *, on: bool) -> PlayQueue:
        """Play the others in any order, or as they are listed."""
        if not self.order:
            return replace(self, shuffled=on)
        playing = self.row()
        if not on:
            return replace(self, order=tuple(range(len(self.places))), at=playing, shuffled=False)
        others = [row for row in range(len(self.places)) if row != playing]
        rng.shuffle(others)
        return replace(self, order=(playing, *others), at=0, shuffled=True)
