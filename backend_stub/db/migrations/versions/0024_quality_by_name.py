"""Find the playbacks of each title, device or version in the sums of quality without looking through all hours."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NAME = "ix_quality_hours_name"


def upgrade() -> None:
    op.create_index(_NAME, "quality_hours", ["part", "name", "hour", "playbacks"])


def downgrade() -> None:
    op.drop_index(_NAME, "quality_hours")
