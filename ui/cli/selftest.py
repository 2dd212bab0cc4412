"""``matinee selftest``: the program tries itself where it is installed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import add_service_argument, positive

if TYPE_CHECKING:
    from ui.app.selftest.focus import PageWalk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee selftest --help``."""
    parser.add_argument(
        "--focus", action="store_true", help="walk the app's pages by keys alone; with --email those of a service too"
    )
    add_service_argument(parser)
    parser.add_argument("--email", metavar="ADDRESS", help="sign in with this account (password: MATINEE_PASSWORD)")
    parser.add_argument(
        "--kiosk", type=positive, metavar="MINUTES", help="run a kiosk for so long, and kill, stop and cut it off"
    )
    parser.add_argument("--seed", type=int, default=0, help="which troubles, and when")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="an empty folder for the kiosk; on a small disk, that is filled too"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """0 when everything is well, 1 when something is not."""
    from player.base.errors import ErrorCode, InputError

    if not args.focus and args.kiosk is None:
        raise InputError(ErrorCode.INPUT_USAGE, "Say what to test: --focus, --kiosk MINUTES, or both.")
    document: dict[str, object] = {}
    good = True
    if args.focus:
        pages = _walk(args)
        good = all(not page.wrong for page in pages)
        document["focus"] = [
            {"page": page.name, "stops": page.stops, "keys": page.keys, "wrong": page.wrong} for page in pages
        ]
    if args.kiosk is not None:
        verdict = _kiosk(args)
        good = good and bool(verdict["good"])
        document |= verdict
    if args.json:
        json.dump({**document, "good": good}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    return 0 if good else 1


def _walk(args: argparse.Namespace) -> list[PageWalk]:
    from player.base.errors import ErrorCode, InputError
    from ui.app.selftest.walk import walk_app

    password = os.environ.get("MATINEE_PASSWORD", "")
    if args.email and not (args.service and password):
        raise InputError(ErrorCode.INPUT_USAGE, "With --email, name the --service and set MATINEE_PASSWORD.")

    with tempfile.TemporaryDirectory(prefix="matinee-selftest-") as folder:
        pages = walk_app(Path(folder), args.service if args.email else None, args.email or "", password)
    for page in pages:
        _say(f"{page.name}: {page.stops} stops, {page.keys} keys{': ' if page.wrong else ''}{'; '.join(page.wrong)}")
    return pages


def _kiosk(args: argparse.Namespace) -> dict[str, object]:
    from player.base.errors import ComponentError, ErrorCode
    from ui.kiosk.selftest import run as kiosk

    if not kiosk.is_possible():
        raise ComponentError(ErrorCode.COMPONENT_DISPLAY, "--kiosk needs Linux: it stops and kills processes.")
    with tempfile.TemporaryDirectory(prefix="matinee-selftest-") as folder:
        state = Path(folder) if args.state is None else args.state.resolve()
        state.mkdir(parents=True, exist_ok=True)
        verdict = kiosk.run(args.kiosk, args.seed, state, _say)
    _say(f"kiosk: {'good' if verdict.good else 'NOT GOOD'}, {len(verdict.recoveries)} troubles")
    return verdict.as_dict()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
