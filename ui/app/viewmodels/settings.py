"""The settings page: what can be chosen, what is chosen, and how subtitles look with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from ui.app.ports.client import ClientPort
from ui.app.ports.household import PartReport
from ui.app.profile.preferences import Preferences
from ui.app.system.volumes import Volume
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.data_use import DataUseViewModel
from ui.app.viewmodels.devices import DevicesViewModel
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.setting_choices import KEYS, Deed, SettingsSection, choices_of, section_names, words_of
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import byte_words, tr


class PreferenceKeeper(Protocol):
    """Where preferences are kept, see :class:`ui.app.profile.preferences.PreferenceStore`."""

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
class PartLine:
    """One part of the installation, as “matinee doctor” finds it."""

    name: str
    present: bool
    detail: str
    remedy: str


class PartModel(RecordModel[PartLine]):
    record = PartLine


class SettingsViewModel(QObject):
    """Every choice takes effect and is kept at once; those for playback with the next title. ``asked`` names a
    :class:`Deed` that the viewer wants done."""

    changed = Signal()
    asked = Signal(str)
    sectionChanged = Signal()
    partsChanged = Signal()

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        keeper: PreferenceKeeper | None = None,
        notice: str = "",
        parent: QObject | None = None,
        *,
        data_use: DataUseViewModel | None = None,
        disks: Callable[[], Sequence[Volume]] = tuple,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._keeper = keeper
        self._preferences = keeper.preferences if keeper else Preferences()
        self._system_still = False
        self._notice = notice
        self._section = SettingsSection.APPEARANCE
        self.data_use = data_use or DataUseViewModel(parent=self)
        self.device_list = DevicesViewModel(client, tasks, self)
        self._disks = disks
        self._rows = SettingModel(self)
        self._choices = OptionModel(self)
        self._parts = PartModel(self)
        self._looking: ClientTask[Sequence[PartReport]] | None = None
        self._parts_message = ""
        self._take_effect()
        self._publish()

    notice = shown(str, "_notice", changed)
    section = shown(str, "_section", sectionChanged)
    partsMessage = shown(str, "_parts_message", partsChanged)

    @Property(list, constant=True)
    def sections(self) -> list[dict[str, str]]:
        return [{"key": str(key), "label": name} for key, name in section_names().items()]

    @Property(QObject, constant=True)
    def rows(self) -> SettingModel:
        return self._rows

    @Property(QObject, constant=True)
    def choices(self) -> OptionModel:
        return self._choices

    @Property(QObject, constant=True)
    def parts(self) -> PartModel:
        return self._parts

    @Property(QObject, constant=True)
    def dataUse(self) -> DataUseViewModel:
        return self.data_use

    @Property(QObject, constant=True)
    def devices(self) -> DevicesViewModel:
        return self.device_list

    @Property(float, notify=changed)
    def textScale(self) -> float:
        return self._preferences.text_size / 100

    @Property(bool, notify=changed)
    def highContrast(self) -> bool:
        return self._preferences.high_contrast

    @Property(bool, notify=changed)
    def still(self) -> bool:
        """Whether little is to move."""
        wanted = self._preferences.motion
        return wanted == "little" or (not wanted and self._system_still)

    @Property(bool, notify=changed)
    def clips(self) -> bool:
        """Whether clips may play by themselves: neither where little is to move nor where data is saved."""
        saving = self._preferences.data_limit_bps > 0 or self.data_use.metered
        return not self.property("still") and not saving

    def set_system_still(self, still: bool) -> None:
        """What the desktop says of motion."""
        self._system_still = still
        self.changed.emit()

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
        self._section = SettingsSection(key)
        self._publish()
        self.sectionChanged.emit()
        if self._section is SettingsSection.ABOUT:
            self.examine()
        elif self._section is SettingsSection.DEVICES:
            self.device_list.refresh()

    @Slot(str)
    def offer(self, key: str) -> None:
        """Fill ``choices`` with what the setting can be."""
        chosen = _text_of(getattr(self._preferences, key, False))
        self._choices.replace(
            [Option(_text_of(value), words, chosen=_text_of(value) == chosen) for value, words in self._all(key)]
        )

    @Slot(str, str)
    def choose(self, key: str, choice: str) -> None:
        """Set one preference to one of the choices offered for it, or have a deed done."""
        value = next((value for value, _words in self._all(key) if _text_of(value) == choice), None)
        if value is None:
            return
        if key in list(Deed):
            if value is True:
                self.asked.emit(key)
            return
        self._keep(**{key: value})
        if key == "telemetry":
            self._tasks.run(
                self._client.set_consent(self._preferences.telemetry), lambda _none: None, lambda _failure: None
            )
        self._take_effect()
        self._publish()
        self.changed.emit()

    def keep_audio_device(self, name: str) -> None:
        """Sound goes to this device from now on (libmpv's name; empty for the system's default)."""
        self._keep(audio_device=name)
        self.changed.emit()

    def _keep(self, **changes: Any) -> None:  # noqa: ANN401  (fields of Preferences)
        self._preferences = replace(self._preferences, **changes)
        if self._keeper is not None:
            kept = self._keeper.save(self._preferences)
            self._notice = "" if kept else tr("The settings could not be kept; they last until Matinee is closed.")

    def tell(self, notice: str) -> None:
        """Say something on the page."""
        self._notice = notice
        self.changed.emit()

    def tell_failure(self, failure: PlaybackFailure) -> None:
        self.tell(failure.sentence)

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
        self._parts.replace([PartLine(part.name, part.present, part.detail, part.remedy) for part in reports])
        self.partsChanged.emit()

    def _not_examined(self, failure: PlaybackFailure) -> None:
        self._looking = None
        self._parts_message = failure.sentence
        self.partsChanged.emit()

    def _all(self, key: str) -> list[tuple[object, str]]:
        """What a setting can be, with the words for it. A disk that is chosen stays so while it is not connected."""
        if key != "download_folder":
            return choices_of(key)
        there = {str(disk.folder): f"{disk.name}, {byte_words(disk.free)}" for disk in self._disks()}
        kept = self._preferences.download_folder
        if kept and kept not in there:
            there[kept] = tr("{folder}, not connected").format(folder=kept)
        return [("", tr("With the profile")), *there.items()]

    def _take_effect(self) -> None:
        self.data_use.set_wishes(metered=self._preferences.metered, limit_gb=self._preferences.month_limit_gb)

    def _publish(self) -> None:
        self._rows.replace([self._row(key) for key in KEYS[self._section]])

    def _row(self, key: str) -> Setting:
        label, explanation = words_of(key)
        if key in list(Deed):
            return Setting(key, label, tr("Delete…"), explanation)
        value = getattr(self._preferences, key)
        words = next((words for each, words in self._all(key) if each == value), _text_of(value))
        return Setting(key, label, words, explanation)


def _text_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
