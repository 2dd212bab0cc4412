"""A share that does not answer while a file of it is played or opened: other files play, and everything ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from player.engine import Engine
from player.net.local import LocalTransport
from player.net.model import Request, RequestKind
from player.playback.session import Session
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.films import FILMS, Film
from tests.kit.hanging_share import HangingShare, can_mount, something_waits
from tests.kit.playback import engine, null_player
from tests.kit.waiting import until, until_in_loop
from ui.app.viewmodels.trouble import remedy_words, waiting_words

pytestmark = [pytest.mark.realtime, pytest.mark.skipif(not can_mount(), reason="nothing can be mounted here")]
LONG = Film("long.mkv", ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac"), seconds=60)
OVER_S = 60.0  # it takes three, where nothing else runs
SHORT = next(film for film in FILMS if film.name == "h264.mp4")


@pytest.fixture
def share(tmp_path: Path) -> Iterator[HangingShare]:
    with HangingShare(LONG.path().parent, tmp_path / "share") as made:
        yield made


@pytest.fixture
def film(share: HangingShare, tmp_path: Path) -> PlaybackSource:
    return PlaybackSource.of_file(tmp_path / "share" / LONG.name)


@contextmanager
def answering(share: HangingShare) -> Iterator[None]:
    """Before a libmpv that hangs is freed, whatever came before."""
    try:
        yield
    finally:
        share.answer()


class Seen:
    """The newest state of a playback."""

    def __init__(self) -> None:
        self.state = PlaybackState()

    def __call__(self, state: PlaybackState) -> None:
        self.state = state

    def is_playing(self) -> bool:
        return self.state.status is PlaybackStatus.PLAYING and self.state.position_s > 0.2


def begun(made: Engine, source: PlaybackSource, player: object) -> tuple[Session, Seen]:
    seen = Seen()
    return made.open(source, player, seen), seen  # type: ignore[arg-type]


def another_plays(made: Engine, player: object) -> None:
    """A film that does not hang begins and ends."""
    session, seen = begun(made, PlaybackSource.of_file(SHORT.path()), player)
    until(seen.is_playing)
    session.stop()
    assert made.wait(session, OVER_S)


def code_of(process: subprocess.Popen[bytes]) -> int:
    """Its exit code; one that does not end writes where its threads are."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(3 * OVER_S)
    process.send_signal(signal.SIGABRT)
    return process.wait(OVER_S)


def test_another_film_plays_while_a_read_hangs(tmp_path: Path, share: HangingShare, film: PlaybackSource) -> None:
    with engine(tmp_path / "profile") as made, null_player() as player, null_player() as other, answering(share):
        session, seen = begun(made, film, player)
        until(seen.is_playing)
        share.hang()
        session.seek(55.0)
        until(something_waits)
        session.stop()
        assert made.wait(session, OVER_S)
        assert player.is_lost
        assert not player.command("set", "pause", "yes"), "it is called no more"
        another_plays(made, other)
        assert not other.is_lost


def test_many_that_hang_while_they_are_opened_are_in_nobodys_way(
    tmp_path: Path, share: HangingShare, film: PlaybackSource
) -> None:
    with engine(tmp_path / "profile") as made, null_player() as player, answering(share):
        share.hang()
        for _ in range(12):
            session, _ = begun(made, film, player)
            until(something_waits)
            session.stop()
            assert made.wait(session, OVER_S)
        assert not player.is_lost
        another_plays(made, player)


def test_another_film_plays_while_files_of_a_manifest_hang(tmp_path: Path) -> None:
    folder = next(media.ffmpeg_hls_ts().folder.rglob("index.m3u8")).parent  # the share has no folders in it
    with (
        HangingShare(folder, tmp_path / "share") as share,
        engine(tmp_path / "profile") as made,
        null_player() as player,
        answering(share),
    ):
        source = PlaybackSource.of_file(tmp_path / "share" / "index.m3u8")
        share.hang()
        for _ in range(3):
            session, _ = begun(made, source, player)
            until(something_waits)
            session.stop()
            assert made.wait(session, OVER_S)
        another_plays(made, player)


async def test_a_read_that_hangs_holds_up_nothing_else(tmp_path: Path) -> None:
    with HangingShare(LONG.path().parent, tmp_path / "share") as share, answering(share):
        transport = LocalTransport(tmp_path / "share")
        url = (tmp_path / "share" / LONG.name).as_uri()
        async with transport.open(Request(RequestKind.SEGMENT, url)) as body:
            chunks = body.chunks()
            assert len(await anext(chunks)) > 0
            share.hang()
            reading = asyncio.ensure_future(anext(chunks))
            await until_in_loop(lambda: something_waits() or reading.done())
            assert not reading.done(), "it was read ahead"
            reading.cancel()
            await asyncio.wait({reading})
        begun = asyncio.ensure_future(_opened(transport, url))
        await asyncio.wait({begun}, timeout=0.2)
        begun.cancel()
        await asyncio.wait({begun})


async def _opened(transport: LocalTransport, url: str) -> None:
    async with transport.open(Request(RequestKind.SEGMENT, url)):
        raise AssertionError("it does not answer")


def test_a_command_ends_although_a_read_hangs(tmp_path: Path, share: HangingShare, film: PlaybackSource) -> None:
    assert film.media is not None
    report = tmp_path / "report.json"
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        "-m",
        "ui.cli.main",
        "play",
        "--headless",
        "--report",
        str(report),
    ]
    options = ["--profile", str(tmp_path / "profile"), "--key-store", "file", "--speed", "20"]
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen([*command, *options, str(film.media.path)], stderr=errors)
    try:
        until(lambda: (tmp_path / "profile" / "files.json").exists())
        share.hang()
        until(lambda: something_waits(process.pid))
        process.send_signal(signal.SIGTERM)
        assert code_of(process) == 130, (tmp_path / "errors").read_text()
        assert report.exists()
    finally:
        share.answer()  # nobody can be ended who waits for it
        process.kill()
        process.wait()


def test_the_app_plays_others_and_ends_although_a_read_hangs(
    tmp_path: Path, share: HangingShare, film: PlaybackSource
) -> None:
    assert film.media is not None
    flag, other = tmp_path / "flag", tmp_path / "other.mkv"
    shutil.copy(LONG.path(), other)
    with other.open("ab") as file:
        file.write(b"\xec\x81\0")  # it is another film
    places = [tmp_path / "profile", film.media.path, other, flag]
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.kit.hanging_app", *map(str, places)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, env=environment, stdout=said)
    try:
        until(flag.exists)
        share.hang()
        flag.unlink()
        assert code_of(process) == 0
    finally:
        share.answer()  # nobody can be ended who waits for it
        process.kill()
        process.wait()
    assert (tmp_path / "said").read_text().split() == ["plays", "other", "folder", "told", "again", "closed", "saved"]
    kept = json.loads((tmp_path / "profile" / "files.json").read_text())
    assert len(kept["files"]) == 2


def test_a_share_that_hangs_while_a_film_is_opened_is_named(
    tmp_path: Path, share: HangingShare, film: PlaybackSource
) -> None:
    with engine(tmp_path / "profile") as made, null_player() as player, answering(share):
        share.hang()
        session, seen = begun(made, film, player)
        until(lambda: seen.state.stall == "file")
        assert seen.state.status is PlaybackStatus.LOADING
        assert "does not answer" in waiting_words(seen.state)
        assert "Back" in remedy_words(seen.state)
        share.answer()
        until(seen.is_playing)
        assert seen.state.stall == ""
        session.stop()
        assert made.wait(session, OVER_S)
