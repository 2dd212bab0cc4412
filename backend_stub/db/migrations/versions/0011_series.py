"""Series: kinds of titles, places of episodes, trailers, markers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("titles", sa.Column("kind", sa.String(16), nullable=False, server_default="film"))
    op.create_table(
        "episodes",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("series_id", sa.String(64), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _title_key("episodes", "title_id"),
        _title_key("episodes", "series_id"),
        sa.PrimaryKeyConstraint("title_id", name="pk_episodes"),
        sa.UniqueConstraint("series_id", "season", "number", name="uq_episodes_series_id"),
    )
    op.create_table(
        "trailers",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("of_id", sa.String(64), nullable=False),
        _title_key("trailers", "title_id"),
        _title_key("trailers", "of_id"),
        sa.PrimaryKeyConstraint("title_id", name="pk_trailers"),
    )
    op.create_index("ix_trailers_of_id", "trailers", ["of_id"])
    op.create_table(
        "title_markers",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("intro_start_s", sa.Float(), nullable=True),
        sa.Column("intro_end_s", sa.Float(), nullable=True),
        sa.Column("credits_s", sa.Float(), nullable=True),
        _title_key("title_markers", "title_id"),
        sa.PrimaryKeyConstraint("title_id", name="pk_title_markers"),
    )


def downgrade() -> None:
    for table in ("title_markers", "trailers", "episodes"):
        op.drop_table(table)
    op.drop_column("titles", "kind")


def _title_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["titles.id"], name=f"fk_{table}_{column}_titles", ondelete="CASCADE")
