"""``matinee qa run PLAN``: all runs of a plan, a verdict, and the evidence as JSON, JUnit XML and HTML."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import add_fail_on_argument, whole_number
from ui.cli.qa_options import add_bench_arguments, add_plan_arguments, bench_of, plan_of
from ui.cli.web_options import cmcd_of, conditions_of

if TYPE_CHECKING:
    from player.qa.history.kept import KeptOutcome
    from player.qa.outcome import PlanOutcome
    from player.qa.plan import QaPlan
    from player.qa.run_spec import Bench, RunResult, RunSpec

_BAR = 30
_MOST_TOLD = 5
_DOCUMENTS = ("report.json", "junit.xml", "report.html")
OURS = "matinee"
PLAYERS = (OURS, "shaka", "hlsjs", "dashjs")
_COMPARED = (
    *("startup_s", "played_s", "stalls", "stalled_s", "mean_bitrate_bps", "switches", "lost_s"),
    *("dropped_frames", "failed_requests", "failed"),
)


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
    parser.add_argument("--history", metavar="DIR", type=Path, help="keep the figures here too (qa history)")
    parser.add_argument(
        "--baseline",
        metavar="RUN",
        type=Path,
        help="fail where something is worse than in this outcome: a report.json, its folder, or a file of --history",
    )
    parser.add_argument(
        "--player",
        metavar="NAME",
        action="append",
        choices=PLAYERS,
        default=[],
        help="on this player too: matinee, shaka, hlsjs, dashjs (repeatable; the browser's run in real time)",
    )
    parser.add_argument(
        "--libraries", metavar="DIR", type=Path, help="where npm installed shaka-player, hls.js and dashjs"
    )
    add_fail_on_argument(parser)
    add_bench_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play, judge, report. 0 where all thresholds hold, 1 where one is broken. A plan that is ended early is judged
    by what is finished, and told as not run to its end."""
    with _alone_in(args.out):
        return _run(args)


@contextmanager
def _alone_in(folder: Path | None) -> Iterator[None]:
    """Keep other runs from writing to ``folder`` meanwhile (POSIX). Raises InputError where one does: the verdict
    that stands there at last would be that of either."""
    if folder is None or os.name != "posix":
        yield
        return
    import fcntl

    from player.base.errors import ErrorCode, InputError

    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(ErrorCode.INPUT_USAGE, f"Another run writes to {folder}: name another folder.") from None
        yield
    finally:
        os.close(handle)


def _run(args: argparse.Namespace) -> int:
    from player.base.errors import ExitCode, MatineeError, exit_code
    from player.qa.browser.forms import for_players
    from player.qa.history.compare import must_fit
    from player.qa.history.kept import keep
    from player.qa.outcome import outcome_of
    from player.qa.run import default_jobs, run_all

    try:
        baseline = _fit_baseline(args.baseline, args.out)
    finally:
        take_away(args.out, but=args.baseline)
    plan = for_players(_as_told(plan_of(args), args), args.player)
    if baseline is not None:
        virtual = plan.virtual and all(spec.labels.is_ours for spec in plan.runs)
        must_fit(baseline, plan.name, [spec.labels.text for spec in plan.runs], virtual=virtual)
    progress = _PlanProgress(len(plan.runs), sys.stderr.isatty())
    ended: BaseException | None = None
    with bench_of(args, plan.account) as bench, ended_by_signals():
        jobs = min(args.jobs or default_jobs(len(plan.runs), virtual=plan.virtual), len(plan.runs))
        if jobs > 1:
            print(f"{len(plan.runs)} runs, {jobs} at once", file=sys.stderr)
        plan = _with_media(plan, args.out or bench.profile)
        try:
            own, others = _of(plan.runs, ours=True), _of(plan.runs, ours=False)
            if own:
                run_all(own, bench, virtual=plan.virtual, jobs=min(jobs, len(own)), on_done=progress.done)
            _run_in_browser(others, len(own), bench, args.libraries, progress)
        except (KeyboardInterrupt, Exception) as reason:  # noqa: BLE001  (raised below, when the documents are there)
            ended = reason
    results = [progress.results[number] for number in sorted(progress.results)]
    left = [spec.labels.text for number, spec in enumerate(plan.runs) if number not in progress.results]
    outcome = _against(baseline, outcome_of(plan, results, left, _reason(ended)))
    if args.out is not None:
        write(outcome, args.out)
    if args.json:
        print(json.dumps(outcome.document(), indent=1))
    if args.player:
        _compare(outcome)
    if args.history is not None and results:
        keep(outcome, args.history, time.time())
    if isinstance(ended, Exception) and (not results or not isinstance(ended, MatineeError)):
        raise ended
    tell(outcome, args.out)
    if isinstance(ended, MatineeError):
        print(f"matinee: {ended.sentence} ({ended.code})", file=sys.stderr)
        return int(exit_code(ended))
    if ended is not None:
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.GOOD if outcome.passed else ExitCode.FAILED)


def _of(runs: Sequence[RunSpec], *, ours: bool) -> tuple[RunSpec, ...]:
    return tuple(spec for spec in runs if spec.labels.is_ours is ours)


