"""``docs/commands.md`` out of the command line's own parser.

Run ``python packaging/commands_page.py > docs/commands.md``.
A test says when it is not today's (``tests/packaging/test_installed_files.py``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from manpages import actions, arguments, help_of, subparser

ROOT = Path(__file__).resolve().parent.parent


def page() -> str:
    """Return the whole page: one table for each command, and one for each of its actions."""
    sys.path.insert(0, str(ROOT))
    from ui.cli.main import COMMANDS, build_parser

    lines = [
        "# Commands",
        "",
        "Made from the program by `python packaging/commands_page.py`. Every command also takes `--help`.",
    ]
    for name, command in COMMANDS.items():
        parser = subparser(build_parser(name), name)
        lines += ["", f"## matinee {name}", "", _sentence(parser.description or command.help)]
        lines += _options(parser)
        for inner, below in actions(parser).items():
            lines += ["", f"### matinee {name} {inner}", ""]
            lines += [_sentence(below.description)] if below.description else []
            lines += _options(below)
    return "\n".join(lines) + "\n"


def _options(parser: argparse.ArgumentParser) -> list[str]:
    rows = [
        f"| `{_cell(_heading(action))}` | {_cell(help_of(parser, action))} |"
        for action in arguments(parser)
        if not isinstance(action, argparse._HelpAction)  # noqa: SLF001
    ]
    return ["", "| argument | |", "|---|---|", *rows] if rows else []


def _heading(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else f" {_value(action)}"
    return ", ".join(action.option_strings) + value if action.option_strings else _value(action)


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    name = action.metavar or action.dest.upper()
    return " ".join(name) if isinstance(name, tuple) else str(name)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return (text[:1].upper() + text[1:]).rstrip(".") + "."


if __name__ == "__main__":
    sys.stdout.write(page())
