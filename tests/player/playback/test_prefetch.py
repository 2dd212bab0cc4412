"""What is fetched of a title before it is played, and that nothing of it is fetched again."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from unittest.mock import Mock

import pytest

from player.engine import Engine
from player.net.model import Request, RequestKind
from player.net.prefetched import MOST_BYTES, OLDEST_S, KeptAnswers
from player.playback.prefetch import Prefetcher, needs_network
from player.playback.settings import PlaybackSettings
from player.reporting.cmcd import with_query
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import LIVE, PlaybackSource
from tests.kit import media
from tests.kit.clock import FakeClock
from tests.kit.fileserver import FileServer
from tests.kit.media import TestMedia
from tests.kit.playback import engine, null_player, play
from tests.kit.transport import ScriptedTransport
from tests.kit.waiting import PATIENCE_S, until

URL = "http://cdn/title.mpd"


def asked(server: FileServer) -> Counter[str]:
    return Counter(request.path for request in server.requests)


def at_rest(made: Engine) -> bool:
    task = made._prefetcher._running
    return task is not None and task.done()


@pytest.mark.parametrize(("title", "form"), [(media.packager_clear, "hls"), (media.dash_on_demand, "dash")])
def test_a_title_that_was_looked_at_needs_only_its_segments(
    title: Callable[[], TestMedia], form: str, tmp_path: Path
) -> None:
    made_of = title()
    with FileServer(made_of.folder) as server, engine(tmp_path) as made, null_player(untimed=True) as player:
        source = PlaybackSource(url=server.url(str(getattr(made_of, form))))
        settings = PlaybackSettings(rung=0, play_for_s=2.0)
        made.prefetch(source, settings)
        until(lambda: at_rest(made))
        ahead = asked(server)
        run = play(made, source, player, settings)
    assert run.status == "ended"
    assert ahead, "something was fetched"
    again = [path for path in ahead if asked(server)[path] > ahead[path] and not path.endswith(".mp4")]
    assert again == [], "an answer was asked for twice"
    manifests = [each for each in run.report["requests"] if each["kind"] == "manifest"]
    assert manifests, "the playback asked all the same, and was answered from memory"


def test_looking_on_to_another_title_or_at_none_ends_it(tmp_path: Path) -> None:
    title = media.packager_clear()
    with FileServer(title.folder) as server, engine(tmp_path) as made:
        first, second = (PlaybackSource(url=server.url(str(path))) for path in (title.hls, title.dash))
        made.prefetch(first)
        made.prefetch(second)
        until(lambda: at_rest(made))
        assert "/" + str(title.hls) not in asked(server)
        count = len(server.requests)
        made.prefetch(first)
        made.prefetch(None)
        made.submit(_turn()).result(PATIENCE_S)
        assert made._prefetcher._running is None
        assert len(server.requests) == count


async def _turn() -> None:
    """Whatever was put on the loop before has run."""


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (PlaybackSource(url=URL), PlaybackSettings(metered=True)),
        (PlaybackSource(title_id="news", variant=LIVE), PlaybackSettings()),
        (None, PlaybackSettings()),
    ],
    ids=["metered", "live", "nothing"],
)
def test_nothing_is_fetched_where_it_would_be_no_good(
    source: PlaybackSource | None, settings: PlaybackSettings, tmp_path: Path
) -> None:
    with engine(tmp_path) as made:
        made.prefetch(source, settings)
        made.submit(_turn()).result(PATIENCE_S)
        assert made._prefetcher._running is None


def test_what_was_fetched_is_given_once_to_who_watched_then_and_not_to_what_is_kept() -> None:
    viewer = ["anna"]
    ahead = Prefetcher(Mock(), FakeClock(), lambda: True, lambda: tuple(viewer))
    film, kept = (
        PlaybackSource(title_id="film"),
        PlaybackSource(title_id="film", kept=Mock(url="http://localhost/film")),
    )
    found = Mock()
    for wanted, who, given in ((film, "anna", found), (film, "ben", None), (kept, "anna", None)):
        ahead._prepared = OrderedDict({("anna", "film", film.variant, ""): (ahead._clock.monotonic(), found)})
        viewer[:] = [who]
        assert ahead.take(wanted) is given
        assert ahead.take(wanted) is None


def request(url: str = URL, kind: RequestKind = RequestKind.MANIFEST) -> Request:
    return Request(kind, url)


async def body_of(kept: KeptAnswers, wanted: Request) -> bytes:
    async with kept.open(wanted) as body:
        return b"".join([chunk async for chunk in body.chunks()])


async def keep(kept: KeptAnswers, wanted: Request) -> None:
    async with kept.ahead().open(wanted) as body:
        assert [chunk async for chunk in body.chunks()]


async def test_an_answer_is_given_once_and_not_when_it_is_old() -> None:
    clock = FakeClock()
    network = ScriptedTransport(clock, {URL: b"<MPD/>", "http://cdn/1.m4s": b"media"})
    kept = KeptAnswers(network, clock)
    await keep(kept, request())
    assert await body_of(kept, request()) == b"<MPD/>"
    assert len(network.requests) == 1
    assert await body_of(kept, request()) == b"<MPD/>"
    assert len(network.requests) == 2
    await keep(kept, request())
    await clock.advance(OLDEST_S + 1)
    await body_of(kept, request())
    assert len(network.requests) == 4


async def test_an_answer_is_given_to_a_request_that_tells_of_this_client() -> None:
    network = ScriptedTransport(FakeClock(), {URL: b"<MPD/>"})
    kept = KeptAnswers(network, FakeClock())
    await keep(kept, request())
    assert await body_of(kept, request(with_query(URL, {"ot": "m"}, 1))) == b"<MPD/>"
    assert len(network.requests) == 1


async def test_segments_and_what_is_too_much_are_not_kept() -> None:
    clock = FakeClock()
    large = {f"http://cdn/{n}": bytes(MOST_BYTES // 4) for n in range(6)}
    network = ScriptedTransport(clock, {URL: b"media", "http://cdn/huge": bytes(MOST_BYTES), **large})
    kept = KeptAnswers(network, clock)
    await keep(kept, request(kind=RequestKind.SEGMENT))
    await keep(kept, request("http://cdn/huge"))
    assert not kept._kept
    for url in large:
        await keep(kept, request(url))
    assert sum(len(answer.content) for answer in kept._kept.values()) <= MOST_BYTES


@pytest.mark.parametrize(
    ("state", "needs"),
    [
        (PlaybackState(status=PlaybackStatus.ENDED), False),
        (PlaybackState(status=PlaybackStatus.LOADING), True),
        (PlaybackState(PlaybackStatus.PLAYING, position_s=10.0, duration_s=60.0, buffered=((5.0, 40.0),)), True),
        (
            PlaybackState(
                PlaybackStatus.PLAYING, position_s=45.0, duration_s=60.0, buffered=((0.0, 9.0), (40.0, 59.9))
            ),
            False,
        ),
        (PlaybackState(PlaybackStatus.PLAYING, position_s=45.0, duration_s=60.0, buffered=((50.0, 60.0),)), True),
        (PlaybackState(PlaybackStatus.PLAYING, position_s=45.0, live=True, buffered=((40.0, 60.0),)), True),
    ],
)
def test_a_playback_that_has_everything_needs_no_network(state: PlaybackState, needs: bool) -> None:
    assert needs_network(state) is needs


@pytest.mark.parametrize("low", [True, False])
def test_on_a_slow_link_the_next_episode_is_not_fetched_ahead(low: bool, tmp_path: Path) -> None:
    whole = PlaybackState(
        PlaybackStatus.PLAYING, position_s=45.0, duration_s=60.0, buffered=((40.0, 60.0),), low_bandwidth=low
    )
    with engine(tmp_path) as made:
        made._sessions = {Mock(state=whole): Future()}  # a playback, as far as it counts
        try:
            assert made._is_free() is not low
        finally:
            made._sessions = {}
