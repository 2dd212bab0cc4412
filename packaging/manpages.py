"""Manual pages out of the command line's own parser, so that they cannot differ from it."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

_SEE_ALSO = "The guides for viewers, testers and operators are in the documentation of the source."
_EXITS = (
    (0, "good"),
    (1, "the run failed its thresholds, or the media failed"),
    (2, "bad usage or bad input"),
    (3, "a component is missing: see matinee-doctor(1)"),
    (4, "network or service"),
    (5, "the disk has no room"),
    (130, "interrupted"),
)


def pages(source: Path, version: str, epoch_s: int) -> dict[str, str]:
    """Each page's text by its file name (``matinee.1``, ``matinee-play.1``...), from the parser in ``source``."""
    sys.path.insert(0, str(source))
    try:
        from ui.cli.main import COMMANDS, build_parser
    finally:
        sys.path.remove(str(source))
    date = datetime.datetime.fromtimestamp(epoch_s, datetime.UTC).strftime("%Y-%m-%d")
    made = {}
    listed = [(name, command.help) for name, command in COMMANDS.items()]
    main = build_parser(None)
    made["matinee.1"] = _page("matinee", "reference player for HLS and DASH", main, date, version, listed)
    for name, help_text in listed:
        parser = subparser(build_parser(name), name)
        below = actions(parser)
        told = [(inner, inner_parser.description or "") for inner, inner_parser in below.items()]
        made[f"matinee-{name}.1"] = _page(f"matinee-{name}", help_text, parser, date, version, told)
        for inner, inner_parser in below.items():
            page = f"matinee-{name}-{inner}"
            summary = inner_parser.description or page.replace("-", " ")
            made[f"{page}.1"] = _page(page, summary, inner_parser, date, version, [])
    return made


def actions(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """What a command can be told to do, by name; none for most."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to its own arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Options and arguments that are shown, without those of subcommands."""
    return [
        action
        for action in parser._actions  # noqa: SLF001
        if not isinstance(action, argparse._SubParsersAction) and action.help != argparse.SUPPRESS  # noqa: SLF001
    ]


def subparser(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """The parser of a command. Raises KeyError."""
    return actions(parser)[name]


def _page(
    name: str,
    summary: str,
    parser: argparse.ArgumentParser,
    date: str,
    version: str,
    commands: list[tuple[str, str]],
) -> str:
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    lines = [f'.TH {name.upper()} 1 {date} "Matinee {version}" "User commands"']
    lines += [".SH NAME", f"{_roff(name)} \\- {_roff(summary)}", ".SH SYNOPSIS", _roff(usage)]
    if parser.description:
        lines += [".SH DESCRIPTION", _roff(parser.description)]
    options = arguments(parser)
    if options:
        lines.append(".SH OPTIONS")
        for action in options:
            lines += [".TP", _heading(action), _roff(help_of(parser, action))]
    if commands:
        lines.append(".SH COMMANDS")
        for word, help_text in commands:
            told = f"{help_text}; see" if help_text else "see"
            lines += [".TP", f"\\fB{_roff(word)}\\fR", f"{_roff(told)} {_roff(name)}\\-{_roff(word)}(1)"]
    lines.append(".SH EXIT STATUS")
    for code, meaning in _EXITS:
        lines += [".TP", f"\\fB{code}\\fR", _roff(meaning)]
    return "\n".join([*lines, ".SH SEE ALSO", "matinee(1). " + _SEE_ALSO]) + "\n"


def _heading(action: argparse.Action) -> str:
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    shown = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return f"\\fI{_roff(shown)}\\fR"
    names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in action.option_strings)
    return f"{names} \\fI{_roff(shown)}\\fR" if action.nargs != 0 else names


def help_of(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The text behind an argument, with its default put in."""
    formatter = parser._get_formatter()  # noqa: SLF001
    return formatter._expand_help(action) if action.help else ""  # noqa: SLF001


def _roff(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped
