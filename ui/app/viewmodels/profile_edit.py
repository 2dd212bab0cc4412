"""A profile that is made or changed: its name, picture, age limit, PIN, and how it likes to watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Profile
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.setting_choices import SOUND_LANGUAGES
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.tracks import language_name

AVATARS = ("fox", "owl", "bear", "whale", "cat", "robot", "moon", "sun")
AGES = (0, 6, 12, 16, 18)
CHILD = 6
_LONGEST_NAME = 40
_PIN_DIGITS = range(4, 9)


@dataclass(frozen=True, slots=True)
class EditLine:
    """One choice of a profile, as a line of settings."""

    key: str
    label: str
    value: str
    help: str = ""


class EditModel(RecordModel[EditLine]):
    record = EditLine


class ProfileEditViewModel(QObject):
    """``begin`` opens a profile, ``saved`` follows once the service has taken what was chosen or removed it."""

    changed = Signal()
    saved = Signal()
    signInNeeded = Signal(str)

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._question = PendingRequest(tasks, self._taken, self._refused, self.signInNeeded.emit)
        self._removing = PendingRequest(tasks, self._removed, self._refused, self.signInNeeded.emit)
        self._before: Profile | None = None
        self._draft = Profile("", "")
        self._pin: str | None = None  # a new one; empty to take it away
        self._removable = False
        self._error = ""
        self._lines = EditModel(self)
        self._options = OptionModel(self)

    error = shown(str, "_error", changed)
    removable = shown(bool, "_removable", changed)

    @Property(QObject, constant=True)
    def lines(self) -> EditModel:
        return self._lines

    @Property(QObject, constant=True)
    def options(self) -> OptionModel:
        return self._options

    @Property(list, constant=True)
    def avatars(self) -> list[str]:
        return list(AVATARS)

    @Property(bool, notify=changed)
    def isNew(self) -> bool:
        return self._before is None

    @Property(str, notify=changed)
    def name(self) -> str:
        return self._draft.name

    @Property(str, notify=changed)
    def avatar(self) -> str:
        return self._draft.avatar

    @Property(bool, notify=changed)
    def ready(self) -> bool:
        """Whether it can be saved."""
        return bool(self._draft.name.strip()) and not self._question.waiting and not self._removing.waiting

    def begin(self, person: Profile | None, *, removable: bool = False, taken: int = 0) -> None:
        """Change this profile, or make one; ``taken`` pictures have been given to others."""
        self._before = person
        self._draft = person or Profile("", "", avatar=AVATARS[taken % len(AVATARS)])
        self._pin, self._removable = None, removable
        self._show("")

    @Slot(str)
    def setName(self, name: str) -> None:
        self._draft = replace(self._draft, name=name[:_LONGEST_NAME])
        self.changed.emit()

    @Slot(str)
    def chooseAvatar(self, avatar: str) -> None:
        if avatar in AVATARS:
            self._draft = replace(self._draft, avatar=avatar)
            self.changed.emit()

    @Slot(str)
    def offer(self, key: str) -> None:
        """Fill ``options`` with what a line can be."""
        chosen = self._chosen()[key]
        self._options.replace([Option(one, words, chosen=one == chosen) for one, words in self._choices(key)])

    @Slot(str, str)
    def choose(self, key: str, choice: str) -> None:
        """Set a line to one of the choices offered for it. A PIN that is wanted comes by :meth:`setPin`."""
        if choice not in dict(self._choices(key)):
            return
        if key == "pin":
            if choice == "none":
                self._pin = ""
        elif key == "kids":
            kids = choice == "true"
            limit = min(self._draft.maturity, CHILD) if kids else self._draft.maturity
            self._draft = replace(self._draft, kids=kids, maturity=limit)
        elif key == "maturity":
            self._draft = replace(self._draft, maturity=int(choice))
        elif key == "autoplay":
            self._draft = replace(self._draft, autoplay=choice == "true")
        elif key == "audio":
            self._draft = replace(self._draft, audio_language=choice)
        else:
            self._draft = replace(self._draft, text_language=choice)
        self._show("")

    @Slot(str)
    def setPin(self, pin: str) -> None:
        """Have this PIN; one that is none is refused with a word."""
        if len(pin) in _PIN_DIGITS and pin.isdecimal() and pin.isascii():
            self._pin = pin
            self._show("")
        else:
            self._show(tr("A PIN has four to eight digits."))

    @Slot()
    def save(self) -> None:
        """Have the service keep it."""
        if not self.property("ready"):
            return
        one = replace(self._draft, name=self._draft.name.strip())
        ways: dict[str, object] = {
            "avatar": one.avatar,
            "kids": one.kids,
            "audio_language": one.audio_language,
            "text_language": one.text_language,
            "autoplay": one.autoplay,
        }
        if self._pin is not None:
            ways["pin"] = self._pin or None
        if self._before is None:
            self._question.ask(self._client.make_person(one.name, one.maturity, ways))
        else:
            changes = self._changes({**ways, "name": one.name, "maturity": one.maturity})
            self._question.ask(self._client.change_person(one.id, changes))
        self.changed.emit()

    @Slot()
    def remove(self) -> None:
        """Have the service delete it."""
        if self._before is not None and self._removable and not self._removing.waiting:
            self._removing.ask(self._client.remove_person(self._before.id))
            self.changed.emit()

    def _changes(self, wanted: Mapping[str, object]) -> dict[str, object]:
        """Only what is different: a child may change its picture, and nothing of its limits."""
        return {
            name: value for name, value in wanted.items() if name == "pin" or value != getattr(self._before, name)
        }

    def _taken(self, _person: Profile) -> None:
        self.changed.emit()
        self.saved.emit()

    def _removed(self, _none: None) -> None:
        self.changed.emit()
        self.saved.emit()

    def _refused(self, failure: PlaybackFailure) -> None:
        self._show(failure.sentence)

    def _show(self, error: str) -> None:
        self._error = error
        chosen = self._chosen()
        self._lines.replace(
            [
                EditLine(key, label, dict(self._choices(key)).get(chosen[key], chosen[key]), explained)
                for key, (label, explained) in self._words().items()
            ]
        )
        self.changed.emit()

    def _chosen(self) -> dict[str, str]:
        one = self._draft
        has_pin = one.has_pin if self._pin is None else bool(self._pin)
        return {
            "kids": str(one.kids).lower(),
            "maturity": str(one.maturity),
            "pin": "kept" if has_pin else "none",
            "audio": one.audio_language,
            "text": one.text_language,
            "autoplay": str(one.autoplay).lower(),
        }

    def _words(self) -> dict[str, tuple[str, str]]:
        return {
            "kids": (tr("For a child"), tr("Large pictures, a calm look, and nothing above the age limit.")),
            "maturity": (tr("Age limit"), tr("Titles rated above it do not show.")),
            "pin": (
                tr("PIN"),
                tr("Required to leave this profile.") if self._draft.kids else tr("Required to open this profile."),
            ),
            "audio": (tr("Preferred audio"), ""),
            "text": (tr("Subtitles"), ""),
            "autoplay": (tr("Next episode"), tr("What happens at the end of an episode.")),
        }

    def _choices(self, key: str) -> list[tuple[str, str]]:
        languages = [(tag, language_name(tag)) for tag in SOUND_LANGUAGES]
        return {
            "kids": [("false", tr("No")), ("true", tr("Yes"))],
            "maturity": [
                (str(age), tr("All titles") if age == AGES[-1] else tr("Up to {age}").format(age=age)) for age in AGES
            ],
            "pin": [("none", tr("No PIN")), ("kept", tr("Digits of your own"))],
            "audio": [("", tr("As the title has it")), *languages],
            "text": [("", tr("As chosen in the player")), *languages],
            "autoplay": [("true", tr("Begins by itself")), ("false", tr("Waits for you"))],
        }[key]
