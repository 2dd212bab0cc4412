"""Every colour of text can be read on every colour that it stands on: WCAG 2.2, success criterion 1.4.3 (AA)."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtGui import QColor

TEXTS = ("text", "soft", "muted", "faint")
GROUNDS = ("background", "surface", "raised", "panel")
SIGNS = ("accent", "danger", "good", "cool")
AA, AA_LARGE = 4.5, 3.0


def luminance(colour: QColor) -> float:
    """Relative luminance, 0 to 1."""
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("young", [False, True], ids=["grown-up", "young"])
@pytest.mark.parametrize("high", [False, True], ids=["normal", "high"])
def test_text_can_be_read_on_whatever_it_stands_on(stage, high, young):
    stage.start()
    theme = stage.engine.singletonInstance("Matinee.Theme", "Theme")
    theme.setProperty("highContrast", high)
    theme.setProperty("young", young)
    for text, ground in itertools.product((*TEXTS, *SIGNS), (*GROUNDS, "raisedHover")):
        found = contrast(theme.property(text), theme.property(ground))
        least = AA_LARGE if ground == "raisedHover" and text in ("faint", *SIGNS) else AA
        assert found >= least, f"{text} on {ground}: {found:.2f}"
    assert contrast(theme.property("accentDark"), theme.property("accent")) >= AA
    assert contrast(theme.property("focus"), theme.property("background")) >= AA
    if high:
        assert contrast(theme.property("faint"), theme.property("background")) >= 7


def test_the_measure_is_that_of_the_standard():
    assert contrast(QColor("#000"), QColor("#fff")) == pytest.approx(21)
    assert contrast(QColor("#777"), QColor("#fff")) == pytest.approx(4.48, abs=0.01)
