"""``make faults``: each fault is put back, and its test must fail; without the fault the test must pass.

Exit code 0 when every test did both, else 1. ``ARGS="WORD ..."`` runs the faults of these areas
(modules beside this one) and those with these words in their names. A word that chooses none is exit code 2.

Each test has a process of its own. It is a fork of this one, which has read the code already: reading it again took
longer than most tests.
"""

from __future__ import annotations

import gc
import os
import sys
import time

import pytest

from tests.faults.model import CAUGHT, NOT_PUT_BACK, Fault, chosen_faults, unknown_words
from tests.kit.waiting import PATIENCE_S

PASSED = 0  # pytest's exit code
_LEAST_S, _TIMES = 15.0, 10.0
_QUIET = ("-p", "no:cacheprovider", "--assert=plain", "-m", "")  # nobody reads why an assertion failed


def verdict_of(fault: Fault) -> str:
    """Run the fault's test without it and with it; return an empty text when the test tells the two apart.

    With it, the test waits for no more than ten times what it took without. It mostly waits in vain then."""
    begun_s = time.monotonic()
    if (code := run(fault.test)) != PASSED:
        return f"its test does not pass without the fault (exit code {code})"
    patience_s = min(max(_LEAST_S, _TIMES * (time.monotonic() - begun_s)), PATIENCE_S)
    code = run(fault.test, "-p", "tests.faults.plugin", "--fault", fault.name, "--patience", str(patience_s))
    if code == NOT_PUT_BACK:
        return "it cannot be put back: the code that it changes is another now"
    return "" if code == CAUGHT else f"its test does not fail under the fault (exit code {code})"


def run(*arguments: str) -> int:
    """Run pytest in a process of its own; return its exit code."""
    pid = os.fork()
    if pid == 0:
        code = int(pytest.ExitCode.INTERNAL_ERROR)
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(nowhere, descriptor)
            code = int(pytest.main([*_QUIET, *arguments]))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(words: list[str]) -> int:
    if unknown := unknown_words(words):
        print(f"no fault and no area has the name {', '.join(unknown)}", file=sys.stderr)
        return 2
    chosen = chosen_faults(words)
    gc.freeze()  # what is read is never looked at again
    wrong = 0
    for fault in chosen:
        verdict = verdict_of(fault)
        wrong += bool(verdict)
        print(f"{fault.name}: {verdict or 'caught by ' + fault.test}", flush=True)
    print(f"{len(chosen) - wrong} caught, {wrong} not caught")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
