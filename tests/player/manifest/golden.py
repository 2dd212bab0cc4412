"""The corpus and its golden files: small manifests, one a rule, and what ``inspect --json`` must say of each.

``python -m tests.player.manifest.golden`` writes the golden files again; read the difference before you commit it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from player.manifest import parse
from player.manifest.dump import to_json

CORPUS = Path(__file__).parent / "corpus"
NOW_S = 1_704_067_260.0  # 2024-01-01T00:01:00Z
_ALWAYS = frozenset({"start", "number", "sequence", "duration"})
_LEFT_OUT = frozenset(
    {
        "schema",
        "schema_version",
        "place",
        "attributes",
        "locations",
        "track",
        "loaded",
        "url_base",
        "segment_count",
    }
)


def manifests() -> list[Path]:
    """The manifests of the corpus, HLS first."""
    return sorted(CORPUS.glob("hls/*.m3u8")) + sorted(CORPUS.glob("dash/*.mpd"))


def url_of(path: Path) -> str:
    """The address that a corpus file is read as."""
    return f"https://example.org/title/{path.name}?token=t%20k"


def normalised(path: Path) -> Any:
    """The JSON of a corpus file without what is empty and without what only repeats the source."""
    return pruned(to_json(parse(path.read_bytes(), url_of(path), now_s=NOW_S)))


def pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: pruned(item)
            for key, item in value.items()
            if (key not in _LEFT_OUT or (key == "locations" and len(item) > 1))
            and (key in _ALWAYS or item not in (None, [], {}, False, ""))
        }
    return [pruned(item) for item in value] if isinstance(value, list) else value


def golden_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def main() -> None:
    for path in manifests():
        text = json.dumps(normalised(path), indent=1, ensure_ascii=False)
        golden_of(path).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
