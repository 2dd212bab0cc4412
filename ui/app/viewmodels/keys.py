"""The keys of the player: which action a key means, and the page on which a viewer changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Property, QKeyCombination, QObject, QStandardPaths, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence

from player.base.files import kept_json, write_whole
from ui.app.profile.key_bindings import (
    KeyBindings,
    adopted,
    read_bindings,
    with_key,
    without_keys,
    write_bindings,
)
from ui.app.viewmodels.actions import KeyAction, fixed_keys, key_actions, section_titles
from ui.app.viewmodels.binding import RecordModel, part, shown
from ui.app.viewmodels.text import tr

_LEFT_OUT = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_MAX_BYTES = 256 * 1024  # of a file of keys
_FIRST_NAMED = 0x01000000  # keys from here on are no letters and no signs
_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """An action as it is shown. ``keys`` are its keys as people read them, with commas between."""

    action: str
    section: str
    sentence: str
    keys: str
    fixed: bool = False
    changed: bool = False


class KeyModel(RecordModel[KeyLine]):
    record = KeyLine


class KeysViewModel(QObject):
    """``lines`` are all actions with their keys, for the keys page and the overlay."""

    changed = Signal()

    def __init__(self, bindings: KeyBindings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bindings = bindings or KeyBindings(None)
        self._lines = KeyModel(self)
        self._notice = ""
        self._awaited = ""
        self._by_key: dict[str, str] = {}
        self._publish()

    lines = part("_lines")
    notice = shown(str, "_notice", changed)  # what came of the last change
    awaited = shown(str, "_awaited", changed)  # the action that gets the next key that is pressed; empty for none

    @Property(list, constant=True)
    def sections(self) -> list[dict[str, str]]:
        """The headings, as ``key`` and ``label``."""
        return [{"key": str(key), "label": label} for key, label in section_titles().items()]

    @Property(list, notify=changed)
    def shownSections(self) -> list[dict[str, object]]:
        """The headings as ``label``, each with its ``lines``: what all keys are now, for the overlay."""
        by_section: list[dict[str, object]] = [
            {
                "label": label,
                "lines": [
                    {"sentence": line.sentence, "keys": line.keys, "changed": line.changed}
                    for line in self._lines.records
                    if line.section == str(key)
                ],
            }
            for key, label in section_titles().items()
        ]
        fixed = [{"sentence": sentence, "keys": keys, "changed": False} for sentence, keys in fixed_keys()]
        return [*by_section, {"label": tr("Everywhere"), "lines": fixed}]

    @Property(list, notify=changed)
    def helpKeys(self) -> list[str]:
        """The keys that show all keys, on every page."""
        return list(self._keys()["help"])

    @Slot(int, int, result=str)
    def actionFor(self, key: int, modifiers: int) -> str:
        """The action of a key that was pressed; empty for none."""
        return self._by_key.get(portable(key, modifiers), "")

    @Slot(str, result=str)
    def keysOf(self, action: str) -> str:
        """The keys of an action as people read them."""
        return next((line.keys for line in self._lines.records if line.action == action), "")

    @Slot(str)
    def await_(self, action: str) -> None:
        """The next key that is pressed on the page is for this action; empty for none."""
        self._awaited, self._notice = action, ""
        self.changed.emit()

    @Slot(int, int, result=bool)
    def give(self, key: int, modifiers: int) -> bool:
        """Give a key to the action that waits for one; False for a modifier alone, which changes nothing."""
        if key in _MODIFIERS or not self._awaited:
            return False
        name, action, self._awaited = portable(key, modifiers), self._awaited, ""
        owner = self._by_key.get(name, "")
        if not name or self._is_fixed(owner):
            self._notice = tr("This key cannot be changed.")
            self.changed.emit()
            return True
        self._keep(with_key(self._defaults(), self._bindings.changed, action, name))
        if owner and owner != action:
            self._notice = tr("The key was taken from: {action}").format(action=self._sentence(owner))
        self.changed.emit()
        return True

    @Slot(str)
    def clear(self, action: str) -> None:
        """Take all keys from an action."""
        self._keep(without_keys(self._defaults(), self._bindings.changed, action))
        self.changed.emit()

    @Slot()
    def reset(self) -> None:
        """Give every action its default keys."""
        self._keep({})
        self.changed.emit()

    @Slot()
    def export(self) -> None:
        """Write all keys into a file in the documents folder, which ``notice`` names."""
        path = _exported()
        text = json.dumps(write_bindings(self._keys()), indent=2, ensure_ascii=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text.encode())
        except OSError as error:
            self._notice = tr("The keys could not be written: {why}").format(why=error.strerror or "")
        else:
            self._notice = tr("The keys are in {file}").format(file=str(path))
        self.changed.emit()

    @Slot()
    def load(self) -> None:
        """Use the keys of the file that :meth:`export` writes, here or on another machine."""
        path = _exported()
        content = kept_json(path, _MAX_BYTES)
        try:
            wanted = read_bindings(content if isinstance(content, dict) else {})
        except (TypeError, ValueError):
            self._notice = tr("There are no keys in {file}").format(file=str(path))
        else:
            known = {name: tuple(key for key in keys if _is_key(key)) for name, keys in wanted.items()}
            fixed = {action.id for action in key_actions() if action.fixed}
            self._keep(adopted(self._defaults(), fixed, known))
            self._notice = self._notice or tr("The keys are those of {file}").format(file=str(path))
        self.changed.emit()

    # --- behind it

    def _defaults(self) -> dict[str, tuple[str, ...]]:
        return {action.id: action.keys for action in key_actions()}

    def _keys(self) -> dict[str, tuple[str, ...]]:
        return {
            action.id: action.keys if action.fixed else self._bindings.changed.get(action.id, action.keys)
            for action in key_actions()
        }

    def _keep(self, changed: Mapping[str, tuple[str, ...]]) -> None:
        kept = self._bindings.keep(changed)
        self._notice = "" if kept else tr("The keys could not be kept and last until Matinee is closed.")
        self._publish()

    def _publish(self) -> None:
        keys = self._keys()
        fixed = [action for action in key_actions() if action.fixed]
        free = [action for action in key_actions() if not action.fixed]
        self._by_key = {key: action.id for action in (*free, *fixed) for key in keys[action.id]}
        self._lines.replace([self._line(action, keys[action.id]) for action in key_actions()])

    def _line(self, action: KeyAction, keys: tuple[str, ...]) -> KeyLine:
        words = ", ".join(native(key) for key in keys) if action.id != "tenth" else "0 – 9"
        return KeyLine(
            action.id, str(action.section), action.sentence, words, action.fixed, changed=keys != action.keys
        )

    def _is_fixed(self, action: str) -> bool:
        return any(line.fixed for line in self._lines.records if line.action == action)

    def _sentence(self, action: str) -> str:
        return next((line.sentence for line in self._lines.records if line.action == action), action)


def _exported() -> Path:
    """The file that keys are written to and read from."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(folder or ".") / "matinee-keys.json"


def _is_key(text: str) -> bool:
    """Whether Qt knows a key by this text, written as the table writes it."""
    form = QKeySequence.SequenceFormat.PortableText
    return QKeySequence.fromString(text, form).toString(form) == text


def portable(key: int, modifiers: int) -> str:
    """A key that was pressed, as the table writes it. Shift counts only with letters and named keys: of a sign it is
    part."""
    held = Qt.KeyboardModifier(modifiers) & ~_LEFT_OUT
    letter = Qt.Key.Key_A <= key <= Qt.Key.Key_Z
    if key < _FIRST_NAMED and not letter:
        held &= ~_SHIFT
    try:
        return QKeySequence(QKeyCombination(held, Qt.Key(key))).toString(QKeySequence.SequenceFormat.PortableText)
    except ValueError:  # a key that Qt has no name for
        return ""


def native(key: str) -> str:
    """A key of the table as people read it on this system."""
    sequence = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)
    return sequence.toString(QKeySequence.SequenceFormat.NativeText) or key
