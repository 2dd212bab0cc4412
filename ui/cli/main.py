"""``matinee``: one command with several faces. Each subcommand is loaded only when it is called.

Exit codes:

- 0: good
- 1: the run failed its thresholds, or the media failed
- 2: bad usage or bad input
- 3: a component is missing
- 4: network or service
- 5: the disk is full
- 130: interrupted
- 141: the reader of the output has gone (as after SIGPIPE)
"""

from __future__ import annotations

import argparse
import errno
import importlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ui.cli.build_info import VERSION, build

if TYPE_CHECKING:
    from drm_client.errors import DrmError
    from player.base.errors import MatineeError

_READER_GONE = 141


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A subcommand: the module that has ``add_arguments(parser)`` and ``run(args) -> int``, and a line of help."""

    module: str
    help: str


COMMANDS = {
    "app": Subcommand("ui.cli.app", "open the app (the same as no command)"),
    "play": Subcommand("ui.cli.play", "play an address or a title, in a window or headless"),
    "login": Subcommand("ui.cli.login", "sign this machine in at a service"),
    "logout": Subcommand("ui.cli.logout", "end the sign-in"),
    "devices": Subcommand("ui.cli.devices", "which machines may play what the account has"),
    "passphrase": Subcommand("ui.cli.passphrase", "a passphrase for what is kept here"),
    "plan": Subcommand("ui.cli.plan", "what the account may watch, and subscribing to more"),
    "download": Subcommand("ui.cli.download", "keep titles on this machine, for watching without a network"),
    "inspect": Subcommand("ui.cli.inspect", "print what a manifest says: every rendition and segment"),
    "abr": Subcommand("ui.cli.abr", "simulate, compare, explain and replay quality decisions"),
    "qa": Subcommand("ui.cli.qa", "run test plans with faults and thresholds, compare CDNs, watch live streams"),
    "decrypt": Subcommand("ui.cli.decrypt", "decrypt test material with known keys"),
    "kiosk": Subcommand("ui.cli.kiosk", "a screen that plays by itself and heals itself"),
    "selftest": Subcommand("ui.cli.selftest", "try this installation: the app by keys, a kiosk under troubles"),
    "doctor": Subcommand("ui.cli.doctor", "say what is missing on this machine"),
    "serve": Subcommand("ui.cli.serve", "run the bundled service: API and two CDN edges"),
    "edge": Subcommand("ui.cli.edge", "one more CDN edge of the bundled service, on another machine"),
    "nginx-config": Subcommand("ui.cli.nginx_config", "make nginx one more CDN edge of the bundled service"),
    "worker": Subcommand("ui.cli.worker", "encode what others asked for, until it is ended"),
    "jobs": Subcommand("ui.cli.jobs", "what is being encoded: list, follow, cancel, retry, priority"),
    "publish": Subcommand("ui.cli.publish", "encode, encrypt and publish a video file"),
    "broadcast": Subcommand("ui.cli.broadcast", "make a live channel out of a file, a camera or what is sent to it"),
    "recommend": Subcommand("ui.cli.recommend", "compute the bundled service's suggestions again"),
    "backup": Subcommand("ui.cli.backup", "copy the bundled service's state while it runs, or put a copy back"),
    "demo": Subcommand("ui.cli.demo", "service, sample titles and the app, in one go"),
}


class UsageError(Exception):
    """Words that a parser does not understand."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class Parser(argparse.ArgumentParser):
    """Raises :class:`UsageError` instead of ending the program; so do the parsers of its subcommands.

    The value of an option whose metavar is ``ID`` may begin with a dash: one in 64 of those of devices does."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401  (as ArgumentParser has them)
        self._take_ids: set[str] = set()
        super().__init__(*given, **named)

    def add_argument(self, *names: Any, **named: Any) -> argparse.Action:  # noqa: ANN401
        if named.get("metavar") == "ID":
            self._take_ids.update(names)
        return super().add_argument(*names, **named)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        words: list[str] = []
        for word in sys.argv[1:] if args is None else args:
            if words and words[-1] in self._take_ids:
                words[-1] += f"={word}"
            else:
                words.append(word)
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        raise UsageError(self, message)


def build_parser(only: str | None) -> argparse.ArgumentParser:
    """The parser; only the named subcommand's own arguments are added, so that the others need not be imported."""
    parser = Parser(prog="matinee", description="Desktop and TV reference player for HLS and DASH.")
    parser.add_argument("--version", action="version", version=f"matinee {VERSION} (build {build()})")
    _add_log(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, add_help=name == only)
        if name == only:
            importlib.import_module(command.module).add_arguments(sub)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command; never shows a traceback for what a user or a network did."""
    log, words = _log_options(argv)
    if words[:1] == ["--kiosk"]:
        words[0] = "kiosk"
    named = next((word for word in words[:1] if not word.startswith("-")), None)
    if named not in COMMANDS and not ({"-h", "--help", "--version"} & set(words)) and _is_app_call(words):
        words, named = ["app", *words], "app"
    try:
        args = build_parser(named).parse_args(words)
    except UsageError as error:
        if named is not None and named not in COMMANDS and _is_place(named):
            return _no_file(named, json_wanted="--json" in words)
        return _bad_usage(error, json_wanted="--json" in words)
    if args.command is None:
        build_parser(None).print_help()
        return 2
    from ui.cli.log import start_log  # here, so that --help stays quick

    start_log(log.log, as_json=log.log_json)
    module = importlib.import_module(COMMANDS[args.command].module)
    from player.base.errors import ANY_ERROR, ExitCode

    try:
        _unlock(args)
        return int(module.run(args))
    except ANY_ERROR as error:
        return _tell(error, args)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        raise
    except OSError as error:  # a full disk, a folder without write permission
        return _tell_file(error, args)


def _tell_file(error: OSError, args: argparse.Namespace) -> int:
    """As :func:`_tell`, of a file that could not be used."""
    from player.base.errors import ErrorCode, InputError

    logging.getLogger(__name__).debug("a file could not be used", exc_info=error)
    code = ErrorCode.DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else ErrorCode.INPUT_FILE
    where = f"{error.filename}: " if error.filename else ""
    return _tell(InputError(code, f"{where}{error.strerror or error}."), args)


def _unlock(args: argparse.Namespace) -> None:
    """Ask for the passphrase of the profile where it has one; the app and the kiosk have ways of their own."""
    if args.command in ("app", "kiosk", "passphrase", "doctor") or getattr(args, "key_store", "system") == "system":
        return
    from drm_client.keystore import FileKeyStore, open_key_store
    from drm_client.passphrase import is_open
    from ui.cli.options import profile_folder
    from ui.cli.passphrase import unlock

    folder = profile_folder(args)
    if not is_open(folder) and isinstance(open_key_store(folder, args.key_store), FileKeyStore):
        unlock(folder)


def _tell(error: MatineeError | DrmError, args: argparse.Namespace) -> int:
    """One sentence on stderr, and JSON on stdout where it is wanted; the exit code that stands for the error."""
    from player.base.errors import exit_code
    from ui.cli.output import printable

    if getattr(args, "json", False):
        try:
            _print_json(error)
        except BrokenPipeError:
            raise
        except OSError as failed:  # stdout is a file, on a disk that is full
            _tell_file(failed, argparse.Namespace())
    for line in f"matinee: {error.sentence} ({error.code})".split("\n"):
        print(printable(line), file=sys.stderr)
    return int(exit_code(error))


def _is_place(word: str) -> bool:
    """Whether a word looks like the path of a file rather than a command."""
    return os.sep in word or bool(Path(word).suffix)


def _no_file(word: str, *, json_wanted: bool) -> int:
    from player.base.errors import ErrorCode, InputError

    return _tell(InputError(ErrorCode.INPUT_FILE, f"There is no file {word}."), argparse.Namespace(json=json_wanted))


def _bad_usage(error: UsageError, *, json_wanted: bool) -> int:
    from player.base.errors import ErrorCode, ExitCode, InputError

    if json_wanted:
        _print_json(InputError(ErrorCode.INPUT_USAGE, str(error)))
    error.parser.print_usage(sys.stderr)
    print(f"{error.parser.prog}: error: {error}", file=sys.stderr)
    return int(ExitCode.BAD_INPUT)


def _print_json(error: MatineeError | DrmError) -> None:
    json.dump({"error": error.as_dict()}, sys.stdout)
    sys.stdout.write("\n")


def _add_log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log", default="warning", choices=["debug", "info", "warning", "error"], help="log level")
    parser.add_argument("--log-json", action="store_true", help="log one JSON object on each line")


def _log_options(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The values of ``--log`` and ``--log-json``, which may stand before or behind the command, and the words
    without them."""
    parser = argparse.ArgumentParser(prog="matinee", add_help=False, allow_abbrev=False)
    _add_log(parser)
    return parser.parse_known_args(list(argv))


