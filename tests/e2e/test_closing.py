"""Playbacks at once, and an end in every phase of one: nothing stays behind, no thread, task or connection."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from player.net.faults import FaultPlan, FaultyTransport
from player.reporting.report import Recorder
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.clearkey import ClearKeyServer
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine, null_player
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until

CLOSE_S = 5.0
HELD = {
    "manifest": {"match": {"kind": "manifest"}, "fault": {"type": "delay", "seconds": 60}},
    "manifest body": {"match": {"kind": "manifest"}, "fault": {"type": "stall", "after_bytes": 100}},
    "licence": {"match": {"kind": "licence"}, "fault": {"type": "delay", "seconds": 60}},
    "init": {"match": {"kind": "init"}, "fault": {"type": "stall", "after_bytes": 0}},
    "first segment": {"match": {"kind": "segment"}, "fault": {"type": "stall", "after_bytes": 2000}},
    "retries": {"match": {"kind": "segment"}, "fault": {"type": "status", "status": 503}},
}


def held_at(rule: dict[str, Any]) -> Callable[[Any, Any], FaultyTransport]:
    plan = FaultPlan.parse({"version": 1, "rules": [rule]})
    return lambda transport, clock: FaultyTransport(transport, clock, plan)


def settle(condition: Callable[[], bool], timeout_s: float = CLOSE_S) -> bool:
    """Whether the condition holds before the time is up; threads take a moment to end."""
    until(condition, patience_s=timeout_s)
    return True


def sockets() -> int:
    return len(psutil.Process().net_connections("tcp"))


@pytest.fixture
def licences() -> Any:
    with ClearKeyServer(media.KEYS) as server:
        yield server


@pytest.mark.parametrize("phase", HELD)
def test_closing_while_something_is_awaited(phase: str, tmp_path: Path, licences: ClearKeyServer) -> None:
    title = media.packager_cenc()
    with FileServer(title.folder) as server:
        before, connections = set(threading.enumerate()), sockets()
        with null_player() as player, engine(tmp_path, wrap=(held_at(HELD[phase]),)) as made:
            source = PlaybackSource(url=server.url(title.dash or ""), licence_url=licences.url)
            recorder = Recorder()
            session = made.open(source, player, recorder.see, on_event=recorder)
            time.sleep(0.4)
            assert session.state.status is PlaybackStatus.LOADING
            session.stop()
            assert made.wait(session, CLOSE_S)
            assert settle(lambda: not unfinished(made.loop)), unfinished(made.loop)
        assert settle(lambda: not (set(threading.enumerate()) - before - handlers()))
        assert settle(lambda: sockets() <= connections)


def test_closing_in_mid_seek(tmp_path: Path) -> None:
    """The seek goes into the last segment, of which nothing comes."""
    title = media.ffmpeg_dash()
    rule = {"match": {"path": "*-006.m4s"}, "fault": {"type": "stall", "after_bytes": 0}}
    with FileServer(title.folder) as server:
        before = set(threading.enumerate())
        with Screen() as screen, engine(tmp_path, wrap=(held_at(rule),)) as made:
            session = made.open(PlaybackSource(url=server.url(title.dash or "")), screen.player, lambda _state: None)
            assert screen.wait_for(0, 0, PATIENCE_S) is not None
            session.seek(22.0)
            until(lambda: session.state.status is PlaybackStatus.SEEKING)
            session.stop()
            assert made.wait(session, CLOSE_S)
            assert settle(lambda: not unfinished(made.loop)), unfinished(made.loop)
        assert settle(lambda: not (set(threading.enumerate()) - before - handlers()))


def unfinished(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """Tasks that still run on an engine's loop."""
    return {task for task in asyncio.all_tasks(loop) if not task.done()}


def handlers() -> set[threading.Thread]:
    """Threads of the test's own servers."""
    return {thread for thread in threading.enumerate() if "process_request_thread" in thread.name}


def test_an_engine_that_closes_stops_its_playbacks(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server, null_player() as player:
        with engine(tmp_path) as made:
            session = made.open(PlaybackSource(url=server.url(title.dash or "")), player, lambda _state: None)
            assert settle(lambda: session.state.status is PlaybackStatus.PLAYING, 20)
        assert session.state.status is PlaybackStatus.IDLE
        session.seek(3.0)  # late commands are ignored
        session.stop()


def test_playbacks_at_once_do_not_meet(tmp_path: Path) -> None:
    """Two of one engine and one of another, each with its own title, seeks and end."""
    titles = [(media.ffmpeg_dash(), "dash"), (media.ffmpeg_hls_ts(), "hls"), (media.packager_clear(), "dash")]

    def watch(number: int, made: Any) -> list[int]:
        title, form = titles[number]
        manifest = (title.dash if form == "dash" else title.hls) or ""
        with FileServer(title.folder) as server, Screen() as screen:
            session = made.open(PlaybackSource(url=server.url(manifest)), screen.player, lambda _state: None)
            assert screen.wait_for(0, 0, PATIENCE_S) is not None
            found = []
            for second in (20 - number, 3 + number, 11 + number):
                since = len(screen.shown)
                session.seek(float(second))
                hit = screen.wait_for(
                    second * media.FPS, since, PATIENCE_S, tolerance=5
                )  # three at once may drop frames
                found.append(-1 if hit is None else round(hit.mark.frame / media.FPS))
            session.stop()
            assert made.wait(session, CLOSE_S)
            return found

    with engine(tmp_path / "one") as one, engine(tmp_path / "two") as two, ThreadPoolExecutor(3) as pool:
        results = list(pool.map(watch, range(3), (one, one, two)))
    assert results == [[20 - n, 3 + n, 11 + n] for n in range(3)]
