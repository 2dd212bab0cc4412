"""``matinee inspect``: everything a manifest says, for people or as JSON (docs/inspect-schema.md)."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ui.cli.conditions import verdict_on
from ui.cli.options import add_fail_on_argument
from ui.cli.output import printable
from ui.cli.web_options import add_connection_arguments, conditions_of, connect_of

if TYPE_CHECKING:
    from player.manifest.model import Presentation

_FIGURES = {
    "warnings": "what is wrong with the manifest",
    "periods": "how many there are",
    "renditions": "how many there are",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee inspect --help``."""
    parser.add_argument("source", metavar="URL|FILE|-", help="a manifest: address, file, or - for standard input")
    parser.add_argument("--base", metavar="URL", help="resolve references as if the manifest had this address")
    parser.add_argument("--now", metavar="ISO8601", help="the time for live manifests (default: the clock)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--summary", action="store_true", help="with --json: without the segments")
    parser.add_argument("--segments", action="store_true", help="every segment, period, event and warning")
    parser.add_argument("--plot", action="store_true", help="a picture of the timeline")
    parser.add_argument(
        "--media-events",
        type=int,
        default=0,
        metavar="N",
        help="look into the first N segments of each track for events (emsg, ID3)",
    )
    parser.add_argument("--diff", metavar="OTHER", help="a later refresh of the same manifest: say what changed")
    add_fail_on_argument(parser)
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the presentation, or what changed; raises the errors of :mod:`player.base.errors`."""
    now_s = _now(args.now)
    from ui.cli.inspect_load import load

    conditions = conditions_of(args, _FIGURES) if args.fail_on else []
    presentation = load(
        args.source, base=args.base, now_s=now_s, connect=connect_of(args), looked_into=args.media_events
    )
    if args.diff is not None:
        return _diff(args, presentation, now_s)
    from ui.cli import inspect_systems

    if args.json:
        from player.manifest.dump import to_json

        systems = [summary.as_json() for summary in inspect_systems.key_systems(presentation)]
        _print_json({**to_json(presentation, segments=not args.summary), "key_systems": systems})
    else:
        systems_said = [f"key system  {line}" for line in inspect_systems.lines(presentation)]
        for line in _for_people(args, presentation, systems_said):
            print(printable(line))
    return verdict_on(conditions, _figures(presentation))


def _for_people(args: argparse.Namespace, presentation: Presentation, systems_said: Sequence[str]) -> Iterator[str]:
    from ui.cli.inspect_table import lines

    yield from lines(presentation, segments=args.segments, below=systems_said)
    if args.plot:
        from ui.cli.inspect_plot import plot

        yield ""
        yield from plot(presentation)


def _figures(presentation: Presentation) -> dict[str, float]:
    """The figures that ``--fail-on`` may speak of."""
    from player.manifest.edit import iter_renditions

    return {
        "warnings": float(len(presentation.warnings)),
        "periods": float(len(presentation.periods)),
        "renditions": float(sum(1 for _ in iter_renditions(presentation))),
    }


def _now(text: str | None) -> float:
    if text is None:
        return time.time()
    from player.base.errors import ErrorCode, InputError
    from player.manifest.dates import parse_date

    seconds = parse_date(text)
    if seconds is None:
        raise InputError(ErrorCode.INPUT_USAGE, f"--now takes an ISO 8601 date, not {text[:40]!r}.")
    return seconds


def _diff(args: argparse.Namespace, older: Presentation, now_s: float) -> int:
    """Prints what the later refresh changed; exit code 1 when that broke a rule."""
    from player.base.errors import ExitCode
    from player.manifest.dump import changes_to_json
    from ui.cli.inspect_load import load_later
    from ui.cli.inspect_table import change_lines

    changes = load_later(older, args.diff, base=args.base, now_s=now_s, connect=connect_of(args))
    if args.json:
        _print_json(changes_to_json(changes))
    else:
        for line in change_lines(changes):
            print(printable(line))
    return int(ExitCode.FAILED if changes.broken else ExitCode.GOOD)


def _print_json(document: object) -> None:
    # json.dump would write piece by piece, which takes seven times as long.
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
