"""How much came over the network: today, this month, by kind of network, and when that deserves a warning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot

from ui.app.profile.data_use import DataUse, Network, NetworkKind
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.text import byte_words, tr

_LOOK_MS, _WARN_MS = 2000, 12_000
_DAYS = 30


class Meter(Protocol):
    """A :class:`ui.app.profile.data_use.DataMeter`."""

    @property
    def today(self) -> date: ...

    @property
    def network(self) -> Network: ...

    def read(self) -> DataUse: ...


class NoMeter:
    """Nothing is counted."""

    today = date(1970, 1, 1)
    network = Network()

    def read(self) -> DataUse:
        return DataUse()


@dataclass(frozen=True, slots=True)
class KindLine:
    """What came over one kind of network this month."""

    name: str
    amount: str


class KindModel(RecordModel[KindLine]):
    record = KindLine


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day; ``share`` of the largest of all shown."""

    share: float
    today: bool


class DayModel(RecordModel[DayBar]):
    record = DayBar


class DataUseViewModel(QObject):
    """Looks at the meter every two seconds. A warning shows for a while when its reason begins, and again when
    something is played (:meth:`remind`)."""

    changed = Signal()

    def __init__(self, meter: Meter | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._meter: Meter = meter or NoMeter()
        self._metered_by_viewer = False
        self._limit_gb = 0
        self._today = self._month = self._limit = self._network = ""
        self._share = 0.0
        self._reason = ""
        self._warned = ""
        self._kinds = KindModel(self)
        self._days = DayModel(self)
        self._looking = QTimer(self, interval=_LOOK_MS)
        self._looking.timeout.connect(self.look)
        self._warning = QTimer(self, singleShot=True, interval=_WARN_MS)
        self._warning.timeout.connect(self._warning_over)
        self.look()

    today = shown(str, "_today", changed)
    month = shown(str, "_month", changed)
    limit = shown(str, "_limit", changed)
    network = shown(str, "_network", changed)
    share = shown(float, "_share", changed)

    @Property(str, notify=changed)
    def warning(self) -> str:
        """What the viewer should know now; empty most of the time."""
        return self._reason if self._warning.isActive() else ""

    @Property(QObject, constant=True)
    def kinds(self) -> KindModel:
        return self._kinds

    @Property(QObject, constant=True)
    def days(self) -> DayModel:
        return self._days

    @property
    def metered(self) -> bool:
        """Whether the network is paid by volume, as the viewer or the system says."""
        return self._metered_by_viewer or self._meter.network.metered is True

    def start(self) -> None:
        """Look from now on."""
        self._looking.start()

    def stop(self) -> None:
        self._looking.stop()
        self._warning.stop()

    def set_wishes(self, *, metered: bool, limit_gb: int) -> None:
        """What the viewer has set: the network is metered; warn above so many gigabytes a month, 0 for never."""
        self._metered_by_viewer, self._limit_gb = metered, limit_gb
        self.look()

    def remind(self) -> None:
        """Something begins to play: say it again."""
        self._warned = ""
        self.look()

    @Slot()
    def look(self) -> None:
        """Read the meter."""
        use, today = self._meter.read(), self._meter.today
        kinds = use.of_month(today)
        used = sum(kinds.values())
        self._today, self._month = byte_words(use.of_day(today)), byte_words(used)
        self._limit = f"{self._limit_gb} GB" if self._limit_gb else ""
        self._share = min(1.0, used / (self._limit_gb * 1e9)) if self._limit_gb else 0.0
        self._network = _network_words(self._meter.network.kind, metered=self.metered)
        told = sorted(kinds) if set(kinds) - {NetworkKind.UNKNOWN} else []  # one unknown kind is the month again
        self._kinds.replace([KindLine(_kind_name(kind), byte_words(kinds[kind])) for kind in told])
        self._days.replace(_bars(use, today))
        self._warn(used)
        self.changed.emit()

    def _warn(self, used: int) -> None:
        above = bool(self._limit_gb) and used >= self._limit_gb * 1e9
        cause = "limit" if above else "metered" if self.metered else ""
        words = {"limit": tr("{used} used this month; your limit is {limit}."), "metered": _metered_words()}
        self._reason = words.get(cause, "").format(used=byte_words(used), limit=self._limit)
        if cause and cause != self._warned:
            self._warning.start()
        elif not cause:
            self._warning.stop()
        self._warned = cause

    def _warning_over(self) -> None:
        self.changed.emit()


def _bars(use: DataUse, today: date) -> list[DayBar]:
    days = [today - timedelta(days=ago) for ago in reversed(range(_DAYS))] if today.year > 1970 else []
    counts = [use.of_day(day) for day in days]
    most = max(counts, default=0) or 1
    return [DayBar(count / most, day == today) for day, count in zip(days, counts, strict=True)]


def _metered_words() -> str:
    return tr("This network is metered. {used} used this month.")


def _network_words(kind: NetworkKind, *, metered: bool) -> str:
    """Empty where nothing is known."""
    if metered:
        return f"{_kind_name(kind)}, {tr('metered')}"
    return "" if kind is NetworkKind.UNKNOWN else _kind_name(kind)


def _kind_name(kind: NetworkKind) -> str:
    return {
        NetworkKind.CABLE: tr("Cable"),
        NetworkKind.WIRELESS: tr("Wi-Fi"),
        NetworkKind.MOBILE: tr("Mobile network"),
        NetworkKind.UNKNOWN: tr("Network"),
    }[kind]
