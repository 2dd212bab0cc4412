"""The kiosk itself: it begins the process that draws the screen, watches over it, and says how it is. It draws
nothing and loads neither Qt nor libmpv, so that it goes on whatever they do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from player.base.clock import SystemClock
from player.base.errors import InputError
from ui.kiosk import provisioning as files
from ui.kiosk.child import ScreenProcess
from ui.kiosk.disk import bound_log, tidy
from ui.kiosk.display_watch import DisplayWatch
from ui.kiosk.folders import KioskFolders, keep_good
from ui.kiosk.health import Health, HealthServer
from ui.kiosk.notify import Notifier
from ui.kiosk.playlist import PlaylistStore
from ui.kiosk.playlist_trial import Glance
from ui.kiosk.process import EXIT_ANEW, EXIT_LEAVE, memory_of, own_environment, write_wish
from ui.kiosk.provisioning import NetworkRules, Provisioning
from ui.kiosk.remote import Remote
from ui.kiosk.schedule import screen_is_on
from ui.kiosk.trusted_date import SystemDate
from ui.kiosk.watchdog import Beat, Limits, RestartReason, ScreenOrder, ScreenPhase, ScreenWatchdog

_log = logging.getLogger(__name__)
_TICK_S = 0.25
_LOOK_AT_FILE_S, _TIDY_S, _ALIVE_S = 5.0, 900.0, 2.0
_END_S = 3.0  # less than TimeoutStopSec of the unit: where the compositor has died, the next one waits for this
_FALLBACK_PAUSE_S = 10.0
_UNSEEN_S = 60.0  # without a word of anything that draws, systemd restarts everything
_SWITCH_S, _SWITCH_AGAIN_S = 20.0, 10.0
_LISTEN_AGAIN_S = 10.0

LEFT = "left"
"""The file in the unit's runtime directory that says that the operator has left."""
Command = Callable[[str, int], Sequence[str]]
"""The words that begin a part (``screen`` or ``fallback``) with an entry."""


