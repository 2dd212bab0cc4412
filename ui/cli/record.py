"""Arguments that record a playback (``--record``, ``--har``) or play a recorded one (``--replay``)."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from player.playback.settings import PlaybackSettings
    from player.qa.recording.archive import Exchange
    from player.qa.recording.recorder import SessionRecorder
    from player.qa.replay.run import Replayed


def add_record_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``docs/recording.md``."""
    parser.add_argument("--record", metavar="FILE", type=Path, help="keep the session in FILE (session.mrec)")
    parser.add_argument(
        "--record-media",
        choices=["bytes", "digests"],
        default="bytes",
        help="of the media: their bytes, or only sizes and digests",
    )
    parser.add_argument("--har", metavar="FILE", type=Path, help="write all exchanges as HAR 1.2")
    parser.add_argument("--replay", action="store_true", help="the source is a recorded session: play it again")
    parser.add_argument(
        "--free", action="store_true", help="with --replay: --policy (default: the one of then) decides again"
    )


def recorder_of(args: argparse.Namespace) -> SessionRecorder | None:
    """What records the playback, where that is wanted."""
    if args.record is None and args.har is None:
        return None
    from player.qa.recording.recorder import SessionRecorder

    return SessionRecorder(args.record, media=args.record_media == "bytes")


def finish(
    recorder: SessionRecorder | None,
    args: argparse.Namespace,
    report: dict[str, Any],
    settings: PlaybackSettings,
    begin_s: float,
) -> None:
    """Write what was recorded of the playback that was asked for at ``begin_s``."""
    if recorder is None:
        return
    recorder.finish(report, settings, begin_s)
    if args.har is not None:
        text = recorder.scrubber.sweep(_har(recorder.exchanges, report, recorder.wall_s))
        args.har.write_text(text + "\n", encoding="utf-8")


def _har(exchanges: Sequence[Exchange], report: Mapping[str, Any], wall_s: float) -> str:
    from player.qa.har import har
    from ui.cli.build_info import VERSION

    return json.dumps(har(exchanges, report, wall_s, VERSION), indent=1, ensure_ascii=False)


def replay_recorded(args: argparse.Namespace) -> int:
    """Play a recorded session again in virtual time; exit code 1 where a decision came out otherwise (but for those
    of another policy)."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.recording.archive import read_recording
    from player.qa.replay.run import replay, replay_freely
    from player.reporting.report import summary_lines
    from ui.cli.play_report import verdict_of, write_report
    from ui.cli.web_options import conditions_of

    conditions = conditions_of(args)
    recording = read_recording(Path(args.source))
    if args.record is not None:
        raise InputError(ErrorCode.INPUT_USAGE, "--record does not go with --replay: this is recorded already.")
    if args.har is not None:  # of the session itself, which a free replay leaves
        text = _har(recording.exchanges, recording.report, float(recording.facts["wall_s"]))
        args.har.write_text(text + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="matinee-replay-") as profile:
        folder = Path(profile)
        found = replay_freely(recording, folder, _policy(args)) if args.free else replay(recording, folder)
    report = recording.report if found.report is None else found.report
    write_report(report, args)
    for line in summary_lines(report):
        print(line, file=sys.stderr)
    if found.report is None:
        why = "keys of playlists are never recorded" if recording.with_media else "the media were not recorded"
        print(f"  This cannot be played ({why}): only the decisions were taken again.", file=sys.stderr)
    for line in _told(found, free=args.free):
        print(f"  {line}", file=sys.stderr)
    another = args.free and report["policy"] != recording.report["policy"]
    return verdict_of(report, conditions) if found.same or another else int(ExitCode.FAILED)


def _policy(args: argparse.Namespace) -> str:
    from abr.registry import names
    from player.base.errors import ErrorCode, InputError

    if args.policy is not None and args.policy not in names():
        known = ", ".join(names())
        raise InputError(ErrorCode.INPUT_USAGE, f"No policy is called {args.policy!r}; there are {known}.")
    return args.policy or ""


def _told(found: Replayed, *, free: bool) -> list[str]:
    """What a replay showed, in lines."""
    how = "decided again with the same result" if free else "taken again from their inputs"
    lines = [f"{found.decisions} decisions, {found.taken_again} {how}", *found.differences]
    if found.compared is not None and not free:
        lines.append(f"{found.compared} of them taken in the replay, too, when they were taken then")
    if not found.decisions or found.compared == 0:
        lines.append(
            "Nothing was compared: no decision was taken in both, so whether they are the same is not known."
        )
    if found.left_s is not None:
        lines.append(
            f"At {found.left_s:.1f} s it asked for something that was never fetched then; the rest is not known"
            " (matinee abr replay estimates it)."
        )
    return lines
