"""Changes of titles have numbers, by which the search index follows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = op.create_table(
        "catalogue_state",
        sa.Column("one", sa.Integer(), primary_key=True),
        sa.Column("change", sa.BigInteger(), nullable=False),
    )
    op.bulk_insert(made, [{"one": 1, "change": 0}])
    op.add_column("titles", sa.Column("change", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_titles_change", "titles", ["change"])
    op.drop_index("ix_titles_edited_at", "titles")
    op.drop_column("titles", "edited_at")


def downgrade() -> None:
    op.add_column("titles", sa.Column("edited_at", sa.Float(), nullable=True))
    op.create_index("ix_titles_edited_at", "titles", ["edited_at"])
    op.drop_index("ix_titles_change", "titles")
    op.drop_column("titles", "change")
    op.drop_table("catalogue_state")
