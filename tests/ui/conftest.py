"""Qt tests run offscreen, with the render loop the app uses, on one QGuiApplication."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QSG_RENDER_LOOP"] = "basic"

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from tests.kit import waiting
from tests.ui.stage import Stage
from ui.app.window.scene import after_application, choose_scene, register_types

TESTS_BETWEEN_FREEZES = 20
_tests_begun = itertools.count()


@pytest.fixture(scope="session")
def qapp_cls():
    return QGuiApplication


@pytest.fixture(scope="session")
def qapp(qapp_args, qapp_cls):
    app = qapp_cls.instance() or qapp_cls(qapp_args)
    app.setQuitOnLastWindowClosed(False)
    after_application()
    register_types(choose_scene())
    return app


class PatientBot(QtBot):
    """Waits for what is to happen as long as all tests do: five seconds say something of the machine."""

    def waitUntil(self, callback: Callable[[], Any]) -> None:
        super().waitUntil(callback, timeout=int(waiting.PATIENCE_S * 1000))

    def waitSignal(self, signal: Any, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=int(waiting.PATIENCE_S * 1000), **options)


@pytest.fixture
def qtbot(qapp, request):
    return PatientBot(request)


@pytest.fixture(autouse=True)
def garbage_on_this_thread(qapp) -> Iterator[None]:
    """As the app does it (ui/app/system/garbage.py): Qt objects in cycles are destroyed on the Qt thread only.

    What is there before a test and is in use stays. From time to time it is hidden from the collections after each
    test, which else would search all modules and reports again and again.
    """
    gc.disable()
    if next(_tests_begun) % TESTS_BETWEEN_FREEZES == 0:
        gc.collect()
        gc.freeze()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def stage(qapp, qtbot, tmp_path):
    """The real window over a scripted client; start it with ``stage.start()``."""
    made = Stage(qtbot, tmp_path)
    yield made
    made.close()
    QGuiApplication.clipboard().clear()  # Qt ends after Python: what Python made for it is gone by then
