"""A track that is chosen in a film that stands still is shown there: libmpv reads none of it by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from player.playback import file_phases
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.clock import settle
from tests.kit.playing import SessionBench

GERMAN = {"type": "sub", "id": 1, "lang": "de", "codec": "subrip"}
AT_S = 1.52


async def at_once(function: Callable[..., Any], *values: object) -> object:
    return function(*values)


@pytest.fixture
async def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SessionBench]:
    """A film that plays, with subtitles in it."""
    monkeypatch.setattr(file_phases, "apart", at_once)
    path = tmp_path / "film.ts"
    path.write_bytes((b"\x47" + bytes(187)) * 100)
    bench = SessionBench(PlaybackSource.of_file(path), {}, PlaybackSettings())
    bench.player.properties |= {"track-list": [GERMAN], "duration": 20.0, "time-pos": AT_S}
    await bench.open()
    bench.player.event("file-loaded")
    await bench.clock.advance(1.0)
    await bench.player.arrive(AT_S)
    assert bench.state.status is PlaybackStatus.PLAYING
    yield bench
    await bench.stop()


async def choose(film: SessionBench) -> None:
    film.session.select_text("text/1")
    await film.clock.settle()
    assert ("set", "sid", 1) in film.player.told


async def pause(film: SessionBench) -> None:
    film.player.property("pause", True)
    await settle()


@pytest.mark.parametrize("told_s", [AT_S, 1.5], ids=["frame", "before the first frame"])
async def test_subtitles_that_are_chosen_just_before_a_pause_are_read(film: SessionBench, told_s: float) -> None:
    """Until libmpv has restarted, it tells where it was to begin, although a frame may be shown."""
    film.player.properties["time-pos"] = told_s
    await choose(film)
    assert not film.player.done("seek_afresh"), "libmpv reads them with the next frame"
    film.player.properties["time-pos"] = AT_S
    await pause(film)
    assert film.player.done("seek_afresh") == [AT_S]
    film.player.property("pause", False)
    await pause(film)
    assert len(film.player.done("seek_afresh")) == 1


async def test_subtitles_that_were_shown_before_a_pause_are_not_read_again(film: SessionBench) -> None:
    await choose(film)
    film.player.property("time-pos", AT_S + 1.04)
    await pause(film)
    assert not film.player.done("seek_afresh")


async def test_subtitles_that_are_chosen_before_a_pause_is_reported_are_read(film: SessionBench) -> None:
    """libmpv has paused, and the player does not know it yet."""
    film.player.properties["pause"] = True
    await choose(film)
    assert film.player.done("seek_afresh") == [AT_S]
    await pause(film)
    assert len(film.player.done("seek_afresh")) == 1


async def test_subtitles_that_are_chosen_just_before_a_jump_are_left_to_it(film: SessionBench) -> None:
    await choose(film)
    film.session.seek(5.0)
    await pause(film)
    assert not film.player.done("seek_afresh")
