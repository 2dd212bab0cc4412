"""Names of pathways that a playlist does not name (RFC 8216bis 4.4.6.2, 7)."""

from __future__ import annotations

DEFAULT_PATHWAY = "."  # PATHWAY-ID when it is absent
BACKUP_PREFIX = "backup-"  # redundant variants without PATHWAY-ID: ours, followed by a number
