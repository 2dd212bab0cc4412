"""Changes of titles have numbers, by which the search index follows them.

``titles.edited_at`` has no reader any more and stays: a process of the version before may still serve beside this one
(a restart without refusals, edges and workers elsewhere) and asks for it by name.
"""

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


def downgrade() -> None:
    op.drop_index("ix_titles_change", "titles")
    op.drop_column("titles", "change")
    op.drop_table("catalogue_state")
