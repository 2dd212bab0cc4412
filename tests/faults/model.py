"""What a fault is, and where all of them are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import chain

import pytest

import tests.faults

CAUGHT, NOT_PUT_BACK = 65, 64
"""Exit codes of pytest with the plugin: the test failed under the fault, and the fault fits the code no more.

A pytest that fails for itself ends with others."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that the code once had.

    ``test`` is the node ID of the test that guards against it, as pytest prints it. ``apply`` puts the fault back
    through the monkeypatch it is given.
    """

    name: str
    test: str
    apply: Callable[[pytest.MonkeyPatch], None]


def faults_by_area() -> dict[str, list[Fault]]:
    """Return the faults of each module beside this one, by the module's name."""
    areas: dict[str, list[Fault]] = {}
    for module in pkgutil.iter_modules(tests.faults.__path__):
        areas[module.name] = getattr(importlib.import_module(f"tests.faults.{module.name}"), "FAULTS", [])
    return areas


def all_faults() -> dict[str, Fault]:
    """Return every fault by its name; a ValueError when two have the same name."""
    faults: dict[str, Fault] = {}
    for fault in chain.from_iterable(faults_by_area().values()):
        if fault.name in faults:
            raise ValueError(f"two faults are named {fault.name}")
        faults[fault.name] = fault
    return faults


def unknown_words(words: Collection[str]) -> list[str]:
    """Return the words that name no area and are in the name of no fault."""
    return [word for word in words if not chosen_faults([word])]


def chosen_faults(words: Collection[str]) -> list[Fault]:
    """Return the faults, by name, whose area is one of ``words`` or whose name has one of them; all without words."""
    wanted = {fault.name for word in words for fault in faults_by_area().get(word, ())}
    return [
        fault
        for name, fault in sorted(all_faults().items())
        if not words or name in wanted or any(word in name for word in words)
    ]
