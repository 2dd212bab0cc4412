"""How far each device's store of licences has come, and what the service's own clock was last known to be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_vaults",
        sa.Column("device_id", sa.String(64), primary_key=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=False),
    )
    op.create_table(
        "clock_marks",
        sa.Column("one", sa.Integer(), primary_key=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.Column("boottime_s", sa.Float(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("clock_marks")
    op.drop_table("device_vaults")
