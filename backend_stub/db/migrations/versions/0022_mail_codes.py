"""Codes that go out by mail, and which addresses are confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("verified_at", sa.Float(), nullable=True))
    op.create_table(
        "mail_codes",
        sa.Column("email", sa.String(254), primary_key=True),
        sa.Column("purpose", sa.String(16), primary_key=True),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("expires_at", sa.Float(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
    )
    op.create_index("ix_mail_codes_due_at", "mail_codes", ["due_at"])
    op.create_index("ix_mail_codes_expires_at", "mail_codes", ["expires_at"])
    op.create_index("ix_payments_created_at", "payments", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_payments_created_at", "payments")
    op.drop_table("mail_codes")
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_column("verified_at")
