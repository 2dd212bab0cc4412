"""An episode of the running service on the real libmpv: what is told of it, and what its credits lead to."""

from __future__ import annotations

from pathlib import Path

from backend_stub.services.title_relations import EpisodeOf
from backend_stub.services.title_structure import Markers
from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.reporting.state import NextEpisode, TitleFacts
from player.title.opening import PlaybackSource
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc
from tests.kit.playback import null_player, publish_media, signed_in_engine
from tests.kit.waiting import PATIENCE_S

CREDITS_S = 12.0


def test_an_episode_watched_to_its_credits_leads_to_the_next(tmp_path: Path) -> None:
    with running_backend(tmp_path / "service", edges=1) as group:
        belongings = group.context.titles.belongings
        series = belongings.make_series("Numbers", "", 0, by=None)
        for number, name in enumerate(("one", "two"), 1):
            publish_media(group, packager_cenc(), name)
            belongings.set_place(name, EpisodeOf(series.id, 1, number), by=None)
        belongings.set_markers("one", Markers((2.0, 6.0), CREDITS_S), by=None)
        with signed_in_engine(tmp_path / "profile", group) as made, null_player() as player:
            assert made.service is not None
            settings, recorder = PlaybackSettings(start_s=CREDITS_S + 0.5, play_for_s=2.0), Recorder()
            session = made.open(PlaybackSource(title_id="one"), player, recorder.see, settings, recorder)
            assert made.wait(session, 60)
            following = NextEpisode("two", "two", (1, 2), f"{group.api_url}/posters/two.jpg")
            poster = f"{group.api_url}/posters/one.jpg"
            assert session.state.facts == TitleFacts((2.0, 6.0), CREDITS_S, "Numbers", (1, 1), following, poster)
            made.submit(made.send_positions()).result(PATIENCE_S)
            rows = made.submit(made.service.rows()).result(PATIENCE_S)
            (going_on,) = [row for row in rows if row.name == "continue"]
            assert [title.id for title in going_on.titles] == ["two"]
            device = made.submit(made.device_id()).result(PATIENCE_S)
            again = made.submit(made.service.play("one", device)).result(PATIENCE_S)
            assert again.resume_s == 0.0, "what was seen restarts"
