"""What can be fetched of a title before it is played. Runs on the engine's loop.

A viewer may play the focused title next, so its play session, manifest, licence and headers are fetched. The
playback's own requests then find the answers in memory (:mod:`player.net.prefetched`). Only the first segments are
left to fetch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from random import Random

from drm_client.errors import DrmError
from drm_client.keys import KeyRing
from player.base.clock import Clock
from player.base.errors import ANY_ERROR
from player.licensing.licences import PlaybackLicences
from player.manifest.model import Presentation, Rendition
from player.net.gate import Gate
from player.net.prefetched import OLDEST_S
from player.playback.quality_control import rate_control
from player.playback.settings import PlaybackServices, PlaybackSettings
from player.reporting.events import Event
from player.reporting.state import NOT_PLAYING, PlaybackState
from player.stream.main_track import first_rung
from player.stream.sources import Sources, WholeKeys
from player.stream.throughput import Throughput
from player.title.opening import LIVE, PlaybackSource, TitleAddresses, addresses_of, load_presentation, pathway_of
from player.tracks.selection import Selection, audio_rendition, rendition_of, select
from player.tracks.series import series_of_title
from player.transfer.loader import Loader
from player.transfer.pathways import Pathways

LOOK_S = 0.3
"""So long a title must be looked at before anything is fetched of it: who passes over it does not mean it."""
_LONGEST_S = 15.0
_MOST = 4  # titles
_SLACK_S = 0.5


class Prefetcher:
    """One for each engine. ``gate`` keeps what goes through it; ``may_fetch`` tells whether the network is free,
    ``viewer`` who watches: what was fetched for one is not given to another."""

    def __init__(
        self, gate: Gate, clock: Clock, may_fetch: Callable[[], bool], viewer: Callable[[], tuple[str, ...]] = tuple
    ) -> None:
        self._gate = gate
        self._clock = clock
        self._may_fetch = may_fetch
        self._viewer = viewer
        self._running: asyncio.Task[None] | None = None
        self._prepared: OrderedDict[tuple[str, ...], tuple[float, TitleAddresses]] = OrderedDict()

    def prefetch(self, source: PlaybackSource | None, services: PlaybackServices, settings: PlaybackSettings) -> None:
        """The viewer looks at this title now, and not at the one before; None: at no title."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        if source is None or settings.metered or source.kept is not None or source.variant == LIVE:
            return
        if self._fresh(source) is None:
            work = self._fetch(source, services, settings)
            self._running = asyncio.get_running_loop().create_task(work, name="ahead")

    def take(self, source: PlaybackSource) -> TitleAddresses | None:
        """What is known of the title that is played now; nothing more is fetched ahead."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        found = self._fresh(source)
        self._prepared.pop(self._key(source), None)
        return None if source.kept is not None else found  # what is here is played from here

    async def close(self) -> None:
        """Give up what is running."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _key(self, source: PlaybackSource) -> tuple[str, ...]:
        found = source.title_id, source.variant, source.url, *source.manifests.values(), *source.cdns
        return *self._viewer(), *found

    def _fresh(self, source: PlaybackSource) -> TitleAddresses | None:
        at_s, addresses = self._prepared.get(self._key(source), (0.0, None))
        return addresses if self._clock.monotonic() - at_s <= OLDEST_S else None

    async def _fetch(self, source: PlaybackSource, services: PlaybackServices, settings: PlaybackSettings) -> None:
        """Whatever goes wrong is left to the playback, which says so."""
        await self._clock.sleep(LOOK_S)
        if not self._may_fetch():
            return
        try:
            async with asyncio.timeout(_LONGEST_S):
                await self._fetch_all(source, services, settings)
        except (*ANY_ERROR, TimeoutError):
            return

    async def _fetch_all(
        self, source: PlaybackSource, services: PlaybackServices, settings: PlaybackSettings
    ) -> None:
        addresses = await addresses_of(source, services.service, services.device_id, services.resume, ahead=True)
        self._prepared[self._key(source)] = self._clock.monotonic(), addresses
        services.learning.watch(series_of_title(addresses.facts.series))
        while len(self._prepared) > _MOST:
            self._prepared.popitem(last=False)
        keys, paths = KeyRing(), Pathways(tuple(addresses.manifests))
        for kid, key in source.keys:
            keys.add(kid, key)
        keys.update(await asyncio.to_thread(source.kept_keys))
        loader = Loader(self._gate.led_by(source.url), paths, self._clock, Random(settings.seed))
        licences = services.playback_licences(keys, addresses.offer, None, _unheard, _unheard)
        try:
            licences.prefetch()
            presentation = await load_presentation(addresses, loader, paths, self._clock, _unheard)
            if not presentation.live:
                await self._before_segments(presentation, loader, keys, licences, paths, services, settings)
            if addresses.offer is not None and addresses.offer.kids:
                await licences.ensure(addresses.offer.kids, ())
        finally:
            await licences.close()

    async def _before_segments(
        self,
        presentation: Presentation,
        loader: Loader,
        keys: KeyRing,
        licences: PlaybackLicences,
        paths: Pathways,
        services: PlaybackServices,
        settings: PlaybackSettings,
    ) -> None:
        """The playlists or indexes, and the init segments, of the rung and the sound that playback begins with."""
        await licences.admit(presentation)
        selection = select(presentation, services.learning.preferences)
        pathway = paths.current or pathway_of(presentation.url)
        sources = Sources(presentation, loader, keys, licences.ensure, WholeKeys(loader), default_pathway=pathway)
        network = Throughput(services.recall, lambda: paths.current)
        rate = rate_control(selection, settings, network.estimate, settings.rung)
        rung = first_rung(rate, self._clock.monotonic())
        try:
            await asyncio.gather(*(sources.ready(each) for each in _renditions(selection, rung)))
        finally:
            await sources.close()


def needs_network(state: PlaybackState) -> bool:
    """Whether a playback still has something to fetch; one that has everything until its end leaves the network to
    others."""
    if state.status in NOT_PLAYING:
        return False
    end_s = state.duration_s
    if end_s is None or state.live:
        return True
    here = (begin <= state.position_s + _SLACK_S and end >= end_s - _SLACK_S for begin, end in state.buffered)
    return not any(here)


def _renditions(selection: Selection, rung: int) -> list[Rendition]:
    """What a playback begins with: the rung of its first period, and the sound beside it."""
    found = [rendition_of(selection.main, rung, 0)]
    if selection.video is not None and selection.audio:
        found.append(audio_rendition(selection.audio[selection.default_audio].first))
    return found


def _unheard(_what: Event | DrmError) -> None:
    """Nothing plays: nobody is told."""
