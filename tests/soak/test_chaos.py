"""The chaos run: 50 runs of 60 s with random faults on all CDNs, never on all at once. Started by ``make chaos``.

45 of them are in fast time over the sink of :mod:`tests.kit.sink`, five at real speed on the real libmpv.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from player.net.faults import FaultPlan, FaultyTransport
from player.title.opening import PlaybackSource
from tests.e2e.cdns import FIRST, SECOND, TwoCdns
from tests.e2e.chaos import SECONDS, check, held, run
from tests.kit import media
from tests.kit.chaos import episodes
from tests.kit.playback import Run, engine, null_player, play

FAST, REAL = 45, 5
pytestmark = pytest.mark.soak


async def test_fast_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is seamless, and after the first ten none leaves a thread, a file or memory behind."""
    after_ten = None
    for seed in range(FAST):
        check(seed, await run(seed, monkeypatch))
        if seed == 9:
            after_ten = held()
    threads, files, memory = held()
    assert after_ten is not None
    assert threads <= after_ten[0]
    assert files <= after_ten[1]
    assert memory - after_ten[2] < 32 * 1024 * 1024


def real(seed: int, folder: Path) -> Run:
    """One title on two servers and the real libmpv; faults begin when 10 s have been played."""
    found = episodes(seed, SECONDS, (FIRST, SECOND), from_s=10.0)
    plan = FaultPlan.parse({"version": 1, "seed": seed, "rules": [each.rule() for each in found]})
    title = media.ffmpeg_dash(round(SECONDS))
    with (
        TwoCdns(title, folder / "first", folder / "second") as cdns,
        engine(folder / "profile", wrap=(lambda inner, clock: FaultyTransport(inner, clock, plan),)) as made,
        null_player() as player,
    ):
        return play(made, PlaybackSource(url=cdns.url), player, timeout_s=3 * SECONDS)


@pytest.mark.realtime
def test_runs_on_the_real_libmpv(tmp_path: Path) -> None:
    media.ffmpeg_dash(round(SECONDS))  # made once, before several ask for it
    before = held()
    folders = [tmp_path / str(seed) for seed in range(REAL)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(REAL) as pool:
        runs = list(pool.map(real, range(REAL), folders))
    for seed, done in enumerate(runs):
        report = done.report
        assert done.finished, (seed, report["result"], report["stalls"], done.log)
        assert report["result"]["played_to_end"], (seed, report["errors"])
        assert report["stalls"] == [], (seed, report["stalls"], report["recoveries"])
        assert any(segment["pathway"] == SECOND for segment in report["segments"]), seed
    threads, files, _ = held()
    assert threads <= before[0] + 1
    assert files <= before[1] + 4
