"""Python's cyclic garbage collector, run on the Qt thread only.

By default the collector runs on any thread that allocates, also the engine's. Cycles may hold Qt objects. Destroying
a Qt object on a foreign thread races with its event loop, which crashes or deadlocks once in a thousand runs.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS = 100
_LONG_S = 0.003
_OLDEST = 2
ALL_EVERY_MS = 3_600_000


class GarbageCollector(QObject):
    """Stops the automatic collection and collects on the thread it was made on, until :meth:`close`.

    A full collection must not hold that thread: what survives one that took long (thousands of titles) counts as
    there to stay. It is freed like everything else when nothing refers to it any more; if it is in a cycle, only by
    :meth:`collect_all`, once an hour and whenever the owner has a moment for it.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.collect()
        gc.freeze()  # what was imported by now stays; looking through it would only hold the Qt thread
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start(_INTERVAL_MS)
        self._hourly = QTimer(self)
        self._hourly.timeout.connect(self.collect_all)
        self._hourly.start(ALL_EVERY_MS)

    def collect_due(self) -> int | None:
        """Collect the oldest generation that has reached its threshold; which one, or None."""
        for generation in (2, 1, 0):
            threshold = gc.get_threshold()[generation]
            if threshold and gc.get_count()[generation] > threshold:
                begun_s = time.thread_time()
                gc.collect(generation)
                if generation == _OLDEST and time.thread_time() - begun_s > _LONG_S:
                    gc.freeze()
                return generation
        return None

    @Slot()
    def collect_all(self) -> None:
        """Also what counted as there to stay and has gone since: a playback, a page. Takes tens of milliseconds."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Give the collection back to the interpreter."""
        self._timer.stop()
        self._hourly.stop()
        gc.unfreeze()
        gc.enable()
