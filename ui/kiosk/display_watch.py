"""Asks the display server for a sign of life. One that stands still takes what is drawn and shows none of it, which
what draws cannot see."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

_EVERY_S, _ANSWER_S, _TRIES = 1.0, 2.0, 3
# wl_display.sync: object 1, size and opcode, the id of the callback (Wayland's wire format, native byte order)
_WAYLAND_SYNC = struct.pack("=III", 1, 12 << 16, 2)
# What opens a connection of the X protocol 11, little-endian, without credentials: a refusal is an answer too.
_X_HELLO = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)
_X_FOLDER = "/tmp/.X11-unix"  # noqa: S108 - where X servers listen
_log = logging.getLogger(__name__)


class DisplayWatch:
    """For the server that ``environ`` names (WAYLAND_DISPLAY, else a DISPLAY of this machine). ``on_still`` is called
    on the loop once it has left three questions in a row without an answer, 2 s each. A server that is not there is
    not this one's affair: what draws has ended with it."""

    def __init__(self, environ: Mapping[str, str], on_still: Callable[[], object]) -> None:
        self._hello, self._addresses = _of(environ)
        self._on_still = on_still

    async def run(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Until it is cancelled; at once where there is nobody to ask."""
        silent = 0
        while self._addresses:
            silent = 0 if await self._answers() else silent + 1
            if silent == _TRIES:
                _log.warning("the display server stands still")
                self._on_still()
                silent = 0
            await sleep(_EVERY_S)

    async def _answers(self) -> bool:
        """False where it is there and says nothing in time."""
        for address in self._addresses:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    reader, writer = await asyncio.open_unix_connection(address)
                    try:
                        writer.write(self._hello)
                        await reader.read(1)
                    finally:
                        writer.close()
            except TimeoutError:
                return False
            except OSError:
                continue
            return True
        return True


def _of(environ: Mapping[str, str]) -> tuple[bytes, tuple[str, ...]]:
    """What to say, and the sockets where the server may listen."""
    wayland, display = environ.get("WAYLAND_DISPLAY", ""), environ.get("DISPLAY", "")
    if wayland:
        return _WAYLAND_SYNC, (str(Path(environ.get("XDG_RUNTIME_DIR", "/run")) / wayland),)
    number = display.removeprefix(":").split(".")[0]
    if display.startswith(":") and number.isdecimal():
        path = f"{_X_FOLDER}/X{number}"
        return _X_HELLO, (path, "\0" + path)
    return b"", ()
