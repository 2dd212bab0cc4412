"""Follows a live manifest: each refresh held against the one before it, and against the clock.

It asks as a player does: where the server offers that, for refreshes that wait for news (blocking reload) and that
hold only what is new (delta updates of HLS, patches of an MPD). The comparison itself is that of
:mod:`player.manifest`. What only time shows is added here: playlists that stand still, answers that should have
waited, and refreshes that are not available.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from player.base.clock import Clock
from player.base.errors import ManifestError, NetError
from player.manifest import refresh, refresh_playlist
from player.manifest.changes import BrokenRule, Changes
from player.manifest.edit import iter_renditions
from player.manifest.model import Presentation, Rendition, SegmentIndex
from player.manifest.timing import Reload, next_reload

Fetch = Callable[[str, float | None], Awaitable[tuple[bytes, str]]]
"""Body and address of a manifest, loaded now; the server may take so many seconds for it (None: as usual). Raises
NetError."""

Compare = Callable[[str, str], tuple[BrokenRule, ...]]
"""What more a refresh broke, by the texts of a manifest and of its next refresh. Pure."""

STALE = "stale"
LEAST_EVERY_S = 0.5
USUAL_EVERY_S = 4.0
_STALE_SHARE = 1.5  # RFC 8216bis 6.2.2: something new within 1.5 target durations
_MPD_STALE_SHARE = 3.0  # of the time between updates; the standard names none
_HELD_TARGETS = 3.0  # RFC 8216bis 6.2.5.2: so long a blocking answer may be held back
_ANSWER_S = 6.0
_LATE_PARTS, _LATE_ANSWER_S = 2.0, 1.0  # a slow answer is no late part


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
    how: str = ""  # blocking, delta, patch: what was asked for beside the whole
    news: bool = True  # a new segment, a new part, or the end

    @property
    def good(self) -> bool:
        return not self.broken and not self.trouble


@dataclass(slots=True)
class _WatchedList:
    """A manifest under watch, or one media playlist of it."""

    url: str
    rendition: Rendition | None
    every_s: float
    due_s: float
    stale_after_s: float
    changed_s: float
    told_stale: bool = field(default=False)
    brought: bool = field(default=True)  # the last look, something new
    decided: bool = field(default=False)  # whether it goes on: it brought something new, or stood still for too long
    whole: bool = field(default=False)  # asked for next, since a part did not fit
    text: str = field(default="", repr=False)  # the last whole one
    part_s: float | None = field(default=None)  # the part target
    awaited_s: float | None = field(default=None)  # when the last blocking reload brought something


class ManifestWatch:
    """See the module. ``every_s`` replaces the time between refreshes that the manifest asks for; the whole is loaded
    each time then, and where ``whole`` wants it. ``compare`` gets whole texts: of two delta updates in a row it makes
    one whole."""

    def __init__(
        self,
        presentation: Presentation,
        fetch: Fetch,
        clock: Clock,
        url: str,
        *,
        every_s: float | None = None,
        whole: bool = False,
        compare: Compare | None = None,
    ) -> None:
        self._presentation = presentation
        self._whole = whole or every_s is not None
        self._fetch = fetch
        self._compare = compare
        self._clock = clock
        self._begin_s = clock.monotonic()
        self._watched = self._find(url, every_s)

    @property
    def presentation(self) -> Presentation:
        """What is known by now."""
        return self._presentation

    async def refreshes(self, for_s: float, *, at_most_s: float = 0.0) -> AsyncIterator[Refresh]:
        """Each refresh as it happens, for so many seconds, or until the presentation ends. Where it is not clear by
        then whether a list goes on, up to ``at_most_s`` seconds."""
        while self._presentation.live and self._watched:
            following = min(self._watched, key=lambda each: each.due_s)
            decided = all(each.decided for each in self._watched)
            if following.due_s - self._begin_s > (for_s if decided else max(for_s, at_most_s)):
                return
            await self._clock.sleep(max(0.0, following.due_s - self._clock.monotonic()))
            found = await self._look(following)
            following.due_s = max(self._clock.monotonic(), following.due_s) + self._pause_s(following, found)
            yield found
            if found.changes.ended:
                self._watched.remove(following)

    def _find(self, url: str, every_s: float | None) -> list[_WatchedList]:
        """The manifest itself, or all media playlists of a multivariant one."""
        now_s = self._clock.monotonic()
        if self._presentation.kind != "multivariant":
            first = next((each for _, _, each in iter_renditions(self._presentation)), None)
            return [self._watch(url, None, every_s, now_s, None if first is None else first.target_duration_s)]
        found: dict[str, _WatchedList] = {}
        for _, _, rendition in iter_renditions(self._presentation):
            if rendition.playlist is not None and not rendition.playlist.ended:
                place = rendition.playlist.url
                found.setdefault(place, self._watch(place, rendition, every_s, now_s, rendition.target_duration_s))
        return list(found.values())

    def _watch(
        self, url: str, rendition: Rendition | None, every_s: float | None, now_s: float, target_s: float | None
    ) -> _WatchedList:
        info = self._presentation.live_info
        asked_s = target_s or (None if info is None else info.minimum_update_s) or USUAL_EVERY_S
        wait_s = max(every_s or asked_s, LEAST_EVERY_S)
        stale_s = target_s * _STALE_SHARE if target_s else max(asked_s, USUAL_EVERY_S) * _MPD_STALE_SHARE
        lists = [each for _, _, each in iter_renditions(self._presentation)] if rendition is None else [rendition]
        part_s = next((each.playlist.part_target_s for each in lists if each.playlist is not None), None)
        return _WatchedList(url, rendition, wait_s, now_s + wait_s, stale_s, now_s, part_s=part_s)

    def _reload(self, watched: _WatchedList) -> Reload | None:
        """How a player would ask now; None for the whole manifest."""
        if self._whole or watched.whole:
            return None
        rendition = None
        if self._presentation.kind != "mpd":
            found = (each for _, _, each in iter_renditions(self._presentation))
            rendition = next((each for each in found if watched.rendition is None or _same(watched, each)), None)
        reload = next_reload(self._presentation, rendition, changed=watched.brought)
        return reload if reload is not None and _how(reload) else None

    def _pause_s(self, watched: _WatchedList, found: Refresh) -> float:
        """How long until the next look. A server that waits for news is asked again at once where it brought some."""
        reload = self._reload(watched)
        if reload is not None and reload.blocking and watched.brought and not found.trouble:
            return 0.0
        return watched.every_s

    async def _look(self, watched: _WatchedList) -> Refresh:
        name = "" if watched.rendition is None else watched.rendition.id
        before = self._newest(name)
        reload = self._reload(watched)
        how = "" if reload is None else _how(reload)
        held_s = None
        if reload is not None and reload.blocking:
            held_s = _HELD_TARGETS * (watched.stale_after_s / _STALE_SHARE) + _ANSWER_S
        try:
            body, url = await self._fetch(watched.url if reload is None else reload.url, held_s)
            url = url if reload is None else watched.url  # without what was asked for
            if watched.rendition is None:
                self._presentation, changes = refresh(self._presentation, body, url, self._clock.wall())
            else:
                self._presentation, changes = refresh_playlist(self._presentation, name, body, url)
        except (NetError, ManifestError) as error:
            watched.whole = reload is not None
            trouble = f"{error.sentence} ({error.code})"
            return Refresh(self._now_s(), name, Changes(), trouble=trouble, how=how, news=False)
        broken = self._compared(watched, body.decode("utf-8", "replace"), how)
        watched.brought = any(each.added for each in changes.renditions) or self._newest(name) > before
        broken = (*changes.broken, *broken, *self._stale(watched, changes))
        if reload is not None and reload.blocking and not watched.brought and not changes.ended:
            sentence = "A request that was to wait for the next segment or part was answered with nothing new."
            broken = (*broken, BrokenRule("blocking", sentence, "RFC 8216bis 6.2.5.2"))
        broken = (*broken, *self._parts_late(watched, waited=reload is not None and reload.blocking))
        news = watched.brought or changes.ended
        watched.decided = watched.decided or news or watched.told_stale
        return Refresh(self._now_s(), name, changes, broken, self._edge_s(name), how=how, news=news)

    def _parts_late(self, watched: _WatchedList, *, waited: bool) -> tuple[BrokenRule, ...]:
        """Two blocking reloads in a row show when parts are listed, but for the time that the answers take."""
        now_s, before_s = self._clock.monotonic(), watched.awaited_s
        watched.awaited_s = now_s if waited and watched.brought else None
        if watched.awaited_s is None or before_s is None or watched.part_s is None:
            return ()
        pause_s = now_s - before_s
        if pause_s <= _LATE_PARTS * watched.part_s + _LATE_ANSWER_S:
            return ()
        sentence = f"No new part was listed for {pause_s:.1f} s; the part target is {watched.part_s:g} s."
        return (BrokenRule("parts_late", sentence, "RFC 8216bis 6.2.1"),)

    def _compared(self, watched: _WatchedList, text: str, how: str) -> tuple[BrokenRule, ...]:
        part = "delta" in how or "patch" in how
        watched.whole = part and self._compare is not None
        if part or self._compare is None:
            return ()
        before, watched.text = watched.text, text
        return self._compare(before, text) if before else ()

    def _stale(self, watched: _WatchedList, changes: Changes) -> tuple[BrokenRule, ...]:
        """Whether nothing new has come for too long; told once."""
        now_s = self._clock.monotonic()
        if watched.brought or changes.ended:
            watched.changed_s, watched.told_stale = now_s, False
            return ()
        still_s = now_s - watched.changed_s
        if watched.told_stale or still_s <= watched.stale_after_s + watched.every_s:
            return ()
        watched.told_stale = True
        sentence = f"Nothing new has come for {still_s:.1f} s."
        clause = "RFC 8216bis 6.2.2" if watched.rendition is not None or self._is_hls() else ""
        return (BrokenRule(STALE, sentence, clause),)

    def _is_hls(self) -> bool:
        return self._presentation.kind != "mpd"

    def _newest(self, name: str) -> tuple[int, int]:
        """Number of the last whole segment, and how many parts are listed behind it."""
        found = [
            (
                rendition.segments[len(rendition.segments) - 1].number,
                0 if rendition.playlist is None else len(rendition.playlist.trailing_parts),
            )
            for _, _, rendition in iter_renditions(self._presentation)
            if (not name or rendition.id == name)
            and isinstance(rendition.segments, SegmentIndex)
            and rendition.segments
        ]
        return max(found, default=(-1, 0))

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


def silent(found: Sequence[Refresh]) -> list[str]:
    """The lists that brought nothing new in any refresh, and not for long enough to say that they stand still. The
    manifest itself has an empty name."""
    names = dict.fromkeys(each.name for each in found)
    known = {each.name for each in found if each.news or any(rule.code == STALE for rule in each.broken)}
    return [name for name in names if name not in known]


def why_watch(found: Sequence[Refresh]) -> list[str]:
    """Why the verdict is what it is, in sentences with the numbers: how much came and how steadily, and for each
    broken rule and each trouble how often and what it was at first."""
    if not found:
        return ["No refresh was due in this time."]
    added = [(each.at_s, sum(len(row.added) for row in each.changes.renditions)) for each in found]
    news_s = [at_s for at_s, count in added if count]
    brought = f"{sum(count for _, count in added)} new segments in {len(news_s)} of {len(found)} refreshes"
    pauses_s = [after - before for before, after in pairwise(news_s)]
    pause = f", {max(pauses_s):.1f} s apart at most" if pauses_s else ""
    told = [f"{brought} until {found[-1].at_s:.1f} s{pause}."]
    wrong: dict[str, list[tuple[Refresh, str]]] = {}
    for each in found:
        for rule in each.broken:
            wrong.setdefault(rule.code, []).append((each, rule.sentence))
        if each.trouble:
            wrong.setdefault("not to be had", []).append((each, each.trouble))
    for code, places in wrong.items():
        first, sentence = places[0]
        where = f" in {first.name}" if first.name else ""
        told.append(f"{code}: {_times(len(places))}, first at {first.at_s:.1f} s{where}: {sentence}")
    still = silent(found)
    if still:
        lists = ", ".join(name or "the manifest" for name in still)
        told.append(f"Whether {lists} goes on is not known: nothing new came, in too short a time.")
    return told if wrong or still else [*told, "No rule was broken."]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _same(watched: _WatchedList, rendition: Rendition) -> bool:
    return watched.rendition is not None and watched.rendition.id == rendition.id


def _how(reload: Reload) -> str:
    """What is asked for beside the whole."""
    told = [
        name
        for name, asked in (
            ("blocking", reload.blocking),
            ("delta", "_HLS_skip=" in reload.url),
            ("patch", reload.patch),
        )
        if asked
    ]
    return ", ".join(told)
