"""The report of a playback by the command line: where it is written, and whether it meets ``--fail-on``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from player.qa.thresholds import Condition


def verdict_of(
    report: dict[str, Any], conditions: Sequence[Condition], *, strict: bool = False, stills: bool = False
) -> int:
    """Exit code 1 where a condition of ``--fail-on`` holds; each such is told on stderr. ``strict``: also where media
    was lost, pictures stood and ``stills`` are not allowed, or the decoders complained, unless a condition says how
    much may be."""
    from player.base.errors import ExitCode
    from player.qa.thresholds import DECODE_ERRORS, STANDS, figure, implied, metrics_of, shown
    from ui.cli.options import STILLS_HINT

    metrics = metrics_of(report)
    if strict:
        granted = implied(conditions, [metrics], stills=stills)
        nothing_of = ("lost_s", STANDS, *((DECODE_ERRORS,) if metrics.get(DECODE_ERRORS) is not None else ()))
        conditions = [*conditions, *(each for each in granted if each.metric.startswith(nothing_of))]
    broken = [each for each in conditions if not each.holds(figure(metrics, each.metric))]
    for condition in broken:
        hint = f". {STILLS_HINT}" if condition.metric == STANDS else ""
        print(f"matinee: {condition.metric} is {shown(figure(metrics, condition.metric))}{hint}", file=sys.stderr)
    return int(ExitCode.FAILED if broken else ExitCode.GOOD)


def write_report(report: dict[str, Any], args: argparse.Namespace) -> None:
    """Where ``--report`` and ``--json`` want it, with ``why`` in sentences. Raises OSError with the file's name, and
    leaves no half of one."""
    from player.qa.explanations import why

    report = {**report, "why": why(report)}
    if args.json or (args.report is not None and str(args.report) == "-"):
        json.dump(report, sys.stdout, indent=2)
        sys.stdout.write("\n")
    if args.report is not None and str(args.report) != "-":
        try:
            args.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        except BaseException as error:  # Ctrl-C among them
            if args.report.is_file():
                args.report.unlink()
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(args.report)) from error
            raise
