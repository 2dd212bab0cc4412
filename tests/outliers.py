"""Part of ``make check``: the longest files and functions, and class names that several modules share, as a report.

No count is a rule: code is cut by concept. What stands here is worth a look, nothing more; the exit code is 0.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ("abr/", "drm_client/", "player/", "downloads/", "ui/")
PACKAGES = ("abr", "drm_client", "player", "downloads", "ui", "backend_stub", "packaging", "tests")
HISTORY = "backend_stub/db/migrations/"  # a migration that has run is not edited any more
LONG_FILE, LONG_FUNCTION = 600, 70  # lines


def sources() -> Iterator[tuple[str, str]]:
    """Yield place and text of each source file, migrations apart."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if path.suffix in (".py", ".qml") and not place.startswith(HISTORY):
                yield place, path.read_text(encoding="utf-8")


def outliers() -> Iterator[tuple[int, str]]:
    """Yield lines and name of what is longer than most."""
    for place, text in sources():
        lines = text.count("\n")
        if lines > LONG_FILE:
            yield lines, place
        if not place.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONG_FUNCTION:
                    yield lines, f"{place}:{node.lineno} {node.name}"


def shared_names() -> Iterator[tuple[str, list[str]]]:
    """Yield each class name that more than one module of the client, or of the service, defines.

    Across the two the same name is meant: the same thing on both sides of the wire (docs/protocol.md).
    """
    for packages in (CLIENT, ("backend_stub",)):
        places = defaultdict(list)
        for place, text in sources():
            if place.endswith(".py") and not place.endswith("schemas.py") and place.startswith(packages):
                for node in ast.walk(ast.parse(text)):
                    if isinstance(node, ast.ClassDef):
                        places[node.name].append(f"{place}:{node.lineno}")
        yield from sorted((name, found) for name, found in places.items() if len(found) > 1)


if __name__ == "__main__":
    for length, name in sorted(outliers(), reverse=True):
        print(f"long: {length} lines, {name}")
    for shared, found in shared_names():
        print(f"one name, several things: {shared}, {', '.join(found)}")
