"""One playback: wires manifest, ABR, paths, licences, streaming and libmpv together. It holds no logic of its own.

Its public methods may be called from any thread and return at once; the work runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from random import Random
from typing import Any, Literal

from abr.model import NetworkMemory
from drm_client.keys import KeyRing
from player.again import again
from player.controls import Controls
from player.endings import Endings
from player.errands import Errands
from player.errors import ANY_ERROR, ErrorCode, MediaError, undecodable
from player.events import Event, PhaseReached, Sought, TransferDone
from player.extras import Extras
from player.heartbeats import Heartbeats
from player.licences import LicenceDesk
from player.live.playback import LiveActions, LiveParts, LivePlayback
from player.loader import Loader, LoadEvent
from player.manifest.model import Presentation
from player.menus import form_of, rung_choices, unsupported_rungs
from player.monitor import Monitor
from player.mpv.control import MpvControl
from player.mpv.model import MediaPlayer
from player.net.model import RequestKind, Transfer
from player.net.suspend import Sleep
from player.opening import Addresses, Source, addresses_of, begin_at, load_presentation, pathway_of
from player.paths import Paths
from player.progress import Progress
from player.rating import rate_control
from player.reloads import Reloads
from player.renewal import renewal_of
from player.selection import Selection, select, wanted_bps
from player.settings import PlaybackServices, PlaybackSettings
from player.state import PlaybackState, Status
from player.steering import steering_of
from player.stream.buffered import Playhead
from player.stream.fetching import SegmentFetcher
from player.stream.sources import Sources, WholeKeys
from player.stream.store import SegmentStore
from player.stream.streaming import Streaming
from player.stream.throughput import Throughput
from player.stream.virtual import VirtualStream
from player.subtitles import Subtitles
from player.switching import TrackSwitch
from player.thumbnails import Picture
from player.told import note_of, rated, recalling

_log = logging.getLogger(__name__)


class Session:
    """See the module. Made by :class:`player.engine.Engine`; ``run`` is its life on the engine's loop."""

    def __init__(
        self,
        source: Source,
        player: MediaPlayer,
        services: PlaybackServices,
        settings: PlaybackSettings,
        on_state: Callable[[PlaybackState], None],
        on_event: Callable[[Event], None],
    ) -> None:
        self._source = source
        self._player = player
        self._services = services
        self._settings = settings
        self._clock = services.clock
        self._on_event = on_event
        recall = recalling(services.recall, self._clock, self._observe)
        self._network = Throughput(recall, lambda: self._paths.current)
        self._playhead = Playhead()
        self._monitor = Monitor(self._playhead, self._clock, self._observe, on_state, self._throughput)
        self._endings = Endings(self._monitor, self._clock, self._observe)
        self._errands = Errands(services.loop, self._endings.errand_failed)
        self._waiting = services.waiting()
        self._keys = KeyRing()
        self._paths = Paths(())
        self._streaming: Streaming | None = None
        self._loader: Loader | None = None
        self._desk: LicenceDesk | None = None
        self._beats: Heartbeats | None = None
        self._url = ""
        self._closing = self._prepared = self._loaded = False
        self._progress: Progress | None = None
        self._early_seek_s: float | None = None
        self._tracks: TrackSwitch | None = None
        self._extras: Extras | None = None
        self._selection: Selection | None = None
        self._reloads: Reloads | None = None
        self._live: LivePlayback | None = None
        self._link: MpvControl | None = None  # to libmpv, which opens its file while the manifest is on its way
        self._control: MpvControl | None = None  # the same, once there is something to control
        self._stopping = asyncio.Event()
        self._controls = Controls(self._errands.call_soon, paused=settings.start_paused)
        self._manual = settings.rung

    # --- for any thread

    @property
    def state(self) -> PlaybackState:
        return self._monitor.state

    def play(self) -> None:
        """Go on playing."""
        self._controls.pause(paused=False)

    def pause(self) -> None:
        """Hold the picture; loading goes on until the buffer is full."""
        self._controls.pause(paused=True)

    def toggle(self) -> None:
        """Pause or go on."""
        self._errands.call_soon(lambda: self._controls.pause(paused=not self._controls.paused))

    def seek(self, position_s: float) -> None:
        """Jump to a time on the presentation's timeline, exactly."""
        self._errands.do(lambda: self._seek(position_s))

    def seek_by(self, delta_s: float) -> None:
        """Jump by so many seconds from where playback is (or is going to be)."""
        self._errands.do(lambda: self._seek(self._playhead.position_s + delta_s))

    def go_live(self) -> None:
        """Jump to where a live programme is shown live; in another title to its end."""
        self.seek(math.inf)

    def set_rung(self, index: int | None) -> None:
        """Fix the quality, or None for Auto."""
        self._errands.do(lambda: self._set_rung(index))

    def thumbnail(self, time_s: float) -> Future[Picture | None]:
        """The small picture of a time, for scrubbing; None where there is none."""
        return asyncio.run_coroutine_threadsafe(self._thumbnail(time_s), self._services.loop)

    def select_audio(self, track_id: str) -> None:
        """Switch the audio track."""
        self._errands.do(lambda: self._select_audio(track_id))

    def select_text(self, track_id: str | None) -> None:
        """Switch the subtitles; None turns them off."""
        self._errands.do(lambda: self._select_text(track_id))

    def set_volume(self, volume: int) -> None:
        """0 to 100."""
        self._controls.set("volume", max(0, min(100, volume)))

    def set_muted(self, muted: bool) -> None:
        self._controls.set("mute", muted)

    def set_speed(self, speed: float) -> None:
        """0.25 to 4 times. At 1 a live programme is kept at its target latency by small changes."""
        if self._live is not None:
            self._errands.call_soon(self._live.wished, speed)
        self._controls.set("speed", max(0.25, min(4.0, speed)))

    def stop(self) -> None:
        """End the playback; safe to call twice."""
        self._errands.call_soon(self._stopping.set)

    def transferred(self, transfer: Transfer) -> None:
        """The gate finished an exchange (called on the loop)."""
        self._observe(TransferDone(transfer.end_s, transfer))
        if (sample := rated(transfer)) is not None:
            self._network.observe(sample)

    def learned(self) -> dict[str, NetworkMemory]:
        """What the network was like, by CDN (called on the loop)."""
        return self._network.memory(self._clock.monotonic())

    def network_changed(self, sleep: Sleep) -> None:
        """The machine slept, and may have another network (called on the loop)."""
        if self._loader is not None:
            self._loader.network_changed()
        if self._live is not None:
            self._live.slept(sleep)

    # --- the life of a playback, on the loop

    async def run(self) -> None:
        """Play until the end, an error or ``stop``. Never raises for what a source or a network does."""
        self._observe(PhaseReached(self._clock.monotonic(), "requested"))
        self._monitor.update(status=Status.LOADING, title=self._source.shown_name)
        stopped = asyncio.ensure_future(self._stopping.wait())
        opening = asyncio.ensure_future(self._open())
        try:
            await asyncio.wait({opening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                await opening
                await self._follow(stopped)
        except ANY_ERROR as error:
            self._endings.fail(error)
        except Exception as error:  # noqa: BLE001  (a viewer gets a sentence, the log the rest)
            _log.exception("the playback failed unexpectedly")
            self._endings.fail(error)
        finally:
            opening.cancel()
            stopped.cancel()
            await asyncio.gather(opening, stopped, return_exceptions=True)
            await self._close()

    async def _open(self) -> None:
        services, settings = self._services, self._settings
        addresses = services.prepared or await self._addresses()
        if not addresses.manifests:
            raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "The service names no place to play this title from.")
        for kid, key in self._source.keys:
            self._keys.add(kid, key)
        self._paths = Paths(tuple(addresses.manifests))
        renewal = renewal_of(self._source, services.service, services.device_id, addresses.session_id)
        loader = self._loader = services.loader(
            self._paths,
            renewal,
            settings.seed,
            self._buffer_s,
            self._load_event,
            lambda: self._controls.paused,
        )
        ended = partial(self._errands.call_soon, self._endings.fail)
        self._beats = services.heartbeats(renewal, lambda: self._monitor.place, ended)
        desk = self._desk = services.licence_desk(self._keys, addresses.offer, renewal, self._observe, ended)
        desk.prefetch()
        start_s = settings.start_s if settings.start_s is not None else addresses.resume_s
        self._load_into_player(start_s)
        presentation = await load_presentation(addresses, loader, self._paths, self._clock, self._observe)
        await desk.admit(presentation)
        steering = await steering_of(
            presentation, self._paths, services.gate, self._clock, self._throughput, self._observe, settings.seed
        )
        if steering is not None:
            self._errands.spawn(steering.run)
        self._selection = self._choose(presentation)
        pathway = self._paths.current or pathway_of(presentation.url)
        sources = Sources(presentation, loader, self._keys, desk.ensure, WholeKeys(loader), default_pathway=pathway)
        self._streaming = self._make_streaming(sources, loader)
        self._tracks = self._make_tracks(sources)
        self._extras = Extras(presentation, sources, loader, pathway, self._monitor, services.learning.wishes)
        self._publish_choices(addresses, presentation)
        self._errands.spawn(self._tracks.follow)
        timeline = await self._streaming.find_segments()
        if presentation.live or sources.live_playlists:
            parts = LiveParts(sources, self._streaming, loader, self._monitor, self._observe, addresses.manifests)
            begin_s = await self._join_live(presentation, parts)
        else:
            begin_s = begin_at(start_s, timeline.end_s, asked_for=settings.start_s is not None)
            if begin_s != start_s and self._early_seek_s is None:
                self._early_seek_s = begin_s  # libmpv has been told another place
            self._monitor.update(duration_s=timeline.end_s)
        self._progress = self._make_progress(self._streaming, desk)
        if settings.play_for_s is not None:
            self._progress.stop_at_s = begin_s + settings.play_for_s
        await self._streaming.prepare(begin_s)
        await self._begin()

    async def _addresses(self) -> Addresses:
        services, rng = self._services, Random(self._settings.seed)
        ask = partial(addresses_of, self._source, services.service, services.device_id, services.resume)
        return await again(RequestKind.API, ask, self._clock, rng, tell=self._load_event)

    async def _join_live(self, presentation: Presentation, parts: LiveParts) -> float:
        """Where a live programme begins for this viewer, which is from now on followed."""
        assert self._link is not None
        assert self._tracks is not None
        actions = LiveActions(
            self.seek, partial(self._controls.set, "speed"), self._endings.fail, self._tracks.select
        )
        self._live = LivePlayback(presentation, self._choose, parts, self._services, actions)
        begin_s = await self._live.begin(self._settings.live_start_s)
        await self._link.run(self._player.set, "file-local-options/start", f"{begin_s:.6f}")
        return begin_s

    def _choose(self, presentation: Presentation) -> Selection:
        decoders = self._settings.limits.decoders(self._player.decoders())
        return select(presentation, self._services.learning.wishes, decoders)

    def _make_streaming(self, sources: Sources, loader: Loader) -> Streaming:
        assert self._selection is not None
        assert self._reloads is not None
        rate = rate_control(self._selection, self._settings, self._network.estimate, self._manual)
        self._aim_at(self._manual)
        store = SegmentStore(self._settings.memory_bytes)
        return Streaming(
            self._selection,
            sources,
            SegmentFetcher(loader, sources, store, self._waiting),
            store,
            self._waiting,
            rate,
            self._playhead,
            self._clock,
            self._observe,
            lambda error: self._errands.call_soon(self._endings.read_failed, error),
            self._reloads.change,
        )

    def _make_progress(self, streaming: Streaming, desk: LicenceDesk) -> Progress:
        assert self._link is not None
        assert self._reloads is not None
        made = Progress(streaming, desk, self._link, self._reloads, self._monitor, self._playhead, self._clock)
        made.live = self._live
        return made

    def _make_tracks(self, sources: Sources) -> TrackSwitch:
        assert self._selection is not None
        assert self._streaming is not None
        assert self._link is not None
        return TrackSwitch(
            self._selection,
            self._streaming,
            Subtitles(self._selection, sources, self._streaming.media_offset, lambda: self._playhead.position_s),
            self._link,
            self._waiting,
            self._monitor,
            self._services.learning,
            self._clock,
        )

    def _load_into_player(self, start_s: float) -> None:
        """libmpv opens its file now and waits in :meth:`_open_stream` until there is one."""
        self._link = MpvControl(self._player, self._property, self._event)
        self._reloads = Reloads(self._link, self._monitor, self._clock, self._observe)
        self._url = self._player.offer(self._open_stream)
        self._link.post(self._player.load, self._url, start_s if start_s > 0 else None)

    def _open_stream(self) -> VirtualStream:
        """On libmpv's own thread. Raises Interrupted when the playback ends before it has begun."""
        self._waiting.until(lambda: self._prepared)
        assert self._streaming is not None
        return self._streaming.open()

    async def _begin(self) -> None:
        """Everything is ready to be read: let libmpv begin, and catch up with what the viewer did meanwhile."""
        self._prepared = True
        self._waiting.wake()
        assert self._link is not None
        self._control = self._link
        for name in ("volume", "mute", "speed"):
            self._monitor.property(name, self._player.latest(name))
        self._controls.begin(self._link)

    async def _follow(self, stopped: asyncio.Future[Literal[True]]) -> None:
        assert self._progress is not None
        while not self._is_over() and not stopped.done():
            await self._progress.tick(stopped)

    def _is_over(self) -> bool:
        status = self._monitor.state.status
        return status is Status.FAILED or (status is Status.ENDED and not self._settings.stay_at_end)

    async def _close(self) -> None:
        self._closing = True
        self._controls.close()
        farewell = None if self._beats is None else asyncio.ensure_future(self._beats.close())
        await self._errands.close()
        if self._live is not None:
            await self._live.close()
        self._waiting.end()
        if self._reloads is not None:
            self._reloads.close()
        if self._link is not None:
            await self._link.leave(self._url)
        for part in (self._streaming, self._loader, self._desk):
            if part is not None:
                await part.close()
        if farewell is not None:
            await farewell
        self._monitor.stopped()

    # --- commands, on the loop

    async def _seek(self, target_s: float) -> None:
        """An exact seek that also ends a read that is blocked where nobody wants to read any more."""
        streaming, control = self._streaming, self._control
        if streaming is None or control is None or not self._loaded or (self._reloads and self._reloads.jumping):
            self._early_seek_s = target_s
            return
        self._endings.failure = None  # the viewer asks for another place, or for another try
        if self._monitor.ended:
            self._controls.as_wished()
        target_s = streaming.aim(target_s if self._live is None else self._live.sought(target_s))
        self._observe(Sought(self._clock.monotonic(), self._playhead.position_s, target_s))
        self._monitor.seeking(target_s)
        seek = self._player.seek_afresh if self._reloads and self._reloads.jump() else self._player.seek
        generation = self._waiting.generation
        await control.run(seek, target_s)
        ranges = await control.run(self._player.cached_ranges)
        if not any(start <= target_s <= end for start, end in ranges):
            self._waiting.interrupt(generation)

    async def _thumbnail(self, time_s: float) -> Picture | None:
        return await self._extras.thumbnail(time_s) if self._extras else None

    async def _set_rung(self, index: int | None) -> None:
        self._manual = index
        if self._streaming is not None:
            self._streaming.set_manual(index)
            self._aim_at(index)
        self._monitor.update(rung_manual=index)

    async def _select_audio(self, track_id: str) -> None:
        if self._tracks is not None and self._control is not None:
            await self._tracks.choose_audio(track_id)

    async def _select_text(self, track_id: str | None) -> None:
        if self._tracks is not None and self._control is not None:
            await self._tracks.choose_text(track_id)

    # --- what happens, on the loop

    def _load_event(self, event: LoadEvent) -> None:
        self._observe(note_of(event))

    def _event(self, name: str, data: Mapping[str, Any]) -> None:
        self._monitor.event(name, data)
        if name == "end-file" and data.get("reason") in ("error", b"error") and not self._closing:
            self._endings.fail(self._endings.failure or undecodable())
        if self._reloads is not None and self._reloads.event(name) and self._tracks is not None:
            self._errands.do(self._tracks.again)  # libmpv forgets them with the file
        if name == "file-loaded":
            self._loaded = True  # before that libmpv does not seek
            target_s, self._early_seek_s = self._early_seek_s, None
            if target_s is not None:
                self._errands.do(lambda: self._seek(target_s))
        if name == "playback-restart" and self._streaming is not None:
            self._streaming.arrived()
            if self._tracks is not None and self._extras is not None:
                self._errands.do(self._tracks.begin)
                self._errands.do(self._extras.begin)
            self._errands.do(self._look_for_end)

    def _property(self, name: str, value: Any) -> None:  # noqa: ANN401
        self._monitor.property(name, value)
        if name in ("pause", "paused-for-cache", "speed") and self._streaming is not None:
            self._streaming.poke()  # the buffer has room sooner now, or later
        if name == "eof-reached" and value:
            self._errands.do(self._look_for_end)

    async def _look_for_end(self) -> None:
        if self._control is not None and await self._control.run(self._player.read, "eof-reached"):
            if self._progress is not None:
                await self._progress.place()
            self._reached_end()

    def _reached_end(self) -> None:
        streaming = self._streaming
        if streaming is None or self._monitor.ended or self._monitor.is_seeking:
            return  # where a jump leads to is looked at when it has arrived
        if self._reloads is not None and self._reloads.pending:
            return  # another file goes on
        if self._endings.failure is not None:
            self._endings.fail(self._endings.failure)
            return
        at_end = streaming.at_end or self._monitor.near_end(streaming.end_s)
        if not self._monitor.finished(at_end=at_end):
            # A read was interrupted although libmpv did not seek: any seek makes it read on.
            self._errands.do(lambda: self._seek(self._playhead.position_s))
            self._controls.as_wished()

    def _observe(self, event: Event) -> None:
        self._monitor.engine(event)
        if self._progress is not None:
            self._progress.event(event)
        self._on_event(event)

    def _throughput(self) -> float | None:
        return self._network.estimate(self._clock.monotonic()).mean_bps

    def _buffer_s(self) -> float:
        return 0.0 if self._streaming is None else self._streaming.buffered_until() - self._playhead.position_s

    def _publish_choices(self, addresses: Addresses, presentation: Presentation) -> None:
        assert self._selection is not None
        assert self._tracks is not None
        self._monitor.update(
            title=addresses.name or self._monitor.state.title,
            facts=addresses.facts,
            form=form_of(presentation, self._selection),
            rungs=rung_choices(self._selection.main),
            rungs_unsupported=unsupported_rungs(self._selection),
            rung_manual=self._manual,
        )
        self._tracks.publish()

    def _aim_at(self, rung: int | None) -> None:
        """Tell the choice of paths what rate playback would like to have."""
        assert self._selection is not None
        self._paths.wanted_bps = wanted_bps(self._selection.main, rung)
