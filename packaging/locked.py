"""The third-party packages that a package of ours carries: chosen from the lock file, fetched with their hashes."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from source import LOCK, Source

_NEVER = {"pip"}  # a library names it for a command of its own that we do not carry


def names(source: Source, extras: Sequence[str]) -> set[str]:
    """All packages behind the project with these extras, for the running Python, by their normalised names.

    Raises PackageNotFoundError where the environment of the developers is not complete.
    """
    project = source.project
    optional = project["optional-dependencies"]
    declared = project["dependencies"]
    assert isinstance(optional, dict)
    assert isinstance(declared, list)
    waiting = [Requirement(line) for line in [*declared, *(line for extra in extras for line in optional[extra])]]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        name = normalised(wanted.name)
        for extra in ("", *sorted(wanted.extras)):
            if (name, extra) in seen or name in _NEVER:
                continue
            seen.add((name, extra))
            waiting += _behind(name, extra)
    return {name for name, _ in seen}


def _behind(name: str, extra: str) -> list[Requirement]:
    lines = [Requirement(line) for line in importlib.metadata.requires(name) or []]
    return [
        Requirement(str(line).split(";")[0])
        for line in lines
        if line.marker is None or line.marker.evaluate({"extra": extra})
    ]


def normalised(name: str) -> str:
    """As in the lock file (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(source: Source, wanted: Iterable[str]) -> str:
    """The lines of the lock file for these packages. Raises LookupError where one is not locked."""
    entries = re.split(r"\n(?=\S)", (source.folder / LOCK).read_text(encoding="utf-8").strip())
    chosen: dict[str, list[str]] = {}
    for entry in entries:
        chosen.setdefault(normalised(re.split(r"[\[=]", entry, maxsplit=1)[0]), []).append(entry)
    missing = sorted(set(wanted) - set(chosen))
    if missing:
        raise LookupError(f"the lock file lacks {', '.join(missing)}")
    return "\n".join(entry for name in sorted(wanted) for entry in chosen[name]) + "\n"


def install(lock: str, target: Path, scratch: Path) -> None:
    """Unpack the locked packages into ``target``; nothing is compiled and nothing else fetched."""
    listed = scratch / f"{target.name}.lock"
    listed.write_text(lock, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(target)]
    subprocess.run([*command, "--requirement", str(listed)], check=True)


def unpack_wheel(wheel: Path, target: Path, packages: Sequence[str]) -> None:
    """Put packages of our own wheel, and its description, where Python looks for them."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            top = name.split("/")[0]
            if top in packages or top.endswith(".dist-info"):
                archive.extract(name, target)
