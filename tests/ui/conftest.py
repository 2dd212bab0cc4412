"""Qt tests run offscreen, with the render loop the app uses, on one QGuiApplication."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QSG_RENDER_LOOP"] = "basic"

import pytest
from PySide6.QtGui import QGuiApplication

from tests.ui.stage import Stage
from ui.scene import after_application, choose_scene, register_types


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


@pytest.fixture(scope="session")
def settled_heap(qapp) -> None:
    """What is there before the first of these tests stays: the collections after each test need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def garbage_on_this_thread(settled_heap) -> Iterator[None]:
    """As the app does it (ui/garbage.py): Qt objects in cycles are destroyed on the Qt thread only."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def stage(qapp, qtbot, tmp_path):
    """The real window over a scripted client; start it with ``stage.start()``."""
    made = Stage(qtbot, tmp_path)
    yield made
    made.close()
