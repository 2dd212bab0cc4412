"""The viewer's language: the translation that the system asks for, where there is one. Texts are English without."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

FOLDER = Path(__file__).parent.parent / "assets" / "translations"


def translate_into(locale: QLocale, parent: QCoreApplication) -> QTranslator | None:
    """Show the app in the first of the locale's languages that there is a translation for; before the first text.

    The direction of writing follows the language by itself. Where there is no translation, dates and numbers are
    English too: words of one language with dates of another read as a fault.
    """
    translator = QTranslator(parent)
    if locale.language() is QLocale.Language.English:
        return None
    if not translator.load(locale, "matinee", "_", str(FOLDER)):
        QLocale.setDefault(QLocale(QLocale.Language.English))
        return None
    parent.installTranslator(translator)
    return translator
