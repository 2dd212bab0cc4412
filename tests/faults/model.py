"""What a fault is, and where all of them are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest

import tests.faults


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that the code once had.

    ``test`` is the node ID of the test that guards against it, as pytest prints it. ``apply`` puts the fault back
    through the monkeypatch it is given.
    """

    name: str
    test: str
    apply: Callable[[pytest.MonkeyPatch], None]


def all_faults() -> dict[str, Fault]:
    """Return every fault of the modules beside this one by its name; a ValueError when two have the same name."""
    faults: dict[str, Fault] = {}
    for module in pkgutil.iter_modules(tests.faults.__path__):
        for fault in getattr(importlib.import_module(f"tests.faults.{module.name}"), "FAULTS", ()):
            if fault.name in faults:
                raise ValueError(f"two faults are named {fault.name}")
            faults[fault.name] = fault
    return faults
