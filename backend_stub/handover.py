"""Restarts that refuse nobody: a new process gets the listening sockets of the one that serves, which then drains.

Both accept from the same queues of the kernel, so that no connection is lost between them. The sockets come from the
process that serves, over a socket in the data folder (``matinee serve --take-over``), or from systemd
(``sd_listen_fds(3)``), which keeps them while the service is away.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_MOST = 64
_READY = b"ready"
_START_S = 60.0  # a new process that has not begun to serve by then does not
_FIRST_OF_SYSTEMD = 3
_logger = logging.getLogger(__name__)


def socket_path(data_dir: Path, port: int) -> Path:
    """Where the process that serves this port gives its sockets away."""
    return data_dir / f"serve-{port}.sock"


def sockets_of_systemd() -> dict[int, socket.socket]:
    """The listeners that systemd passed to this process, by port."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = min(int(os.environ.get("LISTEN_FDS", "0")), _MOST)
    return _by_port(list(range(_FIRST_OF_SYSTEMD, _FIRST_OF_SYSTEMD + count)))


class TakenSockets:
    """Sockets of a process that serves; it goes on until :meth:`ready`. Raises OSError where nobody serves."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._line.settimeout(_START_S)
            self._line.connect(str(path))
            data, descriptors, _, _ = socket.recv_fds(self._line, 1 << 16, _MOST)
            ports = json.loads(data)
            if len(ports) != len(descriptors):
                raise OSError("the sockets did not arrive")
        except (OSError, ValueError) as error:
            self._line.close()
            raise OSError("no service runs here that could be taken over") from error
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        self.listeners: dict[int, socket.socket] = dict(zip(ports, sockets, strict=True))

    def ready(self) -> None:
        """This process serves now: the other one may drain."""
        with self._line:
            self._line.sendall(_READY)


class GivesAway:
    """Offers ``listeners`` at ``path`` until its end; ``taken`` is called once a new process serves them."""

    def __init__(self, path: Path, listeners: Mapping[int, socket.socket], taken: Callable[[], None]) -> None:
        self._path = path
        self._listeners = dict(listeners)
        self._taken = taken
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._serve, name="handover", daemon=True)
        self._inode = 0

    def __enter__(self) -> Self:
        draft = self._path.with_name(f".{os.getpid()}.sock")
        try:
            self._door.bind(str(draft))  # only the owner may connect: see the mask of the socket's file
            draft.chmod(0o600)
            self._door.listen(1)
            self._inode = draft.stat().st_ino
            draft.replace(self._path)  # from here on a new process finds this one, not the one before
        except OSError:  # a path of more than 107 bytes, for one
            _logger.warning("this service cannot be taken over: %s", self._path)
            self._door.close()
            return self
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.ident is None:
            return
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:  # else it is the new process's by now
                self._path.unlink()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._door.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(_START_S)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with line:
                try:
                    line.settimeout(_START_S)
                    ports = json.dumps(list(self._listeners)).encode()
                    socket.send_fds(line, [ports], [one.fileno() for one in self._listeners.values()])
                    if line.recv(len(_READY)) == _READY:
                        self._taken()
                        return
                except OSError:
                    pass
                _logger.warning("a process wanted to take over and did not begin to serve")


def _by_port(descriptors: list[int]) -> dict[int, socket.socket]:
    sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    return {int(one.getsockname()[1]): one for one in sockets}
