"""The engine: one asyncio thread with the network gate, the service client and the device's identity behind it.

A program makes one engine and opens as many playbacks as it likes, one after another or at once. Methods are safe on
any thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from drm_client.device import DeviceIdentities, DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keystore import KeyStore, open_key_store
from drm_client.keysystem import LicenceCall
from drm_client.licence import LicenceClient
from drm_client.memory import forbid_core_dumps
from drm_client.offline import OfflineLicences
from drm_client.signed_licences import SignedLicences
from drm_client.upkeep import KeptMedia, UpkeepReport
from player.base.clock import Clock, SystemClock
from player.base.errors import ErrorCode, InputError, ServiceError
from player.base.memory import MemoryKeeper, share_heaps
from player.licensing.device_rights import DeviceRights, open_rights, register
from player.licensing.licences import licence_request
from player.licensing.upkeep import LicenceUpkeep
from player.mpv.model import MediaPlayer
from player.net.gate import Gate, GateLimits
from player.net.model import USER_AGENT, Request, RequestKind, Transfer, Transport
from player.net.prefetched import KeptAnswers
from player.net.routing import RoutingTransport
from player.net.suspend import LOOK_EVERY_S, SuspendWatch
from player.net.web_options import WebOptions
from player.playback.network_memory import CurrentNetwork, NetworkStore
from player.playback.prefetch import Prefetcher, needs_network
from player.playback.session import Session
from player.playback.settings import PlaybackServices, PlaybackSettings
from player.reporting.cmcd import CmcdReporter, CmcdSettings, RequestMarker, moment_of
from player.reporting.events import Event, all_of
from player.reporting.state import PlaybackState
from player.reporting.telemetry import EventQueue, Form, SessionFacts, TelemetrySender, accepted_ids
from player.reporting.telemetry.sender import Deliver
from player.resume.files import FileMemory
from player.resume.journal import ProgressJournal
from player.resume.sync import ResumeSync
from player.service.client import ServiceClient
from player.service.tokens import TokenStore
from player.thumbnails import FilmCache
from player.title.opening import LIVE, PlaybackSource
from player.tracks.preference_store import PreferenceLearner, TrackPreferenceStore
from player.tracks.preferences import TrackPreferences

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_SWITCH_INTERVAL_S = 0.0001
_LAST_REPORT_S = 2.0
_AHEAD = GateLimits(per_host=2, total=4)
_SYSTEM = f"{platform.system()} {platform.machine()}"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """``profile`` is the folder for what the client keeps (identity, tokens). Only in ``local_folder`` may ``file:``
    addresses lie, or in the folder of the source that plays. ``wrap`` puts transports of a test
    (faults, a shaped link) around the network, ``web`` says how a test wants HTTP to be spoken.
    ``telemetry`` is the viewer's consent to tell the service how playbacks went, and a collector at ``collector_url``
    (empty for none) all about them. ``schemes`` adds transports for addresses of the program's own (kept titles).
    ``on_transfer`` is told of every exchange, ``on_upkeep`` of every pass over the kept licences, on the engine's
    thread. Small pictures of the viewer's own films are kept in ``picture_folder``; without it none are drawn.
    ``kept_media`` is what the licences of this profile are kept for."""

    profile: Path
    service_url: str | None = None
    key_store: str = "auto"
    ca_file: Path | None = None
    web: WebOptions = field(default_factory=WebOptions)
    local_folder: Path | None = None
    picture_folder: Path | None = None
    telemetry: bool = False
    collector_url: str = field(default="", repr=False)
    wrap: tuple[Callable[[Transport, Clock], Transport], ...] = field(default=())
    schemes: Mapping[str, Callable[[Clock], Transport]] = field(default_factory=dict)
    on_transfer: Callable[[Transfer], None] = lambda _transfer: None
    on_upkeep: Callable[[UpkeepReport], None] = lambda _report: None
    kept_media: KeptMedia | None = None


def _unless_live(observe: Callable[[Event], None], state: Callable[[], PlaybackState]) -> Callable[[Event], None]:
    """Leave out the events of what is live or was: its times are no places to come back to."""

    def heard(event: Event) -> None:
        if not (state().live or state().start_s):
            observe(event)

    return heard


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where there is one: most of the engine's work up to the first picture is that of the event loop."""
    try:
        import uvloop
    except ImportError:  # it is not made for Windows
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class Engine:
    """See the module. Close it at the end; open sessions are stopped then."""

    def __init__(self, settings: EngineSettings) -> None:
        # libmpv's demuxer thread runs Python while the loop does: it must not wait 5 ms for its turn.
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        forbid_core_dumps()  # keys lie in memory while something plays
        share_heaps()
        self._settings = settings
        self.clock: Clock = SystemClock()
        self._sessions: dict[Session, Future[None]] = {}
        self._device: DeviceIdentity | None = None
        self._device_id: str | None = None
        self._store: KeyStore | None = None
        self._devices: DeviceIdentities | None = None
        self._other_rights: dict[str, DeviceRights] = {}
        self._rights: DeviceRights | None = None
        self._opening_rights = asyncio.Lock()
        self._resume: ResumeSync | None = None
        self._telemetry: dict[Form, TelemetrySender] = {}
        self._network_store = NetworkStore(settings.profile / "networks.json", self.clock.wall)
        self.files = FileMemory(settings.profile / "files.json")
        """The viewer's own files that were opened; blocks for the disk."""
        folder = settings.picture_folder
        self._film_cache = None if folder is None else FilmCache(folder)
        self._track_memory = TrackPreferenceStore(settings.profile / "tracks.json")
        self.loop = _new_loop()
        self._memory = MemoryKeeper(self.loop)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        self._routes, self._gate, self._prefetcher = self.submit(self._make_gate()).result()
        self.service: ServiceClient | None = None
        if settings.service_url is not None:
            self._store = open_key_store(settings.profile, settings.key_store)
            self.service = ServiceClient(self._gate, settings.service_url, TokenStore(self._store))
            self._devices = DeviceIdentities(self._store)
            self._device = self._devices.of(self.service.address)
            self._resume = self._make_resume(self.service)
            self._add_telemetry("telemetry.db", self.service.telemetry, Form.QUALITY)
        if settings.collector_url:
            self._add_telemetry("events.db", self._collect, Form.EVENTS)
        self.upkeep = LicenceUpkeep(
            settings.profile, self._all_rights, self.clock, settings.on_upkeep, settings.kept_media
        )
        """What is done about kept licences when their services can be reached; for the engine's loop."""
        self._licences = LicenceClient(self._post_licence, self._device, now=self._now_s, signed=self._signed)
        self.loop.call_soon_threadsafe(self._start_watching)

    @property
    def gate(self) -> Gate:
        """The one way to the network; use it on the engine's loop only."""
        return self._gate

    def submit(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine on the engine's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def open(
        self,
        source: PlaybackSource,
        player: MediaPlayer,
        on_state: Callable[[PlaybackState], None],
        settings: PlaybackSettings | None = None,
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> Session:
        """Begin a playback and return at once. ``on_state`` and ``on_event`` are called on the engine's thread."""
        settings = settings or PlaybackSettings()
        self.loop.call_soon_threadsafe(self._routes.serve, source.folder)
        marker, reporter = self._client_data(source, settings.cmcd, lambda: session.state)
        network = self._network(source, settings)
        services = self._services(network, settings, marker)
        services = replace(services, prepared=self._prefetcher.take(source))
        observers = [on_event]
        if services.resume is not None and source.title_id and source.variant != LIVE:
            remember = services.resume.tracker(source.title_id, lambda: session.state.duration_s)
            observers.append(_unless_live(remember, lambda: session.state))
        if reporter is not None:
            observers.append(reporter)
        facts = SessionFacts(
            source.title_id, source.variant, settings.policy, USER_AGENT, _SYSTEM, lambda: self._device_id
        )
        for form, telemetry in self._telemetry.items():
            if source.title_id or form is Form.EVENTS:  # the service has no use for what is not its own
                observers.append(telemetry.session(facts, lambda: session.state))
        session = Session(source, player, services, settings, on_state, all_of(observers))
        self._sessions[session] = self.submit(self._life(session, reporter, network))
        return session

    def prefetch(self, source: PlaybackSource | None, settings: PlaybackSettings | None = None) -> None:
        """Fetch what a title needs before its first segments: play session, manifest, licence and headers. The viewer
        has focused it and may play it next. None ends prefetching, and so does another title.

        Nothing is fetched on a metered or slow network, while a playback needs it, and of kept and live titles; what
        was fetched is good for a minute.
        """
        settings = settings or PlaybackSettings()
        services = self._services(None if source is None else self._network(source, settings), settings, None)
        self.loop.call_soon_threadsafe(self._prefetcher.prefetch, source, services, settings)

    async def set_consent(self, consent: bool) -> None:
        """The viewer's choice about telemetry, from now on. Runs on the engine's loop (:meth:`submit`)."""
        for telemetry in self._telemetry.values():
            await telemetry.set_consent(consent)

    async def forget_history(self, title_id: str | None = None) -> None:
        """Forget what the viewer has watched, or one title of it, here and at the service. Runs on the engine's loop;
        raises MatineeError."""
        if self._resume is not None:
            await self._resume.forget(title_id)

    async def mark_seen(self, title_id: str, duration_s: float) -> None:
        """Take a title for watched to its end. Runs on the engine's loop."""
        if self._resume is not None:
            await self._resume.mark_seen(title_id, duration_s)

    async def send_positions(self) -> None:
        """Tell the service now where titles were left, as far as it can be reached."""
        if self._resume is not None:
            await self._resume.send()

    def forget_file(self, identity: str | None = None) -> None:
        """Forget one of the viewer's own files, or all: that it was opened, where it was left, and its small
        pictures. Blocks for the disk."""
        file = None if identity is None else self.files.of(identity)
        self.files.forget(identity)
        if self._film_cache is not None and (identity is None or file is not None):
            self._film_cache.forget(None if file is None else Path(file.place))

    def wait(self, session: Session, timeout_s: float | None = None) -> bool:
        """Wait until a playback is over and everything of it is closed; False when the time is up."""
        future = self._sessions.get(session)
        if future is None:
            return True
        try:
            future.result(timeout_s)
        except TimeoutError:
            return False
        self._sessions.pop(session, None)
        return True

    def close(self) -> None:
        """Stop everything and end the thread."""
        if self.loop.is_closed():
            return
        for session in list(self._sessions):
            session.stop()
            self.wait(session, 10.0)
        with contextlib.suppress(TimeoutError):
            self.submit(self._shutdown()).result(10.0)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10.0)
        if not self._thread.is_alive():
            self.loop.close()

    def require_service(self) -> ServiceClient:
        """The client of the service. Raises ServiceError ``service.not_found`` where none is set up."""
        if self.service is None:
            raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "No service is set up.")
        return self.service

    async def rights(self) -> DeviceRights | None:
        """What this device keeps and may play of the service, opened at first use; None without a service.

        For the engine's loop. Raises DrmError where what is kept cannot be opened.
        """
        if self.service is None or self._store is None or self._devices is None:
            return None
        async with self._opening_rights:
            if self._rights is None:
                profile = self._settings.profile
                self._rights = await asyncio.to_thread(open_rights, profile, self._store, self._devices, self.service)
        return self._rights

    @property
    def own_device_id(self) -> str | None:
        """The id of this device, which the service may not know yet: it is the thumbprint of the device's key. None
        without a service."""
        return self._device_id or (None if self._device is None else self._device.device_id)

    async def device_id(self) -> str | None:
        """The id under which the service knows this device, which is registered where it was not; for the engine's
        loop. None without a service."""
        return await self._registered_device()

    # --- on the loop

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _make_gate(self) -> tuple[RoutingTransport, Gate, Prefetcher]:
        """The way to the network, and what uses it ahead of time: that keeps its answers for the first."""
        settings = self._settings
        web = RoutingTransport(
            folder=settings.local_folder,
            ca_file=settings.ca_file,
            web=settings.web,
            others={scheme: make(self.clock) for scheme, make in settings.schemes.items()},
        )
        await web.warm()
        transport: Transport = web
        for wrap in self._settings.wrap:
            transport = wrap(transport, self.clock)
        kept = KeptAnswers(transport, self.clock)
        ahead = Gate(kept.ahead(), self.clock, self._settings.on_transfer, _AHEAD)
        return (
            web,
            Gate(kept, self.clock, self._transferred),
            Prefetcher(ahead, self.clock, self._is_free, self._audience),
        )

    def _add_telemetry(self, name: str, deliver: Deliver, form: Form) -> None:
        queue = EventQueue(self._settings.profile / name)
        self._telemetry[form] = TelemetrySender(
            queue, deliver, self.clock, consent=self._settings.telemetry, form=form
        )

    async def _collect(self, body: bytes) -> frozenset[str]:
        """Deliver events to the collector, which answers as the service does."""
        response = await self._gate.fetch(
            Request(
                RequestKind.TELEMETRY,
                self._settings.collector_url,
                method="POST",
                headers={"Content-Type": "application/json"},
                body=body,
            )
        )
        return accepted_ids(response.body)

    def _client_data(
        self, source: PlaybackSource, wanted: CmcdSettings | None, state: Callable[[], PlaybackState]
    ) -> tuple[RequestMarker | None, CmcdReporter | None]:
        """What tells the CDNs, and a collector, how this playback goes; third parties only where that is wanted."""
        if wanted is None or source.media is not None or not (source.title_id or wanted.third_parties):
            return None, None
        marker = RequestMarker(wanted, source.title_id, lambda: moment_of(state()))
        if not wanted.event_url:
            return marker, None
        return marker, CmcdReporter(marker, self._gate, self.clock, lambda: moment_of(state()))

    def _services(
        self, network: CurrentNetwork | None, settings: PlaybackSettings, marker: RequestMarker | None
    ) -> PlaybackServices:
        return PlaybackServices(
            self.loop,
            self.clock,
            self._gate,
            self._licences,
            self.service,
            self._registered_device,
            kept_licences=self._kept_licences,
            resume=None if settings.fresh else self._resume,
            files=None if settings.fresh else self.files,
            film_cache=None if settings.fresh else self._film_cache,
            mark=marker,
            recall=None if network is None else network.recall,
            learning=self._learning(settings),
        )

    def _audience(self) -> tuple[str, ...]:
        return () if self.service is None else self.service.audience

    def _is_free(self) -> bool:
        """Whether the network has nothing better to do than to fetch ahead."""
        states = [session.state for session in self._sessions]
        return not any(needs_network(state) or state.low_bandwidth for state in states)

    def _network(self, source: PlaybackSource, playback: PlaybackSettings) -> CurrentNetwork | None:
        """What is remembered of this network; None for a fresh playback, and where it does not meet the network as it
        is: kept titles, local files, a shaped or faulty link."""
        settings = self._settings
        local = (
            source.kept is not None
            or source.media is not None
            or source.folder is not None
            or settings.local_folder is not None
        )
        real = not local and not settings.wrap and not playback.fresh
        return self._network_store.current() if real else None

    def _learning(self, settings: PlaybackSettings) -> PreferenceLearner:
        """What is remembered of the viewer, and what this playback teaches."""
        if settings.fresh:
            return PreferenceLearner(TrackPreferences().first_in(settings.audio_language, settings.text_language))
        viewer = settings.viewer or ("" if self.service is None else self.service.viewer)
        memory = self._track_memory

        def keep(preferences: TrackPreferences, series: str) -> None:
            self.loop.run_in_executor(None, memory.keep, viewer, preferences, series)

        return PreferenceLearner(
            memory.of(viewer).first_in(settings.audio_language, settings.text_language),
            keep,
            lambda series: memory.in_series(viewer, series),
        )

    def _make_resume(self, service: ServiceClient) -> ResumeSync:
        journal = ProgressJournal(self._settings.profile / "resume.db")
        return ResumeSync(journal, service, self._own_device, self.clock)

    async def _life(self, session: Session, reporter: CmcdReporter | None, network: CurrentNetwork | None) -> None:
        """A playback from its start to its end, and what it learned of the network kept for the next one."""
        try:
            await _with_reports(session, reporter)
            learned = session.learned()
            if network is not None and learned:
                await asyncio.to_thread(network.keep, learned)
        finally:
            self._memory.playback_over()

    def _start_watching(self) -> None:
        self._memory.start()
        self._look_for_sleep(SuspendWatch())
        if self._resume is not None:
            self._resume.start()
        if self.service is not None:
            self.upkeep.start()
        for telemetry in self._telemetry.values():
            telemetry.start()

    def _look_for_sleep(self, watch: SuspendWatch) -> None:
        sleep = watch.look()
        if sleep is not None:
            _log.info("the machine slept for %.0f s", sleep.seconds)
            self._routes.renew()
            for session in list(self._sessions):
                session.network_changed(sleep)
        self.loop.call_later(LOOK_EVERY_S, self._look_for_sleep, watch)

    async def _shutdown(self) -> None:
        await self.upkeep.close()
        if self._resume is not None:
            await self._resume.close()
        for telemetry in self._telemetry.values():
            await telemetry.close()
        await asyncio.to_thread(self.files.close)
        await self._prefetcher.close()
        await self._gate.close()
        if self._rights is not None:
            self._rights.close()
        current = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not current]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _transferred(self, transfer: Transfer) -> None:
        self._settings.on_transfer(transfer)
        for session in list(self._sessions):
            session.transferred(transfer)

    async def _registered_device(self) -> str | None:
        """The device's id at the service, registered once per engine."""
        if self.service is None or self._devices is None:
            return None
        if self._device_id is None:
            self._device_id = await register(self.service, self._devices, self.rights)
        return self._device_id

    async def _all_rights(self) -> Sequence[DeviceRights]:
        """What is kept of each service that licences here are of, the engine's own first. A service whose address is
        not permitted any more (plain HTTP) is left out."""
        own = await self.rights()
        if own is None:
            return ()
        for address in await asyncio.to_thread(own.licences.store.services):
            if address != own.service.address and address not in self._other_rights:
                with contextlib.suppress(InputError):
                    client = ServiceClient(self._gate, address, TokenStore(self._store, adopts=False))
                    self._other_rights[address] = await asyncio.to_thread(own.at, client)
        return (own, *self._other_rights.values())

    async def _own_device(self) -> str | None:
        return self.own_device_id

    async def _kept_licences(self) -> OfflineLicences | None:
        """The licences that are kept here, as the account that is signed in may use them."""
        rights = await self.rights()
        if rights is None or self.service is None:
            return None
        account = await self.service.account()
        return rights.licences.seen_by(None if account is None else account.id)

    async def _signed(self) -> SignedLicences | None:
        """Where what is kept cannot be opened, streaming goes on with licences that need none of it."""
        try:
            rights = await self.rights()
        except DrmError as error:
            _log.warning("signed licences are not used: %s", error.code)
            return None
        return None if rights is None else rights.signed

    def _now_s(self) -> float:
        """Trusted seconds since 1970 where this device knows them, else the wall clock's."""
        return self.clock.wall() if self._rights is None else self._rights.now()

    async def _post_licence(self, call: LicenceCall) -> bytes:
        if self.service is not None and self.service.owns(call.url):
            return await self.service.licence(call.url, call.body or b"")
        return (await self._gate.fetch(licence_request(call))).body


async def _with_reports(session: Session, reporter: CmcdReporter | None) -> None:
    """The life of a playback, its reports of client data sent while it runs and at its end."""
    if reporter is None:
        await session.run()
        return
    sending = asyncio.ensure_future(reporter.run())
    try:
        await session.run()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_REPORT_S):
            await reporter.send()
