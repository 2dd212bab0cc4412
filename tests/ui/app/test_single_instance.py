"""A second start hands over to the first."""

from __future__ import annotations

import subprocess
import sys

from PySide6.QtNetwork import QLocalServer, QLocalSocket

from ui.app.system.single_instance import SingleInstance

URL = "https://streams.test/film.m3u8"
SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from ui.app.system.single_instance import SingleInstance
application = QCoreApplication([])
print(SingleInstance(Path(sys.argv[1])).hand_over(sys.argv[2]))
"""


def second(profile, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SECOND, str(profile), address], stdout=subprocess.PIPE, text=True)


def test_the_first_is_told_what_the_second_was_to_play(qapp, qtbot, tmp_path):
    first = SingleInstance(tmp_path)
    assert not first.hand_over(URL), "nobody is there"
    first.listen()
    heard = []
    first.asked.connect(heard.append)
    for address in (URL, ""):
        process = second(tmp_path, address)
        qtbot.waitUntil(lambda process=process: process.poll() is not None)
        assert process.communicate()[0].strip() == "True"
    qtbot.waitUntil(lambda: heard == [URL, ""])
    process = second(tmp_path / "another", URL)
    qtbot.waitUntil(lambda: process.poll() is not None)
    assert process.communicate()[0].strip() == "False", "another profile is another app"
    first.close()
    assert not first.hand_over(URL)


def test_the_socket_of_a_crashed_app_is_taken_over(qapp, qtbot, tmp_path):
    first = SingleInstance(tmp_path)
    name = first._name
    first.listen()
    path = first._server.fullServerName()
    again = SingleInstance(tmp_path)
    again.listen()
    heard = []
    again.asked.connect(heard.append)
    process = second(tmp_path, URL)
    qtbot.waitUntil(lambda: process.poll() is not None)
    process.communicate()
    qtbot.waitUntil(lambda: heard == [URL])
    assert again._server.fullServerName() == path
    first.close()
    again.close()
    QLocalServer.removeServer(name)


def test_one_that_talks_without_end_is_cut_off(qapp, qtbot, tmp_path):
    first = SingleInstance(tmp_path)
    first.listen()
    heard = []
    first.asked.connect(heard.append)
    socket = QLocalSocket()
    socket.connectToServer(first._server.fullServerName())
    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.ConnectedState)
    socket.write(b"a" * 20_000)
    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert heard == []
    socket.deleteLater()
    first.close()
