"""A service with something to be seen on the operator's pages, much of it written by somebody hostile."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from joserfc.jwk import ECKey
from sqlalchemy import update

from backend_stub.db.models import DeviceCommand, KioskReport, Title
from backend_stub.jobs.model import NewJob, NewTask
from backend_stub.jobs.store import Jobs
from backend_stub.payments.local import GOOD_CARD
from backend_stub.server import ServerGroup
from backend_stub.services.telemetry import PlayerEvent
from tests.kit.backend import publish_noise

HOSTILE = "</td><script>alert(\"1\")</script><img src=x onerror='alert(2)'>"


@dataclass
class Seen:
    group: ServerGroup
    email: str
    password: str = field(repr=False)
    device_id: str
    logs_id: str
    paths: dict[str, str]


def fill(group: ServerGroup) -> Seen:
    """An operator, a title, a kiosk with commands, a playback and a job."""
    context = group.context
    title_id = publish_noise(group.settings, "Film")
    viewer = context.accounts.ensure_demo_viewer()
    context.accounts.change(viewer.id, by=None, kiosks=True)
    operator = context.accounts.register("root@example.org", "root", "a password", role="admin")
    key = ECKey.generate_key("P-256").as_dict(private=False)
    device = context.devices.register(viewer.id, HOSTILE, {str(name): value for name, value in key.items()})
    now = context.clock.now()
    context.telemetry.take(viewer.id, playback(now - 600, title_id, device.id))
    command = context.device_commands.issue(device.id, "logs", by=operator.id, playlist="", expires_in_s=60)
    answered = {"state": "done", "media_type": "text/plain", "result": HOSTILE.encode(), "message": HOSTILE}
    shot = context.device_commands.issue(device.id, "screenshot", by=operator.id, playlist="", expires_in_s=60)
    shown = {"state": "done", "media_type": "image/png", "result": png(8, 5)}
    with context.database.write() as session:
        session.execute(update(Title).where(Title.id == title_id).values(title=HOSTILE))
        session.execute(update(DeviceCommand).where(DeviceCommand.id == command.id).values(**answered))
        session.execute(update(DeviceCommand).where(DeviceCommand.id == shot.id).values(**shown))
        session.add(KioskReport(device_id=device.id, told_at=now, status=STATUS))
    steps = [NewTask("probe", "probe"), NewTask("encode", "encode", needs=["probe"])]
    job_id = Jobs(context.database, context.clock).submit(NewJob("encode", HOSTILE, "key", {}), steps)
    payer = context.accounts.register("payer@example.org", HOSTILE, "a password", plan="free")
    context.money.billing.order(payer.id, "first", "standard", GOOD_CARD)
    paths = {
        "account": f"/accounts/{payer.id}",
        "title": f"/titles/{title_id}",
        "session": f"/sessions/{viewer.id}/one",
        "device": f"/devices/{device.id}",
        "job": f"/jobs/{job_id}",
    }
    return Seen(group, operator.email, "a password", device.id, command.id, paths)


STATUS = {
    "name": HOSTILE,
    "version": HOSTILE,
    "phase": "running",
    "status": "playing",
    "entry": HOSTILE,
    "healthy": True,
    "screen_on": True,
    "up_s": 5.0,
    "without_picture_s": 0.0,
    "memory": 3e8,
    "disk_free": 1e10,
}


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def playback(at: float, title_id: str, device_id: str) -> list[PlayerEvent]:
    """A start, three beats with a stall, and an error."""
    common = {"session_id": "one", "title_id": title_id, "device_id": device_id, "pathway": "edge-a"}

    def event(number: int, kind: str, **told: object) -> PlayerEvent:
        members = {"startup_s": None, "played_s": 0.0, "stalled_s": 0.0, "stalls": 0, "bits": 0.0, "error": None}
        members |= {"event_id": str(number), "kind": kind, "at": at + 30 * number, "app_version": HOSTILE[:64]}
        return PlayerEvent(**{**common, **members, **told})  # type: ignore[arg-type]

    return [
        event(0, "start", startup_s=0.5),
        event(1, "beat", played_s=30.0, bits=6e7, height=480, buffer_s=12.0),
        event(2, "beat", played_s=28.0, stalled_s=2.0, stalls=1, bits=6e7, height=480, buffer_s=0.0),
        event(3, "beat", played_s=30.0, bits=12e7, height=1080, buffer_s=20.0),
        event(4, "error", error=HOSTILE[:64]),
    ]
