"""Carries out the runs of a plan, as many at once as the machine can.

Each of the parallel workers is a process of its own with a profile of its own. In real mode a worker lives for one
run, so that the memory of a run is its own, and the next one gets ready meanwhile. In virtual mode it keeps the media
it has fetched. There are as many workers as cores. A playback at real speed keeps less than a third of a core busy,
which leaves room for larger video and other work; one in virtual time uses all of it.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context, parent_process
from typing import TYPE_CHECKING, Protocol

from player.base.errors import ErrorCode, MatineeError
from player.qa.run_spec import Bench, RunResult, RunSpec
from player.qa.simulation.run import open_origin, simulate

if TYPE_CHECKING:
    from player.qa.simulation.origin import OriginThread

_RUNS_WORTH_A_WORKER = 8  # in virtual time the start of a process takes as long as some runs
_ENDING_S = 0.1
_START_IN_PEACE_S = 5.0


class ParentProcess(Protocol):
    """What a process may do with the one that started it."""

    def join(self) -> None:
        """Wait until it has ended."""
        ...


OnDone = Callable[[int, RunResult], None]
"""Hears of each finished run with its number, in the order in which they end."""


def default_jobs(runs: int, *, virtual: bool) -> int:
    """How many runs at once: the cores that this process may use; in virtual time no more than pay for their
    start."""
    cores = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return min(cores, 1 + runs // _RUNS_WORTH_A_WORKER) if virtual else cores


def run_all(
    specs: Sequence[RunSpec],
    bench: Bench,
    *,
    virtual: bool,
    jobs: int = 1,
    on_done: OnDone = lambda _number, _result: None,
) -> list[RunResult]:
    """The results of all runs, in the order of ``specs``. Raises MatineeError where a run cannot even begin: the
    service refuses the account, libmpv is missing."""
    jobs = min(jobs, len(specs))
    if virtual and jobs == 1:
        return _run_here(specs, bench, on_done)
    return _Workers(specs, bench, virtual, jobs, on_done).run()


def _run_here(specs: Sequence[RunSpec], bench: Bench, on_done: OnDone) -> list[RunResult]:
    origin = open_origin(bench)
    results = []
    try:
        for number, spec in enumerate(specs):
            results.append(_virtual_run(spec, bench, origin))
            on_done(number, results[-1])
    finally:
        origin.close()
    return results


def _virtual_run(spec: RunSpec, bench: Bench, origin: OriginThread) -> RunResult:
    began = time.monotonic()
    report = simulate(spec, bench, origin=origin)
    return RunResult(spec.labels, report, 0, time.monotonic() - began)


class _Workers:
    """A thread for each worker process, which gives it one run after another."""

    def __init__(self, specs: Sequence[RunSpec], bench: Bench, virtual: bool, jobs: int, on_done: OnDone) -> None:
        self._bench = bench
        self._virtual = virtual
        self._jobs = jobs
        self._on_done = on_done
        self._left: queue.SimpleQueue[tuple[int, RunSpec]] = queue.SimpleQueue()
        for item in enumerate(specs):
            self._left.put(item)
        self._results: dict[int, RunResult] = {}
        self._failure: BaseException | None = None
        self._lock = threading.Lock()

    def run(self) -> list[RunResult]:
        threads = [threading.Thread(target=self._serve, args=(number,)) for number in range(self._jobs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt as interrupt:
            self._failure = interrupt
            _end(threads)
            raise
        if self._failure is not None:
            raise self._failure
        return [self._results[number] for number in sorted(self._results)]

    def _serve(self, worker: int) -> None:
        bench = replace(self._bench, profile=self._bench.profile / f"worker-{worker + 1}")
        bench.profile.mkdir(parents=True, exist_ok=True)
        with ExitStack() as started:
            process: ProcessPoolExecutor | None = None
            while self._failure is None:
                try:
                    number, spec = self._left.get_nowait()
                except queue.Empty:
                    return
                try:
                    process = process or self._start(started)
                    work: Future[RunResult | Refused] = process.submit(_work, spec, bench, self._virtual)
                    following = process if self._virtual else self._start_next(work, started)
                    result = work.result()
                except Exception as error:  # noqa: BLE001  (a worker that was killed, say)
                    self._failure = self._failure or _lost(error)
                    return
                if isinstance(result, Refused):
                    self._failure = MatineeError(ErrorCode(result.code), result.sentence)
                    return
                with self._lock:
                    self._results[number] = result
                    self._on_done(number, result)
                if following is not process:
                    process.shutdown(wait=False)
                process = following

    def _start(self, started: ExitStack) -> ProcessPoolExecutor:
        """A worker process that is getting ready."""
        spawn = get_context("spawn")
        process = started.enter_context(ProcessPoolExecutor(1, mp_context=spawn, initializer=_belong))
        process.submit(_get_ready, self._virtual)
        return process

    def _start_next(self, work: Future[RunResult | Refused], started: ExitStack) -> ProcessPoolExecutor | None:
        """Start the process of the next run ahead of time, once the start of this run is over. None if no run is
        left. Raises what the work raised."""
        with suppress(TimeoutError):
            work.result(_START_IN_PEACE_S)
        return None if self._left.empty() else self._start(started)


def _lost(error: Exception) -> MatineeError:
    failure = MatineeError(ErrorCode.INTERNAL, f"A run ended unexpectedly ({type(error).__name__}).")
    failure.__cause__ = error
    return failure


def _belong() -> None:
    """What reaches each process of a terminal (Ctrl-C, its end) is the parent's business; with the parent we end."""
    for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="qa-parent", daemon=True).start()


def _end_with(parent: ParentProcess) -> None:
    """The other workers hold our pipes open as well: that nobody writes to them any more is not to be seen."""
    parent.join()
    os._exit(1)


def _get_ready(virtual: bool) -> None:
    """Load what a run needs, in a worker process: that takes a second or more."""
    if not virtual:
        from player.qa import realtime_run as _real  # noqa: F401


def _end(threads: Sequence[threading.Thread]) -> None:
    """End the worker processes, one that is just being started among them, and with them their threads."""
    while any(thread.is_alive() for thread in threads):
        for worker in active_children():
            worker.terminate()
        for thread in threads:
            thread.join(_ENDING_S)


_origins: dict[Bench, OriginThread] = {}
"""Of this worker process; it lives as long as that."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a run could not begin. Our errors themselves do not travel between processes."""

    code: str
    sentence: str


def _work(spec: RunSpec, bench: Bench, virtual: bool) -> RunResult | Refused:
    """One run, in a worker process."""
    try:
        return _work_or_raise(spec, bench, virtual)
    except MatineeError as error:
        return Refused(str(error.code), error.sentence)


def _work_or_raise(spec: RunSpec, bench: Bench, virtual: bool) -> RunResult:
    if virtual:
        if bench not in _origins:
            _origins[bench] = open_origin(bench)
        return _virtual_run(spec, bench, _origins[bench])
    from player.qa.realtime_run import play
    from player.qa.usage import peak_memory_bytes

    began = time.monotonic()
    report = play(spec, bench)
    return RunResult(spec.labels, report, peak_memory_bytes(), time.monotonic() - began)
