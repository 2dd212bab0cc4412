"""Every colour of text can be read on every colour that it stands on, and all text over pictures of any brightness:
WCAG 2.2, success criterion 1.4.3 (AA)."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtQml import QQmlComponent

from tests.kit.slices import slice_of
from tests.ui.legible import AA, contrast, opaque, readings
from tests.ui.states import STATES

TEXTS = ("text", "soft", "muted", "faint")
GROUNDS = ("background", "surface", "raised", "panel")
SIGNS = ("accent", "danger", "good", "cool")
# States with text over a film, a poster or a still
OVER_PICTURES = tuple(
    state for state in STATES if state.startswith(("player", "home", "details", "browse", "live", "search"))
)


@pytest.mark.parametrize("young", [False, True], ids=["grown-up", "young"])
@pytest.mark.parametrize("high", [False, True], ids=["normal", "high"])
def test_text_can_be_read_on_whatever_it_stands_on(stage, high, young):
    stage.start()
    theme = stage.engine.singletonInstance("Matinee.Theme", "Theme")
    theme.setProperty("highContrast", high)
    theme.setProperty("young", young)
    for text, ground in itertools.product((*TEXTS, *SIGNS), (*GROUNDS, "raisedHover")):
        found = contrast(theme.property(text), theme.property(ground))
        assert found >= AA, f"{text} on {ground}: {found:.2f}"
    assert contrast(theme.property("accentDark"), theme.property("accent")) >= AA
    assert contrast(theme.property("focus"), theme.property("background")) >= AA
    if high:
        assert contrast(theme.property("faint"), theme.property("background")) >= 7


def test_the_measure_is_that_of_the_standard():
    assert contrast(QColor("#000"), QColor("#fff")) == pytest.approx(21)
    assert contrast(QColor("#777"), QColor("#fff")) == pytest.approx(4.48, abs=0.01)


def test_what_lies_behind_the_keys_on_the_screen_is_not_read(stage):
    stage.client.viewer = "Ada"
    stage.start(tv=True)
    stage.until(lambda: stage.page == "home")
    stage.item("openStream").forceActiveFocus()
    for words in ({"Open", "Cancel"}, {"Done", "Cancel"}):
        stage.key(Qt.Key.Key_Return)
        stage.wait(50)
        read = list(readings(stage.window, opaque(stage.window.grabWindow()), stage.window.height() / 720))
        assert {each.words for each in read} & {"Open", "Done", "Cancel"} == words
        assert all(each.good for each in read)


def white_poster(_url: str) -> bytes:
    image = QImage(480, 270, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    buffer = QBuffer(data := QByteArray())
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def bright(stage, state: str, tv: bool) -> None:
    """Be in a state in which every poster and the film are white."""
    stage.client.paint = white_poster
    STATES[state](stage, tv)
    if stage.page == "player":
        component = QQmlComponent(stage.engine)
        component.setData(b"import QtQuick; Rectangle { anchors.fill: parent; color: 'white' }", QUrl())
        film = component.create()
        film.setParent(stage.window)
        film.setParentItem(stage.item("video"))
    theme = stage.engine.singletonInstance("Matinee.Theme", "Theme")
    stage.wait(theme.property("heroFades") + 100)


@pytest.mark.parametrize(("state", "form"), slice_of(itertools.product(OVER_PICTURES, ("desk", "tv")), 14))
def test_text_can_be_read_over_white_pictures(stage, state, form):
    bright(stage, state, form == "tv")
    theme = stage.engine.singletonInstance("Matinee.Theme", "Theme")
    found = list(readings(stage.window, opaque(stage.shot()), theme.property("scale")))
    assert found
    assert [f"{one.words}: {one.ratio:.2f}" for one in found if not one.good] == []