def _run_in_browser(
    runs: Sequence[RunSpec], first: int, bench: Bench, libraries: Path | None, progress: _PlanProgress
) -> None:
    """One after another: each has the machine to itself."""
    if not runs:
        return
    from player.qa.browser.players import PLAYERS as BROWSERS
    from player.qa.browser.run import play
    from player.qa.run_spec import RunResult

    for number, spec in enumerate(runs, first):
        began = time.monotonic()
        report = play(spec, bench, BROWSERS[spec.labels.player], libraries)
        progress.done(number, RunResult(spec.labels, report, 0, time.monotonic() - began))


def _fit_baseline(path: Path | None, out: Path | None) -> KeptOutcome | None:
    """The outcome to be judged by. Raises InputError where it cannot be read, or the new one would overwrite it."""
    from player.base.errors import ErrorCode, InputError
    from player.qa.history.kept import load

    if path is None:
        return None
    folder = path if path.is_dir() else path.parent
    if out is not None and folder.resolve() == out.resolve():
        raise InputError(ErrorCode.INPUT_USAGE, "--out would overwrite the baseline: name another folder.")
    return load(path)


def _against(baseline: KeptOutcome | None, outcome: PlanOutcome) -> PlanOutcome:
    """The outcome, held against the baseline too."""
    from player.qa.history.compare import findings
    from player.qa.history.kept import kept_of

    if baseline is None:
        return outcome
    return replace(outcome, against=findings(baseline, kept_of(outcome, time.time())))


def _compare(outcome: PlanOutcome) -> None:
    """A table of the players, as Markdown."""
    from player.qa.thresholds import figure, shown

    print("| run | " + " | ".join(_COMPARED) + " |")
    print("|---|" + "---:|" * len(_COMPARED))
    for run in outcome.runs:
        cells = (shown(figure(run.metrics, name)) for name in _COMPARED)
        print(f"| {run.name} | " + " | ".join(cells) + " |")


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM, and the end of the terminal, end the runs as Ctrl-C does: what is finished is written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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


def _with_media(plan: QaPlan, folder: Path) -> QaPlan:
    """The plan with a folder for each run whose picture and sound are judged."""
    if not plan.judges_media:
        return plan
    runs = tuple(replace(spec, media=folder / f"run-{number}-media") for number, spec in enumerate(plan.runs, 1))
    return replace(plan, runs=runs)


def write(outcome: PlanOutcome, folder: Path) -> None:
    """The documents, each at once and whole. Raises OSError; then none of them is there."""
    from player.qa.html_report import page
    from player.qa.junit import junit

    texts = (json.dumps(outcome.document(), indent=1) + "\n", junit(outcome), page(outcome))
    write_documents(folder, dict(zip(_DOCUMENTS, texts, strict=True)))


def write_documents(folder: Path, documents: Mapping[str, str]) -> None:
    """Write files by name, all whole or none. Raises OSError."""
    parts = [folder / f".{name}.{os.getpid()}" for name in documents]
    try:
        for part, text in zip(parts, documents.values(), strict=True):
            part.write_text(text, encoding="utf-8")
        for part, name in zip(parts, documents, strict=True):
            part.replace(folder / name)
    except OSError:
        for name in documents:
            (folder / name).unlink(missing_ok=True)
        raise
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def take_away(folder: Path | None, *, documents: Sequence[str] = _DOCUMENTS, but: Path | None = None) -> None:
    """Remove the documents of an earlier run from ``folder``, and make it if it is not there; that of ``but`` is left
    as it is. Raises OSError. A run that is killed would leave yesterday's verdict otherwise."""
    if folder is None:
        return
    if but is not None and folder.resolve() in (but.resolve(), but.parent.resolve()):
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in documents:
        (folder / name).unlink(missing_ok=True)


def _reason(ended: BaseException | None) -> str:
    """Why runs did not run, in a sentence."""
    from player.base.errors import MatineeError

    if ended is None:
        return ""
    if isinstance(ended, MatineeError):
        return f"{ended.sentence} ({ended.code})"
    return (
        "The plan was interrupted."
        if isinstance(ended, KeyboardInterrupt)
        else f"It ended unexpectedly ({type(ended).__name__})."
    )


def tell(outcome: PlanOutcome, folder: Path | None) -> None:
    """The verdict in a few lines on stderr, and what went wrong in runs that broke something."""
    from player.qa.explanations import why_delivery, why_errors, why_lost, why_stalls

    for run in [each for each in outcome.runs if not each.passed][:_MOST_TOLD]:
        report = run.result.report
        for sentence in [*why_lost(report), *why_errors(report), *why_stalls(report)][:_MOST_TOLD]:
            print(f"        {run.name}: {sentence}", file=sys.stderr)
    said = Counter(sentence for run in outcome.runs for sentence in why_delivery(run.result.report))
    for sentence, count in said.most_common(_MOST_TOLD):
        print(f"note    {sentence}{f' ({count} runs)' if count > 1 else ''}", file=sys.stderr)
    for judgement in outcome.judgements:
        print(f"{'holds ' if judgement.holds else 'BROKEN'}  {judgement.sentence}", file=sys.stderr)
    for found in outcome.against or ():
        print(f"{'WORSE ' if found.worse else 'other '}  {found.sentence}", file=sys.stderr)
    if outcome.against == ():
        print("no figure differs from the baseline", file=sys.stderr)
    for name, reason in outcome.plan.left_out:
        print(f"left out: {name}. {reason}", file=sys.stderr)
    for each in outcome.not_applied:
        print(f"not applied on {each}", file=sys.stderr)
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
