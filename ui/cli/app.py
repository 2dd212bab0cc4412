"""``matinee`` and ``matinee app``: the window. Also the window of ``matinee play`` without ``--headless``."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ui.app.system.links import SCHEME, chosen_file, is_web_address, place_text
from ui.cli.build_info import program
from ui.cli.options import add_ca_file_argument, add_service_arguments, picture_folder, profile_folder

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource
    from ui.app.ports.household import PartReport

_PATIENCE_S = 0.5  # the window waits meanwhile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee app --help``."""
    parser.add_argument(
        "address", nargs="*", metavar="URL|FILE|FOLDER", help="play these at once, or follow this matinee: link"
    )
    parser.add_argument("--tv", action="store_true", help="larger, for a screen across the room")
    add_ca_file_argument(parser)
    add_service_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show the app until it is closed."""
    from player.title.opening import PlaybackSource
    from ui.app.composition import AppOptions, run_app
    from ui.app.system.crash_reports import crashes_are_reported

    first = args.address[0] if args.address else ""
    is_link = first.partition(":")[0].casefold() == SCHEME
    files = () if is_link else _files(args.address)
    is_address = bool(first) and not is_link and not files
    profile = profile_folder(args)
    with crashes_are_reported(profile, (program(),)) as crash_report:
        return run_app(
            AppOptions(
                profile=profile,
                service_url=args.service,
                email=args.email or "",
                password=os.environ.get("MATINEE_PASSWORD", ""),
                source=PlaybackSource.of_address(first) if is_address else None,
                files=files,
                link=first if is_link else "",
                tv=args.tv,
                key_store=args.key_store,
                ca_file=args.ca_file,
                picture_folder=picture_folder(args),
                examine=lambda: _examine(args),
                crash_report=crash_report,
            )
        )


def _files(words: Sequence[str]) -> tuple[str, ...]:
    """What is played in turn: the places of files and folders, whether they are there or not, and addresses of the
    web; none for one address alone. Raises InputError for a pipe or a device."""
    if len(words) == 1 and is_web_address(words[0]):
        return ()
    _refuse_devices(words)
    return tuple(map(_place, words))


def _place(word: str) -> str:
    path = _path(word)
    return word if path is None else place_text(path)


def _path(word: str) -> Path | None:
    """The place that a word names, without asking its disk; None for an address of the web."""
    return chosen_file(word) if "://" in word else Path.cwd() / word


def _refuse_devices(words: Sequence[str]) -> None:
    """Raise InputError for a pipe or a device. The window says where a disk does not answer."""
    from concurrent.futures import TimeoutError as TooLate

    from player.base.apart import begin_apart
    from player.base.errors import ErrorCode, InputError
    from ui.cli.play_setup import no_file

    with contextlib.suppress(TooLate):
        path = begin_apart(_device_among, [path for path in map(_path, words) if path is not None]).result(
            _PATIENCE_S
        )
        if path is not None:
            raise InputError(ErrorCode.INPUT_FILE, no_file(path))


def _device_among(paths: Sequence[Path]) -> Path | None:
    return next((path for path in paths if path.exists() and not path.is_file() and not path.is_dir()), None)


def play_in_window(args: argparse.Namespace, source: PlaybackSource) -> int:
    """One playback in a window, with the report (and the recording) written at its end; the exit code stands for its
    error, if any."""
    from player.base.errors import ExitCode, exit_code_of
    from player.reporting.report import Recorder
    from ui.app.composition import AppOptions, run_app
    from ui.app.system.crash_reports import crashes_are_reported
    from ui.cli.play_report import verdict_of, write_report
    from ui.cli.play_setup import engine_settings, playback_settings
    from ui.cli.record import finish, recorder_of
    from ui.cli.web_options import conditions_of

    conditions, playback, tape = conditions_of(args), playback_settings(args), recorder_of(args)
    recorder = Recorder()
    engine = engine_settings(args, tape)
    options = AppOptions(
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
        picture_folder=picture_folder(args),
        playback=playback,
        on_event=recorder,
        on_state=recorder.see,
        wrap=engine.wrap,
        examine=lambda: _examine(args),
    )
    with crashes_are_reported(engine.profile, (program(),)):
        code = run_app(options)
    report = recorder.report(source=source.shown_name, policy=playback.policy)
    finish(tape, args, report, playback, recorder.begin_s)
    write_report(report, args)
    error = report["result"]["error"]
    if code == ExitCode.GOOD and error:
        return int(exit_code_of(error["code"]))
    return code or verdict_of(report, conditions)


def _examine(args: argparse.Namespace) -> list[PartReport]:
    from ui.cli.doctor import part_reports

    return part_reports(profile_folder(args), args.key_store)
