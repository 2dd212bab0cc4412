"""Sums of quality by the hour and of views by the day, and the indices that lists and retention go by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_INDICES = (
    ("ix_quality_changed_at", "quality", ["changed_at"]),
    ("ix_quality_title_id", "quality", ["title_id", "started_at"]),
    ("ix_views_account_id", "views", ["account_id", "day"]),
    ("ix_play_sessions_expires_at", "play_sessions", ["expires_at"]),
    ("ix_play_sessions_beat_at", "play_sessions", ["beat_at"]),
    ("ix_progress_events_received_at", "progress_events", ["received_at"]),
    ("ix_refresh_tokens_account_id", "refresh_tokens", ["account_id"]),
    ("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"]),
    ("ix_titles_title", "titles", ["title", "id"]),
    ("ix_devices_last_seen_at", "devices", ["last_seen_at"]),
    ("ix_accounts_created_at", "accounts", ["created_at"]),
)


def upgrade() -> None:
    op.add_column("quality", sa.Column("changed_at", sa.Float(), nullable=False, server_default="1"))
    op.create_table(
        "quality_hours",
        sa.Column("hour", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("part", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("playbacks", sa.Integer(), nullable=False),
        sa.Column("startups", sa.JSON(), nullable=False),
        sa.Column("played_s", sa.Float(), nullable=False),
        sa.Column("stalled_s", sa.Float(), nullable=False),
        sa.Column("bits", sa.Float(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
    )
    op.create_index("ix_quality_hours_part", "quality_hours", ["part", "hour"])
    op.create_table(
        "view_days",
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("title_id", sa.String(64), sa.ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("views", sa.Integer(), nullable=False),
    )
    op.execute("INSERT INTO view_days (day, title_id, views) SELECT day, title_id, COUNT(*) FROM views GROUP BY 1, 2")
    for name, table, columns in _INDICES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(_INDICES):
        op.drop_index(name, table)
    op.drop_table("view_days")
    op.drop_table("quality_hours")
    with op.batch_alter_table("quality") as quality:
        quality.drop_column("changed_at")
