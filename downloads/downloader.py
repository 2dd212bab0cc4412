"""One run of one download: the plan where there is none yet, then what is not kept yet, then the end of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from downloads import ledger, planning, request
from downloads.errors import DownloadError, disk_full, over_limit
from downloads.fetching import Fetching
from downloads.folder import DownloadFolder
from downloads.journal import Body
from downloads.model import DownloadChoice, DownloadOrigin, PlanItem, State
from downloads.settings import DownloadSettings
from downloads.store import free_bytes
from drm_client.refusals import RefusedError
from player.base.clock import Clock
from player.base.errors import ErrorCode, MatineeError
from player.net.gate import Gate
from player.title.opening import PlaybackSource, TitleAddresses, addresses_of
from player.transfer.addressing import Refresh
from player.transfer.loader import Loader, LoadEvent
from player.transfer.model import Patience
from player.transfer.pathways import Pathways

_LOOK_S = 0.5
_PLENTY_S = 3600.0  # no picture waits for a download: the media time in hand, as the loader asks for it


class Access:
    """How a download gets at its title: addresses, and new ones when the old ones are refused.

    This one is for addresses that need no grant; :class:`downloads.service.ServiceAccess` asks the service.
    """

    async def addresses(self, origin: DownloadOrigin) -> TitleAddresses:
        """Where the manifest is. Raises ServiceError, NetError or DownloadError."""
        return await addresses_of(PlaybackSource(url=origin.url), None, None)

    def permitted(self, origin: DownloadOrigin, choice: DownloadChoice) -> DownloadChoice:
        """The choice within what the service permits, as :meth:`addresses` was told."""
        del origin
        return choice

    def renewal(self, origin: DownloadOrigin) -> Refresh | None:
        """What the loader asks for new addresses; None where nobody gives them."""
        del origin
        return None

    async def prepare(self, folder: DownloadFolder, origin: DownloadOrigin, kids: Collection[bytes]) -> None:
        """Have the licence for these keys, so that the title can be played without a network.

        Raises DownloadError ``download.impossible`` where nobody gives a licence that may be kept.
        """
        del origin
        known = {kid for kid, _ in await asyncio.to_thread(request.keys_of, folder)}
        lacking = [kid for kid in kids if kid not in known]
        if lacking:
            raise DownloadError(
                ErrorCode.DOWNLOAD_IMPOSSIBLE,
                "This title is encrypted, and no service gives a licence for it that may be kept; it can only be "
                "streamed. Test material downloads with its keys (--key KID:KEY).",
                kid=lacking[0].hex(),
            )


@dataclass(slots=True)
class Downloader:
    """Runs downloads over one gate. ``on_item`` hears of every item that is kept, ``on_event`` of retries."""

    gate: Gate
    clock: Clock
    access: Access
    settings: DownloadSettings
    decoders: Collection[str] = ()
    on_item: Callable[[DownloadFolder, PlanItem], None] = lambda _folder, _item: None
    on_event: Callable[[LoadEvent], None] = lambda _event: None
    room: Callable[[str], int | None] = lambda _id: None
    """Bytes that a download may take under the viewer's limits; None for any number."""
    seed: int = field(default=0)

    async def run(self, folder: DownloadFolder, stop: asyncio.Event) -> State:
        """Go on with a download until it is complete, paused by anybody, or ``stop``; its state then.

        Raises MatineeError with what it failed for, DrmError where there is no licence; that is noted in its journal
        too. ``download.busy`` when another process works on it.
        """
        with folder.running():
            await asyncio.to_thread(folder.refresh)
            try:
                async with self._watched(folder, stop):
                    await self._run(folder, stop)
            except MatineeError as error:
                with contextlib.suppress(DownloadError):  # the disk may be the reason
                    state = State.QUEUED if is_passing(error) else State.FAILED
                    await self._note(folder, ledger.changed(state, str(error.code), error.sentence))
                raise
            except RefusedError as error:
                if not error.recoverable:
                    with contextlib.suppress(DownloadError):
                        await self._note(folder, ledger.changed(State.FAILED, str(error.code), error.sentence))
                raise
        return folder.ledger.state

    async def _run(self, folder: DownloadFolder, stop: asyncio.Event) -> None:
        wanted = await asyncio.to_thread(request.read, folder)
        bodies: dict[int, bytes] = {}
        if not folder.has_plan:
            bodies = await self._plan(folder, wanted)
        plan = await asyncio.to_thread(folder.plan)
        self._check_room(folder)
        room = await asyncio.to_thread(self.room, folder.id)
        if room is not None and max(plan.size, folder.ledger.fetched) > room:
            raise over_limit(plan.size, room)
        await self.access.prepare(folder, plan.origin, plan.kids)
        paths = Pathways(planning.pathways(plan))
        loader = self._loader(paths, wanted.origin)
        fetching = Fetching(
            folder, plan, loader, self.settings.parallel, stop, lambda item: self.on_item(folder, item), bodies
        )
        await fetching.run()
        if folder.ledger.left == 0 and folder.ledger.state is not State.COMPLETE:
            await self._note(folder, ledger.changed(State.COMPLETE))

    async def _plan(self, folder: DownloadFolder, wanted: request.DownloadRequest) -> dict[int, bytes]:
        addresses = await self.access.addresses(wanted.origin)
        loader = self._loader(Pathways(tuple(addresses.manifests)), wanted.origin)
        draft = await planning.draft(
            wanted.origin,
            addresses,
            loader,
            self.access.permitted(wanted.origin, wanted.choice),
            self.clock.wall(),
            self.decoders,
        )
        self._check_room(folder, draft.plan.size)
        await asyncio.to_thread(folder.write_plan, draft.plan)
        if wanted.origin.title_id and addresses.name:
            await self._note(folder, ledger.named(addresses.name))
        return draft.bodies

    def _loader(self, paths: Pathways, origin: DownloadOrigin) -> Loader:
        return Loader(
            self.gate.led_by(origin.url),
            paths,
            self.clock,
            Random(self.seed),
            self.access.renewal(origin),
            patience=Patience(lambda: _PLENTY_S, lambda: True, may_skip=False),
            on_event=self.on_event,
        )

    def _check_room(self, folder: DownloadFolder, size: int | None = None) -> None:
        needed = (folder.ledger.size if size is None else size) - folder.ledger.fetched
        free = free_bytes(folder.path) - self.settings.reserve_bytes
        if needed > free:
            raise disk_full(folder.path.parent, needed, max(0, free))

    @asynccontextmanager
    async def _watched(self, folder: DownloadFolder, stop: asyncio.Event) -> AsyncIterator[None]:
        """Meanwhile, end when somebody (here or in another process) pauses the download."""

        async def watch() -> None:
            while folder.ledger.state is State.QUEUED:
                await asyncio.sleep(_LOOK_S)
                with contextlib.suppress(DownloadError):  # what is wrong with the disk shows where it is written to
                    await asyncio.to_thread(folder.refresh)
            if folder.ledger.state is not State.COMPLETE:
                stop.set()

        watching = asyncio.create_task(watch(), name="download watch")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    @staticmethod
    async def _note(folder: DownloadFolder, entry: tuple[str, Body]) -> None:
        await asyncio.to_thread(folder.note, entry)


def is_passing(error: MatineeError) -> bool:
    """Whether it is worth trying again later without anybody doing something."""
    return str(error.code).startswith("net.") or error.code in (ErrorCode.HTTP_SERVER, ErrorCode.HTTP_RATE_LIMITED)
