"""Outcomes of plans in a folder, a file for each: figures and verdicts, no reports."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from player.base.errors import ErrorCode, InputError
from player.base.files import write_whole
from player.qa.outcome import PlanOutcome

_MOST_BYTES = 64 * 1024 * 1024
_MOST_FILES = 20_000
_VERSION = 1  # also that of report.json
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One run of an outcome: its name, its figures, and whether it broke nothing."""

    name: str
    passed: bool
    figures: Figures


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """What came of a plan at a time (``wall_s``, seconds since 1970)."""

    plan: str
    wall_s: float
    virtual: bool
    passed: bool
    runs: tuple[KeptRun, ...]

    @property
    def date(self) -> str:
        """The time in UTC, to the second."""
        return datetime.datetime.fromtimestamp(self.wall_s, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def keep(outcome: PlanOutcome, folder: Path, wall_s: float) -> Path:
    """Write an outcome to the folder; the file. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        "version": _VERSION,
        "plan": outcome.plan.name,
        "wall_s": round(wall_s, 3),
        "virtual": outcome.virtual,
        "passed": outcome.passed,
        "runs": [{"name": run.name, "passed": run.passed, "figures": dict(run.metrics)} for run in outcome.runs],
    }
    stamp = datetime.datetime.fromtimestamp(wall_s, datetime.UTC).strftime("%Y%m%dT%H%M%S.%f")
    path = folder / f"{stamp}-{_NOT_PLAIN.sub('-', outcome.plan.name.lower()).strip('-')[:60]}.json"
    write_whole(path, (json.dumps(kept, indent=1) + "\n").encode())
    return path


def kept_of(outcome: PlanOutcome, wall_s: float) -> KeptOutcome:
    """An outcome as it would be kept."""
    runs = tuple(KeptRun(run.name, run.passed, run.metrics) for run in outcome.runs)
    return KeptOutcome(outcome.plan.name, wall_s, outcome.virtual, outcome.passed, runs)


def load(path: Path) -> KeptOutcome:
    """A kept outcome, or the ``report.json`` of one. Raises InputError."""
    try:
        if path.is_dir():
            path = path / "report.json"
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(ErrorCode.INPUT_FILE, f"{path.name} is too large for an outcome of a plan.")
        return _read(json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime, path.name)
    except OSError as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} is no outcome of a plan.") from error


def load_all(folder: Path, plan: str | None = None) -> list[KeptOutcome]:
    """The outcomes in a folder, the oldest first; of one plan only where it is named. Raises InputError."""
    if not folder.is_dir():
        raise InputError(ErrorCode.INPUT_FILE, f"There is no folder {folder}.")
    found = [load(path) for path in sorted(folder.glob("*.json"))[-_MOST_FILES:]]
    return sorted((each for each in found if plan in (None, each.plan)), key=lambda each: each.wall_s)


def _read(document: Any, changed_s: float, name: str) -> KeptOutcome:  # noqa: ANN401  (JSON)
    if document["version"] != _VERSION or isinstance(document["version"], bool):
        raise InputError(
            ErrorCode.INPUT_FILE,
            f"{name} has version {document['version']!r} of its format; version {_VERSION} is read here.",
        )
    virtual = document["virtual"] if "virtual" in document else document["mode"] == "virtual"
    runs = tuple(KeptRun(str(run["name"]), run["passed"] is True, _figures(run)) for run in document["runs"])
    wall_s = float(document.get("wall_s", changed_s))
    return KeptOutcome(str(document["plan"]), wall_s, bool(virtual), document["passed"] is True, runs)


def _figures(run: Mapping[str, Any]) -> Figures:
    figures = run["figures"] if "figures" in run else run["metrics"]
    found = {str(name): None if value is None else float(value) for name, value in figures.items()}
    if any(value is not None and not math.isfinite(value) for value in found.values()):
        raise ValueError("a figure is no number")  # nothing is worse than NaN
    return found
