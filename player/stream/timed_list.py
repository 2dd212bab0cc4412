"""Items along a timeline, counted from 0: the oldest can be forgotten, the others keep their numbers. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

_T = TypeVar("_T")
_AT_ONCE = 1024  # so many are forgotten at a time: each time the others are copied


class TimedList(Generic[_T]):
    """``start_of`` gives the time (s) at which an item begins; they are in order.

    One thread changes the list while others read it. They see it as it was before or after a change.
    """

    def __init__(self, items: Iterable[_T], start_of: Callable[[_T], float]) -> None:
        self._start_of = start_of
        kept = list(items)
        self._held: tuple[int, list[_T], list[float]] = (0, kept, [start_of(item) for item in kept])

    def __len__(self) -> int:
        """How many there have been, the forgotten ones as well."""
        first, _, starts = self._held
        return first + len(starts)

    def __getitem__(self, number: int) -> _T:
        """The item of this number; the oldest one in place of one that is forgotten. Raises IndexError."""
        first, items, _ = self._held
        return items[max(0, number - first)]

    @property
    def items(self) -> list[_T]:
        """Those that are not forgotten; not to be changed."""
        return self._held[1]

    def since(self, number: int) -> list[_T]:
        """Those from this number on."""
        first, items, _ = self._held
        return items[max(0, number - first) :]

    def at(self, time_s: float) -> int:
        """The number of the item that has begun last at this time, clamped to the ends."""
        first, _, starts = self._held
        return first + max(0, bisect_right(starts, time_s) - 1)

    def append(self, item: _T) -> None:
        """Put an item behind the last one."""
        _, items, starts = self._held
        items.append(item)
        starts.append(self._start_of(item))

    def change_last(self, item: _T) -> None:
        """Another item that begins at the same time in place of the last one."""
        self._held[1][-1] = item

    def forget(self, before: int) -> None:
        """Items with smaller numbers are not needed any more."""
        first, items, starts = self._held
        gone = before - first
        if gone >= _AT_ONCE:
            self._held = (before, items[gone:], starts[gone:])
