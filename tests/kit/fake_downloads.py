"""Scripted downloads for tests of the user interface: no disk, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from player.service.model import Title
from player.title.opening import PlaybackSource
from ui.app.ports.downloads import KeptTitle, Places, Shelf

GIGA = 1_000_000_000


def queue() -> list[KeptTitle]:
    """One download of each kind."""
    whole = {"size": 2 * GIGA, "duration_s": 5400.0}
    return [
        KeptTitle("d0", "Harbour", "title-0", running=True, fetched=GIGA, fraction=0.5, renewable=True, **whole),
        KeptTitle("d1", "The Long Tide", "title-1", waits="turn", **whole),
        KeptTitle("d2", "Northern Line", "title-2", "paused", fetched=GIGA // 2, fraction=0.25, **whole),
        KeptTitle(
            "d3",
            "Glass Gardens",
            "title-3",
            "complete",
            fetched=2 * GIGA,
            fraction=1.0,
            rights="You have 2 days left to watch this.",
            rights_state="ready",
            rights_left_s=2.5 * 86_400,
            playable=True,
            renewable=True,
            poster_url="https://tv.test/posters/title-3.jpg",
            **whole,
        ),
        KeptTitle("d4", "Small Hours", "title-4", "failed", code="disk.full", sentence="The disk is full.", **whole),
    ]


class FakeDownloads:
    """Notes every order, and carries it out on a list."""

    def __init__(self, titles: Sequence[KeptTitle] = ()) -> None:
        self.titles = list(titles)
        self.orders: list[tuple[object, ...]] = []
        self.failure: Exception | None = None
        self.damaged = 0
        self.pace = 0  # bytes that a running download grows by from one look to the next
        self.kept_up = 0
        self.limit: int | None = None
        self.on_devices: Places | None = Places(2, 5, 3, 10)

    async def shelf(self) -> Shelf:
        self._obstacles()
        self.titles = [replace(one, fetched=one.fetched + self.pace) if one.running else one for one in self.titles]
        return Shelf(tuple(self.titles), sum(one.fetched for one in self.titles), 40 * GIGA, self.limit)

    async def sizes(self, card: Title) -> Mapping[int, int]:
        self._obstacles()
        return {height: height * 1_000_000 for height in card.heights}

    async def add(self, card: Title, height: int | None) -> None:
        self._order("add", card.id, height)
        self.titles.append(KeptTitle(f"d-{card.id}", card.title, card.id, size=GIGA))

    async def add_episodes(self, card: Title, following: int | None, height: int | None) -> int:
        self._order("add_episodes", card.id, following, height)
        return following or 8

    async def places(self) -> Places | None:
        return self.on_devices

    async def keep_up(self) -> None:
        self.kept_up += 1

    async def pause(self, download_id: str) -> None:
        self._order("pause", download_id)
        self._change(download_id, "paused")

    async def resume(self, download_id: str) -> None:
        self._order("resume", download_id)
        self._change(download_id, "queued")

    async def remove(self, download_id: str) -> None:
        self._order("remove", download_id)
        self.titles = [one for one in self.titles if one.id != download_id]

    async def verify(self, download_id: str) -> int:
        self._order("verify", download_id)
        return self.damaged

    async def repair(self, download_id: str) -> int:
        self._order("repair", download_id)
        return self.damaged

    async def renew(self, download_id: str) -> None:
        self._order("renew", download_id)

    async def source(self, download_id: str) -> PlaybackSource:
        self._order("source", download_id)
        return PlaybackSource(url=f"https://kept.test/{download_id}.mpd", name=download_id)

    def _order(self, *order: object) -> None:
        self.orders.append(order)
        self._obstacles()

    def _obstacles(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _change(self, download_id: str, state: str) -> None:
        self.titles = [
            replace(one, state=state, running=False, code="", sentence="") if one.id == download_id else one
            for one in self.titles
        ]
