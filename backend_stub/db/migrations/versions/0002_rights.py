"""Rights: roles, plans, proven devices, title rights, envelopes, streams, downloads, licences, revocations.

Accounts that exist keep what they could do: they get the premium plan. Devices that exist are not proven.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend()
    _create_accounts()
    _create_catalogue()
    _create_rights()


def downgrade() -> None:
    for name in (
        "revocations",
        "spent_nonces",
        "licences",
        "downloads",
        "key_envelopes",
        "title_rights",
        "device_challenges",
        "subscriptions",
    ):
        op.drop_table(name)
    for table, column in (
        ("play_sessions", "ended_at"),
        ("play_sessions", "beat_at"),
        ("content_keys", "scheme"),
        ("devices", "proven"),
        ("devices", "last_seen_at"),
        ("accounts", "country"),
        ("accounts", "role"),
    ):
        op.drop_column(table, column)


def _extend() -> None:
    """New columns, with defaults of the server's for the rows that exist.

    Never in batch mode: SQLite would copy the table and drop the old one, and the rows that refer to it with it.
    """
    op.add_column("accounts", sa.Column("role", sa.String(16), nullable=False, server_default="viewer"))
    op.add_column("accounts", sa.Column("country", sa.String(2), nullable=True))
    op.add_column("devices", sa.Column("last_seen_at", sa.Float(), nullable=True))
    op.add_column("devices", sa.Column("proven", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("content_keys", sa.Column("scheme", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("play_sessions", sa.Column("beat_at", sa.Float(), nullable=False, server_default="0"))
    op.add_column("play_sessions", sa.Column("ended_at", sa.Float(), nullable=True))


def _create_accounts() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("plan", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.Float(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=True),
        _account_key("subscriptions"),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_account_id", "subscriptions", ["account_id"])
    # The id of the account serves as that of its first subscription: both are 32 random digits.
    op.execute(
        "INSERT INTO subscriptions (id, account_id, plan, starts_at) "
        "SELECT id, id, 'premium', created_at FROM accounts"
    )
    op.create_table(
        "device_challenges",
        sa.Column("challenge", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        _account_key("device_challenges"),
        sa.PrimaryKeyConstraint("challenge", name="pk_device_challenges"),
    )
    op.create_index("ix_device_challenges_expires_at", "device_challenges", ["expires_at"])


def _create_catalogue() -> None:
    op.create_table(
        "title_rights",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.Column("countries", sa.String(1024), nullable=False),
        sa.Column("available_from", sa.Float(), nullable=True),
        sa.Column("available_until", sa.Float(), nullable=True),
        sa.Column("download", sa.Boolean(), nullable=False),
        sa.Column("rental", sa.Boolean(), nullable=False),
        sa.Column("renewable", sa.Boolean(), nullable=False),
        sa.Column("licence_s", sa.Float(), nullable=False),
        sa.Column("play_s", sa.Float(), nullable=True),
        sa.Column("grace_s", sa.Float(), nullable=False),
        sa.Column("hdcp", sa.JSON(), nullable=False),
        sa.Column("analogue", sa.Boolean(), nullable=False),
        sa.Column("mirror", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        _title_key("title_rights"),
        sa.PrimaryKeyConstraint("title_id", name="pk_title_rights"),
    )
    op.create_table(
        "key_envelopes",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("master_id", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _title_key("key_envelopes"),
        sa.PrimaryKeyConstraint("title_id", name="pk_key_envelopes"),
    )


def _create_rights() -> None:
    op.create_table(
        "downloads",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("variant", sa.String(16), nullable=False),
        sa.Column("max_height", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("holds_until", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=True),
        _device_key("downloads"),
        _title_key("downloads"),
        sa.PrimaryKeyConstraint("id", name="pk_downloads"),
    )
    op.create_index("ix_downloads_account_id_device_id", "downloads", ["account_id", "device_id"])
    op.create_index("ix_downloads_title_id", "downloads", ["title_id"])
    op.create_table(
        "licences",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("variant", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("renew_until", sa.Float(), nullable=True),
        sa.Column("first_play_at", sa.Float(), nullable=True),
        sa.Column("released_at", sa.Float(), nullable=True),
        sa.Column("release_reason", sa.String(16), nullable=True),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.Column("kids", sa.JSON(), nullable=False),
        _device_key("licences"),
        _title_key("licences"),
        sa.PrimaryKeyConstraint("id", name="pk_licences"),
    )
    op.create_index("ix_licences_account_id_device_id", "licences", ["account_id", "device_id"])
    op.create_index("ix_licences_title_id", "licences", ["title_id"])
    op.create_index("ix_licences_session_id", "licences", ["session_id"])
    op.create_table(
        "spent_nonces",
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "nonce", name="pk_spent_nonces"),
    )
    op.create_index("ix_spent_nonces_seen_at", "spent_nonces", ["seen_at"])
    op.create_table(
        "revocations",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_revocations"),
    )
    op.create_index("ix_revocations_subject", "revocations", ["subject"])


def _account_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )


def _device_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "device_id"],
        ["devices.account_id", "devices.id"],
        name=f"fk_{table}_account_id_devices",
        ondelete="CASCADE",
    )


def _title_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["title_id"], ["titles.id"], name=f"fk_{table}_title_id_titles", ondelete="CASCADE"
    )
