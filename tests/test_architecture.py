"""The map of the code is true: what documents name is there, and a class name stands for one thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ("abr", "drm_client", "player", "downloads", "ui")
PACKAGES = (*CLIENT, "backend_stub")
MAPS = [ROOT / "docs" / "architecture.md", *(path for name in PACKAGES for path in (ROOT / name).rglob("README.md"))]
NAMED = re.compile(r"`([\w./]+)`")

# One box, read by two readers: the decryptor of whole files keeps where its fields stand, the player's what they say.
IN_TWO_READERS = frozenset({"SampleEntry", "TrackEncryption"})


def named_paths() -> list[tuple[str, str]]:
    """Each path that a map names, with the map: what has a slash or ends like a file of ours."""
    found = []
    for page in MAPS:
        for name in NAMED.findall(page.read_text(encoding="utf-8")):
            first = name.partition("/")[0]
            if first in (*PACKAGES, "docs", "tests", "packaging") and ("/" in name or name.endswith(".py")):
                found.append((page.relative_to(ROOT).as_posix(), name))
    return found


def test_what_the_maps_name_is_there() -> None:
    named = named_paths()
    assert len(named) > 30
    gone = [f"{page}: {name}" for page, name in named if not (ROOT / name).exists() and not module(name)]
    assert gone == []


def module(name: str) -> bool:
    return (ROOT / f"{name}.py").is_file()


def test_modules_that_the_architecture_names_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    dotted = {name for name in NAMED.findall(text) if name.partition(".")[0] in PACKAGES and "." in name}
    gone = [name for name in sorted(dotted) if not stands_for_something(name)]
    assert len(dotted) > 15
    assert gone == []


def stands_for_something(name: str) -> bool:
    """Whether a dotted name leads to a folder or module, or to a class or function in one."""
    place = ROOT / name.replace(".", "/")
    if place.is_dir() or place.with_suffix(".py").is_file() or place.exists():
        return True
    owner, _, member = name.rpartition(".")
    source = ROOT / (owner.replace(".", "/") + ".py")
    return source.is_file() and re.search(rf"\b{member}\b", source.read_text(encoding="utf-8")) is not None


def class_names(packages: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno}")
    return found


def test_a_class_name_stands_for_one_thing() -> None:
    client, service = class_names(CLIENT), class_names(("backend_stub",))
    twice = {name: places for name, places in client.items() if len(places) > 1 and name not in IN_TWO_READERS}
    # Bodies of the API are named like the values that they carry, as the same thing is on both sides of the wire.
    parts = {name: [one for one in places if "schemas.py" not in one] for name, places in service.items()}
    twice |= {name: places for name, places in parts.items() if len(places) > 1}
    assert twice == {}
