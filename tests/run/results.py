"""What came of each test, read from the lines that the plugin wrote."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_WORST_FIRST = ("failed", "skipped", "passed")


@dataclass
class Results:
    """``outcomes`` by node ID: passed, failed or skipped. ``begun``: what began and did not end; it failed."""

    outcomes: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    processor_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    begun: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    deaths: int = 0
    uncollected: list[str] = field(default_factory=list)

    def having(self, outcome: str) -> list[str]:
        return [test for test, came in self.outcomes.items() if came == outcome]

    def take(self, line: str) -> None:
        """One line of the file."""
        what = json.loads(line)
        if "begun" in what:
            self.begun.append(what["begun"])
        elif "died" in what:
            self.deaths += 1
        else:
            self._take_report(what)

    def _take_report(self, what: dict[str, object]) -> None:
        test, outcome = str(what["test"]), str(what["outcome"])
        if what["when"] == "collect" and outcome == "failed":
            self.uncollected.append(test)
        elif what["when"] == "crash":
            self.crashed.append(test)
        elif what["when"] == "teardown" and test in self.begun:
            self.begun.remove(test)
        self.outcomes[test] = min(outcome, self.outcomes.get(test, "passed"), key=_WORST_FIRST.index)
        self.seconds[test] += float(str(what["duration_s"]))
        self.processor_s[test] += float(str(what["processor_s"]))
        if what["reason"]:
            self.reasons[test] = str(what["reason"])


def read(path: Path) -> Results:
    """The results in a file; those of no test where there is none. A last line that was cut off is left out."""
    results = Results()
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            results.take(line)
    results.outcomes.update(dict.fromkeys(results.begun, "failed"))
    return results


def merged(parts: Iterable[Results]) -> Results:
    """All parts as one run; what a later part says of a test counts."""
    whole = Results()
    for part in parts:
        whole.outcomes.update(part.outcomes)
        whole.reasons.update(part.reasons)
        whole.seconds.update(part.seconds)
        whole.processor_s.update(part.processor_s)
        whole.crashed += part.crashed
        whole.begun += part.begun
        whole.deaths += part.deaths
        whole.uncollected += part.uncollected
    return whole
