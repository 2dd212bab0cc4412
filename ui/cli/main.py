"""``matinee``: one command with several faces. Each subcommand is loaded only when it is called.

Exit codes: 0 good, 1 the run failed its thresholds or the media failed, 2 bad usage or bad input, 3 missing
component, 4 network or service, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass

VERSION = "0.1.0"
_TALKATIVE = ("httpcore", "hpack")  # at debug level they log headers: signed addresses, tokens


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: the module that has ``add_arguments(parser)`` and ``run(args) -> int``, and a line of help."""

    module: str
    help: str


COMMANDS = {
    "app": Command("ui.cli.app", "open the app (the same as no command)"),
    "play": Command("ui.cli.play", "play an address or a title, in a window or headless"),
    "inspect": Command("ui.cli.inspect", "print what a manifest says: every rendition and segment"),
    "abr": Command("ui.cli.abr", "simulate, compare, explain and replay quality decisions"),
    "decrypt": Command("ui.cli.decrypt", "decrypt test material with known keys"),
    "doctor": Command("ui.cli.doctor", "say what is missing on this machine"),
    "serve": Command("ui.cli.serve", "run the bundled service: API and two CDN edges"),
    "publish": Command("ui.cli.publish", "encode, encrypt and publish a video file"),
    "demo": Command("ui.cli.demo", "service, sample titles and the app, in one go"),
}


def build_parser(only: str | None) -> argparse.ArgumentParser:
    """The parser; only the named subcommand's own arguments are added, so that the others need not be imported."""
    parser = argparse.ArgumentParser(prog="matinee", description="Desktop and TV reference player for HLS and DASH.")
    parser.add_argument("--version", action="version", version=f"matinee {VERSION}")
    _add_log(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, add_help=name == only)
        if name == only:
            importlib.import_module(command.module).add_arguments(sub)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command; never shows a traceback for what a user or a network did."""
    log, words = _log_level(argv)
    named = next((word for word in words if not word.startswith("-")), None)
    if named not in COMMANDS and not ({"-h", "--help", "--version"} & set(words)) and _is_app_call(words):
        words, named = ["app", *words], "app"
    args = build_parser(named).parse_args(words)
    if args.command is None:
        build_parser(None).print_help()
        return 2
    logging.basicConfig(level=log.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)
    module = importlib.import_module(COMMANDS[args.command].module)
    from player.errors import ANY_ERROR, ErrorCode, ExitCode, exit_code  # here, so that --help stays quick

    try:
        return int(module.run(args))
    except ANY_ERROR as error:
        if getattr(args, "json", False):
            json.dump({"error": error.as_dict()}, sys.stdout)
            sys.stdout.write("\n")
        print(f"matinee: {error.sentence} ({error.code})", file=sys.stderr)
        return int(exit_code(error))
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; there is nobody to tell
        return int(ExitCode.GOOD)
    except OSError as error:  # a full disk, a folder without write permission
        logging.getLogger(__name__).debug("a file could not be used", exc_info=True)
        where = f"{error.filename}: " if error.filename else ""
        print(f"matinee: {where}{error.strerror or error} ({ErrorCode.INPUT_FILE})", file=sys.stderr)
        return int(ExitCode.BAD_INPUT)


def _add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log", default="warning", choices=["debug", "info", "warning", "error"], help="log level")


def _log_level(argv: Sequence[str]) -> tuple[str, list[str]]:
    """The value of ``--log``, which may stand before or behind the command, and the words without it."""
    parser = argparse.ArgumentParser(prog="matinee", add_help=False, allow_abbrev=False)
    _add_log(parser)
    found, words = parser.parse_known_args(list(argv))
    return str(found.log), words


def _is_app_call(words: Sequence[str]) -> bool:
    """No command at all, or options of the app (``--tv``, ``--kiosk``, an address)."""
    return all(word.startswith("-") or "://" in word for word in words)


def entry() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    entry()
