"""Follows a live manifest: each refresh held against the one before it, and against the clock.

The comparison itself is :mod:`player.manifest`'s; what only time shows is added here: playlists that stand still, and
refreshes that cannot be had.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from player.clock import Clock
from player.errors import ManifestError, NetError
from player.manifest import refresh, refresh_playlist
from player.manifest.changes import BrokenRule, Changes
from player.manifest.edit import iter_renditions
from player.manifest.model import Presentation, Rendition, SegmentIndex

Fetch = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Body and address of a manifest, loaded now. Raises NetError."""

LEAST_EVERY_S = 0.5
USUAL_EVERY_S = 4.0
_STALE_SHARE = 1.5  # RFC 8216bis 6.2.2: something new within 1.5 target durations
_MPD_STALE_SHARE = 3.0  # of the time between updates; the standard names none


@dataclass(frozen=True, slots=True)
class Refresh:
    """One look at one manifest. ``name`` is the rendition of a media playlist, empty for the manifest itself;
    ``edge_s`` is where its last segment ends. ``trouble`` says why there is nothing to compare."""

    at_s: float
    name: str
    changes: Changes
    broken: tuple[BrokenRule, ...] = ()
    edge_s: float | None = None
    trouble: str = ""

    @property
    def good(self) -> bool:
        return not self.broken and not self.trouble


@dataclass(slots=True)
class _Watched:
    """A manifest under watch, or one media playlist of it."""

    url: str
    rendition: Rendition | None
    every_s: float
    due_s: float
    stale_after_s: float
    changed_s: float
    told_stale: bool = field(default=False)


class ManifestWatch:
    """See the module. ``every_s`` replaces the time between refreshes that the manifest asks for."""

    def __init__(
        self, presentation: Presentation, fetch: Fetch, clock: Clock, url: str, *, every_s: float | None = None
    ) -> None:
        self._presentation = presentation
        self._fetch = fetch
        self._clock = clock
        self._begin_s = clock.monotonic()
        self._watched = self._find(url, every_s)

    async def refreshes(self, for_s: float) -> AsyncIterator[Refresh]:
        """Each refresh as it happens, for so many seconds, or until the presentation ends."""
        while self._presentation.live and self._watched:
            following = min(self._watched, key=lambda each: each.due_s)
            if following.due_s - self._begin_s > for_s:
                return
            await self._clock.sleep(max(0.0, following.due_s - self._clock.monotonic()))
            found = await self._look(following)
            following.due_s = max(self._clock.monotonic(), following.due_s) + following.every_s
            yield found
            if found.changes.ended:
                self._watched.remove(following)

    def _find(self, url: str, every_s: float | None) -> list[_Watched]:
        """The manifest itself, or all media playlists of a multivariant one."""
        now_s = self._clock.monotonic()
        if self._presentation.kind != "multivariant":
            first = next((each for _, _, each in iter_renditions(self._presentation)), None)
            return [self._watch(url, None, every_s, now_s, None if first is None else first.target_duration_s)]
        found: dict[str, _Watched] = {}
        for _, _, rendition in iter_renditions(self._presentation):
            if rendition.playlist is not None and not rendition.playlist.ended:
                place = rendition.playlist.url
                found.setdefault(place, self._watch(place, rendition, every_s, now_s, rendition.target_duration_s))
        return list(found.values())

    def _watch(
        self, url: str, rendition: Rendition | None, every_s: float | None, now_s: float, target_s: float | None
    ) -> _Watched:
        info = self._presentation.live_info
        asked_s = target_s or (None if info is None else info.minimum_update_s) or USUAL_EVERY_S
        wait_s = max(every_s or asked_s, LEAST_EVERY_S)
        stale_s = target_s * _STALE_SHARE if target_s else max(asked_s, USUAL_EVERY_S) * _MPD_STALE_SHARE
        return _Watched(url, rendition, wait_s, now_s + wait_s, stale_s, now_s)

    async def _look(self, watched: _Watched) -> Refresh:
        name = "" if watched.rendition is None else watched.rendition.id
        try:
            body, url = await self._fetch(watched.url)
            if watched.rendition is None:
                self._presentation, changes = refresh(self._presentation, body, url, self._clock.wall())
            else:
                self._presentation, changes = refresh_playlist(self._presentation, name, body, url)
        except (NetError, ManifestError) as error:
            return Refresh(self._now_s(), name, Changes(), trouble=f"{error.sentence} ({error.code})")
        broken = (*changes.broken, *self._stale(watched, changes))
        return Refresh(self._now_s(), name, changes, broken, self._edge_s(name))

    def _stale(self, watched: _Watched, changes: Changes) -> tuple[BrokenRule, ...]:
        """Whether nothing new has come for too long; told once."""
        now_s = self._clock.monotonic()
        if any(each.added for each in changes.renditions) or changes.ended:
            watched.changed_s, watched.told_stale = now_s, False
            return ()
        still_s = now_s - watched.changed_s
        if watched.told_stale or still_s <= watched.stale_after_s + watched.every_s:
            return ()
        watched.told_stale = True
        sentence = f"Nothing new has come for {still_s:.1f} s."
        clause = "RFC 8216bis 6.2.2" if watched.rendition is not None or self._is_hls() else ""
        return (BrokenRule("stale", sentence, clause),)

    def _is_hls(self) -> bool:
        return self._presentation.kind != "mpd"

    def _edge_s(self, name: str) -> float | None:
        """Where the last segment ends, on the presentation's timeline."""
        ends = [
            rendition.segments[len(rendition.segments) - 1].end_s
            for _, _, rendition in iter_renditions(self._presentation)
            if (not name or rendition.id == name)
            and isinstance(rendition.segments, SegmentIndex)
            and rendition.segments
        ]
        return max(ends, default=None)

    def _now_s(self) -> float:
        return self._clock.monotonic() - self._begin_s
