"""``matinee qa soak SOURCE``: play for hours, watch memory and handles, stop as soon as a budget cannot hold."""

from __future__ import annotations

import argparse
import json
import math
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.options import STILLS_HINT, add_stills_argument, positive, whole_number
from ui.cli.qa_options import add_bench_arguments, bench_of

if TYPE_CHECKING:
    from player.qa.run_spec import Bench, RunSpec
    from player.qa.soak import Budget, SoakPlayback, SoakSample

_MINUTE_S = 60.0
_MOST_TOLD = 200  # playbacks, the last ones
_LONG_S = 10.0  # a playback that has stood so long when the time is up hangs
_DOCUMENTS = ("soak.json", "soak.html")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa soak --help``."""
    parser.add_argument("source", metavar="URL|TITLE", help="played again and again, on libmpv at real speed")
    parser.add_argument("--minutes", type=positive, default=60.0, metavar="M", help="how long (default 60)")
    parser.add_argument("--memory", type=whole_number, metavar="MIB", help="most memory (default: no bound)")
    parser.add_argument("--handles", type=whole_number, metavar="N", help="most open handles (default: no bound)")
    parser.add_argument("--every", type=positive, default=5.0, metavar="S", help="between two looks (default 5)")
    parser.add_argument("--duration", type=positive, metavar="S", help="of each playback (default: all of it)")
    parser.add_argument(
        "--variant",
        default="",
        choices=["encrypted", "clear", "live"],
        help="of a title (default: encrypted where it has that, else clear)",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="write soak.json and soak.html here")
    parser.add_argument("--json", action="store_true", help="print the JSON document on stdout")
    add_stills_argument(parser)
    add_bench_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play until the time is up or a budget cannot hold. 1 for that, and for a playback that failed. What there is
    by then is written after an interruption too."""
    from player.base.errors import ExitCode
    from player.qa.soak import Budget
    from ui.cli.qa_run import ended_by_signals, take_away, write_documents

    budget = Budget(None if args.memory is None else args.memory * 2**20, args.handles)
    take_away(args.out, documents=_DOCUMENTS)
    told: deque[SoakPlayback] = deque(maxlen=_MOST_TOLD)
    interrupted = False
    with bench_of(args) as bench, ended_by_signals():
        watch = _Watch(args.minutes * _MINUTE_S, args.every, budget)
        with watch.running():
            try:
                failure = _rounds(_spec(args), bench, watch, told, stills=args.stills)
            except KeyboardInterrupt:
                interrupted = True
                failure = (
                    f"It was interrupted after {watch.now_s() / _MINUTE_S:.1f} minutes, in playback {watch.round}."
                )
    found = watch.trouble or failure
    good = found is None
    rounds = watch.samples[-1].round if watch.samples else 0
    verdict = found or f"{rounds} playbacks in {watch.now_s() / _MINUTE_S:.1f} minutes, within all budgets."
    document = _document(watch.samples, verdict, told, good=good)
    if args.out is not None:
        from player.qa.soak_report import soak_page

        page = soak_page("Long run", watch.samples, verdict, told, good=good)
        texts = (json.dumps(document, indent=1) + "\n", page)
        write_documents(args.out, dict(zip(_DOCUMENTS, texts, strict=True)))
    if args.json:
        print(json.dumps(document, indent=1))
    for sentence in told[-1].why if told else ():
        print(f"  {sentence}", file=sys.stderr)
    print(verdict, file=sys.stderr)
    if interrupted:
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.GOOD if good else ExitCode.FAILED)


def _spec(args: argparse.Namespace) -> RunSpec:
    from player.playback.settings import PlaybackSettings
    from player.qa.run_spec import Labels, RunSpec
    from player.title.opening import PlaybackSource
    from ui.cli.web_options import cmcd_of

    where = args.source
    source = PlaybackSource(url=where) if "://" in where else PlaybackSource(title_id=where, variant=args.variant)
    settings = PlaybackSettings(
        play_for_s=args.duration, start_s=0.0, live_at_edge=True, fresh=True, cmcd=cmcd_of(args)
    )
    return RunSpec(Labels("soak"), source, settings, limit_s=args.minutes * _MINUTE_S)


def _rounds(spec: RunSpec, bench: Bench, watch: _Watch, told: deque[SoakPlayback], *, stills: bool) -> str | None:
    """Playback after playback, each told in ``told``; why one failed or lost media, if one did, or that none showed a
    picture."""
    from player.qa.explanations import why
    from player.qa.limit import stood_s
    from player.qa.realtime_run import play
    from player.qa.soak import SoakPlayback
    from player.qa.thresholds import STANDS, figure, implied, judge, metrics_of

    shown = False
    while not watch.over.is_set():
        watch.round += 1
        report = play(replace(spec, labels=replace(spec.labels, repeat=watch.round)), bench, watch.over.is_set)
        told.append(SoakPlayback(watch.round, tuple(why(report))))
        error = report["result"]["error"]
        if error is not None and not watch.over.is_set():
            return f"Playback {watch.round} failed: {error['sentence']} ({error['code']})"
        metrics = metrics_of(report)
        shown = shown or metrics["startup_s"] is not None
        for condition in implied([], [metrics], stills=stills):
            hung = math.isfinite(stood := stood_s(report)) and stood > _LONG_S
            ended_early = condition.metric == "unfinished" and watch.over.is_set() and not hung
            if not ended_early and not condition.holds(figure(metrics, condition.metric)):
                hint = f" {STILLS_HINT}" if condition.metric == STANDS else ""
                return f"Playback {watch.round}: {judge(condition, [('this one', metrics)]).sentence}{hint}"
    return None if shown else "No playback showed a picture."


class _Watch:
    """Looks at this process every now and then, and says when it is over."""

    def __init__(self, for_s: float, every_s: float, budget: Budget) -> None:
        self.samples: list[SoakSample] = []
        self.round = 0
        self.over = threading.Event()
        self.trouble: str | None = None
        self._for_s = for_s
        self._every_s = every_s
        self._budget = budget
        self._begin_s = time.monotonic()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look, on a thread of its own."""
        thread = threading.Thread(target=self._look, name="soak", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.over.set()
            thread.join()

    def now_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begin_s

    def _look(self) -> None:
        from player.qa.soak import SoakSample, trouble
        from player.qa.usage import usage

        while not self.over.is_set():
            self.samples.append(SoakSample(self.now_s(), self.round, usage()))
            self.trouble = trouble(self.samples, self._budget, self._for_s)
            if self.trouble is not None or self.now_s() >= self._for_s:
                self.over.set()
            self.over.wait(min(self._every_s, max(0.0, self._for_s - self.now_s())))


def _document(samples: list[SoakSample], verdict: str, told: Iterable[SoakPlayback], *, good: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "good": good,
        "verdict": verdict,
        "playbacks": [{"round": each.round, "why": list(each.why)} for each in told],
        "samples": [
            {
                "at_s": round(each.at_s, 1),
                "round": each.round,
                "memory_bytes": each.usage.memory_bytes,
                "handles": each.usage.handles,
                "threads": each.usage.threads,
            }
            for each in samples
        ],
    }
