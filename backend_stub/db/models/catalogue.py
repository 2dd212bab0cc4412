"""Titles, what may be done with them, and their content keys."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base
from backend_stub.titles import FILM


class Title(Base):
    """A title of the catalogue; visible while ``published_at`` is set.

    ``kind`` is one of :data:`backend_stub.titles.KINDS`. A series has no media of its own; it is published while one
    of its episodes is, since the newest of them was.
    """

    __tablename__ = "titles"
    __table_args__ = (Index("ix_titles_title", "title", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default=FILM, server_default=FILM)
    title: Mapped[str] = mapped_column(String(300))
    synopsis: Mapped[str] = mapped_column(String(4000))
    year: Mapped[int] = mapped_column(Integer)
    duration_s: Mapped[float] = mapped_column(Float)
    heights: Mapped[list[int]] = mapped_column(JSON)
    variants: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict, server_default="{}")  # audio, text
    open_licence: Mapped[bool] = mapped_column(Boolean)
    maturity: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # age rating
    published_at: Mapped[float | None] = mapped_column(Float, index=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")  # the one that is shown
    artwork: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")  # file names by kind
    focal: Mapped[list[float] | None] = mapped_column(JSON)  # of its backdrop: across and down, 0 to 1
    change: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", index=True
    )  # the number of the last change of what is searched: backend_stub.db.title_changes
    edited_at: Mapped[float | None] = mapped_column(
        Float, index=True, deferred=True
    )  # step 0026: older processes only


class CatalogueState(Base):
    """One row: the number of the last change of a title."""

    __tablename__ = "catalogue_state"

    one: Mapped[int] = mapped_column(Integer, primary_key=True)
    change: Mapped[int] = mapped_column(BigInteger)


class TitleVersion(Base):
    """The media of a title as they were published once, by ``job_id`` where a job did it; ``qualities`` tell of each
    rung how good it looks."""

    __tablename__ = "title_versions"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    job_id: Mapped[str | None] = mapped_column(String(32), index=True)
    published_at: Mapped[float] = mapped_column(Float)
    duration_s: Mapped[float] = mapped_column(Float)
    heights: Mapped[list[int]] = mapped_column(JSON)
    variants: Mapped[list[str]] = mapped_column(JSON)
    qualities: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)


class Episode(Base):
    """The place of a title in a series; seasons and numbers are as they are announced, 0 for specials."""

    __tablename__ = "episodes"
    __table_args__ = (UniqueConstraint("series_id", "season", "number"),)

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    season: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)


class SeasonName(Base):
    """What a season of a series is called, where it has a name of its own."""

    __tablename__ = "season_names"

    series_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    season: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))


class Trailer(Base):
    """A title that advertises another one."""

    __tablename__ = "trailers"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    of_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)


class TitleMarkers(Base):
    """Where the intro of a title is and where its credits start, in seconds; None where that is not known."""

    __tablename__ = "title_markers"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    intro_start_s: Mapped[float | None] = mapped_column(Float)
    intro_end_s: Mapped[float | None] = mapped_column(Float)
    credits_s: Mapped[float | None] = mapped_column(Float)


class TitleGenre(Base):
    """A genre of a title."""

    __tablename__ = "title_genres"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    genre: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class TitlePerson(Base):
    """Somebody who took part in a title; ``position`` is the place in the billing, from 0."""

    __tablename__ = "title_people"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200), index=True)
    job: Mapped[str] = mapped_column(String(16))


class TitleRights(Base):
    """What the contract of a title permits; a title without a row has the defaults.

    ``countries`` is empty for everywhere, else `` DE AT `` with a space on each side of every code.
    """

    __tablename__ = "title_rights"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    free: Mapped[bool] = mapped_column(Boolean)
    countries: Mapped[str] = mapped_column(String(1024))
    available_from: Mapped[float | None] = mapped_column(Float)
    available_until: Mapped[float | None] = mapped_column(Float)
    download: Mapped[bool] = mapped_column(Boolean)
    rental: Mapped[bool] = mapped_column(Boolean)
    renewable: Mapped[bool] = mapped_column(Boolean)
    licence_s: Mapped[float] = mapped_column(Float)
    play_s: Mapped[float | None] = mapped_column(Float)
    grace_s: Mapped[float] = mapped_column(Float)
    hdcp: Mapped[dict[str, str]] = mapped_column(JSON)  # least HDCP by key label
    analogue: Mapped[bool] = mapped_column(Boolean)
    mirror: Mapped[bool] = mapped_column(Boolean)
    record: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    revoked_at: Mapped[float | None] = mapped_column(Float)


class ContentKey(Base):
    """A content key at rest; ``scheme`` says how it is wrapped, see :mod:`backend_stub.services.content_keys`."""

    __tablename__ = "content_keys"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    kid: Mapped[str] = mapped_column(String(32), primary_key=True)  # hex
    label: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    scheme: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class KeyEnvelope(Base):
    """A title's own key, under which its content keys are wrapped, itself wrapped under a master key."""

    __tablename__ = "key_envelopes"

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    master_id: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class Recording(Base):
    """A programme that a profile records, and the title that it becomes. An empty ``profile_id`` is the account
    without a profile. ``finished_at`` is set when nothing more comes; ``reason`` says then why it is not whole."""

    __tablename__ = "recordings"
    __table_args__ = (UniqueConstraint("account_id", "profile_id", "channel_id", "starts_at"),)

    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    profile_id: Mapped[str] = mapped_column(String(32))
    channel_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[float] = mapped_column(Float)
    ends_at: Mapped[float] = mapped_column(Float)
    size_bytes: Mapped[int] = mapped_column(BigInteger)  # estimated until it is finished
    finished_at: Mapped[float | None] = mapped_column(Float, index=True)
    reason: Mapped[str] = mapped_column(String(16), default="")
