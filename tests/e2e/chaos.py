"""One run of chaos: a minute of a title under random faults, and what must not be seen of them."""

from __future__ import annotations

import asyncio
import gc
import threading

import psutil
import pytest

from tests.kit.chaos import CDNS, rules
from tests.kit.transport import Act
from tests.kit.viewing import STEERING, Seen, Title, Viewing, steering_answer

SECONDS = 60.0
_LICENCE_S = 26.0  # a licence server that is silent twice, then answers


def title_of(seed: int) -> Title:
    """DASH or HLS, clear or encrypted, steered or not, as the seed has it."""
    hls = seed % 5 == 4
    return Title(SECONDS, CDNS, hls=hls, encrypted=not hls and seed % 2 == 0, steered=not hls and seed % 3 == 0)


async def run(seed: int, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Play the title of a seed under its faults; nothing of the playback may be left when it is over."""
    before = set(asyncio.all_tasks())
    viewing = Viewing(title_of(seed), rules(seed, SECONDS), seed=seed)
    monkeypatch.setattr("player.stream.sources.open_demuxer", viewing.open_demuxer)
    viewing.transport._always = {STEERING: Act(body=steering_answer("b", "a", "c")), **viewing.transport._always}
    seen = await viewing.run()
    assert set(asyncio.all_tasks()) == before, seed
    assert viewing.gate.busy == 0, seed
    assert viewing.transport.open_now == 0, seed
    assert viewing.clock._next_due() is None, "nobody waits for a time any more"
    return seen


def check(seed: int, seen: Seen) -> None:
    """At every moment one CDN is healthy and carries more than the lowest rung. So nothing forces a stall once the
    buffer has been filled: every frame of the title is shown to its end, without a stall. Only the start may wait,
    for the licence server."""
    assert seen.ended, (seed, seen.failure, seen.sentence)
    assert seen.gaps == (), seed
    assert len(seen.shown) == SECONDS * 2, seed
    assert seen.stalled_s == 0, (seed, seen.stalls)
    assert seen.started_s is not None
    assert seen.started_s <= (_LICENCE_S if title_of(seed).encrypted else 6.0), (seed, seen.started_s)


def held() -> tuple[int, int, int]:
    """Threads, open files and memory in bytes of this process, after a collection."""
    gc.collect()
    process = psutil.Process()
    return threading.active_count(), process.num_fds(), process.memory_info().rss