class Supervisor:
    """Runs until a signal or the operator ends it: :meth:`run`, once."""

    def __init__(
        self,
        place: KioskFolders,
        provisioning: Provisioning,
        version: str,
        limits: Limits | None = None,
        command: Command | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._place = place
        self._provisioning = provisioning
        self._version = version
        self._command = command or place.command
        self._began = time.monotonic()
        self._watchdog = ScreenWatchdog(self._began, limits or Limits(memory_bytes=provisioning.memory_bytes))
        self._notifier = Notifier(environ)
        self._date = SystemDate(environ)
        self._server = HealthServer(self.health)
        self._screen: ScreenProcess | None = None
        self._fallback: ScreenProcess | None = None
        self._fallback_from = float("-inf")
        self._seen = self._began
        self._leaving = asyncio.Event()
        self._code = 0
        self._mark = _mark_of(place.file)
        self._lit: bool | None = None
        self._switching: asyncio.Task[None] | None = None
        self._remote: asyncio.Task[None] | None = None
        self._remote_for: object = None
        self._runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
        self._display = DisplayWatch(environ, partial(self._notifier.broken, "the display server stands still"))
        self._listens_on: int | None = None  # what the file says
        self._taken: int | None = None  # a port that somebody else has
        self._listen_at = 0.0
        self.health_port = 0

    async def run(self) -> int:
        """Watch until the end; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._leaving.set)
        await self._mind_health()
        self._notifier.ready("beginning")
        every = {
            self._look_at_file: _LOOK_AT_FILE_S,
            self._tidy: _TIDY_S,
            self._tell: _ALIVE_S,
            self._mind_remote: _LOOK_AT_FILE_S,
        }
        due = dict.fromkeys(every, self._began)
        watching = asyncio.create_task(self._display.run(), name="display-watch")
        try:
            while not self._leaving.is_set():
                now = time.monotonic()
                await self._obey(self._watchdog.tick(now))
                for work, interval_s in every.items():
                    if now >= due[work]:
                        due[work] = now + interval_s
                        work()
                await self._mind_health()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._leaving.wait(), _TICK_S)
        finally:
            watching.cancel()
            await self._close()
        return self._code

    def health(self) -> Health:
        """How it stands now."""
        now = time.monotonic()
        watchdog, beat = self._watchdog, self._watchdog.last_beat or Beat(0)
        moment = self._date.now()
        without_s = watchdog.without_picture_s(now)
        return Health(
            healthy=watchdog.phase is ScreenPhase.RUNNING and without_s < 15.0,
            screen=self._provisioning.name,
            version=self._version,
            phase=str(watchdog.phase),
            status=beat.status,
            entry=beat.name,
            position_s=beat.position_s,
            frames=beat.frames,
            without_picture_s=without_s,
            up_s=now - self._began,
            memory=memory_of(self._screen.pid) if self._screen else 0,
            disk_free=_free_at(self._place.state),
            failures=watchdog.failures,
            shows_fallback=watchdog.shows_fallback,
            screen_on=screen_is_on(self._provisioning.screen_on, moment),
            clock_trusted=moment is not None,
            restarts={str(reason): watchdog.restarts[reason] for reason in RestartReason},
        )

    # --- what can be asked for from afar (ui.kiosk.remote)

    def glance(self) -> Glance:
        """A look at the screen."""
        beat = self._watchdog.last_beat or Beat(0)
        running = self._watchdog.phase is ScreenPhase.RUNNING
        return Glance(self._screen.pid if self._screen else 0, running, beat.frames, beat.due, beat.wanted)

    def begin_anew(self) -> None:
        """A new screen, in place of one that plays, stands still or is not there."""
        for order in self._watchdog.restart(time.monotonic()):
            if order is ScreenOrder.END and self._screen is not None:
                self._screen.end()

    def take(self, provisioning: Provisioning) -> None:
        """Another provisioning from now on, with a new screen."""
        self._provisioning = provisioning
        self._watchdog.bound_memory(provisioning.memory_bytes)
        bound_log(provisioning.logs_bytes)
        self.begin_anew()

    def ask_for_picture(self, path: Path) -> bool:
        """Have what is drawn written to a file; False where nothing draws."""
        plain = self._watchdog.phase is not ScreenPhase.RUNNING and self._fallback is not None
        drawing = self._fallback if plain else self._screen
        return drawing is not None and drawing.tell(write_wish(path.absolute()))

    def _mind_remote(self) -> None:
        """Have somebody ask for commands, where that is wanted and there is a service."""
        told = self._provisioning
        wanted = (told.service_url, told.network) if told.remote_commands and told.service_url else None
        if self._remote is not None and (self._remote.done() or wanted != self._remote_for):
            self._remote.cancel()
            self._remote = None
        if self._remote is None and wanted is not None:
            self._remote_for = wanted
            self._remote = asyncio.create_task(self._ask_for_commands(*wanted), name="remote-commands")
            self._remote.add_done_callback(_say_why)

    async def _ask_for_commands(self, service_url: str, network: NetworkRules) -> None:
        # Loaded only here, as a screen without a service does not need it. Loaded in a thread, as a slow disk can
        # take longer than the watchdog waits.
        await asyncio.to_thread(importlib.import_module, "ui.kiosk.command_client")
        from ui.kiosk.command_client import open_client

        clock = SystemClock()
        client = partial(open_client, self._place.profile, service_url, network, clock)
        await Remote(self._place, self, client, clock).run()

    # --- what draws

    async def _obey(self, orders: Sequence[ScreenOrder]) -> None:
        for order in orders:
            why = self._watchdog.ending_for
            _log.info("%s%s (failures in a row: %d)", order, f", {why}" if why else "", self._watchdog.failures)
            match order:
                case ScreenOrder.START:
                    await self._start_screen()
                case ScreenOrder.END if self._screen is not None:
                    self._screen.end()
                case ScreenOrder.KILL if self._screen is not None:
                    self._screen.kill()
                case _:
                    pass
        await self._mind_fallback()

    async def _start_screen(self) -> None:
        entry = self._watchdog.begin_with % len(self._provisioning.entries)
        try:
            self._screen = await self._begin("screen", entry, self._on_beat, self._on_exit)
        except OSError as error:
            _log.warning("the screen cannot begin: %s", error.strerror)
            self._watchdog.exited(time.monotonic())

    async def _mind_fallback(self) -> None:
        wanted, now = self._watchdog.shows_fallback, time.monotonic()
        if not wanted and self._fallback is not None:
            self._fallback.end()
        elif wanted and self._fallback is None and now >= self._fallback_from:
            self._fallback_from = now + _FALLBACK_PAUSE_S
            try:
                self._fallback = await self._begin("fallback", 0, self._on_fallback_beat, self._on_fallback_exit)
            except OSError as error:
                _log.warning("the plain picture cannot begin: %s", error.strerror)

    async def _begin(
        self, part: str, entry: int, on_beat: Callable[[Beat], None], on_exit: Callable[[int], None]
    ) -> ScreenProcess:
        self._date.now()
        environment = own_environment() | self._date.environment()
        environment.pop("NOTIFY_SOCKET", None)  # the unit hears everyone in it; only this one has to speak
        return await ScreenProcess.begin(part, self._command(part, entry), environment, on_beat, on_exit)

    def _on_beat(self, beat: Beat) -> None:
        screen = self._screen
        if screen is None:  # its last line comes after its end
            return
        self._seen = time.monotonic()
        memory = memory_of(screen.pid)
        if ScreenOrder.END in self._watchdog.beat(self._seen, beat, memory):
            _log.warning("the screen occupies %d MB and is restarted", memory // 1_000_000)
            screen.end()

    def _on_exit(self, code: int) -> None:
        self._screen = None
        self._watchdog.exited(time.monotonic(), wanted=code == EXIT_ANEW)
        if code == EXIT_LEAVE:
            _log.info("the operator leaves the kiosk")
            self._code = EXIT_LEAVE
            self._tell_the_unit()
            self._leaving.set()

    def _tell_the_unit(self) -> None:
        """The unit does not begin again where this file lies: not every compositor hands on an exit code."""
        if self._runtime:
            try:
                Path(self._runtime, LEFT).touch()
            except OSError as error:
                _log.warning("systemd will begin the kiosk again: %s", error.strerror)

    def _on_fallback_beat(self, _beat: Beat) -> None:
        self._seen = time.monotonic()

    def _on_fallback_exit(self, _code: int) -> None:
        self._fallback = None

    # --- what is done now and then

    def _look_at_file(self) -> None:
        """A new file is taken at once, unless there is a mistake in it."""
        self._switch_power()
        mark = _mark_of(self._place.file)
        if mark == self._mark or mark is None:
            return
        self._mark = mark
        try:
            found = files.load(self._place.file)
        except InputError as error:
            _log.warning("the new file is not taken: %s", error.sentence)
            return
        _log.info("a new file is taken")
        keep_good(self._place)
        self.take(PlaylistStore(self._place.state).over(found))

    def _switch_power(self) -> None:
        """Switch the display where that is due: what failed is tried again until it succeeds or is not due any
        more."""
        lit = screen_is_on(self._provisioning.screen_on, self._date.now())
        if lit == self._lit or self._switching is not None:
            return
        words = self._provisioning.switch_on if lit else self._provisioning.switch_off
        _log.info("the screen is switched %s", "on" if lit else "off")
        if words:
            self._switching = asyncio.create_task(self._switch(lit, words), name="switch-power")
        else:
            self._lit = lit

    async def _switch(self, lit: bool, words: Sequence[str]) -> None:
        try:
            if await _call(words):
                self._lit = lit
            else:
                await asyncio.sleep(_SWITCH_AGAIN_S)
        finally:
            self._switching = None

    def _tidy(self) -> None:
        tidy(self._place.state, self._provisioning)

    def _tell(self) -> None:
        health = self.health()
        if time.monotonic() - self._seen < _UNSEEN_S:
            self._notifier.alive(f"{health.phase}, {health.status or 'nothing'}: {health.entry}")

    async def _mind_health(self) -> None:
        """Listen where the file says; a port that is taken is tried again."""
        port, now = self._provisioning.health_port, time.monotonic()
        if port == self._listens_on or (port == self._taken and now < self._listen_at):
            return
        await self._server.close()
        self._listens_on = None
        try:
            self.health_port = await self._server.start(port) if port else 0
        except OSError as error:
            if port != self._taken:
                _log.warning("nobody can ask how this screen is: %s", error.strerror)
            self._taken, self._listen_at = port, now + _LISTEN_AGAIN_S
            return
        self._listens_on, self._taken = port, None

    async def _close(self) -> None:
        self._notifier.stopping()
        await self._server.close()
        children = [child for child in (self._screen, self._fallback) if child is not None]
        await asyncio.gather(*(child.close(_END_S) for child in children))
        for task in (self._switching, self._remote):
            if task is not None:
                task.cancel()
        self._notifier.close()


def _say_why(task: asyncio.Task[None]) -> None:
    """Nothing that goes wrong with commands may go unseen, nor end the kiosk; they are requested again later."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("asking for commands went wrong", exc_info=error)


def _free_at(folder: Path) -> int:
    """Bytes; 0 where the disk does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _mark_of(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


async def _call(words: Sequence[str]) -> bool:
    """Run a command of the operator's, with an end; whether it succeeded."""
    null = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*words, stdin=null, stdout=null, stderr=null)
    except OSError as error:
        _log.warning("%s cannot be run: %s", words[0], error.strerror)
        return False
    try:
        code = await asyncio.wait_for(process.wait(), _SWITCH_S)
        if code:
            _log.warning("%s ended with code %d", words[0], code)
        return code == 0
    except TimeoutError:
        _log.warning("%s took too long", words[0])
        return False
    finally:
        if process.returncode is None:
            process.kill()
