"""Heartbeats of edges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edge_beats",
        sa.Column("pathway", sa.String(64), nullable=False),
        sa.Column("base_url", sa.String(255), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.Column("load", sa.Float(), nullable=False),
        sa.Column("healthy", sa.Boolean(), nullable=False),
        sa.Column("bits_per_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("pathway", name="pk_edge_beats"),
    )


def downgrade() -> None:
    op.drop_table("edge_beats")
