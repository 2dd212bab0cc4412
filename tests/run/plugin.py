"""A pytest plugin: what happens is written down as it happens, and a worker's death ends the run.

xdist waits for ever after some deaths. It puts all files of the dead worker back into its queue, finished ones as
well. A new worker that is given a file with nothing left in it has nothing to report, and is given nothing more.

Therefore no worker is replaced (``--max-worker-restart=0``). The others stop after their present test, or are
stopped. A death is also seen where a process that outlives the worker holds its pipe open.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import pytest

from tests.run.schedule import Schedule, by_length

_GRACE_S = 20.0
_EXIT_S = 1.0
_UNNOTICED_S = 5.0  # a dead worker whose pipe stays open for as long is told of
_LOOK_EVERY_S = 1.0
_STOP, _PLAYING = "matinee_stop", "matinee_playing"
_PR_SET_PDEATHSIG = 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--results", type=Path, help="the file that gets one line of JSON for each thing that happens")
    parser.addoption(
        "--grace",
        type=float,
        default=_GRACE_S,
        metavar="S",
        help="what the other workers have for their present test once one has died",
    )


def pytest_configure(config: pytest.Config) -> None:
    told = getattr(config, "workerinput", {})
    if _STOP in told:
        _die_with_the_run()
        config.pluginmanager.register(_Worker(Path(told[_STOP])))
        number = int(told["workerid"].removeprefix("gw"))
        config.pluginmanager.register(_Reader(number, told["workercount"], Path(told[_PLAYING])))
        config.pluginmanager.register(_Meter())
    elif (results := config.getoption("--results")) is not None:
        config.pluginmanager.register(_Controller(results, config.getoption("--grace")))
        config.pluginmanager.register(_Meter())


def _die_with_the_run() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Worker:
    def __init__(self, stop: Path) -> None:
        self._stop = stop

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Run it; begin nothing more once another worker has died."""
        result = yield
        if self._stop.exists():
            item.session.shouldstop = "another worker has died"
        return result


class _Reader:
    """Reads all tests and puts them into the order of the run; one worker tells the scheduler which of them play.

    pytest compiles each file of tests that it has not seen before. Each worker begins with files of its own, and
    then finds what the others have compiled.

    What was read lives as long as the process. The collector of cycles need not look at it again and again: with
    some ten thousand tests that was a good part of what short ones took.
    """

    def __init__(self, number: int, workers: int, playing: Path) -> None:
        self._number, self._workers, self._playing = number, workers, playing

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Any:
        gc.disable()
        top = session.config.rootpath
        files = sorted(file for name in session.config.args for file in (top / name).rglob("test_*.py"))
        for file in files[self._number :: self._workers]:
            if file.is_relative_to(top):
                _read_first(file.relative_to(top))
        result = yield
        gc.enable()
        gc.freeze()
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = by_length(items, lambda item: item.nodeid.partition("::")[0])
        if self._number == 0:
            playing = [item.nodeid for item in items if item.get_closest_marker("realtime")]
            self._playing.write_text(json.dumps(playing))


def _read_first(file: Path) -> None:
    """Import a file of the suite as pytest will, after its folders' own. What is wrong with it pytest will tell."""
    if not (file.parent / "__init__.py").exists():
        return
    conftests = (folder / "conftest.py" for folder in reversed(file.parents))
    for each in (*(path for path in conftests if path.exists()), file):
        with contextlib.suppress(Exception, pytest.skip.Exception):  # a warning at import is an error here, too
            importlib.import_module(".".join(each.with_suffix("").parts))


class _Meter:
    """Counts the processor time of each test, in the process that runs it.

    It is the process's own time and that of the processes which the test started and waited for. xdist brings it to
    the controller with the report.
    """

    def __init__(self) -> None:
        self._before_s = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Any:
        self._before_s = _processor_s()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Any:
        report = yield
        now_s = _processor_s()
        report.processor_s, self._before_s = now_s - self._before_s, now_s
        return report


def _processor_s() -> float:
    """What this process and its children that have ended took so far."""
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


class _Controller:
    """In the process that hands out the tests, or runs them itself."""

    def __init__(self, results: Path, grace_s: float) -> None:
        self._grace_s = grace_s
        self._stop = results.with_suffix(".stop")
        self._playing = results.with_suffix(".playing")
        self._stop.unlink(missing_ok=True)
        self._file: TextIO = results.open("w", encoding="utf-8")
        self._watch: _Watch | None = None
        self._end: threading.Timer | None = None

    def _write(self, **what: object) -> None:
        self._file.write(json.dumps(what) + "\n")
        self._file.flush()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(begun=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        crashed = report.when == "???"
        self._write(
            test=report.nodeid,
            when="crash" if crashed else report.when,
            outcome=report.outcome,
            duration_s=round(getattr(report, "duration", 0.0), 3),
            processor_s=round(getattr(report, "processor_s", 0.0), 3),
            reason=_reason(report),
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            self._write(
                test=report.nodeid,
                when="collect",
                outcome=report.outcome,
                duration_s=0.0,
                processor_s=0.0,
                reason=_reason(report),
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput |= {_STOP: str(self._stop), _PLAYING: str(self._playing)}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        return Schedule(config, log, self._playing)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        if self._watch is None:
            self._watch = _Watch()
        self._watch.add(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        if error is None:
            return
        self._write(died=node.gateway.id)
        # What a dead worker left behind may hold its pipe: do not wait for that either.
        node.nodemanager.EXIT_TIMEOUT = _EXIT_S
        if self._end is None:
            self._stop.touch()
            self._end = threading.Timer(self._grace_s, node.nodemanager.group.terminate, (_EXIT_S,))
            self._end.daemon = True
            self._end.start()

    def pytest_unconfigure(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._stop.unlink(missing_ok=True)
        self._playing.unlink(missing_ok=True)
        self._file.close()


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped."""
    if report.outcome != "skipped" or not isinstance(report.longrepr, tuple):
        return ""
    return str(report.longrepr[2]).removeprefix("Skipped: ")


class _Watch:
    """Tells the scheduler of a worker that is dead though its pipe is open."""

    def __init__(self) -> None:
        self._nodes: dict[Any, float | None] = {}
        threading.Thread(target=self._look, name="watch-workers", daemon=True).start()

    def add(self, node: Any) -> None:
        self._nodes[node] = None

    def _look(self) -> None:
        from xdist.workermanage import Marker

        while True:
            time.sleep(_LOOK_EVERY_S)
            for node, dead_since in list(self._nodes.items()):
                if not _is_dead(node.gateway._rinfo().pid):
                    continue
                if dead_since is None:
                    self._nodes[node] = time.monotonic()
                elif time.monotonic() - dead_since > _UNNOTICED_S:
                    del self._nodes[node]
                    node.process_from_remote(Marker.END)  # does nothing where it is known


def _is_dead(pid: int) -> bool:
    """Whether a child has ended. It is left to be waited for."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
