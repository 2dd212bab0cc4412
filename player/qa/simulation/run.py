"""A playback in virtual time from begin to end: the real session over a simulated network and player."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from drm_client.device import DeviceIdentities, DeviceIdentity
from drm_client.keystore import open_key_store
from drm_client.keysystem import LicenceCall
from drm_client.licence import LicenceClient
from drm_client.signed_licences import SignedLicences
from player.base.clock import Clock
from player.base.errors import ErrorCode, InputError
from player.licensing.device_rights import DeviceRights, open_rights, register
from player.licensing.licences import licence_request
from player.net.faults import FaultyTransport
from player.net.gate import Gate
from player.net.model import Transfer, Transport
from player.net.routing import RoutingTransport
from player.net.shaping import LinkTrace, ShapedTransport
from player.playback.session import Session
from player.playback.settings import PlaybackServices
from player.qa.broadcast.recorded import RecordedBroadcast, RecordedTransport, channel_of
from player.qa.broadcast.transport import BEGAN_WALL_S, BroadcastTransport
from player.qa.delivery import delivery
from player.qa.limit import is_unfinished, note_untried
from player.qa.recording.recorder import SessionRecorder
from player.qa.run_spec import Bench, RunSpec
from player.qa.script import ScriptStep, follow
from player.qa.simulation.loop import LoopClock, VirtualLoop
from player.qa.simulation.origin import OriginThread, OriginTransport
from player.qa.simulation.player import SimulatedPlayer
from player.reporting.cmcd import PlayerMoment, RequestMarker, moment_of
from player.reporting.report import Recorder
from player.reporting.state import PlaybackState
from player.service.client import ServiceClient
from player.service.tokens import TokenStore
from player.stream.throughput import Recall
from player.tracks.preference_store import PreferenceLearner
from player.tracks.preferences import TrackPreferences

if TYPE_CHECKING:
    from player.qa.picture.judged import Around

DEFAULT_LINK = LinkTrace.constant(20_000_000.0, 0.02)
"""A network where the plan names none: a virtual one needs some speed."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a playback that is made again (``known``) takes over: ``recall`` is what had been learned of the CDNs
    before it, no picture is shown before ``shown_from_s`` seconds, ``measured`` gives transfers the times of then.
    From when it ``is_over`` nothing is known of it any more, and the playback is stopped."""

    known: bool = False
    recall: Recall | None = None
    shown_from_s: float = 0.0
    measured: Callable[[Transfer], Transfer] = lambda transfer: transfer
    is_over: Callable[[], bool] = lambda: False


Make = Callable[[VirtualLoop, Clock], Transport]


def simulate(spec: RunSpec, bench: Bench, *, origin: OriginThread | None = None) -> dict[str, Any]:
    """The report of ``spec`` played in virtual time over the real servers' bytes. Raises MatineeError where the
    service refuses the account."""
    own = origin is None
    source = origin or open_origin(bench)

    def play(each: RunSpec, around: Around | None = None) -> dict[str, Any]:
        return _run_over(each, bench, source, around)

    try:
        if spec.media is None:
            return play(spec)
        from player.qa.picture.judged import judged

        return judged(spec, spec.media, play, play)
    finally:
        if own:
            source.close()


def reference(spec: RunSpec, bench: Bench, around: Around) -> dict[str, Any]:
    """The report of a run in virtual time whose streams are recorded by ``around``."""
    source = open_origin(bench)
    try:
        return _run_over(spec, bench, source, around)
    finally:
        source.close()


def _run_over(spec: RunSpec, bench: Bench, source: OriginThread, around: Around | None) -> dict[str, Any]:
    """A live programme has its own date, at which no service knows us: the same on every day."""
    tried: set[int] = set()
    done: list[ScriptStep] = []

    def network(loop: VirtualLoop, clock: Clock) -> Transport:
        return _network(spec, OriginTransport(source, loop), clock, tried)

    wall_s: float | None = None
    if spec.live is not None:
        wall_s = channel_of(spec.live).wall_s if isinstance(spec.live, RecordedBroadcast) else BEGAN_WALL_S
        bench = replace(bench, service_url=None)
    report = run_virtual(spec, bench, network, wall_s, around=around, done=done)
    note_untried(report, spec, tried, done)
    return report


def open_origin(bench: Bench) -> OriginThread:
    """The real network, for any number of simulated playbacks."""
    return OriginThread(RoutingTransport(folder=bench.local_folder, ca_file=bench.ca_file, web=bench.web))


def run_virtual(
    spec: RunSpec,
    bench: Bench,
    make: Make,
    wall_s: float | None = None,
    past: Past | None = None,
    around: Around | None = None,
    done: list[ScriptStep] | None = None,
) -> dict[str, Any]:
    """The report of ``spec`` over the transport that ``make`` gives. ``wall_s`` is the date of the start, ``past``
    what is known of an earlier playback that is made again, ``around`` what records the streams of the player.
    ``done`` gets the steps of the script that were taken."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        clock = LoopClock(loop, time.time() if wall_s is None else wall_s)
        playback = _Playback(spec, bench, loop, clock, make(loop, clock), past or Past(), around)
        return loop.run(playback.run([] if done is None else done))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _network(spec: RunSpec, inner: Transport, clock: Clock, tried: set[int]) -> Transport:
    """The same order as in ``matinee play``: faults over the shaped link."""
    if isinstance(spec.live, RecordedBroadcast):
        inner = RecordedTransport(spec.live, clock)
    elif spec.live is not None:
        inner = BroadcastTransport(inner, clock, spec.live)
    shaped = ShapedTransport(inner, clock, spec.network or DEFAULT_LINK)
    return shaped if spec.faults is None else FaultyTransport(shaped, clock, spec.faults, tried)


