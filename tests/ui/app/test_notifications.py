"""A kept title that is nearly over is told by a notification of the desktop, once."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drm_client.upkeep import WARN_S, EndingTitle, UpkeepReport
from tests.kit.waiting import PATIENCE_S
from ui.app.desktop.notifications import EndingNotices, notify

HOUR = 3600.0
# A desktop that shows one notification, and the program that sends it.
_DESKTOP = """
import threading
from jeepney import MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from ui.app.desktop.notifications import notify
desktop = open_dbus_connection("SESSION")
desktop.send_and_get_reply(message_bus.RequestName("org.freedesktop.Notifications"))
threading.Thread(target=notify, args=("Film", "Can be watched for 11 hours"), daemon=True).start()
while True:
    message = desktop.receive(timeout=60)
    if message.header.message_type is MessageType.method_call:
        print(*message.body[3:5], sep="|", flush=True)
        desktop.send(new_method_return(message, "u", (1,)))
        break
"""


def ending(licence_id: str, left_s: float) -> UpkeepReport:
    return UpkeepReport(ending=(EndingTitle(licence_id, f"title-{licence_id}", left_s, ""),))


def test_each_is_told_once_and_again_after_a_renewal() -> None:
    shown: queue.Queue[tuple[str, str]] = queue.Queue()
    notices = EndingNotices(lambda: {"title-a": "Film"}, lambda *words: shown.put(words))
    notices.heard(ending("a", WARN_S - 1))
    assert shown.get(timeout=PATIENCE_S) == ("Film", "Can be watched for 11 hours")
    notices.heard(ending("a", HOUR))
    notices.heard(ending("unknown", HOUR))
    notices.heard(UpkeepReport())
    notices.heard(ending("a", 2 * HOUR))
    assert shown.get(timeout=PATIENCE_S) == ("Film", "Can be watched for 2 hours")
    assert shown.empty()


def test_without_a_bus_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    notify("Film", "words")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'nobody'}")
    notify("Film", "words")


@pytest.mark.skipif(shutil.which("dbus-run-session") is None, reason="there is no message bus to start")
def test_the_desktop_gets_it() -> None:
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", _DESKTOP],
        env=dict(os.environ), cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.stdout == "Film|Can be watched for 11 hours\n", done.stderr
