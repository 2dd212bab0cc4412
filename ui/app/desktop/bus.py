"""The session's message bus."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtDBus import QDBusConnection


def has_session_bus(environment: Mapping[str, str]) -> bool:
    """Whether this session has a bus already; none is started for us."""
    if not sys.platform.startswith("linux"):
        return False
    if environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = environment.get("XDG_RUNTIME_DIR")
    return bool(runtime) and (Path(str(runtime)) / "bus").exists()


def session_bus() -> QDBusConnection | None:
    """The bus, where there is one that answers."""
    if not has_session_bus(os.environ):
        return None
    bus = QDBusConnection.sessionBus()
    return bus if bus.isConnected() else None