class _Playback:
    """One session with everything around it."""

    def __init__(
        self,
        spec: RunSpec,
        bench: Bench,
        loop: VirtualLoop,
        clock: Clock,
        transport: Transport,
        past: Past,
        around: Around | None = None,
    ) -> None:
        self._spec = spec
        self._bench = bench
        self._clock = clock
        self._past = past
        self._recorder = Recorder()
        self._session: Session | None = None
        self._tape = SessionRecorder(spec.record, media=spec.record is not None)
        transport = self._tape.wrap(transport, clock)
        self._gate = Gate(transport, clock, self._transferred)
        self._service: ServiceClient | None = None
        self._device: DeviceIdentity | None = None
        self._device_id: str | None = None
        self._rights: DeviceRights | None = None
        if bench.service_url is not None:
            self._store = open_key_store(bench.profile, bench.key_store)
            self._service = ServiceClient(self._gate, bench.service_url, TokenStore(self._store))
            self._devices = DeviceIdentities(self._store)
            self._device = self._devices.of(self._service.address)
            self._rights = open_rights(bench.profile, self._store, self._devices, self._service)
        licences = LicenceClient(self._post_licence, self._device, now=clock.wall, signed=self._signed)
        self._player = SimulatedPlayer(clock.monotonic() + past.shown_from_s, around or (lambda opener: opener))
        self._services = PlaybackServices(
            loop,
            clock,
            self._gate,
            licences,
            self._service,
            self._registered if self._service is not None else None,
            mark=self._marker(),
            recall=past.recall,
            learning=PreferenceLearner(
                TrackPreferences().first_in(spec.settings.audio_language, spec.settings.text_language)
            ),
            waiting=lambda: self._player.waiting,
            look=None if past.known else self._player.look,  # what was played for real has not judged it either
        )

    async def run(self, done: list[ScriptStep]) -> dict[str, Any]:
        """Play to the end, an error, or the time limit; the report. ``done`` gets the steps of the script. Raises
        InputError for a live source without a script: its server goes by the real clock."""
        spec, recorder, bench = self._spec, self._recorder, self._bench
        if self._service is not None and bench.email is not None:
            await self._service.login(bench.email, bench.password)
        session = Session(spec.source, self._player, self._services, spec.settings, self._see, recorder)
        self._session = session
        playing = asyncio.ensure_future(session.run())
        acting = asyncio.ensure_future(follow(spec.script, session, self._clock, done))
        limit = asyncio.ensure_future(self._clock.sleep(spec.limit_s))
        try:
            await asyncio.wait({playing, limit}, return_when=asyncio.FIRST_COMPLETED)
            session.stop()
            await playing
        finally:
            for task in (acting, limit):
                task.cancel()
            await asyncio.gather(acting, limit, return_exceptions=True)
            await self._gate.close()
            if self._rights is not None:
                self._rights.close()
        if self._goes_by_the_clock(recorder.state):
            name = spec.labels.source or session.state.title
            raise InputError(ErrorCode.INPUT_USAGE, f"{name} is live: a plan with live sources needs mode: real.")
        wrong = self._player.decode_errors
        report = recorder.report(source=shown(spec), policy=spec.settings.policy, decode_errors=wrong)
        report["result"]["unfinished"] = is_unfinished(report, spec)
        report["delivery"] = delivery(self._tape.exchanges)
        if spec.record is not None:
            self._tape.finish(report, spec.settings, recorder.begin_s)
        return report

    def _see(self, state: PlaybackState) -> None:
        self._recorder.see(state)
        if self._session is not None and (self._goes_by_the_clock(state) or self._past.is_over()):
            self._session.stop()

    def _goes_by_the_clock(self, state: PlaybackState) -> bool:
        """Whether this is live, and neither the replay of a live session nor sent by a script."""
        return state.live and not self._past.known and self._spec.live is None

    def _marker(self) -> RequestMarker | None:
        wanted = self._spec.settings.cmcd
        if wanted is None:
            return None

        def moment() -> PlayerMoment:
            return moment_of(PlaybackState() if self._session is None else self._session.state)

        return RequestMarker(wanted, self._spec.source.title_id, moment)

    async def _opened_rights(self) -> DeviceRights | None:
        return self._rights

    async def _registered(self) -> str | None:
        if self._service is None or self._device is None:
            return None
        if self._device_id is None:
            self._device_id = await register(self._service, self._devices, self._opened_rights)
        return self._device_id

    async def _signed(self) -> SignedLicences | None:
        """What asks the service for licences: it gives them only to a registered device, by signed requests."""
        if self._rights is not None:
            await self._registered()
        return None if self._rights is None else self._rights.signed

    async def _post_licence(self, call: LicenceCall) -> bytes:
        if self._service is not None and self._service.owns(call.url):
            return await self._service.licence(call.url, call.body or b"")
        return (await self._gate.fetch(licence_request(call))).body

    def _transferred(self, transfer: Transfer) -> None:
        if self._session is not None:
            self._session.transferred(self._past.measured(transfer))


def shown(spec: RunSpec) -> str:
    """The source's name, with nothing secret in it."""
    from player.net.redact import redact_url

    return redact_url(spec.source.url) if spec.source.url else spec.source.title_id
