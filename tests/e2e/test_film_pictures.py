"""Small pictures of a film of the viewer's own, from the real process to a session."""

from __future__ import annotations

import pytest

from player.engine import Engine, EngineSettings
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.films import FILMS
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until


@pytest.mark.realtime
def test_a_film_has_pictures_for_scrubbing_and_music_has_none(tmp_path):
    engine = Engine(EngineSettings(profile=tmp_path, key_store="file", picture_folder=tmp_path / "pictures"))
    films = {film.name: film.path() for film in FILMS if film.name in ("h264.mp4", "tone.flac")}
    try:
        with Screen() as screen:
            for name, there in (("h264.mp4", True), ("tone.flac", False)):
                settings = PlaybackSettings(start_paused=True)
                session = engine.open(
                    PlaybackSource.of_file(films[name]), screen.player, lambda _state: None, settings
                )
                until(lambda session=session: session.state.status is PlaybackStatus.PAUSED)
                until(lambda session=session, there=there: session.state.thumbnails is there)
                picture = session.thumbnail(2.2).result(PATIENCE_S)
                assert (picture is not None) is there
                if picture is not None:
                    assert picture.start_s <= 2.2 < picture.start_s + picture.duration_s
                    until(lambda: list((tmp_path / "pictures").glob("*.pictures")))
                session.stop()
                assert engine.wait(session, PATIENCE_S)
    finally:
        engine.close()
