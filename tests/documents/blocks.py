"""The code blocks of a page, and what their language says about them.

``sh`` runs as printed. ``console`` is shown: each command there has a prompt, ``$`` or ``#`` for root, and needs
something that a test has not: a person, a package manager, a machine of its own, hours. ``text`` is a drawing or an
output. Everything else is a file, and has to be one.
"""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDES = (
    "README.md",
    *(f"docs/guide-{name}.md" for name in ("viewer", "qa", "offline", "operator", "kiosk", "developer")),
)
RUN = "sh"
SHOWN = ("console", "text")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# ([\w-]+\.\w+)\n")
_PROMPT = re.compile(r"[$#>] ")


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str
    line: int

    @property
    def name(self) -> str:
        """The name of the file that the block is, where its first line says so."""
        found = _NAME.match(self.text)
        return found[1] if found else ""

    def commands(self) -> list[str]:
        """The commands of a block that runs: lines, joined where the shell needs the next one."""
        found, open_lines = [], ""
        for line in self.text.splitlines():
            open_lines += line
            if open_lines and not line.endswith("\\") and _is_whole(open_lines):
                found.append(open_lines)
                open_lines = ""
            elif open_lines:
                open_lines += "\n"
        return [*found, open_lines] if open_lines else found


def _is_whole(text: str) -> bool:
    return subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False).returncode == 0


def blocks(page: str) -> list[Block]:
    text = page
    return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in _BLOCK.finditer(text)]


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page whose blocks are looked after."""
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def _ini(text: str) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)


_FILES: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "yaml": yaml.safe_load,
    "toml": tomllib.loads,
    "ini": _ini,
}


def fault_of(block: Block) -> str:
    """Say what is wrong with a block, or nothing."""
    if block.language == "console":
        bare = [line for line in block.text.splitlines() if line and not _PROMPT.match(line)]
        return f"a shown command has no prompt: {bare[0]}" if bare else ""
    if block.language in (RUN, *SHOWN):
        return ""
    if block.language not in _FILES:
        return f"nobody knows whether a block of {block.language or 'no language'} runs"
    try:
        _FILES[block.language](block.text)
    except (ValueError, yaml.YAMLError, configparser.Error) as error:
        return f"this is no {block.language}: {error}"
    return ""
