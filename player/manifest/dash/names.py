"""Names that are told apart where a manifest gives one to several things."""

from __future__ import annotations

from collections.abc import Iterable


class UnlikeNames:
    """The first one of a name keeps it, further ones get a plus sign and then numbers."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def take(self, name: str) -> str:
        """``name``, or one like it that nothing has."""
        found = name
        while found in self._taken:
            count = self._counts[name] = self._counts.get(name, 0) + 1
            found = f"{name}+" if count == 1 else f"{name}+{count}"
        self._taken.add(found)
        return found
