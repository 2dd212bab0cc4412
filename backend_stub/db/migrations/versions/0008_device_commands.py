"""Commands to devices, and what screens tell of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kiosk_reports",
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("told_at", sa.Float(), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_kiosk_reports"),
    )
    op.create_table(
        "device_commands",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("playlist", sa.Text(), nullable=True),
        sa.Column("issued_by", sa.String(32), nullable=True),
        sa.Column("issued_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("delivered_at", sa.Float(), nullable=True),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("message", sa.String(300), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_device_commands"),
    )
    op.create_index("ix_device_commands_device_id", "device_commands", ["device_id"])
    op.create_index("ix_device_commands_state", "device_commands", ["state"])


def downgrade() -> None:
    op.drop_table("device_commands")
    op.drop_table("kiosk_reports")
