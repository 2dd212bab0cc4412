"""How much came over the network, by day and by kind of network. :class:`DataUse` is the pure count;
:class:`DataMeter` fills it and keeps it in ``data-use.json`` of the profile."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ui.app.profile.storage import JsonFile

if TYPE_CHECKING:
    from player.net.model import Transfer

_MOST_DAYS = 400
_MAX_BYTES = 256 * 1024
_SAVE_EVERY_S, _LOOK_EVERY_S = 30.0, 60.0
_FORMAT = 1


class NetworkKind(StrEnum):
    """How a machine is connected."""

    CABLE = "cable"
    WIRELESS = "wireless"
    MOBILE = "mobile"
    UNKNOWN = "unknown"


# As NetworkManager calls them
_KINDS: Mapping[str, NetworkKind] = {
    "802-3-ethernet": NetworkKind.CABLE,
    "802-11-wireless": NetworkKind.WIRELESS,
    "gsm": NetworkKind.MOBILE,
    "cdma": NetworkKind.MOBILE,
    "bluetooth": NetworkKind.MOBILE,
}


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of the present network. ``metered`` is None where nobody knows."""

    kind: NetworkKind = NetworkKind.UNKNOWN
    metered: bool | None = None


@dataclass(slots=True)
class DataUse:
    """Bytes received, for each day and kind of network. Days that are long gone are dropped."""

    days: dict[date, dict[NetworkKind, int]] = field(default_factory=dict)

    def add(self, day: date, kind: NetworkKind, count: int) -> None:
        """Count some bytes."""
        kinds = self.days.setdefault(day, {})
        kinds[kind] = kinds.get(kind, 0) + count
        while len(self.days) > _MOST_DAYS:
            del self.days[min(self.days)]

    def of_day(self, day: date) -> int:
        return sum(self.days.get(day, {}).values())

    def of_month(self, day: date) -> dict[NetworkKind, int]:
        """What came in the month of this day, by kind of network."""
        total: dict[NetworkKind, int] = {}
        for each, kinds in self.days.items():
            if (each.year, each.month) == (day.year, day.month):
                for kind, count in kinds.items():
                    total[kind] = total.get(kind, 0) + count
        return total


def look_at_network() -> Network:
    """The present network, as the system tells. Waits for the system's bus, two seconds at most."""
    from downloads.conditions import network_is_metered, network_kind

    return Network(_KINDS.get(network_kind(), NetworkKind.UNKNOWN), network_is_metered())


class DataMeter:
    """Counts what the engine receives (:meth:`transferred`, on its thread) and may be read on any thread.
    ``set_aside`` is where a damaged file lies now."""

    def __init__(
        self,
        folder: Path,
        look: Callable[[], Network] = look_at_network,
        today: Callable[[], date] = date.today,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = JsonFile(folder / "data-use.json", _read, _write, _MAX_BYTES, _FORMAT)
        self._look, self._today, self._monotonic = look, today, monotonic
        self._lock = threading.Lock()
        loaded, self.set_aside = self._file.load()
        self._use = loaded or DataUse()
        self._saved_s = self._looked_s = -_LOOK_EVERY_S
        self._changed = False
        self._working: asyncio.Future[None] | None = None
        self.network = Network()

    @property
    def today(self) -> date:
        return self._today()

    def read(self) -> DataUse:
        """What has been counted so far."""
        with self._lock:
            return DataUse({day: dict(kinds) for day, kinds in self._use.days.items()})

    def transferred(self, transfer: Transfer) -> None:
        """An exchange is over. What did not come over the network does not count."""
        if transfer.received and not transfer.from_cache and transfer.url.startswith("http"):
            with self._lock:
                self._use.add(self._today(), self.network.kind, transfer.received)
                self._changed = True
        now_s = self._monotonic()
        if self._working is None or self._working.done():
            work = self._work(now_s)
            if work is not None:
                self._working = asyncio.get_running_loop().run_in_executor(None, work)

    def close(self) -> None:
        """Keep the count. Waits for the disk."""
        with self._lock:
            changed, self._changed = self._changed, False
        if changed:
            self._file.save(self.read())

    def refresh_network(self) -> None:
        """Look at what the machine is connected to. Waits for the system's bus."""
        self.network = self._look()

    def _work(self, now_s: float) -> Callable[[], None] | None:
        """What is due on a thread that may wait."""
        if now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            return self.refresh_network
        if now_s - self._saved_s >= _SAVE_EVERY_S:
            self._saved_s = now_s
            return self.close
        return None


def _read(members: Mapping[str, object]) -> DataUse:
    days = members["days"]
    if members.get("format") != _FORMAT or not isinstance(days, dict):
        raise ValueError("no days")
    use = DataUse()
    for day, kinds in days.items():
        if not isinstance(kinds, dict):
            raise TypeError("no day")
        for kind, count in kinds.items():
            if type(count) is not int or count < 0:
                raise ValueError("no count")
            use.add(date.fromisoformat(day), NetworkKind(kind), count)
    return use


def _write(use: DataUse) -> Mapping[str, object]:
    return {"format": _FORMAT, "days": {str(day): dict(kinds) for day, kinds in use.days.items()}}
