"""``--fail-on`` for commands that have figures of their own."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from player.qa.thresholds import Condition


def verdict_on(conditions: Sequence[Condition], figures: Mapping[str, float]) -> int:
    """Exit code 1 where a condition of ``--fail-on`` holds; each such is told on stderr."""
    if not conditions:
        return 0
    from player.base.errors import ExitCode
    from player.qa.thresholds import shown

    broken = [each for each in conditions if not each.holds(figures[each.metric])]
    for condition in broken:
        print(f"matinee: {condition.metric} is {shown(figures[condition.metric])}", file=sys.stderr)
    return int(ExitCode.FAILED if broken else ExitCode.GOOD)
