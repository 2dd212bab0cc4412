"""How long each part of a start took, beside what it may take. Pure.

The budgets are for a real network: 2 s until the first frame, shared out to the parts below; the goal is 1 s. Parts
that a playback did not need are left out: a play session for a plain address, a licence for a clear title, what was
prefetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from player.net.model import MEDIA_KINDS, RequestKind, Transfer
from player.reporting.events import MAIN, Event, PhaseReached, SegmentDone, TransferDone

BUDGET_S = 2.0
GOAL_S = 1.0
PART_BUDGETS_S = {
    "api": 0.1,  # from the request to the service's play session
    "cdn": 0.05,  # from there to the first request to a CDN
    "manifest": 0.1,  # that request, and the playlists that the first segments take
    "licence": 0.2,  # beside the others: its exchanges, and taking the keys out
    "segment": 0.5,  # from the manifest until the first segment is there, or as much of it as the first picture takes
}


@dataclass(frozen=True, slots=True)
class StartPart:
    """One part of a start; ``at_s`` is since the playback was asked for."""

    name: str
    at_s: float
    seconds: float
    judged: bool = True  # the budgets are those of the bundled service; other people's servers have their own

    @property
    def budget_s(self) -> float:
        return PART_BUDGETS_S[self.name]

    @property
    def over(self) -> bool:
        """Whether it took longer than it may."""
        return self.judged and self.seconds > self.budget_s


@dataclass(frozen=True, slots=True)
class Startup:
    """``first_frame_s`` is from the request to the first picture; ``parts`` are in the order of their budgets."""

    first_frame_s: float
    parts: tuple[StartPart, ...]

    @property
    def over(self) -> bool:
        """Whether the whole start took longer than it may."""
        return self.first_frame_s > BUDGET_S


class StartMeter:
    """Folds the events of one playback up to its first picture, which makes :attr:`result`."""

    def __init__(self) -> None:
        self.result: Startup | None = None
        self._reached: dict[str, float] = {}
        self._transfers: list[Transfer] = []

    def __call__(self, event: Event) -> None:
        if self.result is not None:
            return
        match event:
            case TransferDone():
                self._transfers.append(event.transfer)
            case SegmentDone(track=track) if track == MAIN:
                self._reached.setdefault("segment", event.at_s)
            case PhaseReached():
                self._reached.setdefault(event.phase, event.at_s)
                if event.phase == "first_frame" and "requested" in self._reached:
                    self.result = Startup(event.at_s - self._reached["requested"], tuple(self._parts()))
                    self._transfers.clear()

    def _parts(self) -> Iterable[StartPart]:
        reached, begin_s, shown_s = self._reached, self._reached["requested"], self._reached["first_frame"]
        for name, since_s, until_s in (
            *self._way_to_manifest(begin_s, reached.get("manifest", shown_s)),
            *self._licence(reached.get("licence")),
            ("segment", self._manifest_end_s(), min(reached.get("segment", shown_s), shown_s)),
        ):
            judged = bool(self._of(RequestKind.API))
            yield StartPart(name, max(0.0, since_s - begin_s), max(0.0, until_s - since_s), judged)

    def _way_to_manifest(self, begin_s: float, read_s: float) -> Iterable[tuple[str, float, float]]:
        asked_s = min((each.start_s for each in self._of(RequestKind.MANIFEST)), default=read_s)
        leave_s = max((each.end_s for each in self._of(RequestKind.API) if each.end_s <= asked_s), default=None)
        if leave_s is not None:
            yield "api", begin_s, leave_s
        if self._of(RequestKind.MANIFEST):
            yield "cdn", begin_s if leave_s is None else leave_s, asked_s
            yield "manifest", asked_s, self._manifest_end_s()

    def _licence(self, there_s: float | None) -> Iterable[tuple[str, float, float]]:
        asked_s = min((each.start_s for each in self._of(RequestKind.LICENCE)), default=None)
        if asked_s is not None and there_s is not None:
            yield "licence", asked_s, there_s

    def _manifest_end_s(self) -> float:
        """When everything was read that says where the first segments are: in HLS that takes media playlists too."""
        media_s = min((each.start_s for each in self._of(*MEDIA_KINDS)), default=self._reached["first_frame"])
        ends = [each.end_s for each in self._of(RequestKind.MANIFEST) if each.end_s <= media_s]
        return max([self._reached.get("manifest", self._reached["requested"]), *ends])

    def _of(self, *kinds: RequestKind) -> list[Transfer]:
        return [each for each in self._transfers if each.kind in kinds]


def startup_of(events: Iterable[Event]) -> Startup | None:
    """The start of a playback that is recorded; None where no picture was shown."""
    meter = StartMeter()
    for event in events:
        meter(event)
    return meter.result
