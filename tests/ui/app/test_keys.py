"""The keys of the player: one table, changed on one page, kept and exported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QKeyCombination, QPointF, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from tests.kit.fake_client import playing
from ui.app.profile.key_bindings import KeyBindings, with_key
from ui.app.viewmodels.actions import key_actions, section_titles
from ui.app.viewmodels.keys import KeysViewModel, portable
from ui.app.viewmodels.tools import TOOL_ACTIONS

K = Qt.Key
NONE, SHIFT, CONTROL = (
    Qt.KeyboardModifier.NoModifier.value,
    Qt.KeyboardModifier.ShiftModifier.value,
    Qt.KeyboardModifier.ControlModifier.value,
)
PLAYER_PAGE = Path(__file__).parents[3] / "ui/app/qml/Matinee/Pages/PlayerPage.qml"


def test_every_default_key_is_a_key_and_has_one_action(qapp):
    seen: dict[str, str] = {}
    for action in key_actions():
        assert action.sentence
        assert action.section in section_titles()
        for key in action.keys:
            combination = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
            assert isinstance(combination, QKeyCombination)
            assert portable(combination.key().value, combination.keyboardModifiers().value) == key
            assert seen.setdefault(key, action.id) == action.id, key


def test_the_player_page_performs_every_action(qapp):
    """An action in the table that the page does not know would be a key that does nothing."""
    page = PLAYER_PAGE.read_text(encoding="utf-8")
    done = TOOL_ACTIONS | {action.id for action in key_actions() if f'"{action.id}"' in page}
    missing = [action.id for action in key_actions() if action.id not in done]
    assert not missing


@pytest.mark.parametrize(
    ("key", "modifiers", "action"),
    [
        (K.Key_Space, NONE, "play_pause"),
        (K.Key_MediaTogglePlayPause, NONE, "play_pause"),
        (K.Key_Plus, SHIFT, "louder"),
        (K.Key_5, Qt.KeyboardModifier.KeypadModifier.value, "tenth"),
        (K.Key_F, NONE, "full_screen"),
        (K.Key_F, CONTROL, ""),
        (K.Key_Back, NONE, "leave"),
    ],
)
def test_a_key_means_its_action(qapp, key, modifiers, action):
    found = KeysViewModel().actionFor(key.value, modifiers)
    assert found == action or (action == "" and found != "full_screen")


def test_a_key_that_is_given_away_is_taken_from_its_owner():
    defaults = {"mute": ("M",), "pause": ("Space",)}
    changed = with_key(defaults, {}, "pause", "M")
    assert changed == {"mute": (), "pause": ("Space", "M")}
    assert with_key(defaults, changed, "mute", "M") == {}, "back at the defaults nothing is kept"


def test_changed_keys_last_and_are_exported(qapp, tmp_path, monkeypatch):
    keys = KeysViewModel(KeyBindings(tmp_path))
    keys.await_("mute")
    assert not keys.give(K.Key_Shift.value, SHIFT), "a modifier alone is awaited further"
    assert keys.give(K.Key_X.value, CONTROL)
    keys.await_("mute")
    assert keys.give(K.Key_Escape.value, NONE)
    assert keys.actionFor(K.Key_Escape.value, NONE) == "leave", "Back cannot be taken away"
    again = KeysViewModel(KeyBindings(tmp_path))
    assert again.actionFor(K.Key_X.value, CONTROL) == "mute"
    monkeypatch.setattr(
        "ui.app.viewmodels.keys.QStandardPaths.writableLocation", lambda _kind: str(tmp_path / "Documents")
    )
    again.export()
    exported = json.loads((tmp_path / "Documents" / "matinee-keys.json").read_text())
    assert exported["keys"]["mute"] == ["M", "Ctrl+X"]
    assert set(exported["keys"]) == {action.id for action in key_actions()}
    again.reset()
    assert KeysViewModel(KeyBindings(tmp_path)).actionFor(K.Key_X.value, CONTROL) != "mute"


@pytest.fixture
def documents(tmp_path, monkeypatch) -> Path:
    """The folder that keys are written to and read from."""
    folder = tmp_path / "Documents"
    monkeypatch.setattr("ui.app.viewmodels.keys.QStandardPaths.writableLocation", lambda _kind: str(folder))
    return folder


def keys_of(keys: KeysViewModel) -> dict[str, str]:
    return {line.action: line.keys for line in keys.property("lines").records}


def test_exported_keys_are_loaded_elsewhere(qapp, tmp_path, documents):
    here, there = KeysViewModel(KeyBindings(tmp_path / "here")), KeysViewModel(KeyBindings(tmp_path / "there"))
    for action, key in (("mute", K.Key_S), ("rotate", K.Key_M)):
        here.await_(action)
        here.give(key.value, NONE)
    here.clear("loop")
    here.export()
    assert keys_of(there) != keys_of(here)
    there.load()
    assert keys_of(there) == keys_of(here)
    assert str(documents / "matinee-keys.json") in there.property("notice")
    assert keys_of(KeysViewModel(KeyBindings(tmp_path / "there"))) == keys_of(here), "they last"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": {"mute": 3}}', '{"keys": {"mute": ["' + "x" * 99 + '"]}}']
)
def test_a_file_without_keys_changes_none(qapp, tmp_path, documents, text):
    keys = KeysViewModel(KeyBindings(tmp_path))
    before = keys_of(keys)
    keys.load()
    assert "no keys" in keys.property("notice")
    documents.mkdir()
    (documents / "matinee-keys.json").write_text(text)
    keys.load()
    assert "no keys" in keys.property("notice")
    assert keys_of(keys) == before


def test_a_key_of_a_file_has_one_action_and_takes_no_fixed_one(qapp, tmp_path, documents):
    documents.mkdir()
    wanted = {"mute": ["Esc", "X", "no such key"], "rotate": ["X", "Y"], "leave": ["Q"], "of a later version": ["M"]}
    (documents / "matinee-keys.json").write_text(json.dumps({"format": 1, "keys": wanted}))
    keys = KeysViewModel(KeyBindings(tmp_path))
    keys.load()
    assert (keys.keysOf("mute"), keys.keysOf("rotate")) == ("X", "Y")
    assert keys.actionFor(K.Key_Escape.value, NONE) == "leave"
    assert keys.actionFor(K.Key_Q.value, NONE) == "repeat"
    assert keys.keysOf("subtitles_later") == "H", "X went to another action"


@pytest.mark.parametrize(
    "text", ["[]", '{"keys": 3}', '{"keys": {"mute": [1]}}', '{"keys": {"mute": ["' + "x" * 99 + '"]}}']
)
def test_a_damaged_file_gives_the_defaults(qapp, tmp_path, text):
    (tmp_path / "keys.json").write_text(text)
    assert KeysViewModel(KeyBindings(tmp_path)).actionFor(K.Key_M.value, NONE) == "mute"


def test_keys_are_changed_on_the_settings_page_and_count_in_the_player(stage):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.app.showSettings()
    stage.until(lambda: stage.page == "settings")
    for _ in range(20):
        if stage.app.settings.property("section") == "keys":
            break
        stage.key(K.Key_Down)
    stage.key(K.Key_Right, K.Key_Down)
    for _ in range(40):
        if stage.focus_name == "keyLine_mute":
            break
        stage.key(K.Key_Down)
    assert stage.focus_name == "keyLine_mute"
    stage.key(K.Key_Return)
    assert stage.app.keys.property("awaited") == "mute"
    stage.key(K.Key_Y)
    assert "Y" in stage.app.keys.keysOf("mute")
    stage.key(K.Key_Delete)
    assert stage.app.keys.keysOf("mute") == ""
    stage.key(K.Key_Return, K.Key_Down)
    assert "Down" in stage.app.keys.keysOf("mute"), "a key that moves the focus can be given as well"
    stage.key(K.Key_Delete, K.Key_Return, K.Key_Y)
    stage.app.back()
    from player.title.opening import PlaybackSource

    stage.app._play(PlaybackSource(url="https://streams.test/film/master.m3u8"))
    stage.until(lambda: bool(stage.client.sessions))
    session = stage.client.sessions[-1]
    session.publish(playing())
    stage.until(lambda: stage.page == "player")
    QTest.keyClick(stage.window, K.Key_Y)
    stage.until(lambda: ("set_muted", True) in session.orders)


def _keys_page(stage, *, tv: bool = False) -> None:
    stage.start(tv=tv)
    stage.until(lambda: stage.page == "signIn")
    stage.app.showSettings()
    stage.until(lambda: stage.page == "settings")
    for _ in range(20):
        if stage.app.settings.property("section") == "keys":
            break
        stage.key(K.Key_Down)
    stage.key(K.Key_Right)
    stage.until(lambda: stage.focus_name == "keysReset")


@pytest.mark.parametrize("by_mouse", [False, True], ids=["keys", "mouse"])
def test_keys_are_saved_and_loaded_on_their_page(stage, documents, by_mouse):
    _keys_page(stage)

    def press(name: str, *keys: Qt.Key) -> None:
        if by_mouse:
            button = stage.item(name)
            middle = button.mapToScene(QPointF(button.width() / 2, button.height() / 2)).toPoint()
            QTest.mouseClick(stage.window, Qt.MouseButton.LeftButton, pos=middle)
        else:
            stage.key(*keys)
            assert stage.focus_name == name
            stage.key(K.Key_Return)

    press("keysExport", K.Key_Right)
    stage.until((documents / "matinee-keys.json").is_file)
    stage.app.keys.clear("mute")
    assert stage.app.keys.keysOf("mute") == ""
    press("keysLoad", K.Key_Right)
    stage.until(lambda: stage.app.keys.keysOf("mute") == "M")
    assert str(documents / "matinee-keys.json") in stage.item("keysNotice").property("text")
    stage.app.keys.clear("mute")
    press("keysReset", K.Key_Left, K.Key_Left)
    stage.until(lambda: stage.app.keys.keysOf("mute") == "M")


def shown_keys(stage) -> dict[str, str]:
    return {
        line["sentence"]: line["keys"]
        for section in stage.app.keys.property("shownSections")
        for line in section["lines"]
    }


@pytest.mark.parametrize("key", [K.Key_Question, K.Key_F1], ids=["question", "f1"])
def test_all_keys_are_shown_on_every_page_as_they_are_now(stage, key):
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.item("openStreamButton").forceActiveFocus()
    for page in ("signIn", "settings"):
        if page == "settings":
            stage.app.showSettings()
        stage.until(lambda page=page: stage.page == page and stage.focus_name != "")
        before = stage.focus_name
        stage.key(key)
        stage.until(lambda: stage.item("keysOverlay").isVisible())
        stage.key(K.Key_Down, K.Key_Escape)
        assert not stage.item("keysOverlay").isVisible()
        assert stage.focus_name == before
    assert stage.page == "settings", "nothing of it reached the page behind"
    stage.app.keys.await_("mute")
    stage.app.keys.give(K.Key_Y.value, NONE)
    assert shown_keys(stage)["Sound off or on"] == "M, Y"


def test_a_changed_key_shows_the_keys_and_the_tools_lead_there(stage):
    stage.play(playing())
    stage.app.keys.clear("help")
    stage.app.keys.await_("help")
    stage.app.keys.give(K.Key_F2.value, NONE)
    stage.key(K.Key_F1)
    assert not stage.item("keysOverlay").isVisible()
    stage.key(K.Key_F2)
    stage.until(lambda: stage.item("keysOverlay").isVisible())
    stage.key(K.Key_F2)
    stage.until(lambda: not stage.item("keysOverlay").isVisible())
    stage.key(K.Key_T, K.Key_Up)
    stage.app.player.property("tools").perform("keys")
    stage.until(lambda: stage.item("keysOverlay").isVisible())


def test_a_question_mark_is_typed_where_text_is_written(stage):
    stage.client.service_name = ""
    stage.start()
    stage.until(lambda: stage.page == "signIn")
    stage.item("serviceAddress").forceActiveFocus()
    QTest.keyClick(stage.window, "?")
    assert not stage.item("keysOverlay").isVisible()


@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_the_ring_of_no_line_is_cut(stage, tv):
    """The list of keys cuts off what lies beside its lines."""
    _keys_page(stage, tv=tv)
    stage.key(K.Key_Down)
    lines = stage.item("keyLines")
    for _ in range(2):
        (ring,) = (item for item in stage.focus.childItems() if item.metaObject().className().startswith("FocusRing"))
        assert ring.isVisible()
        drawn = ring.mapRectToItem(lines, ring.boundingRect())
        assert lines.boundingRect().contains(drawn), stage.focus_name
        stage.key(K.Key_Down)
