"""Households and quality: profiles, television sign-in, age ratings, progress by device, lists, telemetry.

What accounts had watched stays, as the progress of the device that had reported it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("tokens_after", sa.Float(), nullable=False, server_default="0"))
    op.add_column("refresh_tokens", sa.Column("profile_id", sa.String(32), nullable=True))
    op.add_column("titles", sa.Column("maturity", sa.Integer(), nullable=False, server_default="0"))
    _create_accounts()
    _create_activity()
    _create_telemetry()


def downgrade() -> None:
    for name in ("quality", "telemetry_events", "list_entries", "device_progress", "device_grants", "profiles"):
        op.drop_table(name)
    for table, column in (("titles", "maturity"), ("refresh_tokens", "profile_id"), ("accounts", "tokens_after")):
        op.drop_column(table, column)


def _create_accounts() -> None:
    op.create_table(
        "profiles",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("maturity", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        _account_key("profiles"),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
    )
    op.create_index("ix_profiles_account_id", "profiles", ["account_id"])
    op.create_table(
        "device_grants",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("user_code", sa.String(8), nullable=False),
        sa.Column("device_name", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=True),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("polled_at", sa.Float(), nullable=False),
        sa.Column("interval_s", sa.Float(), nullable=False),
        _account_key("device_grants"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_device_grants"),
        sa.UniqueConstraint("user_code", name="uq_device_grants_user_code"),
    )
    op.create_index("ix_device_grants_expires_at", "device_grants", ["expires_at"])


def _create_activity() -> None:
    op.create_table(
        "device_progress",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("position_s", sa.Float(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("watched_at", sa.Float(), nullable=False),
        _account_key("device_progress"),
        _title_key("device_progress"),
        sa.PrimaryKeyConstraint("account_id", "title_id", "device_id", name="pk_device_progress"),
    )
    columns = "account_id, title_id, device_id, position_s, duration_s, watched_at"
    op.execute(f"INSERT INTO device_progress ({columns}) SELECT {columns} FROM progress")  # noqa: S608 - no input
    op.create_table(
        "list_entries",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        _account_key("list_entries"),
        _title_key("list_entries"),
        sa.PrimaryKeyConstraint("account_id", "title_id", name="pk_list_entries"),
    )


def _create_telemetry() -> None:
    op.create_table(
        "telemetry_events",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        _account_key("telemetry_events"),
        sa.PrimaryKeyConstraint("account_id", "event_id", name="pk_telemetry_events"),
    )
    op.create_index("ix_telemetry_events_received_at", "telemetry_events", ["received_at"])
    op.create_table(
        "quality",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("pathway", sa.String(64), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("app_version", sa.String(64), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("startup_s", sa.Float(), nullable=True),
        sa.Column("played_s", sa.Float(), nullable=False),
        sa.Column("stalled_s", sa.Float(), nullable=False),
        sa.Column("stalls", sa.Integer(), nullable=False),
        sa.Column("bits", sa.Float(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        _account_key("quality"),
        sa.PrimaryKeyConstraint("account_id", "session_id", "pathway", name="pk_quality"),
    )
    op.create_index("ix_quality_started_at", "quality", ["started_at"])


def _account_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )


def _title_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["title_id"], ["titles.id"], name=f"fk_{table}_title_id_titles", ondelete="CASCADE"
    )
