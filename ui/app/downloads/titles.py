"""The downloads of this user behind the interface that the view models use: their queue runs on the engine's loop,
what touches the disk in threads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from downloads import checking, conditions, ledger, quota, removal, request, rights, service
from downloads.downloader import Downloader
from downloads.engine import access_of, plan_of
from downloads.errors import LACK_ROOM, DownloadError, store_gone
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin, DownloadSummary, State
from downloads.offline import OfflineTransport, source_of
from downloads.presence import somebody_plays
from downloads.queue import Queue
from downloads.rate_limit import CappedTransport
from downloads.request import DownloadRequest
from downloads.schedule import WaitReason
from downloads.settings import DownloadSettings
from downloads.smart import SmartRule
from downloads.smart_series import SeriesService, season_of, step_of
from downloads.store import Store, free_bytes
from downloads.upkeep import KeptDownloads
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import KeyStore
from drm_client.offline import OfflineLicences
from player.base.clock import Clock
from player.base.errors import ANY_ERROR, ErrorCode
from player.engine import Engine
from player.net.model import Body, Request
from player.reporting.state import NextEpisode
from player.service.model import Title
from ui.app.downloads import card as kept_card
from ui.app.downloads.card import KeptCard
from ui.app.ports.downloads import KeptTitle, Places, Shelf

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource

_log = logging.getLogger(__name__)
_STOP_S, _LOOK_S = 15.0, 0.1


class CurrentDownload:
    """Serves the addresses of the download that was opened last. Each playback begins with a fresh look: what was
    found damaged may have been repaired since."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._clock: Clock | None = None
        self._transport: OfflineTransport | None = None

    def make(self, clock: Clock) -> CurrentDownload:
        """As the engine's settings want it (``schemes``)."""
        self._clock = clock
        return self

    def renew(self) -> None:
        """A playback begins."""
        self._transport = None

    def _fresh(self) -> OfflineTransport:
        if self._clock is None:
            raise RuntimeError("the engine makes its transports first")
        return OfflineTransport(lambda download_id: self._store().get(download_id), self._clock)

    @asynccontextmanager
    async def open(self, request_: Request) -> AsyncIterator[Body]:
        """See :class:`OfflineTransport`."""
        transport = self._transport = self._transport or self._fresh()
        async with transport.open(request_) as body:
            yield body

    async def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class _Licence:
    sentence: str = ""
    state: str = ""  # as KeptTitle.rights_state has it
    left_s: float | None = None
    may_start: bool = True
    there: bool = False
    renewal_due: bool = False


