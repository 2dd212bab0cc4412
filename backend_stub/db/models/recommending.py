"""Suggestions that were computed beforehand. Of several runs the last finished one counts."""

from __future__ import annotations

from sqlalchemy import JSON, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class RecommendationRun(Base):
    __tablename__ = "recommendation_runs"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    started_at: Mapped[float] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float)
    method: Mapped[str] = mapped_column(String(16))  # factors, genres
    viewers: Mapped[int] = mapped_column(Integer)
    titles: Mapped[int] = mapped_column(Integer)


class ViewerPicks(Base):
    """The titles for one profile, the best first; an empty ``profile_id`` is the account without a profile."""

    __tablename__ = "viewer_picks"

    run_id: Mapped[int] = mapped_column(ForeignKey("recommendation_runs.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title_ids: Mapped[list[str]] = mapped_column(JSON)


class SimilarTitles(Base):
    """The titles that the viewers of one like as well, the nearest first."""

    __tablename__ = "similar_titles"

    run_id: Mapped[int] = mapped_column(ForeignKey("recommendation_runs.id", ondelete="CASCADE"), primary_key=True)
    title_id: Mapped[str] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True)
    title_ids: Mapped[list[str]] = mapped_column(JSON)
