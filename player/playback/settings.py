"""What a playback is given: the parts of the engine that it uses, and how the viewer or a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from abr.model import Policy
from abr.registry import DEFAULT, create
from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from drm_client.licence import LicenceClient
from player.base.clock import Clock
from player.base.errors import MatineeError
from player.licensing.licences import LicenceOffer, OpenKept, PlaybackLicences
from player.net.gate import Gate
from player.reporting.cmcd import CmcdSettings
from player.reporting.events import Observer
from player.resume.files import FileMemory
from player.resume.sync import ResumeSync
from player.service.client import ServiceClient
from player.stream.beside import Look
from player.stream.throughput import Recall
from player.stream.waiting import Waiting
from player.thumbnails import FilmCache
from player.title.heartbeats import BEAT_S, Heartbeats, NoHeartbeats
from player.title.opening import TitleAddresses
from player.title.renewal import Renewal
from player.tracks.capabilities import NO_LIMITS, DecodeLimits
from player.tracks.preference_store import PreferenceLearner
from player.transfer.loader import Loader, Mark
from player.transfer.model import LoadEvent, Patience
from player.transfer.pathways import Pathways

METERED_MAX_BPS = 1_500_000
"""The most that Auto takes for the picture on a metered network: about 0.7 gigabytes an hour."""


@dataclass(frozen=True, slots=True)
class PlaybackServices:
    """Shared by all playbacks of an engine."""

    loop: asyncio.AbstractEventLoop
    clock: Clock
    gate: Gate
    licences: LicenceClient
    service: ServiceClient | None = None
    device_id: Callable[[], Awaitable[str | None]] | None = None
    kept_licences: OpenKept | None = None
    resume: ResumeSync | None = None
    mark: Mark | None = None
    recall: Recall | None = None  # what earlier playbacks learned of a CDN
    files: FileMemory | None = None  # the viewer's own files that were opened
    film_cache: FilmCache | None = None  # small pictures of the viewer's own films; without it none are drawn
    learning: PreferenceLearner = field(default_factory=PreferenceLearner)  # what the viewer likes to hear and read
    prepared: TitleAddresses | None = None  # what was fetched of the title before it was played
    waiting: Callable[[], Waiting] = Waiting  # how the reader of the stream waits for bytes
    look: Look | None = (
        None  # in virtual time: judge all audio in the segments of a video, and see what is not played
    )

    def playback_licences(
        self,
        keys: KeyRing,
        offer: LicenceOffer | None,
        renewal: Renewal | None,
        observe: Observer,
        on_end: Callable[[DrmError], None],
    ) -> PlaybackLicences:
        """What fills ``keys`` for one playback; see :class:`PlaybackLicences`."""
        reoffer = None if renewal is None else renewal.offer
        kept = self.kept_licences
        return PlaybackLicences(
            self.licences,
            keys,
            offer,
            self.clock,
            observe,
            kept=kept,
            reoffer=reoffer,
            on_end=on_end,
            initiator=self.gate.initiator,
        )

    def loader(
        self,
        paths: Pathways,
        renewal: Renewal | None,
        seed: int,
        buffer_s: Callable[[], float],
        on_event: Callable[[LoadEvent], None],
        is_patient: Callable[[], bool],
    ) -> Loader:
        """What loads everything of one playback; see :class:`Loader`."""
        return Loader(
            self.gate,
            paths,
            self.clock,
            Random(seed),
            renewal,
            patience=Patience(buffer_s, is_patient),
            on_event=on_event,
            mark=self.mark,
        )

    def heartbeats(
        self,
        renewal: Renewal | None,
        place: Callable[[], tuple[float, bool]],
        on_end: Callable[[MatineeError | DrmError], None],
    ) -> Heartbeats | NoHeartbeats:
        """Tells the service that one of its play sessions goes on. The play session
        of a title that was fetched ahead is not of this moment: there the first heartbeat is due at once."""
        if self.service is None or renewal is None:
            return NoHeartbeats()
        first_s = BEAT_S if self.prepared is None else 0.0
        return Heartbeats(self.service, renewal, place, on_end, self.clock, first_s)


@dataclass(frozen=True, slots=True)
class PlaybackSettings:
    """For one playback. ``rung`` fixes the quality from the first segment on; ``seed`` makes retries repeatable."""

    policy: str = DEFAULT
    make_policy: Callable[[str], Policy] = create
    buffer_s: float = 30.0
    replace_buffered: bool = False  # segments of a low rung are fetched again where the link carries more by now
    memory_bytes: int = 160 * 1024 * 1024
    rung: int | None = None
    max_bps: int | None = None  # Auto stays at or below this bitrate of the video
    max_height: int | None = None  # and at or below the first rung with so many lines
    limits: DecodeLimits = NO_LIMITS  # what the device decodes, where that is less than what is decoded here
    metered: bool = False  # the network is paid by volume
    metered_max_bps: int | None = METERED_MAX_BPS  # like max_bps, on such a network
    start_s: float | None = None
    live_at_edge: bool = False  # a live programme begins where it is shown live, whatever ``start_s`` says
    play_for_s: float | None = None  # end after so much media, counted from where playback begins
    start_paused: bool = False
    stay_at_end: bool = False  # the last picture stays, and the viewer may go back
    audio_language: str | None = None  # goes before what is remembered of the viewer
    text_language: str | None = None  # of subtitles that are shown always; goes before what is remembered
    fresh: bool = (
        False  # nothing that earlier playbacks left counts, and this one leaves nothing (positions, networks, tracks)
    )
    viewer: str = ""  # whose choices of sound and subtitles count; else the service's profile that watches
    seed: int = 0
    cmcd: CmcdSettings | None = None  # client data to the CDNs; None: nothing is sent

    @property
    def live_start_s(self) -> float | None:
        """How far into its window a live programme begins; None for where it is shown live."""
        return None if self.live_at_edge else self.start_s
