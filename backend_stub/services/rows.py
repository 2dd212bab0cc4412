"""The first screen: rows of titles, each made within its own time or left out."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from backend_stub.clock import Clock
from backend_stub.db.models import Title
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.entitlement import Viewing

RowName = Literal["continue", "list", "because", "picks", "trending", "episodes", "new", "genre"]

_THREADS = 8
KEPT_S = 600.0  # a row of so long ago stands in for one that is late or fails
_MOST_KEPT = 3000

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """The titles of a row; ``because`` is the title that they are like, ``genre`` what they all are, for a row that
    says so."""

    titles: Sequence[WatchedTitle]
    because: Title | None = None
    genre: str | None = None


@dataclass(frozen=True, slots=True)
class RowMaker:
    """How a row is made, or several of one kind, and how many seconds that may take."""

    name: RowName
    budget_s: float
    make: Callable[[Viewing], Shown | Sequence[Shown]]


@dataclass(frozen=True, slots=True)
class Row:
    name: RowName
    shown: Shown


@dataclass(frozen=True, slots=True)
class LeftOut:
    name: RowName
    reason: Literal["slow", "failed"]


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """``rows`` are in the order of their makers, without those that have no title."""

    rows: Sequence[Row]
    left_out: Sequence[LeftOut]


class Rows:
    """Makes rows side by side; one that is late or fails takes no other with it.

    In its place stands what the same viewer saw there last, for :data:`KEPT_S`.
    """

    def __init__(self, makers: Sequence[RowMaker], clock: Clock) -> None:
        self._makers = makers
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="row")
        self._kept = _Kept()

    def close(self) -> None:
        """Wait for the rows that are being made; those that have not begun are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def first_screen(self, viewing: Viewing) -> FirstScreen:
        began = self._clock.monotonic()
        running = [(maker, self._pool.submit(maker.make, viewing)) for maker in self._makers]
        rows: list[Row] = []
        left_out: list[LeftOut] = []
        for maker, future in running:
            made = _outcome(maker, future, began + maker.budget_s - self._clock.monotonic())
            if isinstance(made, LeftOut):
                kept = self._kept.get(maker.name, viewing, began)
                if kept is None:
                    left_out.append(made)
                    continue
                made = kept
            else:
                self._kept.put(maker.name, made, viewing, began)
            rows += [row for row in made if row.shown.titles]
        return FirstScreen(rows, left_out)


class _Kept:
    """The last rows of each name for each viewer, of the latest viewers. Thread-safe."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[RowName, Viewing], tuple[float, Sequence[Row]]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: RowName, rows: Sequence[Row], viewing: Viewing, now: float) -> None:
        with self._lock:
            self._rows[name, viewing] = now, rows
            self._rows.move_to_end((name, viewing))
            while len(self._rows) > _MOST_KEPT:
                self._rows.popitem(last=False)

    def get(self, name: RowName, viewing: Viewing, now: float) -> Sequence[Row] | None:
        with self._lock:
            at, rows = self._rows.get((name, viewing), (0.0, None))
        return rows if now - at < KEPT_S else None


def _outcome(maker: RowMaker, future: Future[Shown | Sequence[Shown]], left_s: float) -> Sequence[Row] | LeftOut:
    try:
        made = future.result(max(0.0, left_s))
        return [Row(maker.name, shown) for shown in ([made] if isinstance(made, Shown) else made)]
    except TimeoutError:
        future.cancel()  # if it still waits for a thread; one that runs comes to its end unheard
        _logger.warning("row %s took more than %.1f s", maker.name, maker.budget_s)
        return LeftOut(maker.name, "slow")
    except Exception:  # whatever breaks a row, the others are shown
        _logger.exception("row %s failed", maker.name)
        return LeftOut(maker.name, "failed")