def _is_app_call(words: Sequence[str]) -> bool:
    """No command at all, or options of the app and addresses, files and folders, there or not. Also where the app
    refuses an option: then it says so."""
    app = Parser(add_help=False)
    importlib.import_module(COMMANDS["app"].module).add_arguments(app)
    try:
        places = app.parse_args(words).address
    except UsageError:
        places = [word for word in words if not word.startswith("-")]
    return all("://" in word or _is_place(word) or Path(word).exists() for word in places)


def entry() -> None:
    """The console script. A reader that has gone (``matinee ... | head``) ends the command without a word. What was
    printed and cannot be written (``matinee ... > FILE`` on a full disk) is an error."""
    code = 0
    try:
        try:
            code = main(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        code = _READER_GONE
    except OSError as error:
        _drop_output()
        told = _tell_file(error, argparse.Namespace())
        code = code or told
    leave(code)


def _drop_output() -> None:
    """Python flushes again at its end: nothing that is left may go to where it could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def leave(code: int) -> NoReturn:
    """End the process. Everything has been saved."""
    apart = sys.modules.get("player.base.apart")
    if apart is not None and apart.is_held():
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)  # a thread reads from a share that hangs: taking the interpreter down would wait for it
    sys.exit(code)


if __name__ == "__main__":
    entry()
