"""Looks at the world for the queue: the time of the day, whether the network is metered, whether somebody watches."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from datetime import datetime

from downloads.schedule import QueueConditions

_METERED_YES = frozenset({1, 3})  # NetworkManager: yes, and guessed yes
_METERED_NO = frozenset({2, 4})


def look(playing: Callable[[], bool], metered: Callable[[], bool | None]) -> QueueConditions:
    """The world now."""
    now = datetime.now().astimezone()
    return QueueConditions(time.monotonic(), now.hour * 60 + now.minute, metered(), playing())


def network_is_metered() -> bool | None:
    """What the system's NetworkManager says of the present connection; None where it cannot be asked."""
    value = _of_network_manager("Metered")
    return True if value in _METERED_YES else False if value in _METERED_NO else None


def network_kind() -> str:
    """How this machine is connected, as NetworkManager calls it (``802-3-ethernet``, ``802-11-wireless``, ``gsm``);
    empty where it cannot be asked."""
    value = _of_network_manager("PrimaryConnectionType")
    return value if isinstance(value, str) else ""


def _of_network_manager(name: str) -> object:
    """A property of NetworkManager; None where it cannot be asked. Waits a second at most."""
    try:  # keyring brings it, on Linux alone; it has no types
        jeepney, blocking = map(importlib.import_module, ("jeepney", "jeepney.io.blocking"))
    except ImportError:
        return None
    manager = jeepney.DBusAddress(
        "/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "org.freedesktop.NetworkManager"
    )
    try:
        with blocking.open_dbus_connection(bus="SYSTEM") as connection:
            reply = connection.send_and_get_reply(jeepney.Properties(manager).get(name), timeout=1.0)
            value: object = reply.body[0][1]
    except (OSError, KeyError, IndexError, TypeError, ValueError, TimeoutError):
        return None
    return value
