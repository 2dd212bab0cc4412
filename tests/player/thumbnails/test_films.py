"""Small pictures of a viewer's own film: drawn in a process that can do nothing else, kept within bounds."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from player.engine import Engine, EngineSettings
from player.thumbnails import FilmCache, FilmPictures, films
from player.thumbnails.film_cache import film_key
from player.thumbnails.films import WorkerDrawer, coarse_to_fine
from player.thumbnails.pictures import read_sheet
from tests.kit.clock import FakeClock
from tests.kit.films import FILMS
from tests.kit.sheets import sheet
from tests.kit.symbols import foreign_symbols


class Drawer:
    """Draws a picture at once; ``fails`` makes it refuse."""

    def __init__(self, fails: int = 0) -> None:
        self.asked: list[float] = []
        self.fails = fails
        self.closed = 0

    async def draw(self, time_s: float) -> bytes:
        self.asked.append(time_s)
        if self.fails:
            self.fails -= 1
            raise OSError("no")
        return sheet(1, 1)

    async def close(self) -> None:
        self.closed += 1


def film(name: str) -> Path:
    return next(one for one in FILMS if one.name == name).path()


class Instant(FakeClock):
    """No time passes."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def pictures(path: Path, folder: Path, drawer: Drawer, busy: list[bool] | None = None) -> FilmPictures:
    state = busy or [False]
    return FilmPictures(path, 40.0, FilmCache(folder), Instant(), lambda: state[0], drawer)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "film.mp4"
    made.write_bytes(b"film")
    return made


@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_each_part_comes_once_and_the_first_ones_are_far_apart(count):
    order = list(coarse_to_fine(count))
    assert sorted(order) == list(range(count))
    assert order[:2] == ([0, 128] if count == 200 else order[:2])


async def test_all_is_drawn_once_and_kept_for_the_next_time(path, tmp_path):
    drawer = Drawer()
    await pictures(path, tmp_path / "cache", drawer).run()
    assert sorted(drawer.asked) == [number + 0.5 for number in range(40)]
    assert drawer.closed
    again = Drawer()
    second = pictures(path, tmp_path / "cache", again)
    await second.run()
    shown = await second.at(12.3)
    assert shown is not None
    assert (shown.width, shown.start_s, shown.duration_s) == (64, 12.0, 1.0)
    assert again.asked == []
    path.write_bytes(b"another film")
    changed = Drawer()
    await pictures(path, tmp_path / "cache", changed).run()
    assert len(changed.asked) == 40


async def test_nothing_is_drawn_while_playback_is_busy_but_what_is_looked_at(path, tmp_path):
    drawer, busy = Drawer(), [True]
    made = pictures(path, tmp_path, drawer, busy)
    running = asyncio.ensure_future(made.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert await made.at(33.0) is not None
    assert drawer.asked == [33.5]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await made.close()
    assert set(FilmCache(tmp_path).load(film_key(path))) == {33}, "what was drawn so far is kept"


async def test_a_film_that_cannot_be_drawn_is_given_up(path, tmp_path):
    drawer = Drawer(fails=99)
    made = pictures(path, tmp_path, drawer)
    await made.run()
    assert await made.at(1.0) is None
    assert len(drawer.asked) == 3


def test_the_cache_stays_within_its_bound_and_survives_anything(tmp_path):
    cache = FilmCache(tmp_path, most_bytes=3000)
    for number in range(5):
        cache.keep(f"k{number}", {0: bytes(800)})
        os.utime(tmp_path / f"k{number}.pictures", ns=(number, number))
    cache.keep("last", {0: bytes(800), 7: b"x"})
    assert sum(one.stat().st_size for one in tmp_path.iterdir()) <= 3000
    assert set(cache.load("last")) == {0, 7}
    assert cache.load("k0") == {}
    whole = (tmp_path / "last.pictures").read_bytes()
    for data in (b"", b"PK", whole[:-9], whole.replace(b"7", b"x"), bytes(20 << 20)):
        (tmp_path / "last.pictures").write_bytes(data)
        assert cache.load("last") == {}
    (tmp_path / "file").touch()
    FilmCache(tmp_path / "file").keep("x", {0: b"x"})
    assert FilmCache(tmp_path / "file").load("x") == {}


def test_what_is_forgotten_leaves_no_pictures(tmp_path):
    films = [tmp_path / name for name in ("a.mkv", "b.mkv", "c.mkv")]
    engine = Engine(EngineSettings(profile=tmp_path / "p", key_store="file", picture_folder=tmp_path / "pictures"))
    try:
        cache = FilmCache(tmp_path / "pictures")
        for film in films:
            film.touch()
            engine.files.keep(film.stem, place=str(film), name=film.stem)
            cache.keep(film_key(film), {0: b"x"})
        films[1].unlink()
        engine.forget_file("a")
        assert [len(cache.load(film_key(film))) for film in (films[0], films[2])] == [0, 1]
        engine.forget_file("b")
        engine.forget_file("unknown")
        assert [file.identity for file in engine.files.last()] == ["c"]
        engine.forget_file()
        assert not list((tmp_path / "pictures").iterdir())
        assert engine.files.last() == ()
    finally:
        engine.close()


async def test_a_process_draws_the_film(tmp_path):
    drawer = WorkerDrawer(film("h264.mkv"))
    try:
        first, last = await drawer.draw(0.5), await drawer.draw(3.5)
    finally:
        await drawer.close()
    assert read_sheet(first).shape == (136, 240, 3)
    assert abs(read_sheet(first).astype(int) - read_sheet(last)).mean() > 1, "two places of it"
    assert not foreign_symbols()


async def test_a_turned_film_is_drawn_upright():
    seen = []
    for name in ("h264.mp4", "turned.mp4"):
        drawer = WorkerDrawer(film(name))
        try:
            seen.append(read_sheet(await drawer.draw(2.5)).astype(int))
        finally:
            await drawer.close()
    flat, turned = seen
    assert turned.shape == flat.shape
    assert abs(flat - turned).mean() < 12 < abs(flat - turned[::-1, ::-1]).mean()


@pytest.mark.parametrize("kind", ["pipe", "folder", "list", "nothing", "text"])
async def test_what_is_no_film_is_refused_at_once(tmp_path, kind):
    place = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "list":
        place.write_text("#EXTM3U\n#EXTINF:2,\n" + str(film("h264.ts")) + "\n")
    elif kind == "text":
        place.write_text("ffconcat version 1.0\nfile " + str(film("h264.ts")) + "\n")
    drawer = WorkerDrawer(place)
    with pytest.raises(OSError, match="Error"):
        await drawer.draw(0.0)


async def test_a_process_that_hangs_or_babbles_is_ended(tmp_path, monkeypatch):
    for words in ("import time; time.sleep(99)", "print('x' * 10**6)"):
        monkeypatch.setattr(films, "worker_command", lambda _module, words=words: [sys.executable, "-c", words])
        monkeypatch.setattr(films, "_ANSWER_S", 0.3)
        drawer = WorkerDrawer(tmp_path)
        with pytest.raises(OSError, match="Error"):
            await drawer.draw(0.0)
        assert drawer._process is None
