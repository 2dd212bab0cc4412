"""Alembic's entry: the connection is handed in by :func:`backend_stub.db.migrate.upgrade`."""

from __future__ import annotations

from alembic import context

from backend_stub.db.models import Base

if context.is_offline_mode():
    context.configure(dialect_name=context.config.attributes["dialect"], target_metadata=Base.metadata)
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite alters tables by copying them
    )
with context.begin_transaction():
    context.run_migrations()
