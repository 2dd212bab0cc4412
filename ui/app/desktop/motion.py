"""Whether the desktop wants little motion: asked of the settings portal (``org.freedesktop.portal.Settings``)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher, QDBusVariant

_NAME, _PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_INTERFACE = "org.freedesktop.portal.Settings"
_GROUP, _KEY = "org.gnome.desktop.interface", "enable-animations"
_log = logging.getLogger(__name__)


def ask_for_motion(bus: QDBusConnection, tell: Callable[[bool], None], parent: QObject) -> None:
    """Call ``tell`` with whether little motion is wanted, once the desktop has answered; one that does not know is
    not heard of again."""
    question = QDBusMessage.createMethodCall(_NAME, _PATH, _INTERFACE, "Read")
    question.setArguments([_GROUP, _KEY])
    watcher = QDBusPendingCallWatcher(bus.asyncCall(question), parent)

    def answered(call: QDBusPendingCallWatcher) -> None:
        answer = call.reply()
        if answer.type() == QDBusMessage.MessageType.ReplyMessage and answer.arguments():
            moving = plain(answer.arguments()[0])
            if isinstance(moving, bool):
                tell(not moving)
        else:
            _log.info("this desktop does not say how much motion is wanted")
        call.deleteLater()

    watcher.finished.connect(answered)


def plain(value: object) -> object:
    """A value out of the variants that it lies in."""
    while isinstance(value, QDBusVariant):
        value = value.variant()
    return value
