"""Qt tests run offscreen, with the render loop the app uses, on one QGuiApplication."""

from __future__ import annotations

import os

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


@pytest.fixture
def stage(qapp, qtbot, tmp_path):
    """The real window over a scripted client; start it with ``stage.start()``."""
    made = Stage(qtbot, tmp_path)
    yield made
    made.close()
