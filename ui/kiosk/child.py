"""A process that draws, seen from the kiosk that began it: its beats, its words, its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from ui.kiosk.process import MAX_LINE, read_beat
from ui.kiosk.watchdog import Beat

_log = logging.getLogger(__name__)
_MAX_WORDS_A_MINUTE = 200
_MINUTE_S = 60.0
_LAST_LINES_S = 2.0


class ScreenProcess:
    """One process. ``on_beat`` and ``on_exit`` are called on the loop; its stderr goes to the log, so many lines a
    minute."""

    def __init__(
        self,
        name: str,
        process: asyncio.subprocess.Process,
        on_beat: Callable[[Beat], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self.pid = process.pid
        self._name = name
        self._process = process
        self._on_beat, self._on_exit = on_beat, on_exit
        self._said = logging.getLogger(f"{__name__}.{name}")
        self._following = asyncio.create_task(self._follow(), name=f"child-{name}")

    @staticmethod
    async def begin(
        name: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        on_beat: Callable[[Beat], None],
        on_exit: Callable[[int], None],
    ) -> ScreenProcess:
        """Start a process. Its stdin stays open as long as this one lives. Raises OSError where it cannot begin."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), limit=MAX_LINE
        )
        return ScreenProcess(name, process, on_beat, on_exit)

    def tell(self, line: bytes) -> bool:
        """Write a line to it; False where it is gone, or has not read the last ones."""
        pipe = self._process.stdin
        if pipe is None or pipe.is_closing() or pipe.transport.get_write_buffer_size() > 0:
            return False
        pipe.write(line)
        return True

    def end(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, even where it stands still."""
        self._signal(signal.SIGKILL)

    async def close(self, grace_s: float) -> None:
        """End it and wait until it is gone; ``on_exit`` is called as well."""
        self.end()
        done, _ = await asyncio.wait([self._following], timeout=grace_s)
        if not done:
            self.kill()
            await self._following

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _follow(self) -> None:
        reading = [asyncio.create_task(self._beats()), asyncio.create_task(self._words())]
        code = await self._process.wait()
        # What it has begun itself may hold the other ends of the pipes.
        _done, late = await asyncio.wait(reading, timeout=_LAST_LINES_S)
        for task in late:
            task.cancel()
        _log.info("%s ended with code %d", self._name, code)
        self._on_exit(code)

    async def _beats(self) -> None:
        async for line in _lines(self._process.stdout):
            beat = read_beat(line)
            if beat is not None:
                self._on_beat(beat)

    async def _words(self) -> None:
        loop = asyncio.get_running_loop()
        minute_began, said = loop.time(), 0
        async for line in _lines(self._process.stderr):
            if loop.time() - minute_began > _MINUTE_S:
                if said > _MAX_WORDS_A_MINUTE:
                    self._said.warning("%d lines were left out", said - _MAX_WORDS_A_MINUTE)
                minute_began, said = loop.time(), 0
            said += 1
            if said <= _MAX_WORDS_A_MINUTE:
                self._said.warning("%s", line.decode("utf-8", "replace").rstrip())


async def _lines(reader: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    """The lines of a pipe, none where there is no pipe; one that is too long is passed over."""
    while reader is not None:
        try:
            line = await reader.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line
