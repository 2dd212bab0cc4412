"""The whole chain on sick networks: two CDNs, engine, real libmpv, real time. All titles play at once.

In each, CDN A dies in the middle of a segment, CDN B carries less than the second rung for 20 s, and where the title
is encrypted its licence comes after 2 s. Each must be played to the end without a stall, and its report must say what
was done and why.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from pathlib import Path

import pytest

from player.base.clock import Clock
from player.net.faults import FaultPlan, FaultyTransport
from player.net.model import Body, Request, Transport
from player.playback.settings import PlaybackSettings
from player.title.opening import PlaybackSource
from tests.e2e.cdns import FIRST, SECOND, TwoCdns
from tests.kit import media
from tests.kit.backend import fault_document, running_backend
from tests.kit.clearkey import ClearKeyServer
from tests.kit.playback import Run, engine, null_player, play, publish_media, signed_in_engine

SECONDS = 48
LATE_S = 2.0
TIMEOUT_S = 3 * SECONDS
BUFFER_S = 16.0  # of the third-party titles: too short to sit the slow time out at the best rung
BELOW_THE_SECOND_RUNG = {
    "type": "bandwidth",
    "trace": [
        {"duration_ms": 20_000, "bandwidth_kbps": 500, "latency_ms": 20},
        {"duration_ms": 600_000, "bandwidth_kbps": 20_000, "latency_ms": 20},
    ],
}


def published_title(folder: Path) -> Run:
    faults = fault_document(
        {"match": {"kind": "licence"}, "fault": {"type": "delay", "seconds": LATE_S}},
        {
            "match": {"pathway": "edge-a", "path": "*video*", "kind": "segment"},
            "skip": 3,
            "fault": {"type": "kill", "after_bytes": 20_000},
        },
        {"match": {"pathway": "edge-b"}, "fault": BELOW_THE_SECOND_RUNG},
    )
    with running_backend(folder / "service", edges=2) as group:
        title_id = publish_media(group, media.packager_cbcs(SECONDS), "Survivor")
        with signed_in_engine(folder / "profile", group) as made, null_player() as player:
            group.faults.set(faults)
            return play(made, PlaybackSource(title_id=title_id), player, timeout_s=TIMEOUT_S)


class SlowSecond:
    """The slow time of CDN B begins with the first request to it. On a busy machine A dies late. A slow time that is
    nearly over by then can be bridged from the buffer at the best rung."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._slow: FaultyTransport | None = None

    def open(self, request: Request) -> AbstractAsyncContextManager[Body]:
        if request.pathway != SECOND:
            return self._inner.open(request)
        if self._slow is None:
            rule = {"match": {"pathway": SECOND}, "fault": BELOW_THE_SECOND_RUNG}
            self._slow = FaultyTransport(self._inner, self._clock, FaultPlan.parse({"version": 1, "rules": [rule]}))
        return self._slow.open(request)

    async def close(self) -> None:
        await self._inner.close()


def from_plain_servers(folder: Path, title: media.TestMedia, video: str, licence_url: str | None = None) -> Run:
    with (
        TwoCdns(title, folder / "first", folder / "second", dies_at=video) as cdns,
        engine(folder / "profile", wrap=(SlowSecond,)) as made,
        null_player() as player,
    ):
        source = PlaybackSource(url=cdns.url, licence_url=licence_url)
        return play(made, source, player, PlaybackSettings(buffer_s=BUFFER_S), timeout_s=TIMEOUT_S)


def ffmpeg_hls_ts(folder: Path) -> Run:
    return from_plain_servers(folder, media.ffmpeg_hls_ts(SECONDS), "*.ts")


def ffmpeg_dash(folder: Path) -> Run:
    return from_plain_servers(folder, media.ffmpeg_dash(SECONDS), "/seg-[012]-*")


def packager_cenc(folder: Path) -> Run:
    title = media.packager_cenc(SECONDS)
    with ClearKeyServer(title.keys, delay_s=LATE_S) as licences:
        return from_plain_servers(folder, title, "/video-*.m4s", licences.url)


TITLES: dict[Callable[[Path], Run], tuple[str, str, bool]] = {
    published_title: ("edge-a", "edge-b", True),
    ffmpeg_hls_ts: (FIRST, SECOND, False),
    ffmpeg_dash: (FIRST, SECOND, False),
    packager_cenc: (FIRST, SECOND, True),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Every title played, all at once."""
    media.elementary(SECONDS)  # once, before several ask for it
    with ThreadPoolExecutor(len(TITLES)) as pool:
        running = {
            make.__name__: pool.submit(make, tmp_path_factory.mktemp(make.__name__.replace("_", "-")))
            for make in TITLES
        }
        return {name: future.result() for name, future in running.items()}


@pytest.mark.realtime
@pytest.mark.parametrize("make", TITLES, ids=lambda make: make.__name__)
def test_a_title_survives_a_dead_cdn_a_slow_cdn_and_a_late_licence(
    runs: dict[str, Run], make: Callable[[Path], Run]
) -> None:
    dead, slow, encrypted = TITLES[make]
    run = runs[make.__name__]
    report = run.report
    assert run.finished, (report["result"], report["statuses"], report["stalls"], run.log)
    assert report["result"]["played_to_end"], report["errors"]
    assert report["stalls"] == []
    switches = report["path_switches"]
    assert any(switch["from"] == dead and switch["to"] == slow and switch["sentence"] for switch in switches)
    phases = {phase["phase"]: phase["at_s"] for phase in report["startup"]["phases"]}
    assert ("licence" in phases) is encrypted
    assert not encrypted or phases["licence"] > LATE_S
    played = [segment["rung"] for segment in report["segments"] if segment["track"] == "main"]
    assert max(played) == len(report["rungs"]) - 1
    assert any(later < earlier for earlier, later in pairwise(played))  # down where the slow CDN took over
    assert all(decision["sentence"] and decision["reason"] for decision in report["decisions"])
