"""Titles kept ahead of need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from player.base.errors import ErrorCode, NetError, ServiceError
from player.service.model import Account, Title
from player.title.opening import PlaybackSource
from tests.kit.clock import FakeClock
from ui.app.ports.downloads import KeptTitle, Shelf
from ui.kiosk.kept_titles import SignInKeeper, Steps, TitleKeeper, decide, playable
from ui.kiosk.provisioning import PlaylistEntry

ENTRIES = [
    PlaylistEntry("Film", title="film", keep=True, max_height=720),
    PlaylistEntry("News", url="https://a.test/"),
]
TWO = [
    *ENTRIES,
    PlaylistEntry("Short", title="short", keep=True),
    PlaylistEntry("Film again", title="film", keep=True),
]


def kept(title: str, state: str = "complete", *, playable: bool = True) -> KeptTitle:
    return KeptTitle(f"d-{title}", title, title, state, playable=playable)


def due(title: str) -> KeptTitle:
    return replace(kept(title), renewal_due=True)


@pytest.mark.parametrize(
    ("shelf", "steps"),
    [
        (Shelf(), Steps(fetch=(("film", 720),))),
        (Shelf([kept("film")]), Steps(fetch=(("short", 0),))),
        (Shelf([kept("film", "queued")]), Steps()),
        (Shelf([kept("film"), kept("short")]), Steps()),
        (Shelf([kept("film"), kept("short"), kept("old")]), Steps(remove=("d-old",))),
        (Shelf([kept("film", "failed")]), Steps(fetch=(("short", 0),), retry=("d-film",))),
        (Shelf([kept("film")], used=100), Steps()),
        (Shelf([kept("film"), kept("old")], used=100), Steps(remove=("d-old",))),
        (Shelf([due("film"), kept("short"), due("old")]), Steps(remove=("d-old",), renew=("d-film",))),
    ],
)
def test_steps(shelf: Shelf, steps: Steps) -> None:
    assert decide(TWO, shelf, 100) == steps


def test_only_what_is_complete_and_permitted_is_played_from_here() -> None:
    film = ENTRIES[0]
    assert playable(film, Shelf([kept("film")])) == kept("film")
    assert playable(film, Shelf([kept("film", playable=False)])) is None
    assert playable(PlaylistEntry("Film", title="film"), Shelf([kept("film")])) is None


class FakeDownloads:
    """Those of the port that a keeper uses."""

    def __init__(self, *titles: KeptTitle) -> None:
        self.titles = list(titles)
        self.calls: list[tuple[str, object]] = []
        self.breaks = False

    async def shelf(self) -> Shelf:
        if self.breaks:
            raise ServiceError(ErrorCode.SERVICE_EXPIRED, "Sign in again.")
        return Shelf(self.titles)

    async def add(self, card: Title, height: int | None) -> None:
        self.calls.append((f"add {card.id}", height))

    async def remove(self, download_id: str) -> None:
        self.calls.append(("remove", download_id))

    async def resume(self, download_id: str) -> None:
        self.calls.append(("resume", download_id))

    async def renew(self, download_id: str) -> None:
        self.calls.append(("renew", download_id))

    async def source(self, download_id: str) -> PlaybackSource:
        return PlaybackSource(url=f"http://kept.test/{download_id}")


async def card_of(title_id: str) -> Title:
    return Title(title_id, title_id)


async def test_a_round_fetches_and_lets_go() -> None:
    downloads = FakeDownloads(kept("old"))
    keeper = TitleKeeper(downloads, card_of, ENTRIES, 100)
    await keeper.provide()
    assert downloads.calls == [("add film", 720)]
    await keeper.provide()
    assert downloads.calls[1:] == [("remove", "d-old"), ("add film", 720)]


async def test_what_fails_waits_for_the_next_round() -> None:
    downloads = FakeDownloads()
    downloads.breaks = True
    keeper = TitleKeeper(downloads, card_of, ENTRIES, 100)
    await keeper.provide()
    assert downloads.calls == []
    assert (await keeper.source(ENTRIES[0])).title_id == "film"


async def test_a_title_that_is_gone_holds_up_no_other() -> None:
    async def find(title_id: str) -> Title:
        if title_id == "film":
            raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "There is no such title.")
        return Title(title_id, title_id)

    downloads = FakeDownloads()
    keeper = TitleKeeper(downloads, find, TWO, 100)
    await keeper.provide()
    assert downloads.calls == []
    await keeper.provide()
    assert downloads.calls == [("add short", None)]


async def test_the_last_title_goes_where_nothing_is_to_be_kept_any_more() -> None:
    downloads = FakeDownloads(kept("old"), kept("half", "downloading"))
    keeper = TitleKeeper(downloads, card_of, ENTRIES[1:], 100)
    await keeper.provide()
    assert downloads.calls == []
    await keeper.provide()
    assert downloads.calls == [("remove", "d-old"), ("remove", "d-half")]


async def test_what_is_wanted_again_by_the_next_round_stays() -> None:
    downloads = FakeDownloads(kept("film"), kept("old"))
    keeper = TitleKeeper(downloads, card_of, ENTRIES, 100)
    await keeper.provide()
    downloads.titles = [kept("film")]
    await keeper.provide()
    downloads.titles = [kept("film"), kept("old")]
    await keeper.provide()
    assert downloads.calls == []


async def test_what_is_kept_is_played_from_here_else_the_stream() -> None:
    keeper = TitleKeeper(FakeDownloads(kept("film")), card_of, TWO, 100)
    assert (await keeper.source(TWO[0])).url == "http://kept.test/d-film"
    assert (await keeper.source(TWO[2])).title_id == "short"
    assert (await keeper.source(TWO[1])).url == "https://a.test/"


async def test_licences_are_renewed_ahead_of_need() -> None:
    downloads = FakeDownloads(due("film"))
    await TitleKeeper(downloads, card_of, ENTRIES, 100).provide()
    assert downloads.calls == [("renew", "d-film")]


class FakeService:
    """A sign-in that counts its renewals."""

    def __init__(self) -> None:
        self.viewer: Account | None = Account("a", "foyer@example.test", "Foyer")
        self.reachable = True
        self.renewed = 0

    async def account(self) -> Account | None:
        return self.viewer

    async def refresh(self) -> Account:
        if not self.reachable:
            raise NetError(ErrorCode.NET_REFUSED, "The service is not there.")
        assert self.viewer is not None
        self.renewed += 1
        return self.viewer


async def test_the_sign_in_is_renewed_once_a_day_though_nothing_asks_for_it() -> None:
    clock, service = FakeClock(), FakeService()
    keeper = SignInKeeper(clock)
    for _hour in range(49):
        await keeper.provide(service)
        await keeper.provide(None)
        await clock.advance(3600)
    assert service.renewed == 3


async def test_a_sign_in_that_cannot_be_renewed_now_is_renewed_later() -> None:
    clock, service = FakeClock(), FakeService()
    keeper = SignInKeeper(clock)
    service.reachable = False
    await keeper.provide(service)
    service.reachable = True
    await keeper.provide(service)
    assert service.renewed == 0, "not every minute"
    await clock.advance(3601)
    await keeper.provide(service)
    assert service.renewed == 1


async def test_a_screen_that_is_not_signed_in_renews_nothing() -> None:
    service = FakeService()
    service.viewer = None
    keeper = SignInKeeper(FakeClock())
    await keeper.provide(service)
    service.viewer = Account("a", "foyer@example.test", "Foyer")
    await keeper.provide(service)
    assert service.renewed == 1, "as soon as it is"
