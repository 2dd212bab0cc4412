"""Artwork of titles besides their posters, names of seasons, and when a title was edited last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("titles", sa.Column("artwork", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("titles", sa.Column("edited_at", sa.Float(), nullable=True))
    op.create_index("ix_titles_edited_at", "titles", ["edited_at"])
    op.create_table(
        "season_names",
        sa.Column("series_id", sa.String(64), nullable=False),
        sa.Column("season", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["titles.id"], name="fk_season_names_series_id_titles", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "season", name="pk_season_names"),
    )


def downgrade() -> None:
    op.drop_table("season_names")
    op.drop_index("ix_titles_edited_at", "titles")
    op.drop_column("titles", "edited_at")
    op.drop_column("titles", "artwork")
