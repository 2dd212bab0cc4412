"""Accounts whose screens are kiosks, by the operator's word. No account is one of these by itself, also none whose
devices have said so until now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("kiosks", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_accounts_kiosks", "accounts", ["kiosks"])


def downgrade() -> None:
    op.drop_index("ix_accounts_kiosks", "accounts")
    op.drop_column("accounts", "kiosks")
