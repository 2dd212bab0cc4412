"""Titles that a kiosk downloads in advance.

What to fetch, renew and delete is decided by pure functions. A class does it on the client's loop, with the sign-in
that this needs.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Protocol

from player.base.clock import Clock
from player.base.errors import ANY_ERROR
from player.service.model import Account, Title
from player.title.opening import PlaybackSource
from ui.app.ports.downloads import DownloadsPort, KeptTitle, Shelf
from ui.kiosk.provisioning import PlaylistEntry

_log = logging.getLogger(__name__)
_RENEW_S, _RENEW_AGAIN_S = 86_400.0, 3600.0
_FAILED = "failed"
_STANDING = ("complete", _FAILED)


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be done: titles to fetch with their height limits, and ids of downloads to resume, to renew and to
    remove."""

    fetch: tuple[tuple[str, int], ...] = ()
    retry: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    renew: tuple[str, ...] = ()


def decide(
    entries: Sequence[PlaylistEntry],
    shelf: Shelf,
    limit_bytes: int,
    refused: Mapping[str, int] = MappingProxyType({}),
) -> Steps:
    """The steps towards having what the playlist wants kept, and nothing else. Nothing is begun above the limit.
    ``refused``: how often each title could not even be begun; one that never can be holds up no other."""
    wanted: dict[str, int] = {}
    for entry in entries:
        if entry.keep:
            wanted.setdefault(entry.title, entry.max_height)
    there = {kept.title_id for kept in shelf.titles}
    left_over = tuple(kept.id for kept in shelf.titles if kept.title_id not in wanted)
    missing = sorted(
        ((title, height) for title, height in wanted.items() if title not in there),
        key=lambda each: refused.get(each[0], 0),
    )
    # One at a time: how large a title is shows only when it is there.
    going_on = any(kept.state not in _STANDING for kept in shelf.titles if kept.id not in left_over)
    room = shelf.used < limit_bytes
    retry = tuple(kept.id for kept in shelf.titles if kept.state == _FAILED and kept.title_id in wanted)
    # Also of what plays on another day only: by then there may be no network.
    renew = tuple(kept.id for kept in shelf.titles if kept.renewal_due and kept.id not in left_over)
    return Steps(tuple(missing[:1]) if room and not going_on else (), retry if room else (), left_over, renew)


def playable(entry: PlaylistEntry, shelf: Shelf) -> KeptTitle | None:
    """The download that stands for an entry, if it is complete and its licence permits."""
    return next(
        (kept for kept in shelf.titles if entry.keep and kept.title_id == entry.title and kept.playable), None
    )


class TitleKeeper:
    """Uses the downloads of the client; ``card_of`` asks the service for a title. For the client's loop."""

    def __init__(
        self,
        downloads: DownloadsPort,
        card_of: Callable[[str], Awaitable[Title]],
        entries: Sequence[PlaylistEntry],
        limit_bytes: int,
    ) -> None:
        self._downloads = downloads
        self._card_of = card_of
        self._entries = entries
        self._limit_bytes = limit_bytes
        self._refused: Counter[str] = Counter()
        self._unwanted: frozenset[str] = frozenset()

    async def provide(self) -> None:
        """One round of steps. What fails is tried again in the next one, and keeps no other from being done. What
        nobody wants is let go in the second round in a row: a playlist may be on trial
        (:mod:`ui.kiosk.playlist_trial`)."""
        try:
            steps = decide(self._entries, await self._downloads.shelf(), self._limit_bytes, self._refused)
        except ANY_ERROR as error:
            _log.warning("what is kept ahead waits: %s", error.code)
            return
        before, self._unwanted = self._unwanted, frozenset(steps.remove)
        for work in (
            *(partial(self._downloads.remove, each) for each in steps.remove if each in before),
            *(partial(self._downloads.resume, download_id) for download_id in steps.retry),
            *(partial(self._downloads.renew, download_id) for download_id in steps.renew),
            *(partial(self._fetch, title_id, height) for title_id, height in steps.fetch),
        ):
            try:
                await work()
            except ANY_ERROR as error:
                _log.warning("what is kept ahead waits: %s", error.code)

    async def _fetch(self, title_id: str, height: int) -> None:
        self._refused[title_id] += 1  # until it is known better
        await self._downloads.add(await self._card_of(title_id), height or None)
        del self._refused[title_id]

    async def source(self, entry: PlaylistEntry) -> PlaybackSource:
        """What to play for an entry: what is kept, else the stream."""
        if entry.keep:
            try:
                kept = playable(entry, await self._downloads.shelf())
                if kept is not None:
                    return await self._downloads.source(kept.id)
            except ANY_ERROR as error:
                _log.warning("%s is not played from this machine: %s", entry.name, error.code)
        return streamed(entry)


class SignIn(Protocol):
    """As :class:`player.service.ServiceClient`."""

    async def account(self) -> Account | None: ...

    async def refresh(self) -> Account: ...


class SignInKeeper:
    """Renews the sign-in of a screen once a day: it ends where nothing has used it for weeks, as with titles that are
    all kept. For the client's loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = float("-inf")

    async def provide(self, service: SignIn | None) -> None:
        """Renew it where that is due; what fails is tried again in an hour."""
        now = self._clock.monotonic()
        if service is None or now < self._next:
            return
        try:
            if await service.account() is None:
                return
            self._next = now + _RENEW_AGAIN_S
            await service.refresh()
            self._next = now + _RENEW_S
        except ANY_ERROR as error:
            _log.warning("the sign-in is renewed later: %s", error.code)


def streamed(entry: PlaylistEntry) -> PlaybackSource:
    """The stream of an entry."""
    if entry.title:
        return PlaybackSource(title_id=entry.title, name=entry.name, variant=entry.variant)
    return PlaybackSource(url=entry.url, name=entry.name)
