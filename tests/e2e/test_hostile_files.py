"""What libmpv opens for a viewer opens nothing else: no file, no address, whatever a file asks for."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from player.base.errors import ErrorCode
from player.engine import Engine
from player.media.attachments import attached_bytes
from player.mpv.file_options import MOST_FONT_BYTES
from player.mpv.player import MpvPlayer
from player.reporting.state import PlaybackState
from player.title.media_file import MediaFile
from player.title.opening import PlaybackSource
from tests.kit.fileserver import FileServer
from tests.kit.hostile import EMPTY, HOSTILE, PLAYS, Opened, World, fonts, make_films, with_element
from tests.kit.playback import engine, null_player, play
from tests.kit.waiting import until

FOLLOWED = (
    "m3u under the name of a film.mp4",
    "pls.avi",
    "edit list.mkv",
    "hls.mp4",
    "ordered chapters.mkv",
    "everything beside it.mp4",
)
SUBTITLES = (".srt", ".ass")  # of the film's own name: they are read, and never by libmpv
PLAIN = ("-m", "tests.bench.plain_libmpv")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, films: tuple[Path, Path]) -> Iterator[tuple[World, FileServer]]:
    canaries = tmp_path_factory.mktemp("canaries")
    (canaries / "canary.mkv").write_bytes(films[0].read_bytes())
    with FileServer(canaries) as server:
        yield World(canaries / "canary.mkv", server.url("canary.mkv"), *films), server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def player() -> Iterator[MpvPlayer]:
    with null_player(untimed=True) as one:
        yield one


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_else_is_opened(name, world, made, player, tmp_path):
    scene, server = world
    path = tmp_path / name
    HOSTILE[name](scene, path)
    asked = len(server.requests)
    with Opened(tmp_path, scene.canary.parent) as opened:
        run = play(made, PlaybackSource.of_file(path) if path.is_file() else of_place(path), player, timeout_s=30)
        assert opened.names() - {name} - {Path(name).stem + suffix for suffix in SUBTITLES} == set()
    assert len(server.requests) == asked
    assert run.finished
    error = run.report["result"]["error"]
    if name in PLAYS:
        assert error is None
        assert run.report["result"]["position_s"] > 1.5
    elif name not in EMPTY:
        assert error["code"] in (ErrorCode.MEDIA_UNSUPPORTED, ErrorCode.INPUT_FILE)
        assert error["sentence"].endswith(".")


def of_place(path: Path) -> PlaybackSource:
    """What is no file, as a link that changes after it was looked at would be."""
    return PlaybackSource(media=MediaFile(path))


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_plain_libmpv_opens_something(name, world, tmp_path):
    """The same files lead libmpv elsewhere where nobody holds it: so the test above can fail."""
    scene, server = world
    HOSTILE[name](scene, tmp_path / name)
    asked = len(server.requests)
    with (
        Opened(tmp_path, scene.canary.parent) as opened,
        subprocess.Popen([sys.executable, *PLAIN, str(tmp_path / name), "--trusting"]) as plain,
    ):
        seen: set[str] = set()

        def look() -> bool:
            seen.update(opened.names() - {name})
            return bool(seen) or len(server.requests) > asked

        try:
            until(look)
        finally:
            plain.kill()


def test_a_name_that_is_no_text_is_opened_and_shown_as_text(films, made, player, tmp_path):
    for name in ("not text\udcff.mkv", "two\nlines.mkv"):
        path = tmp_path / name
        path.write_bytes(films[0].read_bytes())
        source = PlaybackSource.of_file(path)
        run = play(made, source, player)
        assert run.finished
        assert run.report["result"]["error"] is None
        assert run.report["result"]["position_s"] > 1.5
        assert source.shown_name in ("not text?", "two lines")


def test_a_playlist_of_the_web_under_the_name_of_a_film_is_asked_for_once(world, made, player, tmp_path):
    scene, _ = world
    (tmp_path / "film.mp4").write_text(f"#EXTM3U\n#EXTINF:2,\n{scene.url}\n")
    with FileServer(tmp_path) as server, Opened(scene.canary.parent) as opened:
        run = play(made, PlaybackSource.of_address(server.url("film.mp4")), player)
        assert [request.path for request in server.requests] == ["/film.mp4"]
        assert not opened.names()
    assert run.report["result"]["error"]["code"] == ErrorCode.MEDIA_UNSUPPORTED


def test_fonts_beyond_the_bound_are_not_used(films, made, player, tmp_path):
    few, many = tmp_path / "few.mkv", tmp_path / "many.mkv"
    with_element(films[0], few, fonts(1000))
    with_element(films[0], many, fonts(MOST_FONT_BYTES + 1))
    assert 1000 < attached_bytes(few) < 2000
    assert attached_bytes(many) > MOST_FONT_BYTES
    for path, used in ((few, True), (many, False)):
        seen: set[object] = set()
        source = PlaybackSource.of_file(path)

        def look(state: PlaybackState, seen: set[object] = seen) -> None:
            seen.add((state.title, player.read("embeddedfonts")))

        session = made.open(source, player, look)
        assert made.wait(session, 30)
        assert (path.stem, used) in seen


def test_a_look_at_attachments_survives_anything(tmp_path, films):
    """Sizes and positions lie; the look ends, and never counts more than the file has."""
    rng = random.Random(5)
    good = tmp_path / "good.mkv"
    with_element(films[0], good, fonts(5000))
    data = good.read_bytes()
    for _ in range(300):
        changed = bytearray(data[: rng.randrange(1, len(data))])
        for _ in range(rng.randrange(8)):
            changed[rng.randrange(min(len(changed), 600))] = rng.randrange(256)
        path = tmp_path / "changed.mkv"
        path.write_bytes(changed)
        assert 0 <= attached_bytes(path) <= 64 * len(changed)
