"""Which refresh token another was given for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refresh_tokens", sa.Column("parent_hash", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("refresh_tokens", "parent_hash")
