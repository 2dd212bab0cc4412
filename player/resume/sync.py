"""Brings positions to the journal, and from there to the service: at once where it matters, else twice a minute."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from drm_client.os_clock import read_clocks
from player.base.clock import Clock
from player.base.errors import ANY_ERROR, MatineeError
from player.net.suspend import boot_time
from player.reporting.events import Observer
from player.resume.journal import Now, ProgressJournal, Watched, trusted_at
from player.resume.merge import Resume, Watch, merge
from player.resume.tracker import ProgressTracker
from player.service.model import Account, PlaySession, ProgressItem

SEND_EVERY_S = 30.0
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class ProgressService(Protocol):
    """What is needed of the service (:class:`player.service.ServiceClient` is one)."""

    async def account(self) -> Account | None: ...

    async def profile(self) -> str | None: ...

    async def progress(self, items: list[ProgressItem]) -> frozenset[str]: ...

    async def forget_progress(self, title_id: str | None = None) -> None: ...

    async def time(self) -> float: ...


class ResumeSync:
    """One per engine. What cannot be sent now stays in the journal and is sent later, also after a restart. Nothing
    waits for it, and its errors never end a playback."""

    def __init__(
        self,
        journal: ProgressJournal,
        service: ProgressService,
        device_id: Callable[[], Awaitable[str | None]],
        clock: Clock,
        boot: Callable[[], float] = boot_time,
        boot_id: str | None = None,
    ) -> None:
        self._journal = journal
        self._service = service
        self._device_id = device_id
        self._clock = clock
        self._boot = boot
        self._boot_id = boot_id if boot_id is not None else read_clocks().boot_id
        self._disk = ThreadPoolExecutor(1, "resume")
        self._writes: set[asyncio.Task[None]] = set()
        self._urgent = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._offset_s: float | None = None  # the service's clock less the boot clock

    def start(self) -> None:
        """Begin to send; what an earlier run left is sent first."""
        self._sender = asyncio.get_running_loop().create_task(self._send_for_ever(), name="resume")

    def tracker(self, title_id: str, duration_s: Callable[[], float | None]) -> Observer:
        """An observer of the events of one playback of a title."""

        def keep(position_s: float, urgent: bool) -> None:
            task = asyncio.get_running_loop().create_task(
                self._keep(title_id, position_s, duration_s() or 0.0, urgent=urgent)
            )
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

        return ProgressTracker(keep)

    async def resume_of(self, session: PlaySession) -> Resume:
        """Where to go on, from what the service knows and what this machine could not tell it yet. Never raises."""
        title, account = session.title, await self._service.account()
        told = Resume(session.resume_s, session.furthest_s)
        try:
            if account is None:
                return told
            profile = await self._service.profile()
            kept = await self._on_disk(partial(self._journal.of, account.id, profile, title.id))
            if kept is None:
                return told
            credits_s, at = title.markers.credits_s, trusted_at(kept, await self._now())
            local = Watch(kept.device_id, kept.position_s, kept.duration_s, at, credits_s)
        except MatineeError as error:
            _log.warning("what was kept of this title cannot be used: %s", error.code)
            return told
        known = title.progress
        seen = Watch("", known.position_s, known.duration_s, known.watched_at, credits_s)
        return merge(seen if known.watched_at else None, local)

    async def send(self) -> None:
        """Tell the service what it does not know yet. Never raises for a service that cannot be reached or a key
        store that does not open."""
        await asyncio.gather(*self._writes, return_exceptions=True)
        try:
            account = await self._service.account()
            if account is None:
                return
            waiting = await self._on_disk(partial(self._journal.unsent, account.id))
            if not waiting:
                return
            now = await self._now()
            items = [
                ProgressItem(
                    each.event_id,
                    each.title_id,
                    each.position_s,
                    each.duration_s,
                    trusted_at(each, now),
                    each.device_id,
                    each.profile,
                )
                for each in waiting
            ]
            accepted = await self._service.progress(items)
            await self._on_disk(partial(self._journal.sent, sorted(accepted)))
        except ANY_ERROR as error:
            _log.info("positions are kept to be told to the service later: %s", error.code)

    async def forget(self, title_id: str | None = None) -> None:
        """Have service and journal forget what the viewer has watched, or one title of it. Raises MatineeError, and
        then nothing is forgotten here."""
        account = await self._service.account()
        if account is not None:
            profile = await self._service.profile()
            await self._service.forget_progress(title_id)
            await self._on_disk(partial(self._journal.forget, account.id, profile, title_id))

    async def mark_seen(self, title_id: str, duration_s: float) -> None:
        """Take a title for watched to its end; the service is told now, or later where it cannot be reached."""
        await self._keep(title_id, duration_s, duration_s, urgent=False)
        await self.send()

    async def close(self, patience_s: float = 2.0) -> None:
        """Write what is still in memory, try a last time to send, and close the journal."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.send()
        await asyncio.gather(*self._writes, return_exceptions=True)
        await self._on_disk(self._journal.close)
        self._disk.shutdown(wait=False)

    async def _send_for_ever(self) -> None:
        while True:
            await self.send()
            pause = asyncio.ensure_future(self._clock.sleep(SEND_EVERY_S))
            urgent = asyncio.ensure_future(self._urgent.wait())
            try:
                await asyncio.wait({pause, urgent}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                urgent.cancel()
            self._urgent.clear()

    async def _keep(self, title_id: str, position_s: float, duration_s: float, *, urgent: bool) -> None:
        now = Now(0.0, self._boot_id, self._boot(), self._clock.wall())  # before anything is waited for
        try:
            account, profile = await self._service.account(), await self._service.profile()
            device = await self._device_id()
            if account is None or device is None:
                return
            watched = Watched(
                account.id,
                title_id,
                str(uuid.uuid4()),
                position_s,
                duration_s,
                device,
                now.boot_id,
                now.boot_s,
                now.wall_at,
                profile,
            )
            await self._on_disk(partial(self._journal.put, watched))
        except MatineeError as error:
            _log.warning("a position could not be kept: %s", error.code)
        if urgent:
            self._urgent.set()

    async def _now(self) -> Now:
        """This moment on all clocks. The service is asked for its time once."""
        if self._offset_s is None:
            self._offset_s = await self._service.time() - self._boot()
        boot_s = self._boot()
        return Now(boot_s + self._offset_s, self._boot_id, boot_s, self._clock.wall())

    async def _on_disk(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)
