"""Each command that stands in a block of the documents is one that the program takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from ui.cli.main import COMMANDS, UsageError, build_parser

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Also by its path, as another user, in a unit, and where its output is a command.
_BEFORE = r"(?:runuser .* -- |ExecStart=)?(?:\S*/bin/)?"
_COMMAND = re.compile(r"\s*(?:[$#] )?(?:[A-Z_]+=(?:'.*'|\S+) )*" + _BEFORE + r"matinee(?= |$)(.*)")
_SUBSTITUTED = re.compile(r"^\$\((.*?)\)", re.MULTILINE)
_FURTHER = re.compile(r"[|;&>]|[12]>.*")


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each command, without what a shell does with it."""
    for language, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in () if language not in ("console", "ini", "sh") else _lines(block):
            found = _COMMAND.match(line)
            if found is None:
                continue
            words = shlex.split(found[1], comments=True)
            end = next((at for at, word in enumerate(words) if _FURTHER.match(word)), len(words))
            yield words[:end]


def _lines(block: str) -> list[str]:
    return _SUBSTITUTED.sub(r"\1", block.replace("\\\n", " ")).splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_of_a_page_is_one(page: Path) -> None:
    refused = []
    for words in commands(page):
        named = next((word for word in words if not word.startswith("-")), None)
        words = words if named in COMMANDS else ["app", *words]
        try:
            build_parser(named if named in COMMANDS else "app").parse_args(
                [one for one in words if one != "--log-json"]
            )
        except UsageError as error:
            refused.append(f"{shlex.join(words)}: {error}")
        except SystemExit as ended:
            if ended.code:  # else it is --help
                raise
    assert refused == []


def test_there_are_many() -> None:
    assert sum(len(list(commands(page))) for page in PAGES) > 60
