"""The machines of the account, of which any may be taken off it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, Signal, Slot

from player.reporting.state import PlaybackFailure
from player.service.model import Device, DeviceList
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.tasks import ClientTask, Tasks
from ui.app.viewmodels.text import tr

REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One machine; ``here``: it is this one."""

    device_id: str
    name: str
    detail: str
    here: bool


class DeviceModel(RecordModel[DeviceLine]):
    record = DeviceLine


class DevicesViewModel(QObject):
    """Fetched again whenever the viewer opens the page. Without a service there is none."""

    changed = Signal()

    def __init__(self, client: ClientPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._asking: ClientTask[DeviceList] | None = None
        self._lines = DeviceModel(self)
        self._options = OptionModel(self)
        self._message = ""

    message = shown(str, "_message", changed)

    @Property(QObject, constant=True)
    def lines(self) -> DeviceModel:
        return self._lines

    @Property(QObject, constant=True)
    def options(self) -> OptionModel:
        return self._options

    @Slot()
    def refresh(self) -> None:
        """Ask the service."""
        if not self._client.service_name:
            self._say(tr("No service is set up."))
        elif self._asking is None:
            self._asking = self._tasks.run(self._client.devices(), self._arrived, self._failed)
            self._say(tr("Asking the service…"))

    @Slot(str)
    def offer(self, device_id: str) -> None:
        """Fill ``options`` with what can be done with a machine."""
        line = next((line for line in self._lines.records if line.device_id == device_id), None)
        if line is not None:
            warning = tr("You sign in again here") if line.here else tr("It can no longer play anything")
            self._options.replace([Option("keep", tr("Keep")), Option(REMOVE, tr("Remove"), warning)])

    @Slot(str, str)
    def choose(self, device_id: str, choice: str) -> None:
        """Remove the machine, if that was chosen."""
        if choice == REMOVE:
            self._tasks.run(self._client.remove_device(device_id), lambda _none: self.refresh(), self._failed)

    def clear(self) -> None:
        """Forget everything, for another viewer."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._lines.replace([])
        self._say("")

    def _arrived(self, devices: DeviceList) -> None:
        self._asking = None
        own_id = self._client.own_device_id
        ordered = sorted(devices.items, key=lambda one: (one.id != own_id, -one.last_seen_at))
        self._lines.replace([_line(one, here=one.id == own_id) for one in ordered])
        self._say(
            tr("{count} of {limit} devices").format(count=len(devices.items), limit=devices.limit)
            if devices.limit is not None
            else tr("{count} devices").format(count=len(devices.items))
        )

    def _failed(self, failure: PlaybackFailure) -> None:
        self._asking = None
        self._say(failure.sentence)

    def _say(self, message: str) -> None:
        self._message = message
        self.changed.emit()


def _line(device: Device, *, here: bool) -> DeviceLine:
    day = QDateTime.fromSecsSinceEpoch(round(device.last_seen_at)).date()
    seen = QLocale().toString(day, "d MMM yyyy")
    detail = tr("This device") if here else tr("Last used on {day}").format(day=seen)
    return DeviceLine(device.id, device.name or device.id[:8], detail, here)
