"""Programmes of channels that profiles record, and whether a title may be recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("title_rights", sa.Column("record", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "recordings",
        sa.Column("title_id", sa.String(64), sa.ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("account_id", sa.String(32), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("profile_id", sa.String(32), nullable=False),
        sa.Column("channel_id", sa.String(64), sa.ForeignKey("titles.id", ondelete="CASCADE"), nullable=False),
        sa.Column("starts_at", sa.Float(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.UniqueConstraint("account_id", "profile_id", "channel_id", "starts_at"),
    )
    op.create_index("ix_recordings_channel_id", "recordings", ["channel_id"])
    op.create_index("ix_recordings_finished_at", "recordings", ["finished_at"])


def downgrade() -> None:
    op.drop_table("recordings")
    with op.batch_alter_table("title_rights") as rights:
        rights.drop_column("record")
