"""One switch for each edge that makes it misbehave, written as a fault document (docs/faults.md). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

FAULTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "slow": ("slow: 600 kbit/s for all", {"type": "bandwidth", "kbps": 600}),
    "late": ("late: each answer begins 3 s later", {"type": "delay", "seconds": 3}),
    "errors": ("errors: 503 to every request", {"type": "status", "status": 503}),
    "cut": ("cut: every file ends after 50 kB", {"type": "cut", "after_bytes": 50_000}),
    "off": ("off: no connection", {"type": "refuse"}),
}
"""Names of the positions, what they say, and the fault each stands for."""
_MARK = "switch "


def document(positions: Mapping[str, str]) -> str:
    """The fault document for positions by pathway; an unknown or empty position is no fault."""
    rules = [
        {"name": f"{_MARK}{position}", "match": {"pathway": pathway}, "fault": dict(FAULTS[position][1])}
        for pathway, position in positions.items()
        if position in FAULTS
    ]
    return json.dumps({"version": 1, "rules": rules}, indent=2)


def positions(text: str, pathways: Sequence[str]) -> dict[str, str]:
    """The switches' positions in a document that is in force; empty for none."""
    found = dict.fromkeys(pathways, "")
    for rule in json.loads(text).get("rules", ()):
        pathway, name = rule.get("match", {}).get("pathway"), str(rule.get("name", ""))
        if pathway in found and name.removeprefix(_MARK) in FAULTS and name.startswith(_MARK):
            found[pathway] = name.removeprefix(_MARK)
    return found


def is_written_by_hand(text: str) -> bool:
    """Whether a document has rules that no switch stands for."""
    return any(not str(rule.get("name", "")).startswith(_MARK) for rule in json.loads(text).get("rules", ()))
