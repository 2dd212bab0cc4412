"""Services of these tests are on PostgreSQL where that is wanted (``make test-postgres``)."""

from __future__ import annotations

from tests.kit.on_postgres import everything_on_postgres, postgres

__all__ = ["everything_on_postgres", "postgres"]
