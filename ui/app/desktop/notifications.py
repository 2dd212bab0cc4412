"""Notifications of the desktop (``org.freedesktop.Notifications``, Desktop Notifications Specification 1.2).

By jeepney, not Qt's D-Bus: the call wants an unsigned number, which PySide6 cannot send.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping

from drm_client.upkeep import EndingTitle, UpkeepReport
from ui.app.desktop.bus import has_session_bus
from ui.app.viewmodels.rights import left_words

_NAME, _PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_BY_THE_DESKTOP = -1  # how long it shows
_PATIENCE_S = 5.0
_log = logging.getLogger(__name__)

Notify = Callable[[str, str], None]
"""Shows a heading and words."""


def notify(heading: str, words: str) -> None:
    """Show a notification; nothing happens on a desktop that has none. Waits for the bus: not for Qt's thread."""
    if not has_session_bus(os.environ):
        return
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    place = DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)
    hints = {"desktop-entry": ("s", "matinee")}
    body: tuple[object, ...] = ("Matinee", 0, "matinee", heading, words, [], hints, _BY_THE_DESKTOP)
    try:
        with open_dbus_connection("SESSION") as connection:
            connection.send_and_get_reply(
                new_method_call(place, "Notify", "susssasa{sv}i", body), timeout=_PATIENCE_S
            )
    except Exception as error:  # noqa: BLE001  (whatever a strange bus does: a notice that is not shown is no trouble)
        _log.info("this desktop shows no notifications: %s", type(error).__name__)


class EndingNotices:
    """Tells the viewer of each kept title whose time is nearly over, once in a run of the program. ``names`` gives
    the names of kept titles by their ids; it is called, as ``show`` is, on a thread of its own."""

    def __init__(self, names: Callable[[], Mapping[str, str]], show: Notify = notify) -> None:
        self._names = names
        self._show = show
        self._told: dict[str, set[str]] = {}

    def heard(self, report: UpkeepReport) -> None:
        """What a pass found, or a look between two; on any thread. One that is renewed and nearly over again is told
        again."""
        told = self._told.get(report.service, set())
        news = [ending for ending in report.ending if ending.licence_id not in told]
        self._told[report.service] = {ending.licence_id for ending in report.ending}
        if news:
            threading.Thread(target=self._tell, args=(news,), name="notifications", daemon=True).start()

    def _tell(self, endings: list[EndingTitle]) -> None:
        names = self._names()
        for ending in endings:
            name = names.get(ending.title_id)
            if name is not None:  # a licence without a download says nothing to a viewer
                self._show(name, left_words(ending.remaining_s))
