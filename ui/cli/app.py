"""``matinee`` and ``matinee app``: the window. Also the window of ``matinee play`` without ``--headless``."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from ui.cli.options import add_ca_file_argument, add_service_arguments, profile_folder

if TYPE_CHECKING:
    from player.opening import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee app --help``."""
    parser.add_argument("address", nargs="?", metavar="URL", help="play this at once, or follow this matinee: link")
    parser.add_argument("--tv", action="store_true", help="larger, for a screen across the room")
    add_ca_file_argument(parser)
    add_service_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show the app until it is closed."""
    from player.opening import Source
    from ui.app import AppOptions, run_app
    from ui.links import SCHEME

    is_link = bool(args.address) and args.address.partition(":")[0].casefold() == SCHEME
    source = Source(url=args.address) if args.address and not is_link else None
    return run_app(
        AppOptions(
            profile=profile_folder(args),
            service_url=args.service,
            email=args.email or "",
            password=os.environ.get("MATINEE_PASSWORD", ""),
            source=source,
            link=args.address if is_link else "",
            tv=args.tv,
            key_store=args.key_store,
            ca_file=args.ca_file,
        )
    )


def play_in_window(args: argparse.Namespace, source: Source) -> int:
    """One playback in a window, with the report (and the recording) written at its end; the exit code stands for its
    error, if any."""
    from player.errors import ExitCode, exit_code_of
    from player.report import Recorder
    from ui.app import AppOptions, run_app
    from ui.cli.play import engine_settings, playback_settings, verdict_of, write_report
    from ui.cli.record import finish, recorder_of
    from ui.cli.web_options import conditions_of

    conditions, playback, tape = conditions_of(args), playback_settings(args), recorder_of(args)
    recorder = Recorder()
    engine = engine_settings(args, tape)
    code = run_app(
        AppOptions(
            profile=engine.profile,
            service_url=engine.service_url,
            email=args.email or "",
            password=os.environ.get("MATINEE_PASSWORD", ""),
            source=source,
            only_source=True,
            key_store=engine.key_store,
            ca_file=engine.ca_file,
            web=engine.web,
            local_folder=engine.local_folder,
            playback=playback,
            on_event=recorder,
            on_state=recorder.see,
            wrap=engine.wrap,
        )
    )
    report = recorder.report(source=source.shown_name, policy=playback.policy)
    finish(tape, args, report, playback, recorder.begin_s)
    write_report(report, args)
    error = report["result"]["error"]
    if code == ExitCode.GOOD and error:
        return int(exit_code_of(error["code"]))
    return code or verdict_of(report, conditions)
