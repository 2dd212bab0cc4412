"""One app per profile: a second start hands its address to the first and ends."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_log = logging.getLogger(__name__)
_MAX_BYTES = 8192
_CONNECT_MS = 1000
_ANSWER_MS = 5000  # it may still be starting itself
_TAKEN = b"taken\n"


class SingleInstance(QObject):
    """The first app of a profile listens on a local socket that only its user may open. What a second one sends is
    one line: the address to play, or nothing to be brought to the front. ``asked(address)`` follows.
    """

    asked = Signal(str)

    def __init__(self, profile: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = "matinee-" + hashlib.sha256(str(profile.resolve()).encode()).hexdigest()[:24]
        self._server: QLocalServer | None = None

    def hand_over(self, address: str) -> bool:
        """Give ``address`` to the app that runs already; False when there is none that answers."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_CONNECT_MS):
            return False
        socket.write(address.replace("\n", " ").encode()[: _MAX_BYTES - 1] + b"\n")
        taken = socket.waitForBytesWritten(_ANSWER_MS) and socket.waitForReadyRead(_ANSWER_MS)
        answer = bytes(socket.readAll().data()) if taken else b""
        socket.abort()
        return answer == _TAKEN

    def listen(self) -> None:
        """Be the one that others hand over to. A socket that a crashed app left behind is replaced."""
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._connected)
        if not server.listen(self._name):
            QLocalServer.removeServer(self._name)
            if not server.listen(self._name):
                _log.warning("a second start will not find this one: %s", server.errorString())
                return
        self._server = server

    def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _connected(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(_reader(socket, self.asked.emit))


def _reader(socket: QLocalSocket, asked: Callable[[str], None]) -> Callable[[], None]:
    """Reads one line and answers; more than a line's worth is not listened to."""

    def read() -> None:
        if socket.canReadLine():
            line = bytes(socket.readLine(_MAX_BYTES).data())
            socket.write(_TAKEN)
            socket.flush()
            asked(line.decode("utf-8", "replace").strip())
        elif socket.bytesAvailable() >= _MAX_BYTES:
            socket.abort()

    return read
