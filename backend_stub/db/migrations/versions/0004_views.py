"""Views: which titles profiles watched on which day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("profile_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["title_id"], ["titles.id"], name="fk_views_title_id_titles", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_views_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("day", "title_id", "account_id", "profile_id", name="pk_views"),
    )


def downgrade() -> None:
    op.drop_table("views")
