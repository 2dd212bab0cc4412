"""German is complete but for the newest words, and the app speaks it."""

from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from PySide6.QtCore import QCoreApplication, QLocale

from tests.kit.fake_client import cards
from ui.app.ports.downloads import KeptTitle
from ui.app.system.translation import FOLDER, translate_into
from ui.app.viewmodels.rights import kept_rights_words
from ui.app.viewmodels.sentences import unsupported_words
from ui.app.viewmodels.text import bitrate, byte_words, tr

ROOT = Path(__file__).parents[3]
MOST_MISSING = 0.04
GERMAN = QLocale(QLocale.Language.German, QLocale.Country.Germany)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """``packaging/translate.py``, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("matinee_translate", ROOT / "packaging" / "translate.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def in_german(qapp) -> Iterator[None]:
    translator = translate_into(GERMAN, qapp)
    assert translator is not None
    yield
    qapp.removeTranslator(translator)
    translator.deleteLater()


def messages() -> list[tuple[str, str, str]]:
    """Context, source and translation of every text that is translated."""
    found = []
    for context in ET.parse(FOLDER / "matinee_de.ts").getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            if translation.get("type") == "unfinished":
                continue
            found.append((context.findtext("name", ""), message.findtext("source", ""), translation.text or ""))
    return found


def test_everything_is_translated_and_keeps_its_places():
    for _context, source, translation in messages():
        assert translation.strip(), source
        assert sorted(re.findall(r"%\d", source)) == sorted(re.findall(r"%\d", translation)), source
        assert fields(source) == fields(translation), source


def fields(text: str) -> set[str]:
    return {name for _text, name, _form, _conversion in Formatter().parse(text) if name}


def test_hardly_a_text_of_the_sources_is_missing(tool):
    """New words may wait a little for their translation; ``packaging/translate.py`` names them."""
    known = {(context, source) for context, source, _translation in messages()}
    wanted = {("ViewModels", word) for word in tool.python_words()}
    for path in (ROOT / "ui" / "app" / "qml").rglob("*.qml"):
        texts = re.findall(r'qsTr\("((?:[^"\\]|\\.)*)"\)', path.read_text(encoding="utf-8"))
        wanted |= {(path.stem, text.replace("\\n", "\n")) for text in texts}
    assert len(wanted) > 200
    missing = wanted - known
    assert len(missing) <= MOST_MISSING * len(wanted), f"run packaging/translate.py: {sorted(missing)}"


def test_what_was_compiled_is_what_stands_there(in_german):
    for context, source, translation in messages():
        assert QCoreApplication.translate(context, source) == translation


def test_the_app_speaks_german(in_german, stage):
    stage.client.titles = cards(3, begun=1)
    stage.sign_in()
    stage.until(lambda: stage.focus_name == "playFeatured")
    assert stage.item("playFeatured").property("text") == "Fortsetzen"
    assert tr("Off") == "Aus"
    assert stage.app.home.rows.records[0].titles.records[0].remaining.startswith("noch ")


def test_other_languages_stay_english(qapp):
    assert translate_into(QLocale(QLocale.Language.Finnish), qapp) is None
    assert translate_into(QLocale(QLocale.Language.English), qapp) is None
    assert tr("Off") == "Off"


@pytest.mark.usefixtures("in_german")
@pytest.mark.parametrize(
    ("state", "left_s", "words"),
    [
        ("ready", 2.5 * 86_400, "Noch 2 Tage lang zu sehen"),
        ("ready", None, "Ohne zeitliche Grenze zu sehen"),
        ("played_out", 0.0, "Die Lizenz ist abgelaufen"),
        ("unclear_date", 0.0, "Zum Prüfen des Datums einmal verbinden"),
        ("disk.full", None, "Die Festplatte ist voll."),
        ("disk.limit", None, "Die Downloads haben die Grenze erreicht, die für sie gesetzt ist."),
        ("", None, "A sentence."),
    ],
)
def test_a_download_says_it_in_the_viewers_language(state, left_s, words):
    kept = KeptTitle("d", "Harbour", rights="A sentence.", rights_state=state, rights_left_s=left_s)
    assert kept_rights_words(kept) == words


@pytest.mark.usefixtures("in_german")
def test_a_download_says_when_it_should_be_renewed():
    kept = KeptTitle(
        "d", "Harbour", rights="A sentence.", rights_state="expired", rights_left_s=0.0, renewal_due=True
    )
    assert kept_rights_words(kept) == "Die Lizenz ist abgelaufen. Zum Erneuern mit dem Netz verbinden."


@pytest.mark.usefixtures("in_german")
def test_a_menu_says_why_a_line_is_grey():
    assert unsupported_words("This subtitle format cannot be shown.").startswith("Dieses Untertitelformat")
    assert (
        unsupported_words("This quality is coded as xyz1, which ...") == "Das kann hier nicht wiedergegeben werden."
    )


def test_numbers_are_written_as_the_language_has_it():
    before = QLocale()
    QLocale.setDefault(GERMAN)
    try:
        assert (byte_words(3.1e9), bitrate(2_400_000), bitrate(1_254e6)) == ("3,1 GB", "2,4 Mbit/s", "1254 Mbit/s")
    finally:
        QLocale.setDefault(before)
