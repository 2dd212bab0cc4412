"""Screens that play by themselves: how each was when it last asked, and what it is told to do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class KioskReport(Base):
    """What a screen last told of itself; its id is that of its device."""

    __tablename__ = "kiosk_reports"

    device_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    told_at: Mapped[float] = mapped_column(Float)
    status: Mapped[dict[str, Any]] = mapped_column(JSON)


class DeviceCommand(Base):
    """Something a device is told to do, and what came of it.

    ``kind`` is restart, playlist, screenshot or logs; ``state`` queued, delivered, done, failed or expired. A
    playlist is TOML text. ``result`` is bounded by the service that takes it; its ``media_type`` is checked there.
    """

    __tablename__ = "device_commands"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    playlist: Mapped[str | None] = mapped_column(Text)
    issued_by: Mapped[str | None] = mapped_column(String(32))  # an account, which may be gone by now
    issued_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float)
    state: Mapped[str] = mapped_column(String(16), index=True)
    delivered_at: Mapped[float | None] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float)
    message: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
