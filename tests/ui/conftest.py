"""Qt tests run offscreen, with the render loop the app uses, on one QGuiApplication."""

from __future__ import annotations

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QSG_RENDER_LOOP"] = "basic"

import locale

import pytest
from PySide6.QtGui import QGuiApplication


@pytest.fixture(scope="session")
def qapp_cls():
    return QGuiApplication


@pytest.fixture(scope="session")
def qapp(qapp_args, qapp_cls, pytestconfig):
    app = qapp_cls.instance() or qapp_cls(qapp_args)
    locale.setlocale(locale.LC_NUMERIC, "C")
    return app
