"""abr is pure: no clock, no I/O, no randomness without a seed, nothing of the other packages."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import abr

ALLOWED = {
    "__future__", "abr", "bisect", "collections", "copy", "dataclasses", "enum", "html", "itertools", "json", "math",
    "numpy", "statistics", "types", "typing",
}  # fmt: skip
SOURCES = sorted(Path(abr.__path__[0]).rglob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_module_imports_only_what_is_pure(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            roots.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input", "exec", "eval", "__import__"}
    assert roots <= ALLOWED


def test_importing_the_policies_loads_nothing_of_the_player() -> None:
    code = "import sys, abr.registry, abr.estimator; print(*sorted(m.split('.')[0] for m in sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"player", "drm_client", "httpx", "mpv", "PySide6", "ui"} & set(shown)
