"""The first schema: accounts, devices, titles, content keys, play sessions, progress, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_accounts()
    _create_catalogue()
    _create_activity()


def downgrade() -> None:
    for name in (
        "audit",
        "progress_events",
        "progress",
        "play_sessions",
        "content_keys",
        "titles",
        "devices",
        "refresh_tokens",
        "accounts",
    ):
        op.drop_table(name)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("family", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("device_name", sa.String(200), nullable=False),
        sa.Column("issued_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=True),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        _account_key("refresh_tokens"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
    )
    op.create_index("ix_refresh_tokens_family", "refresh_tokens", ["family"])
    op.create_table(
        "devices",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("public_key", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        _account_key("devices"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_devices"),
    )


def _create_catalogue() -> None:
    op.create_table(
        "titles",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("synopsis", sa.String(4000), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("heights", sa.JSON(), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("open_licence", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_titles"),
    )
    op.create_index("ix_titles_published_at", "titles", ["published_at"])
    op.create_table(
        "content_keys",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(32), nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _title_key("content_keys"),
        sa.PrimaryKeyConstraint("title_id", "kid", name="pk_content_keys"),
    )


def _create_activity() -> None:
    op.create_table(
        "play_sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("variant", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "device_id"],
            ["devices.account_id", "devices.id"],
            name="fk_play_sessions_account_id_devices",
            ondelete="CASCADE",
        ),
        _title_key("play_sessions"),
        sa.PrimaryKeyConstraint("id", name="pk_play_sessions"),
    )
    op.create_index("ix_play_sessions_account_id", "play_sessions", ["account_id"])
    op.create_table(
        "progress",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("position_s", sa.Float(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("watched_at", sa.Float(), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        _account_key("progress"),
        _title_key("progress"),
        sa.PrimaryKeyConstraint("account_id", "title_id", name="pk_progress"),
    )
    op.create_table(
        "progress_events",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        _account_key("progress_events"),
        sa.PrimaryKeyConstraint("account_id", "event_id", name="pk_progress_events"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=True),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_account_id", "audit", ["account_id"])


def _account_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )


def _title_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["title_id"], ["titles.id"], name=f"fk_{table}_title_id_titles", ondelete="CASCADE"
    )
