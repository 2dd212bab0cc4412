"""Who is watching: the profiles of the household, some behind a PIN."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Profile
from ui.app.ports.client import ClientPort
from ui.app.ports.household import Household
from ui.app.profile.last_used import Memory
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.profile_edit import ProfileEditViewModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr

ADULT = 18
_PIN_DIGITS = range(4, 9)
_MOST_PEOPLE = 8


class ProfilesState(StrEnum):
    """What the page as a whole shows."""

    LOADING = "loading"
    CHOOSING = "choosing"
    PIN = "pin"
    EDIT = "edit"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A profile as a delegate shows it."""

    person_id: str
    name: str
    letter: str
    detail: str
    locked: bool
    chosen: bool
    avatar: str = ""


class PersonModel(RecordModel[PersonLine]):
    record = PersonLine


class ProfilesViewModel(QObject):
    """``chosen(person)`` follows when it is known who watches; a person without an id where the household has no
    profiles. ``needed`` follows when somebody has to choose."""

    changed = Signal()
    chosen = Signal(object)
    needed = Signal()
    signInNeeded = Signal(str)

    def __init__(
        self, client: ClientPort, tasks: Tasks, memory: Memory | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._memory = memory or Memory(None)
        self._asking = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._choosing = PendingRequest(tasks, self._selected, self._refused, self.signInNeeded.emit)
        self._edit = ProfileEditViewModel(client, tasks, self)
        self._edit.saved.connect(self._edited)
        self._edit.signInNeeded.connect(self.signInNeeded)
        self._managing = False  # choosing a profile opens it
        self._viewer = ""
        self._people: tuple[Profile, ...] = ()
        self._person: Profile | None = None
        self._wanted: Profile | None = None
        self._model = PersonModel(self)
        self._state = ProfilesState.LOADING
        self._error = ""
        self._pin = ""

    state = shown(str, "_state", changed)
    error = shown(str, "_error", changed)

    @Property(QObject, constant=True)
    def people(self) -> PersonModel:
        return self._model

    @Property(QObject, constant=True)
    def edit(self) -> ProfileEditViewModel:
        """The profile that is made or changed."""
        return self._edit

    managing = shown(bool, "_managing", changed)

    @Property(bool, notify=changed)
    def mayManage(self) -> bool:
        """Whether who watches may make and change profiles."""
        return self._person is None or not self._person.id or self._person.maturity >= ADULT

    @Property(bool, notify=changed)
    def mayAdd(self) -> bool:
        return bool(self.property("mayManage")) and len(self._people) < _MOST_PEOPLE

    @Property(str, notify=changed)
    def avatar(self) -> str:
        """The picture of who watches; empty for none."""
        return self._person.avatar if self._person else ""

    @Property(bool, notify=changed)
    def kids(self) -> bool:
        """Whether a child watches."""
        return self._person is not None and self._person.kids

    @Property(bool, notify=changed)
    def leavingKids(self) -> bool:
        """Whether the PIN that is asked for leads out of a child's profile."""
        wanted = self._wanted
        return wanted is not None and self._guarded_by_kids(wanted)

    @Property(bool, notify=changed)
    def stays(self) -> bool:
        """Whether somebody watches already, who may go on."""
        return self._person is not None

    @Property(bool, notify=changed)
    def several(self) -> bool:
        """Whether there is somebody to switch to."""
        return self._person is not None and bool(self._person.id)

    @Property(str, notify=changed)
    def pinFor(self) -> str:
        """Whose PIN is asked for."""
        return self._wanted.name if self._wanted else ""

    @Property(int, notify=changed)
    def pinDigits(self) -> int:
        """How many digits have been entered."""
        return len(self._pin)

    @Property(bool, notify=changed)
    def pinReady(self) -> bool:
        return len(self._pin) in _PIN_DIGITS and not self._choosing.waiting

    @property
    def viewer(self) -> str:
        """Name of the account."""
        return self._viewer

    @property
    def maturity(self) -> int:
        """The highest age rating that may be watched now; 0 while nobody has been chosen."""
        return self._person.maturity if self._person else 0

    def begin(self, viewer: str, *, fresh: bool) -> None:
        """The account ``viewer`` is signed in; ``fresh``: just now, so that no profile is selected yet."""
        self._forget()
        self._viewer = viewer
        person = None if fresh else self._memory.person_of(viewer)
        if person is not None:
            self._person = person
            self.chosen.emit(person)
        self.refresh()

    def clear(self) -> None:
        """Nobody is signed in any more."""
        self._memory.keep_person("", None)
        self._forget()

    @Slot()
    def refresh(self) -> None:
        """Ask who there is."""
        self._stop()
        if self._state is not ProfilesState.EDIT:
            self._show(ProfilesState.LOADING if not self._people else ProfilesState.CHOOSING)
        self._asking.ask(self._client.household())

    @Slot()
    def switch(self) -> None:
        """Let somebody else watch."""
        self._wanted, self._pin, self._managing = None, "", False
        self.refresh()

    @Slot(str)
    def choose(self, person_id: str) -> None:
        """Watch as this profile; its PIN is asked for first where it has one."""
        person = next((one for one in self._people if one.id == person_id), None)
        if person is None or self._choosing.waiting:
            return
        if self._managing:
            self._open_edit(person)
            return
        self._wanted, self._pin = person, ""
        if self._asks_pin(person):
            self._show(ProfilesState.PIN)
        elif self._person is not None and person.id == self._person.id:
            self._selected(self._person)  # who watches already goes on, with the service or without
        else:
            self._select()

    @Slot()
    def toggleManaging(self) -> None:
        """Open profiles instead of watching as them, or the other way round."""
        self._managing = not self._managing and bool(self.property("mayManage"))
        self._show(ProfilesState.CHOOSING)

    @Slot()
    def add(self) -> None:
        """Make a profile."""
        if self.property("mayAdd"):
            self._open_edit(None)

    @Slot()
    def leaveEdit(self) -> None:
        """Forget what was changed."""
        self._show(ProfilesState.CHOOSING)

    def _open_edit(self, person: Profile | None) -> None:
        current = self._person.id if self._person else ""
        removable = person is not None and person.id != current
        self._edit.begin(person, removable=removable, taken=len(self._people))
        self._show(ProfilesState.EDIT)

    def _edited(self) -> None:
        self._managing = False
        self._state = ProfilesState.CHOOSING
        self.refresh()

    def _asks_pin(self, person: Profile) -> bool:
        """A child's own PIN leads out of its profile, any other into one."""
        return (person.has_pin and not person.kids) or self._guarded_by_kids(person)

    def _guarded_by_kids(self, person: Profile) -> bool:
        left = self._person
        guarded = left is not None and left.kids and left.has_pin and left.id != person.id
        return guarded and not (person.has_pin and not person.kids)

    @Slot(str)
    def enterDigit(self, digit: str) -> None:
        if len(digit) == 1 and digit.isdecimal() and digit.isascii() and len(self._pin) < _PIN_DIGITS[-1]:
            self._pin += digit
            self._show(ProfilesState.PIN)

    @Slot()
    def eraseDigit(self) -> None:
        self._pin = self._pin[:-1]
        self._show(ProfilesState.PIN)

    @Slot()
    def submitPin(self) -> None:
        if self._state is ProfilesState.PIN and self.pinReady:
            self._select()

    @Slot()
    def cancelPin(self) -> None:
        self._stop()
        self._wanted, self._pin = None, ""
        self._show(ProfilesState.CHOOSING)

    def _select(self) -> None:
        self._error = ""  # so that a second refusal is shown again
        if self._wanted is not None:
            self._choosing.ask(self._client.choose_person(self._wanted.id, self._pin))
        self.changed.emit()

    def _selected(self, person: Profile) -> None:
        self._wanted, self._pin = None, ""
        self._accept(person, chosen=True)

    def _refused(self, failure: PlaybackFailure) -> None:
        self._pin = ""
        asked = self._wanted is not None and self._asks_pin(self._wanted)
        self._show(ProfilesState.PIN if asked else ProfilesState.CHOOSING, failure.sentence)

    def _arrived(self, household: Household) -> None:
        self._people = tuple(household.people)
        if not self._people:
            self._accept(Profile("", ""))
            return
        current = next((one for one in self._people if one.id == household.current), None)
        if current is not None and (self._person is None or self._person.id != current.id):
            self._accept(current)
        elif current is None:
            self._person = None
            self.needed.emit()
        elif current != self._person:
            self._accept(current)
        if self._state is not ProfilesState.EDIT:
            asked = self._wanted is not None and self._asks_pin(self._wanted)
            self._show(ProfilesState.PIN if asked else ProfilesState.CHOOSING)

    def _accept(self, person: Profile, *, chosen: bool = False) -> None:
        """Take a profile. ``chosen``: the viewer chose it and wants to go on. Otherwise only a change of profile is
        reported."""
        new = person != self._person
        self._person = person
        self._memory.keep_person(self._viewer, person)
        self._show(ProfilesState.CHOOSING)
        if new or chosen:
            self.chosen.emit(person)

    def _failed(self, failure: PlaybackFailure) -> None:
        if self._people:
            self._show(ProfilesState.CHOOSING, failure.sentence)
            return
        self._show(ProfilesState.ERROR, failure.sentence)
        if self._person is None:
            self.needed.emit()

    def _forget(self) -> None:
        self._stop()
        self._viewer, self._people, self._person = "", (), None
        self._wanted, self._pin = None, ""
        self._show(ProfilesState.LOADING)

    def _stop(self) -> None:
        self._asking.stop()
        self._choosing.stop()

    def _show(self, state: ProfilesState, error: str = "") -> None:
        self._state, self._error = state, error
        current = self._person.id if self._person else ""
        self._model.replace([_line(one, current) for one in self._people])
        self.changed.emit()


def _line(person: Profile, current: str) -> PersonLine:
    return PersonLine(
        person_id=person.id,
        name=person.name,
        letter=person.name[:1].upper(),
        detail=tr("All titles") if person.maturity >= ADULT else tr("Up to {age}").format(age=person.maturity),
        locked=person.has_pin and not person.kids,
        chosen=person.id == current,
        avatar=person.avatar,
    )
