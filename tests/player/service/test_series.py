"""Series, markers and what comes next, as the service tells them."""

from __future__ import annotations

from typing import Any

import pytest

from player.reporting.state import NextEpisode, TitleFacts
from player.service.model import EpisodePlace, Markers
from player.service.reply import Members, read_play_session, read_title
from player.title.opening import facts_of_title
from tests.player.service.test_service import BASE, PLAY, TITLE, Bench, ok


def episode(number: int, **more: Any) -> dict[str, Any]:
    place = {"series_id": "mill", "series_title": "The Mill", "season": 1, "number": number}
    return {**TITLE, "id": f"e{number}", "title": f"Part {number}", "kind": "episode", "episode": place, **more}


async def test_the_seasons_of_a_series() -> None:
    bench = Bench()
    await bench.signed_in()
    artwork = {"backdrop_url": None, "logo_url": None, "still_url": "/still.png"}
    episodes = [episode(1, artwork=artwork), episode(2)]
    bench.plan(
        "/catalog/the%20mill/episodes", ok({"seasons": [{"season": 1, "name": "Grain", "episodes": episodes}]})
    )
    (season,) = await bench.client.seasons("the mill")
    assert season.name == "Grain"
    first, second = season.episodes
    assert (first.still_url, first.backdrop_url) == (f"{BASE}/still.png", "")
    assert second.still_url == ""
    assert (season.number, [one.id for one in season.episodes]) == (1, ["e1", "e2"])
    assert season.episodes[1].episode == EpisodePlace("mill", "The Mill", 1, 2)
    assert season.episodes[1].kind == "episode"


async def test_a_long_series_comes_in_pages() -> None:
    bench = Bench()
    await bench.signed_in()
    path = "/catalog/mill/episodes"

    def season(number: int, *episodes: int) -> dict[str, Any]:
        return {"season": number, "name": f"S{number}", "episodes": [episode(one) for one in episodes]}

    bench.plan(path, ok({"seasons": [season(0, 9), season(1, 1)], "next_after": "1.1"}))
    bench.plan(f"{path}?after=1.1", ok({"seasons": [season(1, 2), season(2, 3)], "next_after": None}))
    found = await bench.client.seasons("mill")
    assert [(one.number, one.name) for one in found] == [(0, "S0"), (1, "S1"), (2, "S2")]
    assert [[title.id for title in one.episodes] for one in found] == [["e9"], ["e1", "e2"], ["e3"]]


def test_what_a_play_session_tells_of_its_title() -> None:
    markers = {"intro": {"start_s": 5.0, "end_s": 30.5}, "credits_s": 550.0}
    answer = PLAY | {"title": episode(1, markers=markers), "next_episode": episode(2)}
    facts = facts_of_title(read_play_session(Members(answer, "answer"), BASE))
    poster = read_title(Members(TITLE, "title"), BASE).poster_url
    following = NextEpisode("e2", "Part 2", (1, 2), poster)
    assert facts == TitleFacts((5.0, 30.5), 550.0, "The Mill", (1, 1), following, poster)


def test_a_service_that_knows_no_series() -> None:
    session = read_play_session(Members(PLAY, "answer"), BASE)
    assert (session.title.kind, session.title.markers, session.next_episode) == ("film", Markers(), None)
    assert facts_of_title(session) == TitleFacts(poster_url=session.title.poster_url)


@pytest.mark.parametrize(
    "markers",
    [
        {"intro": {"start_s": 9.0, "end_s": 9.0}, "credits_s": 0},
        {"intro": {"start_s": -1.0, "end_s": 9.0}, "credits_s": -5.0},
        {},
    ],
)
def test_markers_that_mark_nothing_are_left_out(markers: dict[str, Any]) -> None:
    assert read_title(Members({**TITLE, "markers": markers}, "title"), BASE).markers == Markers()
