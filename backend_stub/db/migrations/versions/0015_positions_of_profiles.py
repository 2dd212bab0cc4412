"""Positions for each profile; until now they shared those of the account, so each begins with a copy of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEYS: dict[str, tuple[str, ...]] = {
    "progress": ("account_id", "profile_id", "title_id"),
    "device_progress": ("account_id", "profile_id", "title_id", "device_id"),
}
_COPIED = ("account_id", "title_id", "device_id", "position_s", "duration_s", "watched_at")


def upgrade() -> None:
    for old, key in _KEYS.items():
        new = _create(f"profile_{old}", *key)
        from_table = sa.table(old, *(sa.column(name) for name in _COPIED))
        profiles = sa.table("profiles", sa.column("id"), sa.column("account_id"))
        copied = [from_table.c[name] for name in _COPIED]
        own = sa.select(sa.literal_column("''"), *copied)
        theirs = sa.select(profiles.c.id, *copied).join(profiles, profiles.c.account_id == from_table.c.account_id)
        for rows in (own, theirs):
            op.execute(sa.insert(new).from_select(["profile_id", *_COPIED], rows))
        op.drop_table(old)


def downgrade() -> None:
    """The account's own positions are kept, those of profiles are not."""
    for old, key in _KEYS.items():
        of_profiles = sa.table(f"profile_{old}", *(sa.column(name) for name in ("profile_id", *_COPIED)))
        new = _create(old, *(name for name in key if name != "profile_id"))
        rows = sa.select(*(of_profiles.c[name] for name in _COPIED)).where(
            of_profiles.c.profile_id == sa.literal_column("''")
        )
        op.execute(sa.insert(new).from_select(list(_COPIED), rows))
        op.drop_table(of_profiles.name)


def _create(table: str, *key: str) -> sa.Table:
    lengths = {"account_id": 32, "profile_id": 32, "title_id": 64, "device_id": 64}
    names = [name for name in lengths if name in key or name == "device_id"]
    return op.create_table(
        table,
        *(sa.Column(name, sa.String(lengths[name]), nullable=False) for name in names),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("position_s", "duration_s", "watched_at")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["title_id"], ["titles.id"], name=f"fk_{table}_title_id_titles", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
    )
