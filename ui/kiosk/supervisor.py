"""The kiosk itself: it begins the process that draws the screen, watches over it, and says how it is. It draws
nothing and loads neither Qt nor libmpv, so that it goes on whatever they do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from player.errors import InputError
from ui.kiosk import provisioning as files
from ui.kiosk.child import Child
from ui.kiosk.disk import tidy
from ui.kiosk.health import Health, HealthServer
from ui.kiosk.notify import Notifier
from ui.kiosk.process import EXIT_ANEW, EXIT_LEAVE, memory_of, own_command, own_environment
from ui.kiosk.provisioning import Provisioning
from ui.kiosk.schedule import screen_is_on, trusted_moment
from ui.kiosk.watchdog import Beat, Limits, Order, Phase, Watchdog

_log = logging.getLogger(__name__)
_TICK_S = 0.25
_LOOK_AT_FILE_S, _TIDY_S, _ALIVE_S = 5.0, 900.0, 5.0
_END_S = 5.0
_FALLBACK_PAUSE_S = 10.0
_UNSEEN_S = 60.0  # without a word of anything that draws, systemd is to begin everything anew
_SWITCH_S = 20.0

Command = Callable[[str, int], Sequence[str]]
"""The words that begin a part (``screen`` or ``fallback``) with an entry."""


@dataclass(frozen=True, slots=True)
class Place:
    """The provisioning file, and the folder for everything that the kiosk keeps."""

    file: Path
    state: Path

    def command(self, part: str, entry: int) -> list[str]:
        """As :data:`Command` says."""
        words = ["kiosk", str(self.file), "--state", str(self.state), "--part", part, "--begin", str(entry)]
        return [*own_command(), *words]


class Supervisor:
    """Runs until a signal or the operator ends it: :meth:`run`, once."""

    def __init__(
        self,
        place: Place,
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
        self._watchdog = Watchdog(self._began, limits or Limits(memory_bytes=provisioning.memory_bytes))
        self._notifier = Notifier(environ)
        self._server = HealthServer(self.health)
        self._screen: Child | None = None
        self._fallback: Child | None = None
        self._fallback_from = float("-inf")
        self._seen = self._began
        self._leaving = asyncio.Event()
        self._code = 0
        self._mark = _mark_of(place.file)
        self._lit: bool | None = None
        self._background: set[asyncio.Task[None]] = set()
        self.health_port = 0

    async def run(self) -> int:
        """Watch until the end; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._leaving.set)
        await self._listen()
        self._notifier.ready("beginning")
        every = {self._look_at_file: _LOOK_AT_FILE_S, self._tidy: _TIDY_S, self._tell: _ALIVE_S}
        due = dict.fromkeys(every, self._began)
        try:
            while not self._leaving.is_set():
                now = time.monotonic()
                await self._obey(self._watchdog.tick(now))
                for work, interval_s in every.items():
                    if now >= due[work]:
                        due[work] = now + interval_s
                        work()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._leaving.wait(), _TICK_S)
        finally:
            await self._close()
        return self._code

    def health(self) -> Health:
        """How it stands now."""
        now = time.monotonic()
        watchdog, beat = self._watchdog, self._watchdog.last_beat or Beat(0)
        moment = trusted_moment(time.time())
        without_s = watchdog.without_picture_s(now)
        return Health(
            healthy=watchdog.phase is Phase.RUNNING and without_s < 15.0,
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
            disk_free=shutil.disk_usage(self._place.state).free,
            failures=watchdog.failures,
            shows_fallback=watchdog.shows_fallback,
            screen_on=screen_is_on(self._provisioning.screen_on, moment),
            clock_trusted=moment is not None,
            restarts={str(reason): count for reason, count in watchdog.restarts.items()},
        )

    # --- what draws

    async def _obey(self, orders: Sequence[Order]) -> None:
        for order in orders:
            _log.info("%s (failures in a row: %d)", order, self._watchdog.failures)
            match order:
                case Order.START:
                    await self._start_screen()
                case Order.END if self._screen is not None:
                    self._screen.end()
                case Order.KILL if self._screen is not None:
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
    ) -> Child:
        return await Child.begin(part, self._command(part, entry), own_environment(), on_beat, on_exit)

    def _on_beat(self, beat: Beat) -> None:
        assert self._screen is not None
        self._seen = time.monotonic()
        memory = memory_of(self._screen.pid)
        if Order.END in self._watchdog.beat(self._seen, beat, memory):
            _log.warning("the screen occupies %d MB and is begun anew", memory // 1_000_000)
            self._screen.end()

    def _on_exit(self, code: int) -> None:
        self._screen = None
        self._watchdog.exited(time.monotonic(), wanted=code == EXIT_ANEW)
        if code == EXIT_LEAVE:
            _log.info("the operator leaves the kiosk")
            self._code = EXIT_LEAVE
            self._leaving.set()

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
            self._provisioning = files.load(self._place.file)
        except InputError as error:
            _log.warning("the new file is not taken: %s", error.sentence)
            return
        _log.info("a new file is taken")
        keep_good(self._place)
        for order in self._watchdog.restart(time.monotonic()):
            if order is Order.END and self._screen is not None:
                self._screen.end()

    def _switch_power(self) -> None:
        lit = screen_is_on(self._provisioning.screen_on, trusted_moment(time.time()))
        if lit == self._lit:
            return
        self._lit = lit
        words = self._provisioning.switch_on if lit else self._provisioning.switch_off
        _log.info("the screen is switched %s", "on" if lit else "off")
        if words:
            task = asyncio.create_task(_call(words), name="switch-power")
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    def _tidy(self) -> None:
        tidy(self._place.state, self._provisioning)

    def _tell(self) -> None:
        health = self.health()
        if time.monotonic() - self._seen < _UNSEEN_S:
            self._notifier.alive(f"{health.phase}, {health.status or 'nothing'}: {health.entry}")

    async def _listen(self) -> None:
        if not self._provisioning.health_port:
            return
        try:
            self.health_port = await self._server.start(self._provisioning.health_port)
        except OSError as error:
            _log.warning("nobody can ask how this screen is: %s", error.strerror)

    async def _close(self) -> None:
        self._notifier.stopping()
        await self._server.close()
        for child in (self._screen, self._fallback):
            if child is not None:
                await child.close(_END_S)
        for task in list(self._background):
            task.cancel()
        self._notifier.close()


def read_or_last_good(place: Place) -> Provisioning:
    """The provisioning of the file; where there is a mistake in it, that of the last good one.

    Raises InputError where there is neither.
    """
    try:
        found = files.load(place.file)
    except InputError as error:
        kept = _kept(place)
        if not kept.exists():
            raise
        _log.warning("the last good file is taken: %s", error.sentence)
        return files.load(kept)
    keep_good(place)
    return found


def keep_good(place: Place) -> None:
    """Keep a copy of the file, which is known to be good."""
    kept = _kept(place)
    try:
        part = kept.with_suffix(".part")
        part.write_bytes(place.file.read_bytes())
        part.chmod(0o600)  # it may hold addresses with tokens
        part.replace(kept)
    except OSError as error:
        _log.warning("the file cannot be kept: %s", error.strerror)


def _kept(place: Place) -> Path:
    return place.state / "last-good.toml"


def _mark_of(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


async def _call(words: Sequence[str]) -> None:
    """Run a command of the operator's, with an end."""
    null = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*words, stdin=null, stdout=null, stderr=null)
    except OSError as error:
        _log.warning("%s cannot be run: %s", words[0], error.strerror)
        return
    try:
        code = await asyncio.wait_for(process.wait(), _SWITCH_S)
        if code:
            _log.warning("%s ended with code %d", words[0], code)
    except TimeoutError:
        _log.warning("%s took too long", words[0])
    finally:
        if process.returncode is None:
            process.kill()
