"""Memberships and payments, and the ledger of the local payment provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "memberships",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("subscription_id", sa.String(32), nullable=False),
        sa.Column("next_plan", sa.String(16), nullable=True),
        sa.Column("period_from", sa.Float(), nullable=False),
        sa.Column("paid_until", sa.Float(), nullable=False),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("declined", sa.String(40), nullable=True),
        sa.Column("card_token", sa.String(64), nullable=False),
        sa.Column("card_last4", sa.String(4), nullable=False),
        _account_key("memberships"),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name="fk_memberships_subscription_id_subscriptions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_subscription_id", "memberships", ["subscription_id"])
    op.create_index("ix_memberships_due_at", "memberships", ["due_at"])
    op.create_table(
        "payments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("request_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("plan", sa.String(16), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("card_token", sa.String(64), nullable=False),
        sa.Column("card_last4", sa.String(4), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("settled_at", sa.Float(), nullable=True),
        sa.Column("subscription_id", sa.String(32), nullable=True),
        sa.Column("period_from", sa.Float(), nullable=True),
        sa.Column("period_until", sa.Float(), nullable=True),
        _account_key("payments"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("account_id", "request_id", name="uq_payments_account_id"),
    )
    op.create_index("ix_payments_state", "payments", ["state"])
    _create_ledger()


def _create_ledger() -> None:
    op.create_table(
        "ledger_cards",
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("number", sa.String(19), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_ledger_cards"),
    )
    op.create_table(
        "ledger_charges",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("card_token", sa.String(64), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("refunded_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_ledger_charges"),
    )
    op.create_index("ix_ledger_charges_card_token", "ledger_charges", ["card_token"])
    op.create_table(
        "ledger_events",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("send_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_events"),
    )
    op.create_index("ix_ledger_events_send_at", "ledger_events", ["send_at"])


def downgrade() -> None:
    for table in ("ledger_events", "ledger_charges", "ledger_cards", "payments", "memberships"):
        op.drop_table(table)


def _account_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )
