"""What is said in the subtitles inside a media file of this machine, for searching. A process of its own reads the
file (:mod:`player.media.lines_worker`); what it answers is not trusted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
from pathlib import Path

from player.media.bounded import end_worker, worker_command, worker_environment
from player.text.subtitle_files import SubtitleLine

_log = logging.getLogger(__name__)

_MODULE = "player.media.lines_worker"
_MOST_LINES = 20_000
_MOST_BYTES = 16 << 20  # of an answer
_MOST_S = 60.0  # the whole file is read
_LONGEST = 2000


class EmbeddedLines:
    """Those of one file. Each track is read once, whoever asks. For the engine's loop."""

    def __init__(self) -> None:
        self._reading: dict[int, asyncio.Task[tuple[SubtitleLine, ...]]] = {}

    async def of(self, path: Path, number: int) -> tuple[SubtitleLine, ...]:
        """Return the text lines of a subtitle track by its number (from 0), in the order of their times, as far as
        they were found in time. Empty after :meth:`close`."""
        reading = self._reading.get(number)
        if reading is None:
            reading = self._reading[number] = asyncio.create_task(self._read(path, number))
        await asyncio.wait({reading})
        return () if reading.cancelled() else reading.result()

    async def close(self) -> None:
        """End what is still reading."""
        for reading in self._reading.values():
            reading.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)

    async def _read(self, path: Path, number: int) -> tuple[SubtitleLine, ...]:
        whole, answer = await _ask(path, number)
        if not whole:
            del self._reading[number]  # the next search may have more time
        return await asyncio.to_thread(_lines, answer)


async def _ask(path: Path, number: int) -> tuple[bool, bytes]:
    """What the process answers, and whether that is all."""
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    command = [*worker_command(_MODULE), str(path), str(number)]
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=null, stdout=pipe, stderr=null, env=worker_environment()
        )
    except OSError as error:
        _log.info("subtitles inside a file cannot be read: %s", error.strerror)
        return False, b""
    answer, ended = bytearray(), False
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOST_S):
                while process.stdout is not None and len(answer) < _MOST_BYTES and not ended:
                    piece = await process.stdout.read(1 << 16)
                    answer += piece
                    ended = not piece
                ended = ended and await process.wait() == 0
    finally:
        await end_worker(process)
    return ended, bytes(answer)


def _lines(answer: bytes) -> tuple[SubtitleLine, ...]:
    """The lines that are whole and have the right form."""
    found = (_line(row) for row in answer.split(b"\n")[:_MOST_LINES])
    return tuple(sorted((line for line in found if line is not None), key=lambda line: line.start_s))


def _line(row: bytes) -> SubtitleLine | None:
    try:
        start_s, end_s, text = json.loads(row)
        line = SubtitleLine(float(start_s), float(end_s), str(text)[:_LONGEST])
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return line if math.isfinite(line.start_s) and math.isfinite(line.end_s) else None
