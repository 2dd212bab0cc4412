"""The map of the code is true: what the architecture and the READMEs name is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ("abr", "drm_client", "player", "downloads", "ui")
PACKAGES = (*CLIENT, "backend_stub")
MAPS = [ROOT / "docs" / "architecture.md", *(path for name in PACKAGES for path in (ROOT / name).rglob("README.md"))]
NAMED = re.compile(r"`([\w./]+)`")


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


def test_no_assert_stands_in_for_a_type() -> None:
    """A value that may be missing is narrowed by code that says what follows, not by a claim for the type checker."""
    sources = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    claim = re.compile(r"^\s+assert .* is not None", re.MULTILINE)
    assert len(sources) > 500
    assert [str(path) for path in sources if claim.search(path.read_text(encoding="utf-8"))] == []
