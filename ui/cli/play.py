"""``matinee play``: one playback, in a window or headless, with a report of everything that happened."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import (
    add_ca_file_argument,
    add_fail_on_argument,
    add_service_arguments,
    add_stills_argument,
    add_store_arguments,
    positive,
    seconds,
    whole_number,
)
from ui.cli.play_report import verdict_of, write_report
from ui.cli.play_setup import engine_settings, known_key, local_file, no_file, playback_settings, sign_in
from ui.cli.record import add_record_arguments, finish, recorder_of, replay_recorded
from ui.cli.web_options import add_cmcd_arguments, add_web_arguments, conditions_of

if TYPE_CHECKING:
    from player.engine import Engine
    from player.playback.session import Session
    from player.reporting.state import PlaybackState
    from player.title.opening import PlaybackSource

_SLOWEST, _FASTEST = 0.01, 100.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee play --help``."""
    parser.add_argument(
        "source",
        metavar="URL|FILE|TITLE",
        help="address of an HLS or DASH manifest, a media file or its address, or a title's id",
    )
    parser.add_argument("--offline", action="store_true", help="play a download (its id or title) without a network")
    add_store_arguments(parser)
    parser.add_argument("--headless", action="store_true", help="no window; picture and sound go nowhere")
    parser.add_argument("--report", metavar="FILE", type=Path, help="write what happened as JSON (- for stdout)")
    parser.add_argument("--json", action="store_true", help="print the report on stdout and nothing else")
    parser.add_argument("--policy", default=None, help="ABR policy (see matinee abr)")
    parser.add_argument("--rung", type=whole_number, metavar="N", help="fix the quality: 0 is the lowest rung")
    parser.add_argument("--max-bitrate", type=whole_number, metavar="BPS", help="Auto takes no rung above this")
    parser.add_argument("--max-height", type=whole_number, metavar="LINES", help="Auto needs no more lines than this")
    parser.add_argument("--metered", action="store_true", help="the network is paid by volume: Auto takes little")
    parser.add_argument(
        "--buffer", type=positive, default=30.0, metavar="S", help="how far to load ahead, in seconds"
    )
    parser.add_argument(
        "--replace-buffered", action="store_true", help="fetch buffered low quality again where the link carries more"
    )
    parser.add_argument("--start", type=seconds, metavar="S", help="where to begin, in seconds (live: of the window)")
    parser.add_argument("--duration", type=positive, metavar="S", help="stop after so many seconds of media")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="headless: playback speed, or max: as fast as decoding allows"
    )
    parser.add_argument("--trace", type=Path, metavar="FILE", help="shape the network by a trace file")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="inject faults (docs/faults.md)")
    parser.add_argument("--key", action="append", default=[], metavar="KID:KEY", help="a known content key, in hex")
    parser.add_argument("--licence-url", metavar="URL", help="a ClearKey licence server")
    parser.add_argument(
        "--variant",
        default="",
        choices=["encrypted", "clear", "live"],
        help="of a title (default: encrypted where it has that, else clear)",
    )
    parser.add_argument("--seed", type=int, default=0, help="makes retries and faults repeatable")
    add_record_arguments(parser)
    add_stills_argument(parser)
    add_fail_on_argument(parser)
    add_cmcd_arguments(parser)
    add_ca_file_argument(parser)
    add_web_arguments(parser)
    add_service_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play to the end; exit code 0, or the one that stands for the error."""
    from player.base.errors import ErrorCode, InputError

    for path in (args.report, args.har, args.record):
        _check_writable(path)
    if args.replay:
        return replay_recorded(args)
    source = _source(args)
    if args.speed != 1.0 and not args.headless:
        raise InputError(ErrorCode.INPUT_USAGE, "--speed goes with --headless.")
    if args.offline:
        from ui.cli.download_play import verdict

        return verdict(args, _play(args, source))
    from downloads.presence import playing
    from ui.cli.download_store import store_folder

    with playing(store_folder(args)):
        return _play(args, source)


def _play(args: argparse.Namespace, source: PlaybackSource) -> int:
    if args.headless:
        return play_headless(args, source, args.speed)
    from ui.cli.app import play_in_window

    return play_in_window(args, source)


def play_headless(args: argparse.Namespace, source: PlaybackSource, speed: float | str) -> int:
    """The playback with null outputs on the calling thread; prints a summary on stderr."""
    from player.engine import Engine
    from player.mpv.player import MpvPlayer, OutputOptions
    from player.qa.explanations import why_in_short
    from player.reporting.report import Recorder, summary_lines

    untimed = speed == "max"
    output = OutputOptions(video="null", audio="null", untimed=untimed)
    player = MpvPlayer(output)
    if not untimed:
        player.set("speed", float(speed))
    recorder = Recorder()
    settings, conditions, tape = playback_settings(args), conditions_of(args), recorder_of(args)
    engine = Engine(engine_settings(args, tape))
    gc.freeze()  # what was imported by now stays; looking through it would only hold the engine
    try:
        sign_in(engine, args, needed=not args.offline)
        progress = _PlaybackProgress(sys.stderr.isatty() and not args.json)

        def on_state(state: PlaybackState) -> None:
            recorder.see(state)
            progress(state)

        session = engine.open(source, player, on_state, settings, recorder)
        interrupted = _wait(engine, session)
        progress.finish()
        report = recorder.report(
            source=_shown(source),
            policy=settings.policy,
            libmpv=str(player.read("mpv-version", "")),
            decode_errors=player.decode_errors,
        )
    finally:
        engine.close()
        player.terminate()
    finish(tape, args, report, settings, recorder.begin_s)
    write_report(report, args)
    for line in [*summary_lines(report), *(f"  {sentence}" for sentence in why_in_short(report))]:
        print(line, file=sys.stderr)
    return _exit_code(session.state, interrupted=interrupted) or verdict_of(
        report, conditions, strict=True, stills=args.stills
    )


def _speed(text: str) -> float | str:
    """``max``, or a speed that libmpv can play at."""
    if text == "max":
        return text
    value = positive(text)
    if not _SLOWEST <= value <= _FASTEST:
        raise argparse.ArgumentTypeError(f"speeds go from {_SLOWEST:g} to {_FASTEST:g}")
    return value


def _check_writable(path: Path | None) -> None:
    """Better told before the playback than after it. Raises InputError."""
    from player.base.errors import ErrorCode, InputError

    if path is None or str(path) == "-":
        return
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(ErrorCode.INPUT_FILE, f"{path} cannot be written.")


def _source(args: argparse.Namespace) -> PlaybackSource:
    from player.title.opening import PlaybackSource

    if args.offline:
        from ui.cli.download_play import offline_source

        return offline_source(args)
    keys = tuple(known_key(text) for text in args.key)
    where = args.source
    path = local_file(where)
    if path is not None:
        _check_file(path)
        source = PlaybackSource.of_file(path)
        return source if source.media else replace(source, folder=None, keys=keys, licence_url=args.licence_url)
    if "://" in where:
        source = PlaybackSource.of_address(where)
        return source if source.media else replace(source, keys=keys, licence_url=args.licence_url)
    _check_title(where)
    return PlaybackSource(title_id=where, variant=args.variant, keys=keys)


def _check_file(path: Path) -> None:
    """Raises InputError for what is no file, and for a recorded session."""
    from player.base.errors import ErrorCode, InputError
    from player.qa.recording.archive import SUFFIX

    if path.is_dir():
        raise InputError(ErrorCode.INPUT_FILE, f"{path} is a folder, not a file that can be played.")
    if not path.is_file():
        raise InputError(ErrorCode.INPUT_FILE, no_file(path))
    if path.suffix == SUFFIX:
        raise InputError(
            ErrorCode.INPUT_USAGE, f"{path.name} is a recorded session, not a manifest: play it with --replay."
        )


def _check_title(where: str) -> None:
    """Raises InputError for what is meant as a file (titles' ids have neither slashes nor dots) and is none."""
    from player.base.errors import ErrorCode, InputError

    if Path(where).is_dir():
        raise InputError(ErrorCode.INPUT_FILE, f"{where} is a folder, not a file that can be played.")
    if Path(where).exists():
        raise InputError(ErrorCode.INPUT_FILE, no_file(Path(where)))
    if "/" in where or "." in where:
        raise InputError(
            ErrorCode.INPUT_FILE, f"{where} is no file here; an address begins with https:// or http://."
        )


def _shown(source: PlaybackSource) -> str:
    from player.net.redact import redact_url

    if source.media is not None:
        return source.media.name if source.media.path is not None else redact_url(source.media.url)
    return redact_url(source.url) if source.url else source.title_id


def _wait(engine: Engine, session: Session) -> bool:
    """Until the playback is over; whether it was interrupted by a signal."""
    interrupted = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        interrupted.set()
        session.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not engine.wait(session, 0.2):
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return interrupted.is_set()


def _exit_code(state: PlaybackState, *, interrupted: bool) -> int:
    from player.base.errors import ExitCode, exit_code_of
    from player.reporting.state import PlaybackStatus

    if interrupted:
        return int(ExitCode.INTERRUPTED)
    if state.failure is not None:
        return int(exit_code_of(state.failure.code))
    return int(ExitCode.GOOD if state.status is PlaybackStatus.ENDED else ExitCode.FAILED)


class _PlaybackProgress:
    """One line on stderr that is written over."""

    def __init__(self, show: bool) -> None:
        self._show = show

    def __call__(self, state: PlaybackState) -> None:
        if self._show:
            rung = state.rungs[state.rung_playing].label if state.rung_playing is not None and state.rungs else "-"
            total = f"/{state.duration_s - state.start_s:.0f}" if state.duration_s else ""
            position_s = state.position_s - state.start_s
            print(
                f"\r{state.status:<10} {position_s:7.1f}{total} s  {rung:>6}  {state.pathway:<20}",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def finish(self) -> None:
        """End the line."""
        if self._show:
            print(file=sys.stderr)
