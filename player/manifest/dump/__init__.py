"""A presentation as JSON: what ``matinee inspect --json`` prints (docs/inspect-schema.md)."""

from player.manifest.dump.document import SCHEMA, SCHEMA_VERSION, changes_to_json, to_json
from player.manifest.dump.segments import Json

__all__ = ["SCHEMA", "SCHEMA_VERSION", "Json", "changes_to_json", "to_json"]
