"""The values of downloads: what was asked for, what belongs to it, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from player.manifest.model import ByteRange, TrackType
from player.net.model import RequestKind

ALL = "*"
"""In a list of languages: every one there is."""


class State(StrEnum):
    """What the viewer (or an end) made of a download. Whether it is running now is told by its lock."""

    QUEUED = "queued"
    PAUSED = "paused"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DownloadChoice:
    """What of a title is kept. ``max_height`` and ``max_bytes`` bound the video's rung; the highest one within both
    is taken, else the lowest. ``audio`` and ``subtitles`` are languages (BCP 47) or :data:`ALL`; no audio language
    means the title's own choice."""

    max_height: int | None = None
    max_bytes: int | None = None
    audio: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    thumbnails: bool = False


@dataclass(frozen=True, slots=True)
class DownloadOrigin:
    """Where a download comes from: a title of the service at the address ``service``, or a manifest at ``url``, whose
    keys a ClearKey server at ``licence_url`` may give."""

    title_id: str = ""
    url: str = field(default="", repr=False)
    variant: str = "encrypted"
    service: str = ""
    licence_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeptRendition:
    """A rendition that is kept: ``period`` counts from 0, ``track`` and ``rendition`` are the manifest's ids.

    ``sealed``: its media arrives in the clear and is encrypted by us.
    """

    period: int
    type: TrackType
    track: str
    rendition: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One thing to fetch and keep. ``index`` is its number in the plan and the name of its file.

    ``url`` and ``byte_range`` identify it in the manifest; ``addresses`` are (pathway, address), the preferred one
    first. ``size`` is exact (bytes) or None, ``about`` the best guess. ``start_s`` is where it is needed. ``base`` is
    what addresses in it are relative to, where it is a playlist.
    """

    index: int
    kind: RequestKind
    part: int | None
    url: str = field(repr=False)
    addresses: tuple[tuple[str, str], ...] = field(repr=False)
    byte_range: ByteRange | None = None
    size: int | None = None
    about: int = 0
    start_s: float = 0.0
    duration_s: float | None = None
    sealed: bool = True
    base: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """Everything that belongs to one download, made once from its manifest. Item 0 is the manifest itself.

    ``base_url`` is what addresses in the manifest are relative to. ``kids`` are the content keys needed.
    """

    origin: DownloadOrigin
    base_url: str = field(repr=False)
    mirrors: tuple[tuple[str, str], ...] = field(repr=False)
    parts: tuple[KeptRendition, ...]
    items: tuple[PlanItem, ...] = field(repr=False)
    duration_s: float
    kids: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to fetch, as far as they are known before."""
        return sum(item.about for item in self.items)


@dataclass(frozen=True, slots=True)
class Stored:
    """An item on the disk: length and code (hex) of its file, and the bytes that were fetched for it. The code is the
    authentication tag of what we sealed, else one that the store's key makes (SHA-256 in folders of format 1)."""

    length: int
    digest: str
    fetched: int


@dataclass(frozen=True, slots=True)
class DownloadSummary:
    """One download as a list shows it. Sizes are bytes; ``created_at`` is seconds since 1970."""

    id: str
    name: str
    title_id: str
    state: State
    running: bool
    priority: int
    created_at: float
    items: int
    items_done: int
    size: int
    fetched: int
    duration_s: float
    missing: int = 0
    code: str = ""
    sentence: str = ""
    folder: str = ""

    @property
    def fraction(self) -> float:
        """0 to 1."""
        if self.state is State.COMPLETE:
            return 1.0
        return min(1.0, self.fetched / self.size) if self.size else 0.0
