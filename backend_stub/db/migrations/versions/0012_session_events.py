"""What events of playbacks told, beside their ids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("session_id", sa.String(64)),
    ("at", sa.Float()),
    ("kind", sa.String(16)),
    ("pathway", sa.String(64)),
    ("startup_s", sa.Float()),
    ("played_s", sa.Float()),
    ("stalled_s", sa.Float()),
    ("stalls", sa.Integer()),
    ("bits", sa.Float()),
    ("error", sa.String(64)),
    ("height", sa.Integer()),
    ("buffer_s", sa.Float()),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("telemetry_events", sa.Column(name, kind, nullable=True))
    op.create_index("ix_telemetry_events_session", "telemetry_events", ["account_id", "session_id"])


def downgrade() -> None:
    op.drop_index("ix_telemetry_events_session", "telemetry_events")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("telemetry_events", name)
