"""``matinee qa run PLAN``: all runs of a plan, a verdict, and the evidence as JSON, JUnit XML and HTML."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import add_fail_on_argument, whole_number
from ui.cli.qa_options import add_bench_arguments, add_plan_arguments, bench_of, plan_of
from ui.cli.web_options import cmcd_of, conditions_of

if TYPE_CHECKING:
    from player.qa.outcome import PlanOutcome
    from player.qa.plan import QaPlan
    from player.qa.run_spec import RunResult

_BAR = 30
_MOST_TOLD = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa run --help``."""
    add_plan_arguments(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help="write report.json, junit.xml and report.html here")
    parser.add_argument(
        "--record", action="store_true", help="keep each session in DIR too, to be played again (docs/recording.md)"
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document on stdout and nothing else")
    parser.add_argument(
        "--jobs", metavar="N", type=whole_number, default=0, help="runs at once (default: a core each)"
    )
    add_fail_on_argument(parser)
    add_bench_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play, judge, report. 0 where all thresholds hold, 1 where one is broken. A plan that is ended early is judged
    by what is finished, and told as not run to its end."""
    from player.base.errors import ExitCode, MatineeError, exit_code
    from player.qa.outcome import outcome_of
    from player.qa.run import default_jobs, run_all

    plan = _as_told(plan_of(args), args)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
    progress = _PlanProgress(len(plan.runs), sys.stderr.isatty())
    ended: BaseException | None = None
    with bench_of(args) as bench, _ended_by_sigterm():
        jobs = min(args.jobs or default_jobs(len(plan.runs), virtual=plan.virtual), len(plan.runs))
        if jobs > 1:
            print(f"{len(plan.runs)} runs, {jobs} at once", file=sys.stderr)
        try:
            run_all(plan.runs, bench, virtual=plan.virtual, jobs=jobs, on_done=progress.done)
        except (KeyboardInterrupt, MatineeError) as reason:
            if not progress.results and isinstance(reason, MatineeError):
                raise
            ended = reason
    results = [progress.results[number] for number in sorted(progress.results)]
    left = [spec.labels.text for number, spec in enumerate(plan.runs) if number not in progress.results]
    outcome = outcome_of(plan, results, left)
    if args.out is not None:
        write(outcome, args.out)
    if args.json:
        print(json.dumps(outcome.document(), indent=1))
    tell(outcome, args.out)
    if isinstance(ended, MatineeError):
        print(f"matinee: {ended.sentence} ({ended.code})", file=sys.stderr)
        return int(exit_code(ended))
    if ended is not None:
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.GOOD if outcome.passed else ExitCode.FAILED)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the runs as Ctrl-C does: what is finished is written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_told(plan: QaPlan, args: argparse.Namespace) -> QaPlan:
    """The plan with what the command line adds to it. Raises InputError."""
    from player.base.errors import ErrorCode, InputError

    cmcd = cmcd_of(args)
    if args.record and args.out is None:
        raise InputError(ErrorCode.INPUT_USAGE, "--record goes with --out.")
    runs = tuple(
        replace(
            spec,
            settings=spec.settings if args.cmcd is None else replace(spec.settings, cmcd=cmcd),
            record=args.out / f"run-{number}.mrec" if args.record else None,
        )
        for number, spec in enumerate(plan.runs, 1)
    )
    return replace(plan, runs=runs, thresholds=(*plan.thresholds, *conditions_of(args)))


def write(outcome: PlanOutcome, folder: Path) -> None:
    """The three documents."""
    from player.qa.html_report import page
    from player.qa.junit import junit

    (folder / "report.json").write_text(json.dumps(outcome.document(), indent=1) + "\n", encoding="utf-8")
    (folder / "junit.xml").write_text(junit(outcome), encoding="utf-8")
    (folder / "report.html").write_text(page(outcome), encoding="utf-8")


def tell(outcome: PlanOutcome, folder: Path | None) -> None:
    """The verdict in a few lines on stderr, and what went wrong in runs that broke something."""
    from player.qa.explanations import why_errors, why_stalls

    for run in [each for each in outcome.runs if not each.passed][:_MOST_TOLD]:
        for sentence in [*why_errors(run.result.report), *why_stalls(run.result.report)][:_MOST_TOLD]:
            print(f"        {run.name}: {sentence}", file=sys.stderr)
    for judgement in outcome.judgements:
        print(f"{'holds ' if judgement.holds else 'BROKEN'}  {judgement.sentence}", file=sys.stderr)
    if outcome.not_run:
        print(f"{len(outcome.not_run)} of {len(outcome.plan.runs)} runs did not run", file=sys.stderr)
    where = "" if folder is None else f", see {folder / 'report.html'}"
    print(f"{outcome.plan.name}: {'passed' if outcome.passed else 'FAILED'}{where}", file=sys.stderr)


class _PlanProgress:
    """A bar that is written over on a terminal, a line for each run elsewhere."""

    def __init__(self, total: int, terminal: bool) -> None:
        self.results: dict[int, RunResult] = {}
        self._total = total
        self._terminal = terminal

    def done(self, number: int, result: RunResult) -> None:
        self.results[number] = result
        done = len(self.results)
        summary = result.report["summary"]
        told = f"{result.report['result']['status']}, {summary['stalls']} stalls, {result.labels.text}"
        if not self._terminal:
            print(f"[{done}/{self._total}] {told}", file=sys.stderr)
            return
        filled = "#" * (done * _BAR // self._total)
        end = "\n" if done == self._total else ""
        print(f"\r\x1b[K[{filled:<{_BAR}}] {done}/{self._total} {told}", end=end, file=sys.stderr, flush=True)
