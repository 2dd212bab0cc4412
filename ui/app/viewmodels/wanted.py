"""A choice of the viewer's, until the playback shows it."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Wanted(Generic[T]):
    """The next press of a key counts from what was asked for, not from a state that is older."""

    def __init__(self) -> None:
        self._asked: tuple[T] | None = None

    def ask(self, value: T) -> None:
        """The viewer chose this."""
        self._asked = (value,)

    def over(self, shown: T) -> T:
        """What the viewer chose last, else what is shown."""
        return shown if self._asked is None else self._asked[0]

    def settle(self, shown: T) -> None:
        """Forget the choice once it is what is shown."""
        if self._asked == (shown,):
            self._asked = None

    def forget(self) -> None:
        """Only what is shown counts."""
        self._asked = None
