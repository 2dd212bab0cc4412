"""Genres and people of titles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "title_genres",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("genre", sa.String(40), nullable=False),
        _title_key("title_genres"),
        sa.PrimaryKeyConstraint("title_id", "genre", name="pk_title_genres"),
    )
    op.create_index("ix_title_genres_genre", "title_genres", ["genre"])
    op.create_table(
        "title_people",
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("job", sa.String(16), nullable=False),
        _title_key("title_people"),
        sa.PrimaryKeyConstraint("title_id", "position", name="pk_title_people"),
    )
    op.create_index("ix_title_people_name", "title_people", ["name"])


def downgrade() -> None:
    op.drop_table("title_people")
    op.drop_table("title_genres")


def _title_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["title_id"], ["titles.id"], name=f"fk_{table}_title_id_titles", ondelete="CASCADE"
    )
