"""A list for each profile; until now they shared that of the account, so each begins with a copy of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create("listed_titles", "account_id", "profile_id", "title_id")
    op.execute(
        "INSERT INTO listed_titles (account_id, profile_id, title_id, listed, changed_at) "
        "SELECT account_id, '', title_id, listed, changed_at FROM list_entries"
    )
    op.execute(
        "INSERT INTO listed_titles (account_id, profile_id, title_id, listed, changed_at) "
        "SELECT e.account_id, p.id, e.title_id, e.listed, e.changed_at FROM list_entries e "
        "JOIN profiles p ON p.account_id = e.account_id"
    )
    op.drop_table("list_entries")


def downgrade() -> None:
    """The account's own list is kept, those of profiles are not."""
    _create("list_entries", "account_id", "title_id")
    op.execute(
        "INSERT INTO list_entries (account_id, title_id, listed, changed_at) "
        "SELECT account_id, title_id, listed, changed_at FROM listed_titles WHERE profile_id = ''"
    )
    op.drop_table("listed_titles")


def _create(table: str, *key: str) -> None:
    lengths = {"account_id": 32, "profile_id": 32, "title_id": 64}
    op.create_table(
        table,
        *(sa.Column(name, sa.String(lengths[name]), nullable=False) for name in key),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["titles.id"], name=f"fk_{table}_title_id_titles", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
    )
