"""Suggestions that were computed beforehand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recommendation_runs",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("viewers", sa.Integer(), nullable=False),
        sa.Column("titles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation_runs"),
    )
    op.create_table(
        "viewer_picks",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("profile_id", sa.String(32), nullable=False),
        sa.Column("title_ids", sa.JSON(), nullable=False),
        _key("viewer_picks", "run_id", "recommendation_runs"),
        _key("viewer_picks", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("run_id", "account_id", "profile_id", name="pk_viewer_picks"),
    )
    op.create_table(
        "similar_titles",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("title_ids", sa.JSON(), nullable=False),
        _key("similar_titles", "run_id", "recommendation_runs"),
        _key("similar_titles", "title_id", "titles"),
        sa.PrimaryKeyConstraint("run_id", "title_id", name="pk_similar_titles"),
    )


def downgrade() -> None:
    for table in ("similar_titles", "viewer_picks", "recommendation_runs"):
        op.drop_table(table)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}", ondelete="CASCADE")
