"""Runs the queue for the command line: an engine for the network, a progress line, an end by signal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from downloads import conditions, quota, removal
from downloads.downloader import Downloader
from downloads.engine import access_of, licences_of, plan_of
from downloads.errors import LACK_ROOM
from downloads.folder import DownloadFolder
from downloads.model import DownloadPlan, PlanItem
from downloads.presence import somebody_plays
from downloads.queue import Queue
from downloads.rate_limit import capped
from downloads.request import DownloadRequest
from downloads.schedule import WaitReason
from downloads.settings import DownloadSettings, Metered, Window
from downloads.smart import eviction_preview
from downloads.store import Store
from drm_client.errors import DrmError
from drm_client.offline import OfflineLicences
from player.base.errors import ANY_ERROR, ExitCode, MatineeError, exit_code
from player.engine import Engine, EngineSettings
from ui.cli.options import profile_folder
from ui.cli.output import shown_bytes
from ui.cli.play_setup import sign_in

_BAR = 30
_WORDS = {
    WaitReason.WINDOW: "waiting for the time of the day",
    WaitReason.METERED: "waiting for a network that is not metered",
    WaitReason.PLAYBACK: "waiting until nothing is playing",
    WaitReason.TURN: "waiting for their turn",
    WaitReason.RETRY: "waiting to try again",
    WaitReason.ROOM: "waiting for room",
    WaitReason.ELSEWHERE: "another program works on it",
}


@contextmanager
def engine_of(
    args: argparse.Namespace, limit_bps: float | None = None, *, works_offline: bool = False
) -> Iterator[Engine]:
    """An engine as the command line wants it, signed in where it says so. ``works_offline``: what it is for can be
    done without a network too."""
    wrap = list(capped(limit_bps))
    if getattr(args, "faults", None) is not None:
        from player.net.faults import FaultyTransport, load_faults

        plan = load_faults(args.faults)
        wrap.insert(0, lambda transport, clock: FaultyTransport(transport, clock, plan))
    engine = Engine(
        EngineSettings(
            profile=profile_folder(args),
            service_url=args.service,
            key_store=args.key_store,
            ca_file=args.ca_file,
            wrap=tuple(wrap),
        )
    )
    try:
        sign_in(engine, args, needed=not works_offline)
        yield engine
    finally:
        engine.close()


def work(args: argparse.Namespace, store: Store, ids: Sequence[str]) -> int:
    """Run the named downloads to their end; the exit code."""
    settings = settings_of(args)
    progress = _QueueProgress(store, ids, show=sys.stderr.isatty() and not args.json)
    interrupted = threading.Event()
    with engine_of(args, settings.limit_bps) as engine, _signals(interrupted):
        finish_removals(engine, store)
        queue = Queue(
            store,
            Downloader(
                engine.gate,
                engine.clock,
                access_of(engine),
                settings,
                on_item=progress.kept,
                room=partial(quota.room_for, store),
            ),
            settings,
            lambda: conditions.look(lambda: somebody_plays(store.root), conditions.network_is_metered),
            on_wait=progress.waits,
            on_error=progress.failed,
        )
        running = engine.submit(queue.run(frozenset(ids)))
        while not running.done():
            if interrupted.wait(0.2):
                running.cancel()
                break
            progress.draw()
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            running.exception(10.0)
    progress.finish()
    if interrupted.is_set():
        return int(ExitCode.INTERRUPTED)
    error = next(iter(queue.errors.values()), None)
    if error is None:
        running.result()
        return int(ExitCode.GOOD)
    assert isinstance(error, ANY_ERROR)
    return int(exit_code(error))


def licences_for(engine: Engine) -> OfflineLicences | None:
    """The licences that are kept here; None where there is no service."""

    async def kept() -> OfflineLicences | None:
        return await licences_of(engine)()

    return engine.submit(kept()).result()


def finish_removals(engine: Engine, store: Store) -> None:
    """Finish the removals that an earlier run was killed in; what cannot be finished now waits."""
    try:
        licences = licences_for(engine)
        if licences is not None:
            removal.finish(store, licences)
    except ANY_ERROR as error:
        print(f"matinee: removals are finished later: {error.sentence}", file=sys.stderr)


def estimate_of(args: argparse.Namespace, wanted: DownloadRequest) -> DownloadPlan:
    """The plan of a download that is not made."""
    with engine_of(args) as engine:
        return engine.submit(plan_of(engine, wanted)).result()


def settings_of(args: argparse.Namespace) -> DownloadSettings:
    """How downloads are to run, as the command line says."""
    return DownloadSettings(
        titles=args.titles,
        parallel=args.parallel,
        limit_bps=None if args.limit is None else args.limit * 1e6,
        window=Window() if args.window is None else Window(*args.window),
        metered=Metered(args.metered),
        yield_to_playback=not args.despite_playback,
    )


@dataclass
class _QueueProgress:
    """A bar on stderr that is written over, and lines for what goes wrong."""

    store: Store
    ids: Sequence[str]
    show: bool
    folders: dict[str, DownloadFolder] = field(default_factory=dict)

    def kept(self, folder: DownloadFolder, _item: PlanItem) -> None:
        self.folders[folder.id] = folder

    def waits(self, waiting: Mapping[str, WaitReason]) -> None:
        for reason in sorted(set(waiting.values()) - {WaitReason.TURN}):
            self._line(f"matinee: {_WORDS[reason]}")

    def failed(self, download_id: str, error: Exception) -> None:
        if isinstance(error, MatineeError | DrmError):
            self._line(f"matinee: {download_id}: {error.sentence} ({error.code})")
        if isinstance(error, MatineeError) and error.code in LACK_ROOM:
            self._suggest(download_id, error)

    def _suggest(self, download_id: str, error: MatineeError) -> None:
        """Which downloads would have to go; none is removed."""
        needed, free = error.fields.get("needed"), error.fields.get("free")
        if not isinstance(needed, int | float) or not isinstance(free, int | float):
            return
        others = [item for item in self.store.list() if item.id != download_id]
        for item in eviction_preview(others, {}, int(needed - free)):
            self._line(f"matinee: removing {item.id} ({item.name}) would free {shown_bytes(item.fetched)}")

    def draw(self) -> None:
        folders = list(self.folders.values())
        size = sum(max(folder.ledger.size, 1) for folder in folders)
        if not self.show or not folders:
            return
        done = sum(folder.ledger.fetched for folder in folders)
        items = sum(folder.ledger.left for folder in folders)
        share = 1.0 if not items else min(0.99, done / size)
        bar = "#" * int(share * _BAR)
        print(f"\r[{bar:<{_BAR}}] {share:4.0%}  {done / 1e6:.1f} MB ", end="", file=sys.stderr, flush=True)

    def finish(self) -> None:
        if self.show:
            self.draw()
            print(file=sys.stderr)

    def _line(self, text: str) -> None:
        print(f"\r{text:<60}" if self.show else text, file=sys.stderr)


@contextmanager
def _signals(interrupted: threading.Event) -> Iterator[None]:
    """The first signal ends the work in good order; everything kept stays."""
    before = {
        number: signal.signal(number, lambda *_: interrupted.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
