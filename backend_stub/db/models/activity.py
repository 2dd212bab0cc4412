"""What viewers do, and the audit trail."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class PlaySession(Base):
    __tablename__ = "play_sessions"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "device_id"], ["devices.account_id", "devices.id"], ondelete="CASCADE"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32), index=True)
    device_id: Mapped[str] = mapped_column(String(64))
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    variant: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[float] = mapped_column(Float)
    expires_at: Mapped[float] = mapped_column(Float, index=True)
    beat_at: Mapped[float] = mapped_column(
        Float, default=0.0, server_default="0", index=True
    )  # the last heartbeat, or the start
    ended_at: Mapped[float | None] = mapped_column(Float)


class WatchedPosition(Base):
    """How far a profile has watched a title; the report watched last stands.

    An empty ``profile_id`` is the account without a profile.
    """

    __tablename__ = "profile_progress"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    position_s: Mapped[float] = mapped_column(Float)
    duration_s: Mapped[float] = mapped_column(Float)
    watched_at: Mapped[float] = mapped_column(Float)
    device_id: Mapped[str] = mapped_column(String(64))


class DeviceProgress(Base):
    """How far a profile got on one device; what stands for the profile is made of these."""

    __tablename__ = "profile_device_progress"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position_s: Mapped[float] = mapped_column(Float)
    duration_s: Mapped[float] = mapped_column(Float)
    watched_at: Mapped[float] = mapped_column(Float)


class ListEntry(Base):
    """A title on somebody's list, or taken from it; removed ones stay, so that no late change brings them back.

    An empty ``profile_id`` is the account without a profile.
    """

    __tablename__ = "listed_titles"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    listed: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[float] = mapped_column(Float)


class Opinion(Base):
    """A profile's opinion of a title. ``thumb`` is 1 (up), -1 (down) or 0. A title that was removed at
    ``put_away_at`` is not in “Continue watching” until it is watched again. An empty ``profile_id`` is the account
    without a profile.
    """

    __tablename__ = "opinions"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    thumb: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    put_away_at: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")


class DailyView(Base):
    """A profile watched a title on a day, counted from 1970 (UTC); an empty ``profile_id`` is no profile."""

    __tablename__ = "views"
    __table_args__ = (Index("ix_views_account_id", "account_id", "day"),)

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class ViewDay(Base):
    """How many profiles watched a title on a day: written with their views."""

    __tablename__ = "view_days"

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    views: Mapped[int] = mapped_column(Integer)


class TelemetryEvent(Base):
    """Events already taken, so that each counts once, and what they told; older rows have only their ids."""

    __tablename__ = "telemetry_events"
    __table_args__ = (Index("ix_telemetry_events_session", "account_id", "session_id"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    received_at: Mapped[float] = mapped_column(Float, index=True)
    session_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[float | None] = mapped_column(Float)
    kind: Mapped[str | None] = mapped_column(String(16))
    pathway: Mapped[str | None] = mapped_column(String(64))
    startup_s: Mapped[float | None] = mapped_column(Float)
    played_s: Mapped[float | None] = mapped_column(Float)
    stalled_s: Mapped[float | None] = mapped_column(Float)
    stalls: Mapped[int | None] = mapped_column(Integer)
    bits: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(String(64))
    height: Mapped[int | None] = mapped_column(Integer)
    buffer_s: Mapped[float | None] = mapped_column(Float)


class Quality(Base):
    """What one play session went through on one CDN: sums of its telemetry."""

    __tablename__ = "quality"
    __table_args__ = (Index("ix_quality_title_id", "title_id", "started_at"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    pathway: Mapped[str] = mapped_column(String(64), primary_key=True)
    title_id: Mapped[str] = mapped_column(String(64))
    device_id: Mapped[str] = mapped_column(String(64))
    app_version: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[float] = mapped_column(Float, index=True)
    startup_s: Mapped[float | None] = mapped_column(Float)
    played_s: Mapped[float] = mapped_column(Float)
    stalled_s: Mapped[float] = mapped_column(Float)
    stalls: Mapped[int] = mapped_column(Integer)
    bits: Mapped[float] = mapped_column(Float)
    errors: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[float] = mapped_column(Float, default=1.0, server_default="1", index=True)


class QualityHour(Base):
    """The playbacks that began in an hour, counted from 1970, summed up: ``part`` is ``all``, or what they are told
    apart by, ``name`` which of these. ``startups`` are seconds, ascending, or some that stand for all."""

    __tablename__ = "quality_hours"
    __table_args__ = (
        Index("ix_quality_hours_part", "part", "hour"),
        Index("ix_quality_hours_name", "part", "name", "hour", "playbacks"),
    )

    hour: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    playbacks: Mapped[int] = mapped_column(Integer)
    startups: Mapped[list[float]] = mapped_column(JSON)
    played_s: Mapped[float] = mapped_column(Float)
    stalled_s: Mapped[float] = mapped_column(Float)
    bits: Mapped[float] = mapped_column(Float)
    errors: Mapped[int] = mapped_column(Integer)


class ProgressEvent(Base):
    """The ids of reports already taken, so that a repeated report does nothing."""

    __tablename__ = "progress_events"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    received_at: Mapped[float] = mapped_column(Float, index=True)


class AuditEntry(Base):
    """Who did what when. Rows are only ever added and name no secret."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    action: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    subject: Mapped[str] = mapped_column(String(128))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
