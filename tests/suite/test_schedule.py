"""In which order ``make test`` gives out its files, and to whom."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.run import schedule
from tests.run.longest import longest
from tests.run.longest import main as write
from tests.run.part import ROOT
from tests.run.schedule import Schedule, by_length

TESTS = [f"{name}.py::test_{n}" for name, count in {"long": 3, "short": 3, "plays": 4}.items() for n in range(count)]


def file_of(test: str) -> str:
    return test.partition("::")[0]


@dataclass(eq=False)
class Worker:
    """One that keeps what it is given."""

    number: int
    given: list[int] = field(default_factory=list)
    shutting_down: bool = False

    @property
    def gateway(self) -> Any:
        return SimpleNamespace(id=f"gw{self.number}")

    def send_runtest_some(self, indexes: list[int]) -> None:
        self.given += indexes

    def shutdown(self) -> None:
        self.shutting_down = True


def begun(workers: list[Worker], folder: Path) -> Schedule:
    """A schedule of all tests, of which those of one file play, given out to these workers."""
    (folder / "playing").write_text(json.dumps([test for test in TESTS if test.startswith("plays")]))
    config: Any = SimpleNamespace(
        getvalue=lambda name: len(workers) * ["popen"], option=SimpleNamespace(loadscopereorder=False)
    )
    made = Schedule(config, None, folder / "playing")
    for worker in workers:
        made.add_node(worker)  # type: ignore[arg-type]
        made.add_node_collection(worker, TESTS)  # type: ignore[arg-type]
    made.schedule()
    return made


def test_one_begins_with_what_plays_and_takes_the_rest_when_that_is_all(tmp_path: Path) -> None:
    workers = [Worker(0), Worker(1)]
    made = begun(workers, tmp_path)
    assert [[file_of(TESTS[index]) for index in worker.given[:1]] for worker in workers] == [
        ["plays.py"],
        ["long.py"],
    ]
    for index in list(workers[0].given):
        made.mark_test_complete(workers[0], index)  # type: ignore[arg-type]
    assert [file_of(TESTS[index]) for index in workers[0].given[4:]] == ["short.py"] * 3


def test_one_alone_runs_all(tmp_path: Path) -> None:
    worker = Worker(0)
    made = begun([worker], tmp_path)
    for index in range(len(TESTS)):
        made.mark_test_complete(worker, worker.given[index])  # type: ignore[arg-type]
    assert sorted(worker.given) == list(range(len(TESTS)))


def test_long_files_come_first_and_then_those_of_many_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "longest", lambda: {"short.py": 3.0, "long.py": 30.0})
    assert list(dict.fromkeys(map(file_of, by_length(TESTS, file_of)))) == ["long.py", "short.py", "plays.py"]


def test_each_file_that_is_called_long_is_there() -> None:
    assert not [file for file in longest() if not (ROOT / file).exists()]


def test_the_list_is_made_from_what_a_run_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ("9.5 1 b.py::test_x", "4 0 a.py::test_y[with a blank]", "3 0 a.py::test_z", "1 1 c.py::test_c")
    (tmp_path / "seconds.txt").write_text("\n".join(rows))
    monkeypatch.setattr("tests.run.longest._LIST", tmp_path / "longest.txt")
    monkeypatch.setattr("sys.argv", ["longest", str(tmp_path / "seconds.txt")])
    write()
    assert longest() == {"b.py": 10.0, "a.py": 7.0}
