"""Tells systemd how the kiosk is: ready, alive, ending (sd_notify(3)). Elsewhere nothing is told."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


class Notifier:
    """Sends to the socket that ``NOTIFY_SOCKET`` of ``environ`` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if name else None
        if self._socket is not None:
            self._socket.setblocking(False)

    def ready(self, status: str) -> None:
        """The kiosk has begun."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        """To be sent more often than half of ``WatchdogSec``."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def broken(self, status: str) -> None:
        """As if the watchdog had run out: systemd begins everything again."""
        self._send(f"STATUS={status}\nWATCHDOG=trigger")

    def stopping(self) -> None:
        """The kiosk ends because it was told to."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Nothing more is sent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # systemd that does not listen is no reason to go dark
                self._socket.sendto(message.encode(), self._address)
