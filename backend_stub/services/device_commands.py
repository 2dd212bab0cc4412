"""What an operator tells a device from afar: queued, delivered when the device asks, and finished by its answer.

A command is delivered again until the device has answered it or its time is over; that it is carried out once is the
device's part, which remembers the ids. Only what was delivered in time may be answered, however late the answer.
"""

from __future__ import annotations

import binascii
import hashlib
import secrets
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Select, delete, false, func, select, update
from sqlalchemy.orm import Session, undefer

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.keyset import Place, page
from backend_stub.db.models import Account, Device, DeviceCommand, KioskReport
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.rights.messages import CommandAnswer, CommandsAsked, ReplayGuard, read_signed
from backend_stub.services.rights.signatures import COMMAND_ANSWER, COMMANDS_ASKED, BadStatementError, claimed_key

Kind = Literal["restart", "playlist", "screenshot", "logs"]
KINDS: tuple[Kind, ...] = ("restart", "playlist", "screenshot", "logs")
QUEUED, DELIVERED, DONE, FAILED, EXPIRED = "queued", "delivered", "done", "failed", "expired"
MAX_PLAYLIST_CHARS = 64 * 1024
MAX_RESULT_BYTES = 512 * 1024
ASK_AGAIN_S = 15.0
SILENT_S = 6 * ASK_AGAIN_S
_WAITING = (QUEUED, DELIVERED)
SCREENS = ("plays", "dark", "no picture", "silent")
_TOLD = ("screen_on", "healthy")  # what of a screen's report says how it is
_MAX_WAITING = 20
_KEPT = 50  # commands of a device, the newest
_TEXT, _PNG, _JPEG = "text/plain", "image/png", "image/jpeg"
_MAGIC = {_PNG: b"\x89PNG\r\n\x1a\n", _JPEG: b"\xff\xd8\xff"}
_RESULT_OF = {"screenshot": (_PNG, _JPEG), "logs": (_TEXT,)}
# The devices in use of accounts that the operator has named as those of kiosks: no device is one by its own word.
_OF_KIOSKS = select(Device.id).join(Account, Account.id == Device.account_id)
_OF_KIOSKS = _OF_KIOSKS.where(Device.revoked_at.is_(None), Account.kiosks)


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device of some account, with what its screen last told where it is a kiosk: one of an account of kiosks."""

    device: Device
    email: str  # of the account
    told_at: float | None
    status: dict[str, Any]
    waiting: int  # commands

    @property
    def place(self) -> Place:
        return Place(self.device.last_seen_at or self.device.created_at, f"{self.device.id}/{self.device.account_id}")

    def screen(self, now: float) -> str:
        """How a kiosk's screen is: ``plays``, ``dark``, ``no picture`` or ``silent``; empty for other devices."""
        if self.told_at is None:
            return ""
        tells = now - self.told_at <= SILENT_S
        is_on, is_healthy = (bool(self.status.get(name)) for name in _TOLD)
        return _screen(tells=tells, is_on=is_on, is_healthy=is_healthy)

    @property
    def name(self) -> str:
        """What the screen calls itself, else what the device was registered as."""
        return str(self.status.get("name") or self.device.name)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command brought back."""

    media_type: str
    data: bytes = field(repr=False)


class DeviceCommands:
    def __init__(self, database: Database, clock: Clock, guard: ReplayGuard) -> None:
        self._database = database
        self._clock = clock
        self._guard = guard

    # --- the operator's side

    def issue(
        self, device_id: str, kind: Kind, *, by: str | None, playlist: str, expires_in_s: float
    ) -> DeviceCommand:
        """Queue a command; ``playlist`` is empty for every other kind.

        Raises LookupError for a device that no account has, :class:`ProblemError` 422 ``bad_command`` or 409
        ``too_many_commands``.
        """
        if (kind == "playlist") != bool(playlist.strip()) or len(playlist) > MAX_PLAYLIST_CHARS:
            raise ProblemError(422, "bad_command", "A playlist, and nothing else, comes with the text of one.")
        now = self._clock.now()
        command = DeviceCommand(
            id=secrets.token_hex(16),
            device_id=device_id,
            kind=kind,
            playlist=playlist or None,
            issued_by=by,
            issued_at=now,
            expires_at=now + expires_in_s,
            state=QUEUED,
            message="",
        )
        with self._database.write() as session:
            if not _usable(session, device_id):
                raise LookupError(device_id)
            _expire(session, now)
            if len(_waiting(session, device_id)) >= _MAX_WAITING:
                raise ProblemError(409, "too_many_commands", "This device has too many commands waiting.")
            session.add(command)
            session.flush()
            _forget_old(session, device_id)
            _note(session, now, command, "issued", by)
        return command

    def withdraw(self, command_id: str, *, by: str | None) -> None:
        """Take back what has not been delivered. Raises LookupError, or :class:`ProblemError` 409
        ``command_delivered``."""
        now = self._clock.now()
        with self._database.write() as session:
            command = session.get(DeviceCommand, command_id, with_for_update=True)
            if command is None:
                raise LookupError(command_id)
            if command.state != QUEUED:
                raise ProblemError(409, "command_delivered", "The device has this command already.")
            _finish(session, now, command, EXPIRED, "withdrawn", by)

    def of_device(self, device_id: str) -> Sequence[DeviceCommand]:
        """The commands of a device, the newest first."""
        now = self._clock.now()
        query = select(DeviceCommand).where(DeviceCommand.device_id == device_id)
        with self._database.write() as session:
            _expire(session, now)
            return session.scalars(query.order_by(DeviceCommand.issued_at.desc(), DeviceCommand.id)).all()

    def result(self, command_id: str) -> Result:
        """What a command brought back. Raises LookupError where there is nothing."""
        with self._database.read() as session:
            command = session.get(DeviceCommand, command_id, options=[undefer(DeviceCommand.result)])
            if command is None or command.result is None or command.media_type is None:
                raise LookupError(command_id)
            return Result(command.media_type, command.result)

    def device(self, device_id: str) -> KnownDevice:
        """A device in use. Raises LookupError."""
        rows = _devices(kiosks=self._is_kiosk(device_id)).where(Device.id == device_id)
        for found in self._known(rows):
            return found
        raise LookupError(device_id)

    def devices(self, limit: int, *, text: str = "", before: Place | None = None) -> list[KnownDevice]:
        """Devices in use, with ``text`` in their name, from a place of that list on: kiosks, then the others, those
        that were seen last first. Kiosks and others are asked for apart, so that each is sorted by an index."""
        found: list[KnownDevice] = []
        if before is None or self._is_kiosk(before.id.partition("/")[0]):
            found += self._known(_named(_devices(kiosks=True), text), before, limit)
            before = None
        if len(found) < limit:
            found += self._known(_named(_devices(kiosks=False), text), before, limit - len(found))
        return found

    def gauges(self) -> Iterable[tuple[str, dict[str, str], float]]:
        """How many screens are in which state, and how many commands wait, as samples for Prometheus."""
        used = KioskReport.device_id.in_(_OF_KIOSKS)
        is_on, is_healthy = (func.coalesce(KioskReport.status[name].as_boolean(), false()) for name in _TOLD)
        tells = KioskReport.told_at >= self._clock.now() - SILENT_S
        waiting = select(func.count()).where(
            DeviceCommand.state.in_(_WAITING), DeviceCommand.device_id.in_(select(KioskReport.device_id).where(used))
        )
        with self._database.read() as session:
            told = select(tells, is_on, is_healthy, func.count()).where(used).group_by(tells, is_on, is_healthy)
            screens: Counter[str] = Counter()
            for tells_now, on, healthy, count in session.execute(told):
                screens[_screen(tells=tells_now, is_on=on, is_healthy=healthy)] += count
            commands = session.scalar(waiting)
        for state in SCREENS:
            yield "matinee_kiosks", {"state": state}, screens[state]
        yield "matinee_commands_waiting", {}, commands or 0

    def _is_kiosk(self, device_id: str) -> bool:
        with self._database.read() as session:
            reports = select(KioskReport.device_id).where(KioskReport.device_id == device_id)
            return session.scalar(reports.where(KioskReport.device_id.in_(_OF_KIOSKS))) is not None

    def _known(
        self, rows: Select[Device, KioskReport, str], before: Place | None = None, limit: int = 1
    ) -> list[KnownDevice]:
        rows = page(rows, Device.last_seen_at, Device.id.concat("/").concat(Device.account_id), before, limit)
        with self._database.read() as session:
            found = session.execute(rows).all()
            ids = [device.id for device, _, _ in found]
            of_them = DeviceCommand.device_id.in_(ids), DeviceCommand.state.in_(_WAITING)
            waiting = Counter(session.scalars(select(DeviceCommand.device_id).where(*of_them)))
            return [
                KnownDevice(
                    device,
                    email,
                    report.told_at if report is not None else None,
                    report.status if report is not None else {},
                    waiting[device.id],
                )
                for device, report, email in found
            ]

    # --- the device's side

    def ask(self, request: str) -> list[tuple[DeviceCommand, float]]:
        """What the device that signed ``request`` is to do, in order, and for how many seconds more that holds.

        Raises :class:`ProblemError` 422 ``bad_signed_request``, 403 ``device_unknown`` or ``clock_skew``, 409
        ``replayed``.
        """
        now = self._clock.now()
        device = self._signing_device(request)
        message = read_signed(request, COMMANDS_ASKED, device.public_key, CommandsAsked, device.id)
        self._guard.admit(device, message, now)
        with self._database.write() as session:
            _expire(session, now)
            session.execute(update(Device).where(Device.id == device.id).values(last_seen_at=now))
            if session.scalar(_OF_KIOSKS.where(Device.id == device.id).limit(1)) is not None:
                report = session.get(KioskReport, device.id) or KioskReport(device_id=device.id)
                report.told_at, report.status = now, message.status.model_dump()
                session.add(report)
            commands = _waiting(session, device.id)
            for command in commands:
                if command.state == QUEUED:
                    command.state, command.delivered_at = DELIVERED, now
                    _note(session, now, command, "delivered", None)
            return [(command, command.expires_at - now) for command in commands]

    def answer(self, command_id: str, request: str, attachment: str) -> DeviceCommand:
        """Take what came of a command, with the base64 of its picture or text. A repeated answer changes nothing.

        Raises :class:`ProblemError` as :meth:`ask`, and 404 ``command_not_found``, 422 ``bad_attachment``.
        """
        now = self._clock.now()
        device = self._signing_device(request)
        answer = read_signed(request, COMMAND_ANSWER, device.public_key, CommandAnswer, device.id)
        if answer.command_id != command_id:
            raise ProblemError(422, "bad_signed_request", "The signed command is not the one of the address.")
        self._guard.admit(device, answer, now)
        with self._database.write() as session:
            command = session.get(DeviceCommand, command_id, with_for_update=True)
            if command is None or command.device_id != device.id or command.delivered_at is None:
                raise ProblemError(404, "command_not_found", "This device was not given such a command.")
            if command.state not in (DONE, FAILED):
                command.media_type, command.result = _read_attachment(command.kind, answer, attachment)
                _finish(session, now, command, DONE if answer.ok else FAILED, answer.message, None)
            return command

    def _signing_device(self, request: str) -> Device:
        """The device whose key a request claims to be signed by; it must have proven that it holds that key."""
        try:
            device_id = claimed_key(request)
        except BadStatementError as error:
            raise ProblemError(422, "bad_signed_request", str(error)) from error
        with self._database.read() as session:
            device = next((one for one in _usable(session, device_id) if one.proven), None)
        if device is None:
            raise ProblemError(403, "device_unknown", "No account has this device.")
        return device


def _screen(*, tells: bool, is_on: bool, is_healthy: bool) -> str:
    if not tells:
        return "silent"
    return "dark" if not is_on else "plays" if is_healthy else "no picture"


def _devices(*, kiosks: bool) -> Select[Device, KioskReport, str]:
    """Kiosks in use, or the other devices, whose reports count for nothing."""
    kiosk = Device.id.in_(select(KioskReport.device_id)) & Account.kiosks
    told = KioskReport.device_id == Device.id if kiosks else false()
    rows = select(Device, KioskReport, Account.email).join(Account, Account.id == Device.account_id)
    rows = rows.outerjoin(KioskReport, told).where(Device.revoked_at.is_(None))
    return rows.where(kiosk if kiosks else ~kiosk)


def _named(rows: Select[Device, KioskReport, str], text: str) -> Select[Device, KioskReport, str]:
    return rows.where(Device.name.icontains(text, autoescape=True)) if text else rows


def _usable(session: Session, device_id: str) -> Sequence[Device]:
    return session.scalars(select(Device).where(Device.id == device_id, Device.revoked_at.is_(None))).all()


def _waiting(session: Session, device_id: str) -> Sequence[DeviceCommand]:
    query = select(DeviceCommand).where(DeviceCommand.device_id == device_id, DeviceCommand.state.in_(_WAITING))
    return session.scalars(query.order_by(DeviceCommand.issued_at, DeviceCommand.id)).all()


def _expire(session: Session, now: float) -> None:
    late = select(DeviceCommand).where(DeviceCommand.state.in_(_WAITING), DeviceCommand.expires_at <= now)
    for command in session.scalars(late).all():
        _finish(session, now, command, EXPIRED, "", None)
    session.flush()


def _finish(session: Session, now: float, command: DeviceCommand, state: str, message: str, by: str | None) -> None:
    command.state, command.finished_at, command.message = state, now, message
    _note(session, now, command, state, by)


def _note(session: Session, now: float, command: DeviceCommand, step: str, by: str | None) -> None:
    detail = {"command": command.id, "kind": command.kind}
    audit.record(session, now, f"command.{step}", account_id=by, subject=command.device_id, **detail)


def _forget_old(session: Session, device_id: str) -> None:
    """Keep the newest commands of a device, and all that wait."""
    over = select(DeviceCommand.id).where(DeviceCommand.device_id == device_id, DeviceCommand.state.not_in(_WAITING))
    newest = over.order_by(DeviceCommand.issued_at.desc(), DeviceCommand.id)
    old = session.scalars(newest.offset(_KEPT)).all()
    session.execute(delete(DeviceCommand).where(DeviceCommand.id.in_(old)))


def _read_attachment(kind: str, answer: CommandAnswer, attachment: str) -> tuple[str | None, bytes | None]:
    """Media type and bytes of what was brought back, checked against what was signed. Raises ProblemError 422."""
    if not attachment and answer.sha256 is None:
        return None, None
    refusal = ProblemError(422, "bad_attachment", "What came with the answer is not what the device signed.")
    try:
        data = b64decode(attachment, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refusal from error
    media_type = answer.media_type
    if hashlib.sha256(data).hexdigest() != answer.sha256 or media_type not in _RESULT_OF.get(kind, ()):
        raise refusal
    if len(data) > MAX_RESULT_BYTES or not data.startswith(_MAGIC.get(media_type, b"")):
        raise refusal
    return media_type, data
