"""Why playback stands still, judged from the pictures that are shown and not from what is buffered. Pure.

A playback makes progress when a new frame is shown. If none is, there are six possible causes. A decoder that shows
nothing although media is buffered is restarted at its position, once for each position. If no picture comes for long
after that and there is no audio either, the playback ends. A decoder that only lacks time is known by what it takes
in: it is neither restarted, which would cost it what it has done, nor given up.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from player.reporting.events import MAIN, Event, Note, SegmentDone

FROZEN_S = 3.0
"""So long may a picture stand although media lies before it."""
RESTART_S = 6.0
GIVE_UP_S = 20.0  # without a picture, after a restart
_LATE_S = 2.0  # looks are half a second apart: the machine did something else, or slept
_RECOVERS_S = 5.0  # after it did
_PLACE_S = 30.0  # so much media is one place
_RECENT_S = 15.0  # so long a trouble counts
_SOURCE_STAGES = ("http.", "media.", "manifest.", "net.length", "net.protocol", "net.too_large")
_PICTURES = 4.0  # so many times the usual time between two of them


class StallCause(StrEnum):
    NETWORK = "network"  # nothing comes, or too slowly
    LICENCE = "licence"  # the media is there and its key is not
    DECODER = "decoder"  # media and keys are there, and no picture comes of them
    SOURCE = "source"  # a server says no, or what it gives is damaged, or a programme sends nothing yet
    MACHINE = "machine"  # this program did not get to run
    FILE = "file"  # the disk or share of a local file delivers nothing, or too slowly


@dataclass(frozen=True, slots=True)
class StallObservation:
    """How things stand. ``picture`` is another value for each picture, ``every_s`` the usual time between two.
    ``wanted``: the viewer wants to see it move, and libmpv has arrived where it is to play.
    ``media_ahead``: the next second is in memory, whole
    and without a hole. ``beyond``: the programme has not sent what comes next. ``starved``: libmpv says that it lacks
    media, and waits for bytes that are not there. ``decoding``: since the last look the decoders
    have taken in more, and have not come yet to what is to be shown."""

    now_s: float
    position_s: float
    picture: Hashable
    wanted: bool
    media_ahead: bool
    every_s: float = 0.0
    licence_pending: bool = False
    beyond: bool = False
    starved: bool = False
    decoding: bool = False


@dataclass(frozen=True, slots=True)
class StallFinding:
    """``stands``: nothing moves although it should, whatever libmpv says. ``restart``: restart in
    this place. ``hopeless``: that has been done, and it was of no use."""

    stands: bool = False
    restart: bool = False
    hopeless: bool = False


class Stalls(Protocol):
    """What is asked about a stall that the viewer sees."""

    def start_stall(self) -> None:
        """It begins now."""

    @property
    def cause(self) -> StallCause:
        """The cause of most of the stall that lasts, or has just ended."""
        ...


@dataclass(frozen=True, slots=True)
class KnownCause:
    """Where only one cause is possible: in a local file, and before anything plays."""

    cause: StallCause = StallCause.NETWORK

    def start_stall(self) -> None:
        """There is nothing to find out."""


class StallDetector:
    """One for each playback; ``assess`` twice a second, ``event`` with whatever happens."""

    def __init__(self) -> None:
        self._looked_s: float | None = None
        self._picture: Hashable = None
        self._since_s: float | None = None  # nothing has moved
        self._worked_s = -math.inf  # when the decoders were seen at work last
        self._busy_until_s = 0.0  # this machine does something else
        self._trouble: tuple[float, StallCause] | None = None
        self._restarts: list[tuple[float, float]] = []  # when, and where
        self._causes: Counter[StallCause] = Counter()

    def event(self, event: Event) -> None:
        """What the loading tells."""
        if isinstance(event, SegmentDone) and event.track == MAIN:
            self._trouble = None
        elif isinstance(event, Note) and event.code:
            source = event.code.startswith(_SOURCE_STAGES)
            self._trouble = event.at_s, StallCause.SOURCE if source else StallCause.NETWORK

    def assess(self, look: StallObservation) -> StallFinding:
        """What to make of it."""
        late = self._looked_s is not None and look.now_s - self._looked_s > _LATE_S
        self._looked_s = look.now_s
        if late:
            self._busy_until_s = look.now_s + _RECOVERS_S
        moved, self._picture = look.picture != self._picture, look.picture
        if moved or not look.wanted:
            self._since_s = None
            return StallFinding()
        if self._since_s is None or late:
            self._since_s = look.now_s
        if look.decoding:
            self._worked_s = look.now_s
        self._causes[self.judge(look)] += 1
        return self._judged(look, look.now_s - self._since_s)

    def start_stall(self, look: StallObservation) -> None:
        """A stall that the viewer sees begins."""
        self._causes = Counter({self.judge(look): 1})

    def _judged(self, look: StallObservation, stood_s: float) -> StallFinding:
        patience_s = _PICTURES * look.every_s
        stands = look.media_ahead and stood_s >= max(FROZEN_S, patience_s)
        idle_s = self._idle_s(look)
        if self.judge(look) is not StallCause.DECODER or idle_s < max(RESTART_S, patience_s):
            return StallFinding(stands)
        here = [at_s for at_s, place_s in self._restarts if abs(place_s - look.position_s) < _PLACE_S]
        if not here:
            self._restarts.append((look.now_s, look.position_s))
            return StallFinding(stands, restart=True)
        # On a slow machine pictures may have come since, and a restart takes its time as well.
        return StallFinding(stands, hopeless=min(look.now_s - here[-1], idle_s) >= GIVE_UP_S)

    def _idle_s(self, look: StallObservation) -> float:
        """For how long no picture has come and no decoder has worked for one."""
        return 0.0 if self._since_s is None else look.now_s - max(self._since_s, self._worked_s)

    def judge(self, look: StallObservation) -> StallCause:
        """Why nothing moves at this moment."""
        if look.now_s < self._busy_until_s:
            return StallCause.MACHINE
        if look.licence_pending:
            return StallCause.LICENCE
        trouble = None
        if self._trouble is not None and look.now_s - self._trouble[0] <= _RECENT_S:
            trouble = self._trouble[1]
        # While nothing comes libmpv stops before the last second that it has: no decoder is to blame then.
        if (
            look.media_ahead and not look.starved and trouble is not StallCause.NETWORK
        ):  # it lags behind, or has come to a stop
            return StallCause.DECODER if self._idle_s(look) >= FROZEN_S else StallCause.MACHINE
        if look.beyond:
            return StallCause.SOURCE
        return trouble or StallCause.NETWORK

    @property
    def cause(self) -> StallCause:
        """The cause of most of the stall that lasts, or has just ended."""
        return self._causes.most_common(1)[0][0] if self._causes else StallCause.NETWORK
