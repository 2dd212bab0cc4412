"""Licences of version 2, downloads, and what was taken back."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class Download(Base):
    """A title that a device keeps, or is about to; closed when its licence was released, revoked or died out."""

    __tablename__ = "downloads"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "device_id"], ["devices.account_id", "devices.id"], ondelete="CASCADE"),
        Index("ix_downloads_account_id_device_id", "account_id", "device_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32))
    device_id: Mapped[str] = mapped_column(String(64))
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    variant: Mapped[str] = mapped_column(String(16))
    max_height: Mapped[int | None] = mapped_column(Integer)  # what the viewer asked for
    created_at: Mapped[float] = mapped_column(Float)
    holds_until: Mapped[float] = mapped_column(Float)  # it counts against the plan so long
    closed_at: Mapped[float | None] = mapped_column(Float)


class IssuedLicence(Base):
    """A licence as it stands after its last renewal. ``session_id`` is a play session's or a download's."""

    __tablename__ = "licences"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "device_id"], ["devices.account_id", "devices.id"], ondelete="CASCADE"),
        Index("ix_licences_account_id_device_id", "account_id", "device_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32))
    device_id: Mapped[str] = mapped_column(String(64))
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[str] = mapped_column(String(32), index=True)
    variant: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))  # streaming, persistent
    sequence: Mapped[int] = mapped_column(Integer)
    issued_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float)
    renew_until: Mapped[float | None] = mapped_column(Float)
    first_play_at: Mapped[float | None] = mapped_column(Float)
    released_at: Mapped[float | None] = mapped_column(Float)
    release_reason: Mapped[str | None] = mapped_column(String(16))
    revoked_at: Mapped[float | None] = mapped_column(Float)
    kids: Mapped[list[str]] = mapped_column(JSON)  # hex, those given at the last time


class SpentNonce(Base):
    """Nonces of signed requests, kept as long as a request with one could still be in time."""

    __tablename__ = "spent_nonces"

    device_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[float] = mapped_column(Float, index=True)


class Revocation(Base):
    """One entry of the revocation list; ``kind`` is ``device``, ``licence`` or ``title``."""

    __tablename__ = "revocations"

    serial: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[float] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(String(200))


class DeviceVault(Base):
    """How often a device's store of licences has changed, as the device last said: an older copy says less."""

    __tablename__ = "device_vaults"

    device_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    generation: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[float] = mapped_column(Float)
    restores: Mapped[int] = mapped_column(Integer)


class ClockMark(Base):
    """What the service's clock was when it was last known to be right, and the boot's own clock at that moment."""

    __tablename__ = "clock_marks"

    one: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    boot_id: Mapped[str] = mapped_column(String(64))
    boottime_s: Mapped[float] = mapped_column(Float)
