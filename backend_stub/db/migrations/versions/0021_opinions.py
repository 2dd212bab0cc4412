"""What profiles think of titles, how they like to watch, and where a backdrop is looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_WORDS = (("avatar", 24), ("audio_language", 8), ("text_language", 8))
_FLAGS = (("kids", sa.false()), ("autoplay", sa.true()))


def upgrade() -> None:
    op.create_table(
        "opinions",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("profile_id", sa.String(32), nullable=False),
        sa.Column("title_id", sa.String(64), nullable=False),
        sa.Column("thumb", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("put_away_at", sa.Float(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_opinions_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["titles.id"], name="fk_opinions_title_id_titles", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "profile_id", "title_id", name="pk_opinions"),
    )
    for name, length in _WORDS:
        op.add_column("profiles", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    for name, default in _FLAGS:
        op.add_column("profiles", sa.Column(name, sa.Boolean(), nullable=False, server_default=default))
    op.add_column("titles", sa.Column("focal", sa.JSON()))


def downgrade() -> None:
    with op.batch_alter_table("titles") as titles:
        titles.drop_column("focal")
    with op.batch_alter_table("profiles") as profiles:
        for name, _ in (*_FLAGS, *_WORDS):
            profiles.drop_column(name)
    op.drop_table("opinions")
