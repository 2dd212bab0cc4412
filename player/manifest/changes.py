"""What a refresh changed, and which rules of the standards it broke."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A refresh that the standard does not allow. ``code`` is stable, ``clause`` says where the rule stands."""

    code: str
    sentence: str
    clause: str


@dataclass(frozen=True, slots=True)
class RenditionChange:
    """Segments of one rendition that came, went, or are no longer the same; by segment number.

    ``missed`` counts segments that were never listed: the window moved on further than it is long.
    """

    rendition_id: str
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    missed: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.missed)


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two refreshes of one manifest."""

    renditions: tuple[RenditionChange, ...] = ()
    renditions_added: tuple[str, ...] = ()
    renditions_removed: tuple[str, ...] = ()
    periods_added: tuple[str, ...] = ()
    periods_removed: tuple[str, ...] = ()
    ended: bool = False
    reset: bool = False  # the sequence restarted: nothing of the old timeline holds
    broken: tuple[BrokenRule, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(
            self.renditions
            or self.renditions_added
            or self.renditions_removed
            or self.periods_added
            or self.periods_removed
            or self.ended
            or self.reset
        )

    def of(self, rendition_id: str) -> RenditionChange:
        """The change of one rendition; an empty one where nothing changed."""
        for change in self.renditions:
            if change.rendition_id == rendition_id:
                return change
        return RenditionChange(rendition_id)
