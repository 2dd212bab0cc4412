"""What a plan says of a live programme: how much of it is sent already, how much is kept, what comes late. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

BEGUN_S, WINDOW_S, UPDATE_S = 30.0, 60.0, 2.0


@dataclass(frozen=True, slots=True)
class LateSegment:
    """The segments whose path fits ``path`` are available ``by_s`` seconds after their end."""

    path: str
    by_s: float


@dataclass(frozen=True, slots=True)
class StaleManifest:
    """The manifests whose path fits ``path`` do not change for ``for_s`` seconds, from ``from_s`` of the run on."""

    path: str
    from_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class Restart:
    """The encoder ends at the first segment that starts at ``at_s`` of the title or later, and goes on with it
    ``for_s`` seconds later, behind a discontinuity."""

    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class BroadcastScript:
    """``begun_s`` of the title are sent when the run starts; ``window_s`` of it stay available. A segment
    is available when its end is sent, unless it is ``late``."""

    begun_s: float = BEGUN_S
    window_s: float = WINDOW_S
    late: tuple[LateSegment, ...] = ()
    stale: tuple[StaleManifest, ...] = ()
    restarts: tuple[Restart, ...] = ()

    def late_s(self, url: str) -> float:
        """How much later than its end a segment is available."""
        path = urlsplit(url).path
        return max((each.by_s for each in self.late if fnmatchcase(path, each.path)), default=0.0)

    def sent_s(self, url: str, run_s: float) -> float:
        """How much of the title a manifest knows of at a time of the run."""
        path = urlsplit(url).path
        for each in self.stale:
            if each.from_s <= run_s < each.from_s + each.for_s and fnmatchcase(path, each.path):
                run_s = each.from_s
        return self.title_s(run_s)

    def title_s(self, run_s: float) -> float:
        """How much of the title is sent at a time of the run."""
        sent_s = self.begun_s + run_s
        for each in self.restarts:
            if sent_s > each.at_s:
                sent_s = max(each.at_s, sent_s - each.for_s)
        return sent_s

    def away_s(self, start_s: float) -> float:
        """How much later than the title's time a segment that starts then is sent."""
        return sum(each.for_s for each in self.restarts if each.at_s <= start_s)


def _at_s(restart: Restart) -> float:
    return restart.at_s


def script_of(item: Mapping[str, Any]) -> BroadcastScript:
    """The script of a plan's ``live`` member, which fits the schema."""
    return BroadcastScript(
        item.get("begun_s", BEGUN_S),
        item.get("window_s", WINDOW_S),
        tuple(LateSegment(each["path"], each["by_s"]) for each in item.get("late", ())),
        tuple(StaleManifest(each["path"], each["from_s"], each["for_s"]) for each in item.get("stale", ())),
        tuple(sorted((Restart(each["at_s"], each["for_s"]) for each in item.get("restarts", ())), key=_at_s)),
    )
