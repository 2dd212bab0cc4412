"""A viewer's choice of a track, through all periods of a presentation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Rendition, Track


@dataclass(frozen=True, slots=True)
class LogicalTrack:
    """One choice of a viewer (the English audio) through all periods; ``per_period`` has None where it is missing.
    In the periods ``stand_ins`` another track is in its place (:mod:`player.tracks.stand_ins`)."""

    id: str
    label: str
    per_period: tuple[Track | None, ...]
    stand_ins: frozenset[int] = frozenset()

    @property
    def first(self) -> Track:
        """Its own track in the first period that has it. Raises MediaError where none has."""
        for number, track in enumerate(self.per_period):
            if track is not None and number not in self.stand_ins:
                return track
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This title has no such track.", track=self.id)

    def per_period_renditions(self) -> tuple[tuple[int, Rendition], ...]:
        """(period, its first rendition) wherever the track is there."""
        return tuple((n, track.renditions[0]) for n, track in enumerate(self.per_period) if track is not None)

    @property
    def language(self) -> str | None:
        return self.first.language
