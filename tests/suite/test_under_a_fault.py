"""What ``test_exit_codes.py`` runs under a fault, in processes that load nothing else."""

from __future__ import annotations

import os


def test_that_there_is_no_fault() -> None:
    assert os.environ.get("FAULTY") is None
