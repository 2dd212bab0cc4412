"""Dates as manifests have them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: float) -> str:
    """Seconds since 1970 as ISO 8601, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
