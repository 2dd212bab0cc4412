"""Which process runs which file: two begin with what plays in real time, the others with all else.

What plays mostly waits, so that the processors have the rest to do meanwhile, and nobody waits for either at the end.
Long files begin first: who begins with one of them last is waited for by all others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests.run.longest import longest

_PLAYING = " playing"


def players(processes: int) -> int:
    """How many of so many processes begin with what plays. Each loads both processors for a moment now and then."""
    return min(2, processes // 2)


def by_length(tests: list[Any], file_of: Callable[[Any], str]) -> list[Any]:
    """The tests of the longest files first, as they were last measured; the others by the number of their tests."""
    took, count = longest(), Counter(map(file_of, tests))
    return sorted(tests, key=lambda test: (took.get(file_of(test), 0), count[file_of(test)]), reverse=True)


class Schedule(LoadScopeScheduling):
    """The tests of a file stay together, and those of one file that play."""

    def __init__(self, config: Any, log: Any, playing: Path) -> None:
        """``playing``: the file in which a worker says which tests play, once it has read all."""
        super().__init__(config, log)
        self._file = playing
        self._playing: frozenset[str] = frozenset()

    def schedule(self) -> None:
        """Begin, now that each worker has read all tests."""
        self._playing = frozenset(json.loads(self._file.read_text()))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] + (_PLAYING if nodeid in self._playing else "")

    def _assign_work_unit(self, node: Any) -> None:
        """Give it the next file of its kind, or of the other kind where there is none left."""
        number = int(node.gateway.id.removeprefix("gw"))
        plays = number < players(self.numnodes)
        fitting = (scope for scope in self.workqueue if scope.endswith(_PLAYING) == plays)
        self.workqueue.move_to_end(next(fitting, next(iter(self.workqueue))), last=False)
        super()._assign_work_unit(node)
