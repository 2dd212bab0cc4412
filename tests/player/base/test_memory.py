"""Memory that is not in use any more goes back to the system."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from player.base import memory
from player.base.memory import AFTER_PLAYBACK_S, EVERY_S, MemoryKeeper, give_back
from player.qa.usage import usage

MB = 1 << 20


@dataclass
class SteppedLoop:
    """What the keeper uses of an event loop, with a time of its own."""

    now_s: float = 0.0
    timers: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.timers.append((self.now_s + delay_s, call))

    def run_in_executor(self, _executor: None, call: Callable[[], None]) -> None:
        call()

    def run_until(self, time_s: float) -> None:
        while due := [timer for timer in self.timers if timer[0] <= time_s]:
            timer = min(due, key=lambda each: each[0])
            self.timers.remove(timer)
            self.now_s = timer[0]
            timer[1]()
        self.now_s = time_s


def test_memory_is_given_back_every_ten_minutes_and_soon_after_a_playback() -> None:
    loop = SteppedLoop()
    given_at: list[float] = []
    keeper = MemoryKeeper(cast(Any, loop), lambda: given_at.append(loop.now_s))
    keeper.start()
    loop.run_until(100.0)
    keeper.playback_over()
    loop.run_until(2.5 * EVERY_S)
    assert given_at == [100.0 + AFTER_PLAYBACK_S, EVERY_S, 2 * EVERY_S]


glibc = pytest.mark.skipif(memory._malloc_trim is None, reason="the C library is not glibc")


@glibc
def test_the_gaps_that_a_playback_leaves_are_given_back() -> None:
    blocks = [bytearray(4096) for _ in range(16_000)]
    kept = blocks[::64]  # so that no heap can simply become shorter
    blocks.clear()
    before = usage().memory_bytes
    give_back()
    assert before - usage().memory_bytes > 30 * MB
    assert len(kept) == 250


_COUNT_HEAPS = """
import ctypes, io, sys, tempfile, threading
from player.base.memory import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
together = threading.Barrier(9)
def work():
    kept = [bytearray(4096) for _ in range(50)]
    together.wait()
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads:
    each.start()
together.wait()
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
c.fclose.argtypes = [ctypes.c_void_p]
with tempfile.NamedTemporaryFile() as told:
    file = c.fopen(told.name.encode(), b"w")
    c.malloc_info(0, ctypes.c_void_p(file))
    c.fclose(file)
    print(open(told.name).read().count("<heap nr="))
together.wait()
"""


@glibc
def test_threads_share_heaps() -> None:
    def heaps(how: str) -> int:
        return int(subprocess.check_output([sys.executable, "-c", _COUNT_HEAPS, how], text=True))

    assert heaps("shared") <= 2 < heaps("own")
