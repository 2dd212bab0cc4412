"""The edges as they last told of themselves."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Float, String, false
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class EdgeBeat(Base):
    """The last heartbeat of an edge; ``countries`` are those it stands near to, none for everywhere. One that is
    ``announced`` runs elsewhere, by its own word."""

    __tablename__ = "edge_beats"

    pathway: Mapped[str] = mapped_column(String(64), primary_key=True)
    base_url: Mapped[str] = mapped_column(String(255))
    countries: Mapped[list[str]] = mapped_column(JSON)
    beat_at: Mapped[float] = mapped_column(Float)
    load: Mapped[float] = mapped_column(Float)  # 0 idle, 1 all it can do
    healthy: Mapped[bool] = mapped_column(Boolean)
    bits_per_s: Mapped[float] = mapped_column(Float)
    announced: Mapped[bool] = mapped_column(Boolean, server_default=false())
