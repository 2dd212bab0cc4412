"""Devices that were never seen since they were registered have been seen then: lists go by that moment."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE devices SET last_seen_at = created_at WHERE last_seen_at IS NULL")


def downgrade() -> None:
    """It was so before, too."""
