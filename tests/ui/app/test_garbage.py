"""Cycles with Qt objects are collected on the Qt thread, whichever thread makes the garbage."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject

from ui.app.system.garbage import GarbageCollector


class Loop:
    """A cycle that notes the thread it is collected on."""

    def __init__(self, seen: list[threading.Thread]) -> None:
        self.me = self
        self.qt = QObject()
        weakref.finalize(self, lambda: seen.append(threading.current_thread()))


def test_another_thread_never_collects(qapp):
    seen: list[threading.Thread] = []
    collector = GarbageCollector()
    try:
        Loop(seen)
        worker = threading.Thread(target=lambda: [[n] for n in range(50_000)])
        worker.start()
        worker.join()
        assert seen == []
        [[] for _ in range(50_000)]
        kept = [[] for _ in range(5_000)]
        assert collector.collect_due() == 0, len(kept)
        assert seen == [threading.main_thread()]
    finally:
        collector.close()
    assert gc.isenabled()


def test_nothing_is_collected_before_it_is_due(qapp):
    collector = GarbageCollector()
    try:
        gc.collect()
        assert collector.collect_due() is None
    finally:
        collector.close()


def test_what_counted_as_there_to_stay_goes_when_all_is_collected(qapp):
    seen: list[threading.Thread] = []
    collector = GarbageCollector()
    try:
        loop = Loop(seen)
        gc.freeze()
        del loop
        gc.collect()
        assert seen == []
        collector.collect_all()
        assert seen == [threading.main_thread()]
    finally:
        collector.close()


def test_what_takes_long_to_look_through_is_not_looked_through_again(qapp, monkeypatch):
    collector = GarbageCollector()
    try:
        for seconds, frozen in ((0.0, False), (1.0, True)):
            times = iter((0.0, seconds))
            monkeypatch.setattr("ui.app.system.garbage.time.thread_time", lambda times=times: next(times))
            before = gc.get_freeze_count()
            kept = [[] for _ in range(1000)]
            while gc.get_count()[2] <= gc.get_threshold()[2]:
                gc.collect(1)
            assert collector.collect_due() == 2
            assert (gc.get_freeze_count() >= before + len(kept)) is frozen
    finally:
        collector.close()
