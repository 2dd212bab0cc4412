"""What is loaded and how it went: the values that the loader takes and gives. No logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drm_client.errors import DrmError
from player.base.errors import MatineeError
from player.manifest.model import ByteRange
from player.net.model import RequestKind
from player.transfer.pathways import PathSwitch
from player.transfer.recovery import Step


@dataclass(frozen=True, slots=True)
class Coming:
    """What will be asked for after this, as far as can be foreseen: its path relative to this one's."""

    path: str
    byte_range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing to load, and where it is available: an address per pathway.

    ``expected_size`` is the exact length in bytes, where the manifest or an index says it. ``duration_s`` is the
    media time that a segment carries; with it a transfer slower than real time is noticed. ``may_come``: it may not
    have been published yet (the live edge). ``first_byte_s`` is how long the server may take to begin its answer,
    where it holds that back on purpose (a blocking reload of a playlist). ``coming`` is what comes after it.
    ``paced``: it is made while it is sent, so that pauses in it say nothing of the link.
    """

    kind: RequestKind
    urls: Mapping[str, str] = field(repr=False)
    byte_range: ByteRange | None = None
    track: str = ""
    duration_s: float | None = None
    expected_size: int | None = None
    priority: int = 0
    may_come: bool = False
    first_byte_s: float | None = None
    paced: bool = False
    coming: Coming | None = field(default=None, repr=False)


def _nothing_in_hand() -> float:
    return 0.0


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Patience:
    """What a load may cost: how long it may wait, and whether it may end without a result.

    ``buffer_s`` gives the media time in hand, in seconds. ``is_patient`` tells whether an outage may be waited out
    however long it takes, ``may_skip`` whether a gap is better than an end (in a download it is not).
    """

    buffer_s: Callable[[], float] = _nothing_in_hand
    is_patient: Callable[[], bool] = _never
    may_skip: bool = True


class Sink(Protocol):
    """Where the bytes go. ``begin`` is called once, before the first byte; ``received`` counts the bytes written."""

    @property
    def received(self) -> int: ...

    def begin(self, total: int | None) -> None: ...

    def write(self, chunk: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """A running attempt. ``received`` and ``total`` count bytes of the whole resource, earlier attempts included.

    ``rate_bps`` is that of the last two seconds; ``remaining_s`` the time to the end at that rate, infinite while
    no byte comes, None while the length is not known.
    """

    resource: Resource
    pathway: str
    received: int
    total: int | None
    elapsed_s: float
    first_byte_s: float | None
    rate_bps: float
    remaining_s: float | None

    @property
    def of_real_time(self) -> float:
        """How fast a segment comes, in seconds of media a second; 0 where that cannot be told."""
        duration_s = self.resource.duration_s
        return self.rate_bps * duration_s / (self.total * 8) if duration_s and self.total else 0.0


class LoadVerdict(StrEnum):
    GO_ON = "go_on"
    ABANDON = "abandon"


class LoadOutcome(StrEnum):
    DONE = "done"
    ABANDONED = "abandoned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How a load ended. ``pathway`` and ``url`` (after redirects) are those of the last attempt. A failed one carries
    the last error and the step that is the caller's to take: another rung, a gap, or the end. ``asked_s`` is when it
    was begun (monotonic). ``came_late``: the server did not have it at first."""

    outcome: LoadOutcome
    pathway: str
    received: int
    seconds: float
    attempts: int
    url: str = field(default="", repr=False)
    error: MatineeError | None = None
    step: Step | None = None
    asked_s: float = 0.0
    came_late: bool = False


@dataclass(frozen=True, slots=True)
class RetryEvent:
    """An attempt failed and the loader goes on (or gives up) as ``step`` says."""

    at_s: float
    kind: RequestKind
    track: str
    pathway: str
    error: MatineeError | DrmError
    step: Step


LoadEvent = RetryEvent | PathSwitch


class BytesSink:
    """Gathers a small body in memory."""

    def __init__(self) -> None:
        self.body = bytearray()

    @property
    def received(self) -> int:
        return len(self.body)

    def begin(self, total: int | None) -> None:
        """Nothing to prepare."""

    def write(self, chunk: bytes) -> None:
        self.body += chunk
