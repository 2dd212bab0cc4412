"""A share that does not answer while a file of it is played or opened: other files play, and everything ends."""

from __future__ import annotations

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
from player.playback.session import Session
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.films import FILMS, Film
from tests.kit.hanging_share import HangingShare, can_mount, something_waits
from tests.kit.playback import engine, null_player
from tests.kit.waiting import until
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
        following, seen = begun(made, PlaybackSource.of_file(SHORT.path()), other)
        until(seen.is_playing)
        following.stop()
        assert made.wait(following, OVER_S)
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
        following, seen = begun(made, PlaybackSource.of_file(SHORT.path()), player)
        until(seen.is_playing)
        following.stop()
        assert made.wait(following, OVER_S)


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
