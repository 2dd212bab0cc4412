"""``matinee kiosk FILE``: a screen that plays by itself, watched over; and what an operator needs to set one up."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.build_info import build, program
from ui.cli.options import whole_number

if TYPE_CHECKING:
    from ui.kiosk.folders import KioskFolders
    from ui.kiosk.provisioning import Provisioning

DEFAULT_FILE = Path("/etc/matinee/kiosk.toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee kiosk --help``."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help=f"the provisioning file (default: {DEFAULT_FILE})",
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="the folder for all that is kept (default: yours)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only look for mistakes in the file")
    what.add_argument("--new-code", action="store_true", help="ask for an operator's code and print its record")
    what.add_argument(
        "--sign-in", metavar="EMAIL", help="sign this screen in at its service (password: MATINEE_PASSWORD)"
    )
    # The processes that the kiosk begins.
    what.add_argument("--part", choices=["screen", "fallback"], help=argparse.SUPPRESS)
    parser.add_argument("--begin", type=whole_number, default=0, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """The kiosk until it is ended; or one of the small things."""
    if args.new_code:
        return _new_code()
    from ui.kiosk.folders import KioskFolders, read_or_last_good
    from ui.kiosk.provisioning import load

    if args.check:
        return _check(load(args.file), args.file)
    place = KioskFolders(args.file, _state_folder(args))
    place.state.mkdir(parents=True, exist_ok=True)
    provisioning = read_or_last_good(place)
    if args.sign_in is not None:
        return _sign_in(provisioning, place, args.sign_in)
    if args.part == "fallback":
        from ui.kiosk.screen.fallback import run_fallback

        return run_fallback(provisioning)
    if args.part == "screen":
        from ui.app.system.crash_reports import crashes_are_reported
        from ui.kiosk.screen.window import run_screen

        with crashes_are_reported(place.profile, (program(),)):
            return run_screen(provisioning, place.profile, args.begin)
    return _supervise(provisioning, place)


def _supervise(provisioning: Provisioning, place: KioskFolders) -> int:
    import asyncio

    from drm_client.memory import forbid_core_dumps
    from ui.cli.build_info import VERSION
    from ui.kiosk.disk import start_log
    from ui.kiosk.supervisor import Supervisor

    forbid_core_dumps()
    start_log(place.state, provisioning.logs_bytes)

    async def watch() -> int:
        return await Supervisor(place, provisioning, f"{VERSION} ({build()})").run()

    return asyncio.run(watch())


def _check(provisioning: Provisioning, file: Path) -> int:
    entries = provisioning.entries
    print(f"{file}: no mistakes; {len(entries)} entr{'y' if len(entries) == 1 else 'ies'}")
    if not provisioning.operator_code:
        print("    There is no operator's code: the screen cannot be left from its own keyboard.")
    if not any(entry.slot.is_always for entry in entries):
        print("    Every entry has hours or days: while the clock is not set, nothing is played.")
    return 0


def _new_code() -> int:
    from player.base.errors import ErrorCode, InputError
    from ui.kiosk.operator import code_record

    code = getpass.getpass("Code (4 to 12 digits): ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    try:
        print(f'code = "{code_record(code)}"')
    except ValueError as error:
        raise InputError(ErrorCode.INPUT_USAGE, f"This cannot be a code: {error}.") from error
    return 0


def _sign_in(provisioning: Provisioning, place: KioskFolders, email: str) -> int:
    """Keeps the credential where the screen finds it; from then on the screen renews it by itself."""
    from player.base.errors import ErrorCode, InputError
    from player.engine import Engine, EngineSettings

    if provisioning.service_url is None:
        raise InputError(ErrorCode.INPUT_USAGE, "This file names no [service].")
    network = provisioning.network
    engine = Engine(
        EngineSettings(
            profile=place.profile,
            service_url=provisioning.service_url,
            key_store="file",
            ca_file=network.ca_file,
            web=network.web,
        )
    )
    try:
        password = os.environ.get("MATINEE_PASSWORD", "")
        account = engine.submit(engine.require_service().login(email, password, provisioning.name)).result()
        engine.submit(engine.device_id()).result()
    finally:
        engine.close()
    print(f"{provisioning.name} is signed in as {account.name}")
    return 0


def _state_folder(args: argparse.Namespace) -> Path:
    """``--state``; else what systemd has made for the service; else the user's own."""
    if args.state is not None:
        return Path(args.state).resolve()
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    import platformdirs

    return platformdirs.user_state_path("matinee-kiosk")
