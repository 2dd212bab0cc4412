"""The app's downloads over a real store: what the list says of each."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from downloads import ledger, removal, request
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import DownloadChoice, DownloadOrigin, DownloadSummary, State
from downloads.queue import Queue
from downloads.settings import DownloadSettings, Metered
from downloads.store import Store
from drm_client.keystore import FileKeyStore
from player.base.errors import ErrorCode
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.reporting.state import NextEpisode, TitleFacts
from player.service.model import EpisodePlace, Markers, Season, Title, WatchProgress
from tests.kit.clock import FakeClock
from tests.kit.downloads import noise_download, shelf
from tests.kit.transport import ScriptedTransport
from ui.app.downloads import card as kept_card
from ui.app.downloads.titles import KeptTitles, _Licence


class NoService:
    """An engine as far as a list needs one."""

    service = None

    async def rights(self) -> None:
        return None


def titles(folder: Path) -> KeptTitles:
    return KeptTitles(NoService, folder / "store", lambda: FileKeyStore(folder / "keys"), lambda: False)


def test_before_anything_was_downloaded_there_is_only_room(tmp_path):
    found = asyncio.run(titles(tmp_path).shelf())
    assert (found.titles, found.used) == ((), 0)
    assert found.free > 0
    assert not (tmp_path / "store").exists(), "looking makes nothing"


def test_a_complete_download_without_a_licence_plays(tmp_path):
    with noise_download(tmp_path) as (_shelf, download, _server):
        kept = titles(tmp_path)
        (one,) = asyncio.run(kept.shelf()).titles
        assert (one.state, one.playable, one.renewable, one.maturity) == ("complete", True, False, 0)
        assert 0 < one.fetched <= one.size
        assert asyncio.run(kept.verify(download.id)) == 0
        item = next((download.path / "items").iterdir())
        item.write_bytes(b"other")
        assert asyncio.run(kept.verify(download.id)) == 1
        asyncio.run(kept.remove(download.id))
        assert asyncio.run(kept.shelf()).titles == []


@pytest.mark.parametrize(
    ("card", "maturity", "poster"),
    [
        ({"poster_url": "https://tv.test/p.jpg", "maturity": 16}, 16, "https://tv.test/p.jpg"),
        (None, 18, ""),
        ({"poster_url": 7}, 18, ""),
        ([], 18, ""),
    ],
    ids=["rated", "from the command line", "of another version", "no object"],
)
def test_a_title_whose_rating_is_not_known_is_for_adults(tmp_path, card, maturity, poster):
    made = shelf(tmp_path)
    folder = made.store.create("The Film", "film")
    request.write(
        folder, request.DownloadRequest(DownloadOrigin(title_id="film", service="https://tv.test"), DownloadChoice())
    )
    if card is not None:
        folder.write_secret("card", json.dumps(card).encode())
    folder.note(ledger.changed(State.PAUSED))
    (one,) = asyncio.run(titles(tmp_path).shelf()).titles
    assert (one.title_id, one.state, one.maturity, one.poster_url) == ("film", "paused", maturity, poster)
    assert not one.playable


class SeriesEngine:
    """An engine whose service knows one series."""

    def __init__(self, progress: dict[str, float]) -> None:
        self.service = self
        self.viewer = "person-1"
        self.address = "https://tv.test"
        self.progress = progress
        self.sent = 0

    async def rights(self) -> None:
        return None

    async def send_positions(self) -> None:
        self.sent += 1

    async def title(self, title_id: str) -> Title:
        (season,) = await self.seasons(title_id.rpartition("-")[0])
        return next(one for one in season.episodes if one.id == title_id)

    async def seasons(self, series_id: str) -> tuple[Season, ...]:
        titles = []
        for number in range(1, 5):
            title_id = f"{series_id}-{number}"
            at = self.progress.get(title_id)
            seen = WatchProgress() if at is None else WatchProgress(at, 100.0, 1.0)
            place = EpisodePlace(series_id, "The Mill", 1, number)
            title = Title(title_id, f"Part {number}", "", 0, 100.0, "", (240,), ("clear",), seen, 0.0)
            titles.append(replace(title, episode=place, markers=Markers(credits_s=90.0)))
        return (Season(1, tuple(titles)),)


def test_of_a_series_that_is_kept_the_next_episode_comes_and_the_watched_one_goes(tmp_path, monkeypatch):
    progress: dict[str, float] = {}
    engine = SeriesEngine(progress)
    kept = KeptTitles(lambda: engine, tmp_path / "store", lambda: FileKeyStore(tmp_path / "keys"), lambda: False)
    woken = []

    async def wake(download_id=None) -> None:
        woken.append(download_id)

    monkeypatch.setattr(kept, "_wake", wake)

    def names() -> list[str]:
        return sorted(one.name for one in asyncio.run(kept.shelf()).titles)

    asyncio.run(kept.keep_up())
    assert not (tmp_path / "store").exists()
    first = Title("mill-1", "Part 1", episode=EpisodePlace("mill", "The Mill", 1, 1), variants=("clear",))
    asyncio.run(kept.add(first, 240))
    asyncio.run(kept.keep_up())
    assert names() == ["The Mill 1×01 Part 1"], "nothing was watched"
    progress["mill-1"] = 90.0
    asyncio.run(kept.keep_up())
    assert names() == ["The Mill 1×01 Part 1", "The Mill 1×02 Part 2"], "what the viewer asked for stays"
    store = kept._opened()
    (second,) = (item for item in store.list() if item.title_id == "mill-2")
    wanted = request.read(store.find(second.id))
    assert (wanted.smart, wanted.choice.max_height, wanted.origin.variant) == (True, 240, "clear")
    progress["mill-2"] = 95.0
    asyncio.run(kept.keep_up())
    assert names() == ["The Mill 1×01 Part 1", "The Mill 1×03 Part 3"]
    assert engine.sent == 3


def episode(number: int) -> Title:
    place = EpisodePlace("mill", "The Mill", 1, number)
    return Title(f"e{number}", f"Episode {number}", poster_url=f"https://tv.test/{number}.jpg", episode=place)


def test_a_kept_episode_knows_its_intro_and_the_next_one_that_is_here(tmp_path):
    shelf_ = shelf(tmp_path)
    for number in (1, 3, 4, 2):
        folder = shelf_.store.create(f"Episode {number}", f"e{number}")
        kept_card.keep(
            folder, replace(kept_card.kept_card(episode(number), None), intro=(60.0, 90.0), credits_s=1300.0)
        )
        if number != 2:  # that is still on its way
            folder.note(ledger.changed(State.COMPLETE))
    kept = titles(tmp_path)

    async def facts(name: str) -> TitleFacts:
        card = kept_card.read(shelf_.store.get(name), rated=True)
        return card.facts(await kept._following(card))

    first = asyncio.run(facts("e1"))
    assert (first.intro, first.credits_s, first.series, first.place) == ((60.0, 90.0), 1300.0, "The Mill", (1, 1))
    assert first.next_episode == NextEpisode("e3", "Episode 3", (1, 3), "https://tv.test/3.jpg")
    assert asyncio.run(facts("e4")).next_episode is None


def test_what_is_downloaded_goes_to_the_disk_that_was_chosen_while_it_is_there(tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    kept = titles(tmp_path)
    store = asyncio.run(kept._ready())
    kept.place = disk / "Matinee"
    with pytest.raises(DownloadError) as caught:
        kept._disk()
    assert str(caught.value.code) == "download.store_gone", "nothing is mounted there"
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == disk)
    made = store.create("Film", "film", place=kept._disk())
    assert made.path.parent == disk / "Matinee"
    assert store.get("film").path == made.path, "the store knows where it is"
    disk.rename(tmp_path / "elsewhere")
    (one,) = store.list()
    assert one.code == "download.store_gone"


def test_the_limit_that_is_set_holds_for_downloads_that_run_and_for_nothing_else(tmp_path, monkeypatch):
    """Settings are changed while a download runs: they count for it."""
    url = "https://cdn.test/1.m4s"

    async def work(_queue: Queue) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Queue, "run", work)

    async def check() -> None:
        clock = FakeClock()
        gate = Gate(ScriptedTransport(clock, {url: bytes(1_000_000)}), clock)
        engine = SimpleNamespace(gate=gate, clock=clock, service=None, device_id="", rights=NoService().rights)
        kept = KeptTitles(lambda: engine, tmp_path / "store", lambda: FileKeyStore(tmp_path / "keys"), lambda: False)

        async def took_s(through: Gate) -> float:
            began_s = clock.monotonic()
            await clock.run(through.fetch(Request(RequestKind.SEGMENT, url)))
            return clock.monotonic() - began_s

        await kept._wake()
        queue = kept._queue
        assert queue is not None
        for limit_bps, expected_s in ((None, 0.0), (2e6, 4.0), (8e6, 1.0), (None, 0.0)):
            kept.settings = DownloadSettings(limit_bps=limit_bps, metered=Metered.ALLOW)
            assert await took_s(queue.downloader.gate) == pytest.approx(expected_s, rel=0.01)
            assert await took_s(gate) == 0.0, "a playback is not held up"
            assert queue.settings.metered is Metered.ALLOW

    asyncio.run(check())


def two_kept(tmp_path: Path) -> tuple[Store, DownloadFolder, DownloadFolder]:
    """A store with a download in it, and one on a disk at ``usb``."""
    store = shelf(tmp_path).store
    (tmp_path / "usb").mkdir()
    inner = store.create("Inner", "inner")
    outer = store.create("Outer", "outer", place=tmp_path / "usb" / "Matinee")
    for folder in (inner, outer):
        kept_card.keep(folder, kept_card.kept_card(episode(1), None))
        folder.note(ledger.changed(State.PAUSED))
    return store, inner, outer


def test_a_disk_that_is_not_connected_hides_no_other_title(tmp_path):
    _, inner, outer = two_kept(tmp_path)
    (tmp_path / "usb").rename(tmp_path / "away")
    found = {one.id: one for one in asyncio.run(titles(tmp_path).shelf()).titles}
    assert set(found) == {inner.id, outer.id}
    assert (found[inner.id].state, found[inner.id].code) == ("paused", "")
    lost = found[outer.id]
    assert (lost.code, lost.playable, lost.maturity) == ("download.store_gone", False, kept_card.UNKNOWN_MATURITY)


def test_a_title_whose_disk_is_lost_can_be_removed(tmp_path):
    _, inner, outer = two_kept(tmp_path)
    (tmp_path / "usb").rename(tmp_path / "away")
    kept = titles(tmp_path)
    asyncio.run(kept.remove(outer.id))
    assert [one.id for one in asyncio.run(kept.shelf()).titles] == [inner.id]


@pytest.mark.parametrize("how", ["removed", "unplugged"])
def test_a_title_that_goes_while_it_is_looked_at_hides_no_other_title(tmp_path, monkeypatch, how):
    store, inner, outer = two_kept(tmp_path)
    list_ = Store.list

    def listed(self: Store) -> tuple[DownloadSummary, ...]:
        found = list_(self)
        if how == "removed":
            store.remove(outer.id)
        else:
            (tmp_path / "usb").rename(tmp_path / "away")
        monkeypatch.setattr(Store, "list", list_)
        return found

    kept = titles(tmp_path)
    monkeypatch.setattr(Store, "list", listed)
    found = {one.id: one.code for one in asyncio.run(kept.shelf()).titles}
    assert found == {inner.id: "", **({} if how == "removed" else {outer.id: "download.store_gone"})}


def test_a_disk_that_goes_ends_neither_smart_downloads_nor_the_next_episode(tmp_path, monkeypatch):
    store, *_ = two_kept(tmp_path)
    kept = KeptTitles(
        lambda: SeriesEngine({}), tmp_path / "store", lambda: FileKeyStore(tmp_path / "keys"), lambda: False
    )
    snapshots = tuple(replace(item, state=State.COMPLETE) for item in store.list())
    monkeypatch.setattr(Store, "list", lambda _store: snapshots)
    (tmp_path / "usb").rename(tmp_path / "away")
    asyncio.run(kept.keep_up())
    card = kept_card.read(store.find("inner"), rated=True)
    following = asyncio.run(kept._following(replace(card, place=(1, 0))))
    assert following is not None
    assert following.title_id == "inner"


def test_removals_that_cannot_be_finished_yet_are_tried_again_and_hide_nothing(tmp_path, monkeypatch):
    two_kept(tmp_path)
    kept = titles(tmp_path)
    asked = []

    async def licences() -> object:
        return object()

    def finish(*_given: object) -> int:
        asked.append(1)
        if len(asked) == 1:
            raise DownloadError(ErrorCode.DOWNLOAD_STORE_GONE, "Its disk is not connected.", recoverable=True)
        return 0

    monkeypatch.setattr(kept, "_licences", licences)
    monkeypatch.setattr(removal, "finish", finish)
    monkeypatch.setattr("ui.app.downloads.titles._licence_of", lambda *_given: _Licence())
    for _ in range(3):
        assert len(asyncio.run(kept.shelf()).titles) == 2
    assert len(asked) == 2
