"""Programs that measure end with 0 only where everything was measured and is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import attacks, hostile_client
from tests.faults import __main__ as faults
from tests.faults.model import Fault
from tests.faults.qa import FAULTS
from tests.soak import live_shapes

TEST = "tests/suite/test_under_a_fault.py"


def under(fault: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a test under a fault whose ``apply`` has this body."""
    monkeypatch.setenv("PYTHONPATH", str(folder))
    (folder / "one_fault.py").write_text(
        f"from tests.faults import model\ndef apply(patch):\n    {fault}\n"
        "model.all_faults = lambda: {'one': model.Fault('one', '', apply)}\n"
    )
    arguments = (TEST, "-p", "one_fault", "-p", "tests.faults.plugin", "--fault", "one")
    program = f"import sys; from tests.faults.__main__ import run; sys.exit(run(*{arguments}))"
    return subprocess.run([sys.executable, "-c", program], check=False).returncode


def test_a_fault_is_caught_by_a_test_that_fails_under_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert under("patch.setenv('FAULTY', '1')", tmp_path, monkeypatch) == faults.CAUGHT
    assert under("pass", tmp_path, monkeypatch) == faults.PASSED


def test_a_fault_that_fits_the_code_no_more_is_not_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert under("patch.setattr(model, 'a_function_of_last_year', 1)", tmp_path, monkeypatch) == faults.NOT_PUT_BACK
    assert under("this is no Python", tmp_path, monkeypatch) not in (faults.PASSED, faults.CAUGHT)


def test_every_fault_can_be_put_back() -> None:
    """In a process of its own: not all that a fault does can be undone."""
    command = [sys.executable, "-m", "tests.faults.fit"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_a_fault_that_cannot_be_put_back_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([0, faults.NOT_PUT_BACK])
    monkeypatch.setattr(faults, "run", lambda *_words: next(codes))
    assert "cannot be put back" in faults.verdict_of(Fault("old", TEST, lambda _patch: None))


def test_a_word_that_chooses_no_fault_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "verdict_of", lambda _fault: "")
    assert faults.main([FAULTS[0].name]) == 0
    assert faults.main([FAULTS[0].name, "no such fault"]) == 2


@pytest.mark.parametrize(("holds", "limit", "code"), [(True, "", 0), (False, "the next contact", 0), (False, "", 1)])
def test_an_attack_that_succeeds_is_no_success(
    holds: bool, limit: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tried(_folder: Path) -> bool:
        return holds

    monkeypatch.setattr(attacks, "ATTACKS", (attacks.Attack("one", "promise", tried, limit),))
    assert attacks.main() == code


@pytest.mark.parametrize(("refused", "code"), [(True, 0), (False, 1)])
def test_a_client_that_gets_more_is_no_success(refused: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile_client, "holds", lambda _attack: refused)
    assert hostile_client.main() == code


def test_a_shape_that_is_not_here_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["live_shapes", "1", "no such shape"])
    assert live_shapes.main() == 2
