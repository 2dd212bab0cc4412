"""Loads what lists the segments of a live programme again and again. Runs on the engine's loop.

An MPD lists everything. Of HLS only the playlists of what plays are followed; another is loaded when it is needed.
What is to be loaded when is decided in :mod:`player.manifest.timing` and :mod:`player.live.schedule`.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from player.base.clock import Clock
from player.base.errors import ErrorCode, ManifestError, MatineeError, MediaError
from player.live.edge import Lateness, ServerClock
from player.live.programme import LiveProgramme, begins_alone, may_be_whole
from player.live.schedule import ReloadState, is_late
from player.manifest import at_time, refresh, refresh_playlist, remote_links
from player.manifest.changes import Changes
from player.manifest.edit import iter_renditions, map_renditions
from player.manifest.locations import with_mirrors
from player.manifest.model import (
    ListedIndex,
    PartialSegment,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    SegmentIndex,
)
from player.manifest.timing import (
    DEFAULT_RELOAD_S,
    Reload,
    clock_sources,
    next_reload,
    ntp_time,
    server_time,
    sntp_time,
    with_query,
)
from player.manifest.urls import add_query, split_url, unsplit_url
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.reporting.events import Note, Observer
from player.stream.sources import LoadedPlaylist, PartsProgress, Sources
from player.stream.timeline import Slot
from player.title.opening import load_remotes, pathway_of
from player.transfer.loader import Loader, LoadResult, Resource
from player.transfer.recovery import Trouble, trouble_of

_ALIGNED_SHARE = 0.5  # of a slot, that a rung's segment may begin beside it
_LATE_LOOKS = 8  # at a playlist, for a segment that others have already
_LOOK_S = 0.5
_ANSWER_S = 6.0
_WRONG_DATE_S = 1.0
_CLOCK_EVERY_S = 600.0  # two clocks run apart by a tenth of a second in that time at the most
_MOST_CLOCKS = 4  # of those that an MPD names, until one answers
_DATAGRAM_S = 1.0  # an NTP server that has not answered by then does not: a datagram was lost, or is not let through
_OLD_DATE_S = 2.0
_ASKED_S = 30.0  # nobody waits any more for what has not been asked for in so long
_SUCCESSORS = 2  # that are listed behind a segment that is waited for
_LATEST_S = 300.0  # a segment that is later does not come any more
_ROUNDING_S = 0.01  # so that a segment is due when it is asked about, whatever the dates were rounded to
_LONGEST_WAIT_S = 60.0  # for a segment, since the source's clock may turn out to be another one meanwhile


class RefreshListener(Protocol):
    """The live playback that follows what the refresher loads."""

    def followed(self) -> Sequence[Rendition]:
        """The renditions whose playlists are to be followed."""
        ...

    def refreshed(self, changes: Changes) -> None:
        """A refresh worked, whether or not it brought something."""
        ...

    def overdue(self, start_s: float) -> None:
        """The source does not have a segment that starts there, and that it should have by its clock."""
        ...

    def source_silent(self, error: MatineeError | None) -> None:
        """The source has been silent for too long; None: it speaks again."""
        ...


@dataclass(frozen=True, slots=True)
class RefreshParts:
    """What a refresher loads with; ``mirrors`` are the addresses of the manifest by pathway."""

    sources: Sources
    loader: Loader
    gate: Gate
    clock: Clock
    server: ServerClock
    observe: Observer
    mirrors: Mapping[str, str]


class Refresher:
    """See the module; implements :class:`player.stream.sources.Growing`."""

    def __init__(self, programme: LiveProgramme, parts: RefreshParts, listener: RefreshListener) -> None:
        self._programme = programme
        self._sources = parts.sources
        self._loader = parts.loader
        self._gate = parts.gate
        self._clock = parts.clock
        self._server = parts.server
        self._observe = parts.observe
        self._mirrors = parts.mirrors
        self._listener = listener
        self._states: dict[str, ReloadState] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._asked_clock_s = -math.inf
        self._lateness = Lateness()
        self._read_s = -math.inf  # the date at which the MPD was read last
        # Segments that are not there when they are due, by rendition and number: since when, and when asked for last.
        self._awaited: dict[tuple[str, int], tuple[float, float]] = {}

    # --- what the streaming asks (see Growing)

    def known(self, rendition: Rendition) -> SegmentIndex | None:
        return self._programme.index(rendition)

    async def index(self, rendition: Rendition) -> SegmentIndex:
        known = self._programme.index(rendition)
        if known is None or not self._is_followed(rendition):
            if not self._programme.dated:
                await self._load_first(rendition)
            known = self._programme.index(rendition)
        if known is None:
            raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "A part of this programme is not there any more.")
        return known

    async def segment(self, rendition: Rendition, slot: Slot) -> Segment:
        for _ in range(_LATE_LOOKS):
            index = await self.index(rendition)
            if len(index):
                found = index[index.position_at(slot.middle_s)]
                if found.start_s <= slot.middle_s < found.end_s:
                    return _aligned(found, slot)
                if found.start_s > slot.middle_s or found.number != index[len(index) - 1].number:
                    return found._replace(start_s=slot.start_s, duration_s=slot.duration_s, gap=True)
            await self._until_changed(max(slot.duration_s / 2, _LOOK_S))
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "One quality of this programme stays behind the others.")

    def unfinished(self, rendition: Rendition, segment: Segment) -> bool:
        if self._programme.dated:
            return segment.end_s > self._encoder_s() - self._programme.availability_start_s
        newest = self._programme.newest(rendition)
        return newest is not None and segment.number > _last_whole(newest)

    def begins_alone(self, rendition: Rendition, segment: Segment) -> bool:
        newest = self._programme.newest(rendition)
        whole = self._programme.presentation.independent_segments
        return whole or newest is None or begins_alone(newest, segment.number)

    def progress(self, rendition: Rendition, number: int) -> PartsProgress:
        newest = self._programme.newest(rendition)
        info = None if newest is None else newest.playlist
        if newest is None or info is None:
            return PartsProgress(whole=True)
        last = _last_whole(newest)
        if number <= last:
            listed = newest.segments.segments if isinstance(newest.segments, ListedIndex) else ()
            parts = next((segment.parts for segment in reversed(listed) if segment.number == number), ())
            return PartsProgress(parts, whole=True)
        if number > last + 1 or info.ended:
            return PartsProgress(whole=info.ended)
        hint = next((each for each in info.preload_hints if each.type == "PART"), None)
        return PartsProgress(info.trailing_parts, hint, full=may_be_whole(newest))

    async def changed(self, limit_s: float) -> None:
        await self._until_changed(limit_s)

    async def comes_yet(self, rendition: Rendition, segment: Segment) -> bool:
        """Of segments that come with the clock: an encoder that cannot keep up has them later than its MPD says. One
        that its own successor has overtaken, or another rung, is lost."""
        now_s = self._clock.monotonic()
        if not _comes_with_clock(self._programme.presentation) or self._overdue_s(segment, now_s) > _LATEST_S:
            return False
        key = (rendition.key, segment.number)
        self._awaited[key] = (self._awaited.get(key, (now_s, now_s))[0], now_s)
        if await self._is_lost(rendition, segment):
            self._awaited.pop(key, None)
            return False
        # No more is listed, and no more leaves the window, than in front of the successor.
        self._lateness.seen(self._overdue_s(segment, now_s) - _SUCCESSORS * segment.duration_s, now_s)
        self._listener.overdue(segment.start_s)
        await self._clock.sleep(_LOOK_S)
        return True

    def came(self, rendition: Rendition, segment: Segment, result: LoadResult) -> None:
        """What came late tells how late the source is: what it has next is looked for as late."""
        now_s = self._clock.monotonic()
        begun_s, _ = self._awaited.pop((rendition.key, segment.number), (None, None))
        if (begun_s is None and not result.came_late) or not _comes_with_clock(self._programme.presentation):
            return
        waited_s = now_s - (result.asked_s if begun_s is None else min(begun_s, result.asked_s))
        late_s = min(self._overdue_s(segment, now_s), self._lateness.at(now_s) + waited_s)
        self._lateness.seen(late_s, now_s)
        self._listener.overdue(segment.start_s)

    def _overdue_s(self, segment: Segment, now_s: float) -> float:
        """For how long a segment has been whole by the source's clock."""
        return self._server.at(now_s) - self._programme.availability_start_s - segment.end_s

    async def _is_lost(self, rendition: Rendition, segment: Segment) -> bool:
        """Whether the source has the segment behind one, or another rung of it, or does not tell."""
        index = self._programme.index(rendition)
        after = index[index.position_at(segment.end_s + segment.duration_s / 2)] if index else segment
        found = [(rendition, after)] if after.number > segment.number else []
        other = self._programme.other_rung(rendition)
        beside = None if other is None else self._programme.index(other)
        if other is not None and beside:
            found.append((other, beside[beside.position_at(segment.start_s + segment.duration_s / 2)]))
        for of, each in found:
            url = next(iter(self._sources.urls(of, each.url, each).values()))
            request = Request(RequestKind.SEGMENT, url, method="HEAD", byte_range=each.byte_range)
            try:
                await self._gate.fetch(request)
            except MatineeError as error:
                if trouble_of(error.code) is Trouble.NOT_FOUND:
                    continue
            return True
        return False

    # --- following

    def attach(self, playlists: Sequence[LoadedPlaylist], asked_s: float) -> None:
        """Take in the playlists that were loaded before it was known that they grow, the main track's first.
        ``asked_s`` is when the manifest was asked for: the next load counts from there, whatever starting has taken.

        Raises ManifestError.
        """
        now_s = self._clock.monotonic()
        listed = (each for _, _, each in iter_renditions(self._programme.presentation) if each.playlist is not None)
        for name in ("", *(each.id for each in listed)):
            self._state(name).loaded(asked_s, now_s, changed=True, fresh=True)
        for each in playlists:
            presentation, _ = refresh_playlist(
                self._programme.presentation, each.rendition.id, each.body, _without_directives(each.url)
            )
            self._programme.take(presentation)
            self._state(each.rendition.id).loaded(each.asked_s, now_s, changed=True, fresh=True)

    def follow(self) -> None:
        """See to it that what is wanted is followed, and nothing else; call it often."""
        if self._programme.dated:
            self._start("", self._follow_mpd)
            return
        wanted = {rendition.id: rendition for rendition in self._listener.followed()}
        for name in [name for name in self._tasks if name not in wanted]:
            self._tasks.pop(name).cancel()
        for name, rendition in wanted.items():
            self._start(name, functools.partial(self._follow_playlist, rendition))

    @property
    def silent_s(self) -> float:
        """For how long nothing new has come of what is followed."""
        now_s, states = self._clock.monotonic(), [self._states[name] for name in self._tasks if name in self._states]
        self._awaited = {key: each for key, each in self._awaited.items() if now_s - each[1] < _ASKED_S}
        if _comes_with_clock(self._programme.presentation):
            states = [state for state in states if state.failures]
        quiet = [*(state.news_s for state in states), *(begun_s for begun_s, _ in self._awaited.values())]
        return now_s - min(quiet, default=now_s)

    async def close(self) -> None:
        """Stop following."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def set_clock(self) -> None:
        """Ask for the source's date where the MPD says that one should; without an answer our own date counts.

        The MPD was read with our own date and is read again with the right one. Raises NetError or ManifestError.
        """
        await self._ask_clock(first=True)
        if self._programme.presentation.source:
            self._read_again()

    async def _ask_clock(self, *, first: bool = False) -> None:
        """Ask the first clock of the MPD's that answers. A ``direct`` one comes with each MPD, and only at ``first``
        it may be old."""
        self._asked_clock_s = self._clock.monotonic()
        live = self._programme.presentation.live_info
        sources = clock_sources(() if live is None else live.utc_timings)
        for how, where in sources[:_MOST_CLOCKS]:
            if how == "direct":
                if first:
                    await self._check_direct_clock(where)
                return
            took_s = await self._exchange_clock(how, where)
            if took_s is None:
                continue
            if took_s > _WRONG_DATE_S:  # it tells no more than what time it was about then
                await self._exchange_clock(how, where)
            return

    async def _check_direct_clock(self, text: str) -> None:
        """A date in the MPD is of the moment when that was made. Where ours is another, one of us is wrong, or it was
        long ago (this machine stood still meanwhile): a new MPD tells. Raises NetError or ManifestError."""
        made_s = server_time("direct", text)
        if made_s is not None and abs(made_s - self._server.at(self._clock.monotonic())) > _OLD_DATE_S:
            await self._load_mpd(Reload(self._programme.presentation.url, 0.0))

    async def _exchange_clock(self, how: str, url: str) -> float | None:
        """Ask a server for its date; how long it took, None where no date came."""
        sent_s = self._clock.monotonic()
        request = Request(
            RequestKind.TIME,
            url,
            method="HEAD" if how == "head" else "GET",
            first_byte_s=_DATAGRAM_S if how == "sntp" else None,
        )
        try:
            answer = await self._gate.fetch(request)
        except MatineeError as error:
            self._note("The source's clock could not be asked.", error)
            return None
        received_s = self._clock.monotonic()
        if how in ("ntp", "sntp"):
            server_s = ntp_time(answer.body) if how == "ntp" else sntp_time(answer.body)
        else:
            text = answer.headers.get("date", "") if how == "head" else answer.body.decode("utf-8", "replace")
            server_s = server_time(how, text)
        if server_s is None:
            return None
        tell = self._server.told_coarsely if how == "head" else self._server.told
        tell(server_s, sent_s, received_s)
        return received_s - sent_s

    def _start(self, name: str, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._tasks.get(name)
        if task is None or (task.done() and not task.cancelled() and task.exception() is not None):
            self._tasks[name] = asyncio.get_running_loop().create_task(make(), name=f"live {name}")

    def _is_followed(self, rendition: Rendition) -> bool:
        if self._programme.dated:
            return True
        newest = self._programme.newest(rendition)
        ended = newest is not None and newest.playlist is not None and newest.playlist.ended
        return ended or rendition.id in self._tasks

    async def _follow_playlist(self, rendition: Rendition) -> None:
        while True:
            state = self._state(rendition.id)
            newest = self._programme.newest(rendition)
            if newest is None:
                return
            reload: Reload | None = None
            if newest.playlist is not None:
                age_s = self._clock.monotonic() - state.asked_s
                reload = next_reload(self._programme.presentation, newest, changed=state.changed, age_s=age_s)
                if reload is None:
                    return  # it has ended
                await self._clock.sleep(state.wait_s(reload, self._clock.monotonic()))
            await self._guarded(state, self._load_playlist(rendition, reload))

    async def _follow_mpd(self) -> None:
        state = self._state("")
        patches = True
        while True:
            if self._clock.monotonic() - self._asked_clock_s > _CLOCK_EVERY_S:
                await self._ask_clock()
            presentation = self._programme.presentation
            asked_s = state.asked_s
            known = presentation if patches else replace(presentation, patch_locations=())
            reload = next_reload(known, changed=state.changed, age_s=self._clock.monotonic() - asked_s)
            by_clock_s = self._by_clock_s(presentation)
            if reload is None and by_clock_s is None:
                return
            wait_s = math.inf if reload is None else state.wait_s(reload, self._clock.monotonic())
            if reload is None or (by_clock_s is not None and by_clock_s < wait_s):
                await self._clock.sleep(min(by_clock_s or 0.0, _LONGEST_WAIT_S))
                self._read_again()
                continue
            await self._clock.sleep(wait_s)
            await self._guarded(state, self._load_mpd(reload))
            patches = state.failures == 0

    async def _guarded(self, state: ReloadState, load: Coroutine[Any, Any, None]) -> None:
        """A load after whose failure the next one is tried."""
        try:
            await load
        except MatineeError as error:
            state.failed(self._clock.monotonic())
            if state.failures == 1:
                self._note("What is new of this programme could not be loaded; it is tried again.", error)
            if state.is_gone(self._clock.monotonic()):
                self._listener.source_silent(error)
        else:
            if state.is_gone(self._clock.monotonic()):
                self._listener.source_silent(
                    MediaError(ErrorCode.MEDIA_NO_TRACKS, "This programme has stopped sending.")
                )

    # --- loading

    async def _load_first(self, rendition: Rendition) -> None:
        """Load a playlist that was not followed: as far as another one has reported that it is (RFC 8216bis 4.4.5.4),
        which no cache answers with an older one. Where that fails, as it stands. Raises NetError or ManifestError."""
        newest = self._programme.newest(rendition) or rendition
        leading = newest.playlist.url if newest.playlist is not None else _playlist_url(newest)
        directives = _reported(self._programme.presentation, _without_directives(leading))
        if directives:
            try:
                await self._load_playlist(rendition, Reload(with_query(leading, directives), 0.0), again=True)
            except MatineeError as error:
                self._note("A playlist is not as far as another one has reported; it is loaded as it stands.", error)
            else:
                return
        await self._load_playlist(rendition, None)

    async def _load_playlist(self, rendition: Rendition, reload: Reload | None, *, again: bool = False) -> None:
        """Load a playlist and put it into the programme. One that was not followed (``again``, or no ``reload``) may
        be far behind: it is placed again by what the others say. Raises NetError or ManifestError."""
        again = again or reload is None
        newest = self._programme.newest(rendition) or rendition
        leading = newest.playlist.url if newest.playlist is not None else _playlist_url(newest)
        directives = [] if reload is None else _directives(reload.url)
        urls = self._sources.playlist_urls(rendition, leading)
        wanted = {pathway: with_query(url, directives) for pathway, url in urls.items()}
        asked_s = self._clock.monotonic()
        try:
            body, result = await self._loader.load_whole(
                Resource(
                    RequestKind.MANIFEST,
                    wanted,
                    track=rendition.id,
                    may_come=not again,
                    first_byte_s=_held_back_s(newest) if reload is not None and reload.blocking else None,
                )
            )
            presentation = self._programme.presentation
            if again:
                presentation = _forgotten(presentation, lambda each: each.id == rendition.id)
            presentation, changes = refresh_playlist(
                presentation, rendition.id, body, _without_directives(result.url)
            )
        except ManifestError:
            if reload is None or not any(name == "_HLS_skip" for name, _ in directives):
                raise
            # RFC 8216bis 6.3.7: the whole one, where a delta does not fit. The numbers that both have place it.
            await self._load_playlist(rendition, replace(reload, url=leading, blocking=False))
            return
        if changes.reset:
            presentation = _forgotten(presentation, lambda each: each.id != rendition.id)
        more = newest.playlist is None or newest.playlist.trailing_parts != _trailing_parts(
            presentation, rendition.id
        )
        self._take(self._state(rendition.id), asked_s, presentation, changes, more=more)

    async def _load_mpd(self, reload: Reload) -> None:
        """Load the MPD, or a patch to it. Raises NetError or ManifestError."""
        asked_s = self._clock.monotonic()
        own = reload.patch or self._programme.presentation.locations or not self._mirrors
        mirrors = {name: add_query(url, reload.query) for name, url in self._mirrors.items()}
        urls = {pathway_of(reload.url): reload.url} if own else mirrors
        body, result = await self._loader.load_whole(Resource(RequestKind.MANIFEST, urls))
        received_s = self._clock.monotonic()
        now_s = self._encoder_s()
        presentation, changes = await self._with_remotes(body, result.url, now_s)
        before = self._ends()
        if not own and len(urls) > 1:
            others = [(name, url) for name, url in urls.items() if name != result.pathway]
            presentation = with_mirrors(presentation, [(result.pathway, result.url), *others])
        self._read_direct_clock(presentation, asked_s, received_s)
        state = self._state("")
        self._take(state, asked_s, presentation, changes)
        state.changed = not self._is_late(before)

    def _ends(self) -> dict[str, tuple[float, float]]:
        """Where the list of each track that plays ends, with the length of its last segment."""
        indexes = {rendition.key: self._programme.index(rendition) for rendition in self._listener.followed()}
        lasts = {key: index[len(index) - 1] for key, index in indexes.items() if index}
        return {key: (last.end_s, last.duration_s) for key, last in lasts.items()}

    def _is_late(self, before: Mapping[str, tuple[float, float]]) -> bool:
        """Whether an MPD that lists its segments lacks one of a track that plays; ``before`` is what was listed."""
        if _comes_with_clock(self._programme.presentation):
            return False
        edge_s = self._server.at(self._clock.monotonic()) - self._programme.availability_start_s
        return any(
            is_late(before[key][0], end_s, segment_s, edge_s)
            for key, (end_s, segment_s) in self._ends().items()
            if key in before
        )

    async def _with_remotes(self, body: bytes, url: str, now_s: float) -> tuple[Presentation, Changes]:
        """The MPD with its remote elements and imported MPDs; those that it had before are not loaded again."""
        old = self._programme.presentation
        remotes = dict(old.remotes)
        presentation, changes = refresh(old, body, url, now_s, remotes)
        while wanted := remote_links(presentation, remotes):
            remotes |= await load_remotes(wanted, self._loader)
            presentation, changes = refresh(old, body, url, now_s, remotes)
        return presentation, changes

    def _read_direct_clock(self, presentation: Presentation, sent_s: float, received_s: float) -> None:
        live = presentation.live_info
        sources = clock_sources(() if live is None else live.utc_timings)
        if sources and sources[0][0] == "direct":
            server_s = server_time(*sources[0])
            if server_s is not None:
                self._server.told(server_s, sent_s, received_s)

    def _by_clock_s(self, presentation: Presentation) -> float | None:
        """How long until the MPD as it stands has another segment, because its segments come with the clock; None
        where they do not."""
        live = presentation.live_info
        if live is None or live.next_segment_s is None or not presentation.source:
            return None
        return max(live.next_segment_s - self._encoder_s(), 0.0) + _ROUNDING_S

    def _encoder_s(self) -> float:
        """The date up to which the source has what it says; never earlier than what has been listed already."""
        now_s = self._clock.monotonic()
        self._read_s = max(self._read_s, self._server.at(now_s) - self._lateness.at(now_s))
        return self._read_s

    def _read_again(self) -> None:
        """The MPD as it stands, at this time."""
        now_s = self._encoder_s()
        self._tell(at_time(self._programme.presentation, now_s), Changes())

    def _take(
        self, state: ReloadState, asked_s: float, presentation: Presentation, changes: Changes, *, more: bool = False
    ) -> None:
        """What a load has brought; ``more``: parts of a segment that is not listed yet."""
        fresh = more or _brings(changes) or _comes_with_clock(presentation)
        state.loaded(asked_s, self._clock.monotonic(), changed=more or bool(changes), fresh=fresh)
        if fresh:
            self._listener.source_silent(None)
        self._tell(presentation, changes)

    def _tell(self, presentation: Presentation, changes: Changes) -> None:
        self._programme.take(presentation, reset=changes.reset)
        self._changed.set()  # wakes all that wait now; who asks later waits for the next news
        self._changed = asyncio.Event()
        self._listener.refreshed(changes)

    def _state(self, name: str) -> ReloadState:
        now_s = self._clock.monotonic()
        return self._states.setdefault(name, ReloadState(now_s, now_s))

    async def _until_changed(self, limit_s: float) -> None:
        changed, limit = (
            asyncio.ensure_future(self._changed.wait()),
            asyncio.ensure_future(self._clock.sleep(limit_s)),
        )
        try:
            await asyncio.wait({changed, limit}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            limit.cancel()

    def _note(self, sentence: str, error: MatineeError) -> None:
        self._observe(Note(self._clock.monotonic(), "live_refresh", sentence, code=str(error.code)))


def _brings(changes: Changes) -> bool:
    """Whether there is something more to play: that old segments have left is nothing new."""
    more = any(each.added or each.missed for each in changes.renditions)
    return bool(more or changes.renditions_added or changes.periods_added or changes.ended or changes.reset)


def _last_whole(rendition: Rendition) -> int:
    """The number of the last segment that is listed as a whole; -1 where none is."""
    listed = rendition.segments.segments if isinstance(rendition.segments, ListedIndex) else ()
    return listed[-1].number if listed else -1


def _trailing_parts(presentation: Presentation, rendition_id: str) -> tuple[PartialSegment, ...]:
    found = (each for _, _, each in iter_renditions(presentation) if each.id == rendition_id)
    return next((each.playlist.trailing_parts for each in found if each.playlist is not None), ())


def _comes_with_clock(presentation: Presentation) -> bool:
    """Whether segments come without a reload."""
    return presentation.live_info is not None and presentation.live_info.next_segment_s is not None


def _aligned(found: Segment, slot: Slot) -> Segment:
    """Raises MediaError where a rung is cut in other places than the rest."""
    if abs(found.start_s - slot.start_s) > _ALIGNED_SHARE * slot.duration_s:
        raise MediaError(
            ErrorCode.MEDIA_UNSUPPORTED, "One quality of this programme is cut in other places than the rest."
        )
    return found


def _held_back_s(rendition: Rendition) -> float:
    """How long a blocking server may hold its answer back: three target durations (RFC 8216bis 6.2.5.2), and the time
    that any answer may take."""
    return 3 * (rendition.target_duration_s or DEFAULT_RELOAD_S) + _ANSWER_S


def _reported(presentation: Presentation, url: str) -> list[tuple[str, str]]:
    """The delivery directives for a playlist by what those that block report of it: the furthest that one says."""
    reports = [
        (report.last_sequence, -1 if report.last_part is None else report.last_part)
        for _, _, each in iter_renditions(presentation)
        if each.playlist is not None and each.playlist.can_block_reload
        for report in each.playlist.rendition_reports
        if report.last_sequence is not None and _without_directives(report.url) == url
    ]
    if not reports:
        return []
    sequence, part = max(reports)
    return [("_HLS_msn", str(sequence)), *([("_HLS_part", str(part))] if part >= 0 else [])]


def _playlist_url(rendition: Rendition) -> str:
    return rendition.segments.url if isinstance(rendition.segments, PlaylistRef) else ""


def _forgotten(presentation: Presentation, which: Callable[[Rendition], bool]) -> Presentation:
    """``presentation`` with these playlists as if they had never been loaded."""

    def forget(rendition: Rendition) -> Rendition:
        if rendition.playlist is None or not which(rendition):
            return rendition
        return replace(rendition, segments=PlaylistRef(rendition.playlist.url), playlist=None)

    return map_renditions(presentation, forget)


def _directives(url: str) -> list[tuple[str, str]]:
    """The delivery directives (RFC 8216bis 6.2.5) in an address."""
    query = (split_url(url)[3] or "")[1:]
    pairs = (part.partition("=") for part in query.split("&") if part.startswith("_HLS_"))
    return [(name, value) for name, _, value in pairs]


def _without_directives(url: str) -> str:
    scheme, authority, path, query, _ = split_url(url)
    kept = [part for part in (query or "")[1:].split("&") if part and not part.startswith("_HLS_")]
    return unsplit_url(scheme, authority, path, "?" + "&".join(kept) if kept else None, None)
