"""The settings page: what can be chosen, what is chosen, and how subtitles look with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.state import Failure
from ui.ports import ClientPort, PartReport
from ui.preferences import (
    DATA_LIMITS,
    SPEAKERS,
    SUBTITLE_COLOURS,
    SUBTITLE_EDGES,
    SUBTITLE_SIZES,
    TEXT_SIZES,
    TONE_MAPPINGS,
    Preferences,
)
from ui.viewmodels.binding import RecordModel, shown
from ui.viewmodels.menus import Option, OptionModel
from ui.viewmodels.tasks import Task, Tasks
from ui.viewmodels.text import bitrate, tr
from ui.viewmodels.tracks import language_name

_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "ru", "uk", "ar", "hi", "ja", "ko", "zh")
_GIGABYTES_PER_HOUR = 3600 / 8 / 1e9


class Section(StrEnum):
    APPEARANCE = "appearance"
    PLAYBACK = "playback"
    SUBTITLES = "subtitles"
    ABOUT = "about"


class Keeper(Protocol):
    """Where preferences are kept, see :class:`ui.preferences.PreferenceStore`."""

    preferences: Preferences

    def save(self, preferences: Preferences) -> bool: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a section: its name, what is chosen, and what it means."""

    key: str
    label: str
    value: str
    help: str = ""