class KeptTitles:
    """A :class:`ui.app.ports.downloads.DownloadsPort` over the store in ``root``, which is opened (or made) at first
    use, with the key that ``keys`` gives. ``engine`` gives the engine; ``is_playing`` whether this app plays online.
    ``settings`` may be changed while downloads run; ``place`` is a folder on another disk for what comes from now
    on."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        root: Path,
        keys: Callable[[], KeyStore],
        is_playing: Callable[[], bool],
        settings: DownloadSettings | None = None,
        place: Path | None = None,
    ) -> None:
        self._engine = engine
        self.place = place
        self._root = root
        self._keys = keys
        self._is_playing = is_playing
        self._settings = settings or DownloadSettings()
        self._store: Store | None = None
        self._tidied = False
        self._opening = asyncio.Lock()
        self._keeping_up = asyncio.Lock()
        self._queue: Queue | None = None
        self._work: asyncio.Task[None] | None = None
        self._waits: Mapping[str, WaitReason] = {}
        self.transport = CurrentDownload(self._opened)
        self.media = KeptDownloads(self._there, engine)
        """What upkeep does for these downloads (``kept_media`` of the engine's settings)."""

    @property
    def settings(self) -> DownloadSettings:
        """How downloads behave, those that run now too. From any thread."""
        return self._settings

    @settings.setter
    def settings(self, settings: DownloadSettings) -> None:
        self._settings = settings
        if self._queue is not None:
            self._queue.settings = self._queue.downloader.settings = settings

    async def shelf(self) -> Shelf:
        if not await asyncio.to_thread(self._root.exists):
            return Shelf(free=await asyncio.to_thread(self._room))
        first = self._store is None
        store = await self._ready()
        snapshots = await asyncio.to_thread(store.list)
        if first and any(item.state is State.QUEUED or item.code in LACK_ROOM for item in snapshots):
            await self._wake()
        licences = await self._licences()
        if licences is not None and not self._tidied:
            await self._tidy(store, licences)
            snapshots = await asyncio.to_thread(store.list)
        return await asyncio.to_thread(self._shelf, store, snapshots, licences)

    async def _tidy(self, store: Store, licences: OfflineLicences) -> None:
        """Finish the removals that the last run was killed in."""
        try:
            await asyncio.to_thread(removal.finish, store, licences)
            self._tidied = True
        except ANY_ERROR as error:  # the list is shown all the same
            _log.warning("removals are finished later: %s", error.code)

    def names(self) -> Mapping[str, str]:
        """The names of the service's titles that are kept, by title. Waits for the disk: not on the engine's loop."""
        if not self._root.exists():
            return {}
        try:
            return {item.title_id: item.name for item in self._opened().list() if item.title_id}
        except ANY_ERROR as error:
            _log.info("the names of downloads are not known: %s", error.code)
            return {}

    async def sizes(self, card: Title) -> Mapping[int, int]:
        found = {}
        for height in sorted(card.heights, reverse=True):
            plan = await plan_of(self._engine(), self._wanted(card, DownloadChoice(max_height=height)))
            found[height] = plan.size
        return found

    async def add(self, card: Title, height: int | None) -> None:
        await self._add(card, DownloadChoice(max_height=height))

    async def _add(self, card: Title, choice: DownloadChoice, *, smart: bool = False) -> None:
        store = await self._ready()
        wanted = self._wanted(card, choice, smart=smart)
        known = kept_card.kept_card(card, await self._told(card.id))

        def make() -> None:
            beside = partial(kept_card.keep, card=known)
            request.make(store, _kept_name(card), wanted, place=self._disk(), beside=beside)

        await asyncio.to_thread(make)
        await self._wake()

    async def add_episodes(self, card: Title, following: int | None, height: int | None) -> int:
        found, place = self._engine().service, card.episode
        if found is None or place is None:
            return 0
        seasons = await found.seasons(place.series_id)
        store = await self._ready()
        here = {item.title_id for item in await asyncio.to_thread(store.list)}
        wanted = season_of(seasons, None if following else place.season, following)
        news = [title for title in wanted if title.id not in here]
        for title in news:
            await self._add(title, DownloadChoice(max_height=height))
        return len(news)

    async def places(self) -> Places | None:
        engine = self._engine()
        if engine.service is None or await engine.service.account() is None:
            return None
        kept, own = await engine.service.downloads(), engine.own_device_id
        here = sum(item.device_id == own for item in kept.items)
        return Places(kept.devices, kept.device_limit, here, kept.title_limit)

    async def keep_up(self) -> None:
        engine, service_ = self._engine(), self._engine().service
        if service_ is None or self._keeping_up.locked() or not await asyncio.to_thread(self._root.exists):
            return
        async with self._keeping_up:
            await self._keep_up(engine, service_)

    async def _keep_up(self, engine: Engine, service_: SeriesService) -> None:
        await engine.send_positions()  # what was watched just now counts
        store = await self._ready()
        snapshots = await asyncio.to_thread(store.list)
        kept = await asyncio.to_thread(lambda: {item.id: _request_of(store, item) for item in snapshots})
        made = {download_id for download_id, wanted in kept.items() if wanted is not None and wanted.smart}
        by_series: dict[str, DownloadChoice] = {}
        for item in snapshots:
            series_id, wanted = _card_of(store, item).series_id, kept[item.id]
            if series_id and wanted is not None:
                by_series[series_id] = wanted.choice
        for series_id, choice in by_series.items():
            step = await step_of(service_, series_id, snapshots, made, SmartRule())
            for title in step.add:
                await self._add(title, choice, smart=True)
            for download_id in step.remove:
                await self.remove(download_id)

    async def pause(self, download_id: str) -> None:
        folder = await self._folder(download_id)
        if folder.ledger.state is State.QUEUED:
            await asyncio.to_thread(folder.note, ledger.changed(State.PAUSED))

    async def resume(self, download_id: str) -> None:
        folder = await self._folder(download_id)
        if folder.ledger.state is not State.COMPLETE:
            await asyncio.to_thread(folder.note, ledger.changed(State.QUEUED))
        await self._wake(download_id)

    async def remove(self, download_id: str) -> None:
        store = await self._ready()
        folder = await asyncio.to_thread(store.locate, download_id)
        with contextlib.suppress(DownloadError):  # a damaged one runs nowhere
            await asyncio.to_thread(folder.refresh)
            await self._stop(folder)
        licences = await self._licences()
        await asyncio.to_thread(removal.remove, store, folder.id, licences)
        if licences is not None:
            try:
                await licences.send_receipts()
            except ANY_ERROR as error:
                _log.info("a licence is given back later: %s", error.code)

    async def verify(self, download_id: str) -> int:
        store, licences = await self._ready(), await self._licences()
        verdict = await asyncio.to_thread(lambda: checking.verify(store.find(download_id), licences=licences))
        return len(verdict.findings)

    async def repair(self, download_id: str) -> int:
        store, licences = await self._ready(), await self._licences()
        found = await asyncio.to_thread(lambda: checking.prepare_repair(store.find(download_id), licences=licences))
        if licences is not None and found.sound and not found.left:
            try:
                await access_of(self._engine()).replace_forgotten(store.find(download_id), licences)
            except ANY_ERROR as error:
                _log.info("a licence could not be checked with its service: %s", error.code)
        await self._wake(download_id)
        return len(found.findings)

    async def renew(self, download_id: str) -> None:
        licences = await self._licences()
        if licences is None:
            raise DrmError(DrmErrorCode.NO_LICENCE, "The service of this download is not set up.")
        await service.renew(await self._folder(download_id), licences, access_of(self._engine()))

    async def source(self, download_id: str) -> PlaybackSource:
        folder = await self._folder(download_id)
        made = await source_of(folder)
        self.transport.renew()
        card = await asyncio.to_thread(kept_card.read, folder, rated=True)
        return replace(made, facts=card.facts(await self._following(card)))

    async def _told(self, title_id: str) -> Title | None:
        """What the service says of a title now; None where it cannot be asked."""
        found = self._engine().service
        try:
            return None if found is None else await found.title(title_id)
        except ANY_ERROR as error:
            _log.info("where the intro is stays unknown: %s", error.code)
            return None

    async def _following(self, card: KeptCard) -> NextEpisode | None:
        """The next episode that is here whole."""
        if card.place is None:
            return None
        store, here = await self._ready(), card.place

        def look() -> list[NextEpisode]:
            found = []
            for item in store.list():
                other = _card_of(store, item) if item.state is State.COMPLETE else KeptCard()
                if other.series_id == card.series_id and other.place is not None and other.place > here:
                    found.append(NextEpisode(item.title_id, other.name, other.place, other.poster_url))
            return found

        return min(await asyncio.to_thread(look), key=lambda one: one.place, default=None)

    # --- the queue

    async def _wake(self, download_id: str | None = None) -> None:
        """Have the queue run, and look at a download that it may have given up."""
        if self._queue is not None and self._work is not None and not self._work.done():
            if download_id is not None:
                self._queue.forgive(download_id)
            self._queue.wake()
            return
        store, engine, settings = await self._ready(), self._engine(), self.settings
        gate = engine.gate.through(lambda inner: CappedTransport(inner, engine.clock, self._limit_bps))
        self._queue = Queue(
            store,
            Downloader(gate, engine.clock, access_of(engine), settings, room=self._room_for),
            settings,
            lambda: conditions.look(
                lambda: self._is_playing() or somebody_plays(store.root), conditions.network_is_metered
            ),
            on_wait=self._waiting,
            tries=math.inf,
            has_room=self._has_room,
        )
        self._work = asyncio.create_task(self._run(self._queue), name="downloads")

    async def _run(self, queue: Queue) -> None:
        try:
            await queue.run()
        except ANY_ERROR as error:  # of the store as a whole; the list says it too
            _log.warning("downloads stopped: %s", error.code)
        finally:
            self._waits = {}

    def _limit_bps(self) -> float | None:
        return self.settings.limit_bps

    def _room_for(self, download_id: str) -> int | None:
        return quota.room_for(self._opened(), download_id, self.settings.room_bytes)

    def _has_room(self, item: DownloadSummary) -> bool:
        """May block."""
        return quota.has_room(self._opened(), item, self.settings.reserve_bytes, self.settings.room_bytes)

    def _waiting(self, waiting: Mapping[str, WaitReason]) -> None:
        self._waits = waiting

    async def _stop(self, folder: DownloadFolder) -> None:
        """Have whoever works on the download stop. Raises ``download.busy`` when that takes too long."""
        if folder.ledger.state is State.QUEUED:
            await asyncio.to_thread(folder.note, ledger.changed(State.PAUSED))
        for _ in range(round(_STOP_S / _LOOK_S)):
            if not await asyncio.to_thread(lambda: folder.is_running):
                return
            await asyncio.sleep(_LOOK_S)
        raise DownloadError(ErrorCode.DOWNLOAD_BUSY, "Another program is working on this download.")

    # --- what there is

    def _disk(self) -> Path | None:
        """The place of what comes now. Raises ``download.store_gone`` where its disk is not connected: what would be
        written then lies on another one."""
        if self.place is not None and not os.path.ismount(self.place.parent):
            raise store_gone(self.place)
        return self.place

    def _room(self) -> int:
        """Bytes that are free where downloads go."""
        there = self.place is not None and os.path.ismount(self.place.parent)
        return free_bytes(self.place if there and self.place is not None else self._root)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store(self._root, self._keys())
        return self._store

    async def _ready(self) -> Store:
        async with self._opening:
            return await asyncio.to_thread(self._opened)

    async def _there(self) -> Store | None:
        """The store, unless there was never a download."""
        return await self._ready() if await asyncio.to_thread(self._root.exists) else None

    async def _folder(self, download_id: str) -> DownloadFolder:
        store = await self._ready()
        return await asyncio.to_thread(store.get, download_id)

    async def _licences(self) -> OfflineLicences | None:
        """None where there is no service, or what is kept cannot be opened: then no licence permits anything."""
        try:
            kept = await self._engine().rights()
        except DrmError as error:
            _log.warning("the kept licences cannot be opened: %s", error.code)
            return None
        return None if kept is None else kept.licences

    def _wanted(self, card: Title, choice: DownloadChoice, *, smart: bool = False) -> DownloadRequest:
        found = self._engine().service
        origin = DownloadOrigin(
            title_id=card.id, variant=card.variant, service="" if found is None else found.address
        )
        return DownloadRequest(origin, choice, smart=smart, profile="" if found is None else found.viewer)

    def _shelf(self, store: Store, snapshots: tuple[DownloadSummary, ...], licences: OfflineLicences | None) -> Shelf:
        titles = [shown for item in snapshots if (shown := self._shown(store, item, licences)) is not None]
        return Shelf(titles, sum(item.fetched for item in snapshots), self._room(), self._limit(store, snapshots))

    def _limit(self, store: Store, snapshots: tuple[DownloadSummary, ...]) -> int | None:
        """Bytes that the profile that watches may have of downloads, beside what others have; None for any number."""
        found = self._engine().service
        profile = "" if found is None else found.viewer
        limits = quota.read(store.root).within(self.settings.room_bytes)
        others = [quota.taken_by(store, item) for item in snapshots] if limits != quota.StorageLimits() else []
        left = quota.room_of(limits, others, profile)
        return None if left is None else left + sum(item.fetched for item in snapshots)

    def _shown(self, store: Store, item: DownloadSummary, licences: OfflineLicences | None) -> KeptTitle | None:
        """None for what was removed since it was listed."""
        licence, card = _Licence(may_start=False), KeptCard(maturity=kept_card.UNKNOWN_MATURITY)
        try:
            folder = store.find(item.id)
            if not item.code.startswith("download."):
                licence = _licence_of(folder, item, licences)
                card = kept_card.read(folder, rated=bool(item.title_id))
        except DownloadError as error:  # such as one whose disk is not connected
            if error.code is ErrorCode.DOWNLOAD_NOT_FOUND:
                return None
            item = replace(item, state=State.FAILED, code=str(error.code), sentence=error.sentence)
        return KeptTitle(
            id=item.id,
            name=item.name,
            title_id=item.title_id,
            state=str(item.state),
            running=item.running,
            waits=str(self._waits.get(item.id, "")),
            size=max(item.size, item.fetched),
            fetched=item.fetched,
            fraction=item.fraction,
            duration_s=item.duration_s,
            code=item.code,
            sentence=item.sentence,
            rights=licence.sentence,
            rights_state=licence.state,
            rights_left_s=licence.left_s,
            playable=item.state is State.COMPLETE and licence.may_start,
            renewable=licence.there,
            renewal_due=licence.renewal_due,
            poster_url=card.poster_url,
            maturity=card.maturity,
        )


def _card_of(store: Store, item: DownloadSummary) -> KeptCard:
    """What cannot be read is of no series."""
    try:
        return kept_card.read(store.find(item.id), rated=True)
    except DownloadError:
        return KeptCard()


def _licence_of(folder: DownloadFolder, item: DownloadSummary, licences: OfflineLicences | None) -> _Licence:
    """What a download's licence permits now; nothing is asked of anybody."""
    if not item.title_id:
        return _Licence()
    try:
        if not service.has_licence_note(folder) and item.state is not State.COMPLETE:
            return _Licence()
        if licences is None:
            needs = service.licence_of(folder) is not None
            return _Licence("Its service is not set up.", "no_service", may_start=False) if needs else _Licence()
        folder.refresh()
        standing = rights.standing_of(folder, licences)
    except ANY_ERROR as error:
        return _Licence(error.sentence, str(error.code), may_start=False, there=True)
    if standing is None:
        return _Licence()
    state = "unclear_date" if standing.provisional else str(standing.state)
    return _Licence(
        standing.sentence,
        state,
        standing.remaining_s,
        standing.may_start,
        there=True,
        renewal_due=standing.renewal_due,
    )


def _request_of(store: Store, item: DownloadSummary) -> DownloadRequest | None:
    """None for what cannot be read: no rule made it."""
    try:
        return request.read(store.find(item.id))
    except DownloadError:
        return None


def _kept_name(card: Title) -> str:
    """The name of a title in a list of downloads; an episode is told by its series and its place."""
    place = card.episode
    return f"{place.series_title} {place.season}×{place.number:02} {card.title}" if place else card.title