class SettingModel(RecordModel[Setting]):
    record = Setting


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the installation, as “matinee doctor” finds it."""

    name: str
    present: bool
    detail: str
    remedy: str


class PartModel(RecordModel[Part]):
    record = Part


class SettingsViewModel(QObject):
    """Every choice takes effect and is kept at once; those for playback with the next title."""

    changed = Signal()
    sectionChanged = Signal()
    partsChanged = Signal()

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        keeper: Keeper | None = None,
        notice: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._keeper = keeper
        self._preferences = keeper.preferences if keeper else Preferences()
        self._notice = notice
        self._section = Section.APPEARANCE
        self._rows = SettingModel(self)
        self._choices = OptionModel(self)
        self._parts = PartModel(self)
        self._looking: Task[Sequence[PartReport]] | None = None
        self._parts_message = ""
        self._publish()

    notice = shown(str, "_notice", changed)
    section = shown(str, "_section", sectionChanged)
    partsMessage = shown(str, "_parts_message", partsChanged)

    @Property(list, constant=True)
    def sections(self) -> list[dict[str, str]]:
        names = {
            Section.APPEARANCE: tr("Appearance"),
            Section.PLAYBACK: tr("Playback and data"),
            Section.SUBTITLES: tr("Subtitles"),
            Section.ABOUT: tr("About"),
        }
        return [{"key": str(key), "label": name} for key, name in names.items()]

    @Property(QObject, constant=True)
    def rows(self) -> SettingModel:
        return self._rows

    @Property(QObject, constant=True)
    def choices(self) -> OptionModel:
        return self._choices

    @Property(QObject, constant=True)
    def parts(self) -> PartModel:
        return self._parts

    @Property(float, notify=changed)
    def textScale(self) -> float:
        return self._preferences.text_size / 100

    @Property(bool, notify=changed)
    def highContrast(self) -> bool:
        return self._preferences.high_contrast

    @Property(float, notify=changed)
    def subtitleScale(self) -> float:
        return self._preferences.subtitle_size / 100

    @Property(str, notify=changed)
    def subtitleColour(self) -> str:
        return self._preferences.subtitle_colour

    @Property(str, notify=changed)
    def subtitleEdge(self) -> str:
        return self._preferences.subtitle_edge

    @property
    def preferences(self) -> Preferences:
        return self._preferences

    @Slot(str)
    def showSection(self, key: str) -> None:
        self._section = Section(key)
        self._publish()
        self.sectionChanged.emit()
        if self._section is Section.ABOUT:
            self.examine()

    @Slot(str)
    def offer(self, key: str) -> None:
        """Fill ``choices`` with what the setting can be."""
        chosen = _text_of(getattr(self._preferences, key))
        self._choices.replace(
            [Option(_text_of(value), words, chosen=_text_of(value) == chosen) for value, words in _choices(key)]
        )

    @Slot(str, str)
    def choose(self, key: str, choice: str) -> None:
        """Set one preference to one of the choices offered for it."""
        value = next((value for value, _words in _choices(key) if _text_of(value) == choice), None)
        if value is None:
            return
        changes: dict[str, Any] = {key: value}
        self._preferences = replace(self._preferences, **changes)
        if self._keeper is not None:
            kept = self._keeper.save(self._preferences)
            self._notice = "" if kept else tr("The settings could not be kept; they last until Matinee is closed.")
        self._publish()
        self.changed.emit()

    def notice_seen(self) -> None:
        """The viewer has been at the page that says it."""
        self._notice = ""
        self.changed.emit()

    @Slot()
    def examine(self) -> None:
        """Look at the parts of this installation."""
        if self._looking is None:
            self._parts_message = tr("Looking at this installation…")
            self._looking = self._tasks.run(self._client.examine(), self._examined, self._not_examined)
            self.partsChanged.emit()

    def _examined(self, reports: Sequence[PartReport]) -> None:
        self._looking = None
        self._parts_message = ""
        self._parts.replace([Part(part.name, part.present, part.detail, part.remedy) for part in reports])
        self.partsChanged.emit()

    def _not_examined(self, failure: Failure) -> None:
        self._looking = None
        self._parts_message = failure.sentence
        self.partsChanged.emit()

    def _publish(self) -> None:
        self._rows.replace([self._row(key) for key in _KEYS[self._section]])

    def _row(self, key: str) -> Setting:
        value = getattr(self._preferences, key)
        words = next((words for each, words in _choices(key) if each == value), _text_of(value))
        label, explanation = _labels()[key]
        return Setting(key, label, words, explanation)


_KEYS: dict[Section, tuple[str, ...]] = {
    Section.APPEARANCE: ("text_size", "high_contrast"),
    Section.PLAYBACK: (
        "audio_language",
        "data_limit_bps",
        "metered",
        "hardware",
        "tone_mapping",
        "speakers",
        "passthrough",
    ),
    Section.SUBTITLES: ("subtitle_size", "subtitle_colour", "subtitle_edge"),
    Section.ABOUT: (),
}


def _labels() -> dict[str, tuple[str, str]]:
    return {
        "text_size": (tr("Text size"), ""),
        "high_contrast": (tr("Contrast"), ""),
        "audio_language": (
            tr("Preferred sound"),
            tr("Taken where a title has it. The audio menu of the player has all of them."),
        ),
        "data_limit_bps": (
            tr("Data use"),
            tr("The most that Auto takes for the picture. A quality fixed in the player is not held back."),
        ),
        "metered": (
            tr("Network"),
            tr("On a metered network, one that is paid by volume, Auto takes 0.7 GB an hour at most."),
        ),
        "hardware": (
            tr("Decoding"),
            tr("Where the hardware cannot decode a title, it is decoded in software."),
        ),
        "tone_mapping": (tr("HDR pictures"), tr("How bright parts are shown on a screen that is less bright.")),
        "speakers": (tr("Speakers"), ""),
        "passthrough": (
            tr("Dolby sound"),
            tr("A receiver that decodes it by itself gets it as it is. It plays at normal speed only."),
        ),
        "subtitle_size": (tr("Size"), ""),
        "subtitle_colour": (tr("Colour"), ""),
        "subtitle_edge": (tr("Edge"), tr("What sets the words off from the picture.")),
    }


def _choices(key: str) -> list[tuple[object, str]]:
    """What a setting can be, with the words for it."""
    makers: dict[str, Callable[[], list[tuple[object, str]]]] = {
        "text_size": lambda: [(size, f"{size} %") for size in TEXT_SIZES],
        "high_contrast": lambda: [(False, tr("Normal")), (True, tr("High"))],
        "audio_language": lambda: [
            ("", tr("As the title has it")),
            *((tag, language_name(tag)) for tag in _LANGUAGES),
        ],
        "data_limit_bps": lambda: [(limit, _limit_words(limit)) for limit in DATA_LIMITS],
        "metered": lambda: [(False, tr("Not metered")), (True, tr("Metered"))],
        "hardware": lambda: [(True, tr("In hardware where possible")), (False, tr("In software"))],
        "tone_mapping": lambda: list(
            zip(
                TONE_MAPPINGS,
                (tr("Automatic"), tr("Natural"), tr("Detailed"), tr("Soft"), tr("Bright parts cut")),
                strict=True,
            )
        ),
        "speakers": lambda: list(
            zip(SPEAKERS, (tr("As the device says"), tr("Stereo"), tr("Surround")), strict=True)
        ),
        "passthrough": lambda: [(False, tr("Decoded here")), (True, tr("To the receiver as it is"))],
        "subtitle_size": lambda: [(size, f"{size} %") for size in SUBTITLE_SIZES],
        "subtitle_colour": lambda: list(
            zip(SUBTITLE_COLOURS, (tr("White"), tr("Yellow"), tr("Light blue"), tr("Green")), strict=True)
        ),
        "subtitle_edge": lambda: list(
            zip(SUBTITLE_EDGES, (tr("Outline"), tr("Shadow"), tr("Dark box")), strict=True)
        ),
    }
    return makers[key]()


def _limit_words(limit_bps: int) -> str:
    if not limit_bps:
        return tr("No limit")
    return tr("{rate}, {gigabytes} GB an hour").format(
        rate=bitrate(limit_bps), gigabytes=f"{limit_bps * _GIGABYTES_PER_HOUR:.1f}"
    )


def _text_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
