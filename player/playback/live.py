"""A live programme in one playback: follows it, guides the viewer, and tells the state of it. Runs on the loop.

Wiring only: ``programme``, ``edge`` and ``guide`` decide, ``refresher`` loads, the session carries out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from player.base.errors import MatineeError
from player.live.edge import DatedEdge, Lag, LiveEdge, ObservedEdge, ServerClock
from player.live.guide import LiveGuide, LiveObservation
from player.live.latency import Latency, latency_of
from player.live.programme import LiveProgramme, made_until_s
from player.live.refresher import Refresher, RefreshParts
from player.manifest.changes import Changes
from player.manifest.model import Presentation, Rendition, SegmentIndex
from player.manifest.timed_events import timed_events
from player.manifest.timeline_dates import UNDATED, TimelineDates, dates_of
from player.net.suspend import Sleep
from player.playback.monitor import Monitor
from player.playback.settings import PlaybackServices
from player.reporting.events import LIVE_MOVED, LatencySampled, Note, Observer
from player.reporting.state import PlaybackStatus
from player.stream.sources import Sources
from player.stream.streaming import Streaming
from player.tracks.selection import Selection
from player.transfer.loader import Loader

_NOTICE_S = 8.0  # so long a message stays
_SILENT_S, _SILENT_SEGMENTS = 8.0, 3  # without anything new, and the viewer is told
SILENT = "The source has sent nothing new for a while. Playback goes on as soon as it does."
_HARDLY_S = 0.2  # with so little in hand a hole is what playback waits at


@dataclass(frozen=True, slots=True)
class LiveActions:
    """What a live playback has done by its session; ``failed`` ends it, ``selected`` gets the tracks with the periods
    that have come."""

    seek: Callable[[float], None]
    set_speed: Callable[[float], None]
    failed: Callable[[MatineeError], None]
    selected: Callable[[Selection], None]


@dataclass(frozen=True, slots=True)
class LiveParts:
    """The parts of the playback; ``mirrors`` are the addresses of its manifest by pathway, ``asked_s`` is when that
    was asked for (monotonic; None: just now)."""

    sources: Sources
    streaming: Streaming
    loader: Loader
    monitor: Monitor
    observe: Observer
    mirrors: Mapping[str, str] = field(repr=False)
    asked_s: float | None = None


class LivePlayback:
    """One for each playback of a live title; made when that is known, and closed with the session.

    ``choose`` makes the selection of tracks for a presentation with more periods.
    """

    is_live = True
    """What is shown of a live programme steers the viewer's position, also at its end."""

    def __init__(
        self,
        presentation: Presentation,
        choose: Callable[[Presentation], Selection],
        parts: LiveParts,
        services: PlaybackServices,
        actions: LiveActions,
    ) -> None:
        self._choose = choose
        self._sources = parts.sources
        self._streaming = parts.streaming
        self._asked_s = parts.asked_s
        clock = self._clock = services.clock
        self._observe = parts.observe
        self._monitor = parts.monitor
        self._actions = actions
        self._programme = LiveProgramme(presentation)
        self._server = ServerClock(clock.wall(), clock.monotonic())
        self._observed = ObservedEdge()
        self._edge: LiveEdge = self._observed
        if self._programme.dated:
            self._edge = DatedEdge(self._server, self._programme.availability_start_s)
        self._lag = Lag()
        self._slept_s = -math.inf  # news from here on count: what came while the machine slept is not late
        self._periods = len(self._programme.periods)
        self._ends: tuple[float, ...] = ()  # of what was listed last
        self._dates = UNDATED
        self._dated_until: tuple[int, int] | None = None  # the first and the last segment that were dated
        self._guide: LiveGuide | None = None
        self._notice = ("", 0.0)  # ours, and until when it stays
        self._ended = False
        self.low_latency = False  # known when it has begun
        self._part_s: float | None = None
        self._gone: MatineeError | None = None  # the source, and nothing more comes of it
        loading = RefreshParts(
            parts.sources, parts.loader, services.gate, clock, self._server, parts.observe, parts.mirrors
        )
        self._refresher = Refresher(self._programme, loading, self)

    async def begin(self, asked_s: float | None, asked_at: float | None = None) -> float:
        """Where playback begins, on the timeline; ``asked_s`` is how far into the window the viewer wants to, or
        ``asked_at`` to which date.

        Raises NetError, ManifestError or MediaError.
        """
        asked_s = self._clock.monotonic() if self._asked_s is None else self._asked_s
        self._refresher.attach(self._sources.live_playlists, asked_s)
        if self._programme.dated:
            await self._refresher.set_clock()
        self._streaming.go_live(self._refresher)
        self._ended = False  # the reading with the right clock may have said so; the segments are told to again
        timeline = self._streaming.timeline
        now_s = self._clock.monotonic()  # one time for all: where it begins must not hang on how busy the machine is
        self._ends = self._listed_until()
        self._see_end(now_s)
        if asked_at is not None and (place_s := self._dates.time_of(asked_at)) is not None:
            asked_s = max(0.0, place_s - timeline.start_s)
        latency = self._latency()
        self._guide = LiveGuide(latency, self._monitor.state.speed)
        self.low_latency = latency.low
        if latency.low and latency.part_s is not None:
            self._part_s = latency.part_s
            self._streaming.in_parts(latency.part_s)
        if self._programme.dated and self._has_ended():  # all of it is there: nothing makes it live any more
            begin_s = timeline.rounded(min(timeline.start_s + (asked_s or 0.0), timeline.end_s))
        else:
            begin_s = timeline.rounded(self._guide.begin_s(self._moment(timeline.start_s, now_s), asked_s))
        self._refresher.follow()
        self._monitor.update(live=True)
        return begin_s

    async def enough(self, begin_s: float) -> None:
        """Wait until playback from ``begin_s`` need not stand before more is listed. Of a programme that has just
        begun the first list has one segment or two, and the next one may be loaded only when those have been played.
        Where old segments leave so short a list, waiting would lose them."""
        guide, index = self._guide, self._programme.index(self._streaming.renditions()[0])
        if guide is None or self._ended or not index:
            return
        first = index[0]
        if first.start_s > first.duration_s if self._programme.dated else first.number > 1:
            return
        await self._clock.sleep(guide.short_s(begin_s, self._moment(begin_s, self._clock.monotonic())))

    def _latency(self) -> Latency:
        """What the source asks for, as far as what it lists now permits."""
        timeline = self._streaming.timeline
        segment_s, window_s = timeline.slots[-1].duration_s, timeline.end_s - timeline.start_s
        return latency_of(self._programme.presentation, segment_s, window_s)

    def follow(self, position_s: float) -> None:
        """Twice a second: see to what is followed, and to where the viewer is."""
        guide = self._guide
        if guide is None or self._ended:
            return
        self._refresher.follow()
        if self._programme.dated and self._has_ended():  # such an MPD is not loaded again, and brings no news
            self.refreshed(Changes())
            return
        moment = self._moment(position_s, self._clock.monotonic())
        advice = guide.look(moment)
        self._streaming.behind(advice.view.latency_s, advice.view.target_s)
        changes: dict[str, Any] = {"live_view": replace(advice.view, dates=self._dates)}
        if advice.sentence:
            self._say(advice.sentence, changes)
        elif self._is_silent(moment):
            if self._notice[0] != SILENT:
                self._say(SILENT, changes, kind="live_silent", lasts_s=math.inf)
        elif self._notice[0] and (self._notice[0] == SILENT or self._clock.monotonic() > self._notice[1]):
            self._unsay(changes)
        self._monitor.update(**changes)
        if moment.playing:
            view = advice.view
            self._observe(
                LatencySampled(
                    self._clock.monotonic(),
                    view.latency_s,
                    view.target_s,
                    self._monitor.state.speed,
                    view.following,
                )
            )
        if self._gone is not None and moment.buffer_s < _HARDLY_S and not moment.paused:
            self._actions.failed(self._gone)
        if advice.speed is not None:
            self._actions.set_speed(advice.speed)
        if advice.seek_s is not None:
            self._actions.seek(advice.seek_s)

    def _is_silent(self, moment: LiveObservation) -> bool:
        """Whether playback stands because the source has sent nothing for a while."""
        segment_s = self._streaming.timeline.slots[-1].duration_s
        quiet = self._refresher.silent_s > max(_SILENT_S, _SILENT_SEGMENTS * segment_s)
        return quiet and moment.buffer_s < _HARDLY_S and not moment.paused

    def seek_target(self, target_s: float) -> float:
        """The viewer wants to jump to ``target_s``; the place in the window that is nearest to it."""
        if self._guide is None or self._ended:
            return target_s
        moment = self._moment(target_s, self._clock.monotonic())
        place_s = self._guide.inside(target_s, moment)
        self._guide.sought(place_s, moment)
        return place_s

    def live_s(self) -> float:
        """Where the programme is shown live."""
        if self._guide is None or self._ended:
            return self._streaming.timeline.end_s
        return self._guide.live_s(self._moment(self._streaming.timeline.end_s, self._clock.monotonic()))

    def set_viewer_speed(self, speed: float) -> None:
        """The viewer chose a speed."""
        if self._guide is not None:
            self._guide.wished(speed)

    def account_for_sleep(self, sleep: Sleep) -> None:
        """The machine was asleep: the programme went on, and our clock did not count all of that."""
        self._server.slept(sleep.unseen_s)
        self._observed.slept(sleep.unseen_s)
        self._slept_s = max(self._ends, default=-math.inf)

    @property
    def following(self) -> str:
        """The MPD to go on with at the end, as the newest one has it."""
        return self._programme.presentation.following

    async def close(self) -> None:
        """Stop following."""
        await self._refresher.close()

    def followed(self) -> Sequence[Rendition]:
        onward = self._streaming.onward()
        return (*self._streaming.renditions(), *(() if onward is None else (onward,)))

    def overdue(self, start_s: float) -> None:
        """As late as that the programme is to be played: nothing is there before."""
        now_s = self._clock.monotonic()
        self._lag.seen(self._edge.at(now_s) - start_s, now_s)

    def source_silent(self, error: MatineeError | None) -> None:
        """The source has long sent nothing: what there is of it is played, then the playback fails. None: it sends
        again."""
        self._gone = error

    def _moment(self, position_s: float, now_s: float) -> LiveObservation:
        state, timeline = self._monitor.state, self._streaming.timeline
        buffer_s = max(0.0, self._streaming.buffered_until() - position_s)
        return LiveObservation(
            position_s=position_s,
            buffer_s=buffer_s,
            playing=state.status is PlaybackStatus.PLAYING,
            paused=state.paused,
            seeking=state.status in (PlaybackStatus.SEEKING, PlaybackStatus.LOADING),
            window_start_s=timeline.start_s,
            published_s=self._published_s(now_s),
            edge_s=self._edge.at(now_s),
            slides=self._slides(),
            lag_s=self._lag.worst_s,
            resumes_s=self._resumes_s(position_s) if buffer_s < _HARDLY_S else None,
        )

    def _listed_until(self) -> tuple[float, ...]:
        """Where what is listed of each track that plays ends, the main one's first. At low latency that one alone:
        its parts are as short as those of the sound, and a margin for both would cost more than they are."""
        sound = () if self.low_latency else self._streaming.renditions()[1:]
        return (self._listed_until_s(), *map(self._sound_until_s, sound))

    def _sound_until_s(self, rendition: Rendition) -> float:
        """The end of what is listed of it, or a little behind where it can be played up to; -inf while nothing is."""
        if self._programme.dated:
            index = self._programme.index(rendition)
            end_s = index[len(index) - 1].end_s if index else -math.inf
        else:
            newest = self._programme.newest(rendition)
            known = newest is not None and newest.playlist is not None and newest.segments
            end_s = made_until_s(newest) if newest is not None and known else -math.inf
        if not math.isfinite(end_s):
            return end_s
        return min(end_s, self._streaming.heard_until(end_s) + _HARDLY_S)

    def _listed_until_s(self) -> float:
        """The end of what is listed of the main track, parts included."""
        timeline = self._streaming.timeline
        if not self._programme.dated:
            newest = self._programme.newest(self._streaming.renditions()[0])
            if newest is not None and newest.playlist is not None and newest.playlist.part_target_s is not None:
                return made_until_s(newest)
        return timeline.end_s

    def _published_s(self, now_s: float) -> float:
        """The end of what is available."""
        listed_s = self._listed_until_s()
        return min(listed_s, self._edge.at(now_s)) if self._programme.dated else listed_s

    def _slides(self) -> bool:
        """Whether what is old leaves the window (RFC 8216bis 4.4.3.5; MPD@timeShiftBufferDepth)."""
        presentation = self._programme.presentation
        if not self._programme.dated:
            return presentation.playlist_type != "EVENT"
        return presentation.live_info is not None and presentation.live_info.window_depth_s is not None

    def _resumes_s(self, position_s: float) -> float | None:
        """Where the media goes on behind a hole at ``position_s``."""
        timeline = self._streaming.timeline
        slot = timeline.at(position_s + _HARDLY_S)
        if slot.end_s > position_s + _HARDLY_S or slot.number + 1 >= len(timeline):
            return None
        return timeline[slot.number + 1].start_s

    def refreshed(self, changes: Changes) -> None:
        """The manifest has been loaded again."""
        programme = self._programme
        self._sources.on_events(timed_events(programme.presentation))
        if changes.reset:
            self._observed.start_over()
            sentence = "The source has restarted."
            self._observe(Note(self._clock.monotonic(), "live_restart", sentence))
        if len(programme.periods) > self._periods:
            self._periods = len(programme.periods)
            selection = self._choose(programme.whole)
            self._streaming.select(selection)
            self._actions.selected(selection)
        now_s = self._clock.monotonic()
        self._ended = self._has_ended()
        self._streaming.grow(programme.first_open, ended=self._ended)
        before, self._ends = self._ends, self._listed_until()
        # A packager delays each track in its own way, and playback stands where one of them is not there.
        grown = [before_s for before_s, end_s in zip(before, self._ends, strict=False) if end_s > before_s]
        late = [before_s for before_s in grown if before_s > self._slept_s]
        if late:
            self._lag.seen(self._edge.at(now_s) - min(late), now_s)
        if not before or self._ends[0] > before[0]:
            self._see_end(now_s)
            if self._guide is not None and not self.low_latency:
                self._guide.fall_back(self._latency().target_s)
        if self._ended:
            self._end()

    def _see_end(self, now_s: float) -> None:
        """Tell the edge where what is published ends, and at what date."""
        end_s, segment_s = self._listed_until_s(), self._part_s or self._streaming.timeline.slots[-1].duration_s
        index = self._programme.index(self._streaming.renditions()[0])
        last = index[len(index) - 1] if index else None
        self._read_dates(index)
        date_s = None
        near = last is not None and last.start_s - _HARDLY_S < end_s < last.end_s + _HARDLY_S
        if last is not None and last.program_date_time_s is not None and near:
            date_s = last.program_date_time_s + last.duration_s + end_s - last.end_s
        self._observed.published(end_s, now_s, segment_s=segment_s, date_s=date_s)

    def _read_dates(self, index: SegmentIndex | None) -> None:
        if self._programme.dated:
            self._dates = TimelineDates(((0.0, self._programme.availability_start_s),))
        elif index and self._dated_until != (listed := (index[0].number, index[len(index) - 1].number)):
            self._dated_until, self._dates = listed, dates_of(index)

    def _has_ended(self) -> bool:
        """Whether nothing more will come of what plays."""
        presentation = self._programme.presentation
        if self._programme.dated:
            duration_s, live = presentation.duration_s, presentation.live_info
            closed = live is None or live.minimum_update_s is None
            over = duration_s is not None and closed and self._streaming.timeline.end_s >= duration_s - _HARDLY_S
            return not presentation.live or over
        playing = [self._programme.newest(rendition) for rendition in self._streaming.renditions()]
        return all(each is None or (each.playlist is not None and each.playlist.ended) for each in playing)

    def _end(self) -> None:
        """The event is over: from now on it is a title like any other."""
        timeline = self._streaming.timeline
        changes: dict[str, Any] = {"live": False, "live_view": None, "duration_s": timeline.end_s}
        changes["start_s"] = timeline.start_s  # the timeline of a channel may count from 1970
        self._unsay(changes)
        self._monitor.update(**changes)
        if self._guide is not None and self._guide.following:
            self._actions.set_speed(1.0)
        self._observe(
            Note(self._clock.monotonic(), "live_end", "The programme is over; it can be watched as a whole.")
        )

    def _say(
        self, sentence: str, changes: dict[str, Any], *, kind: str = LIVE_MOVED, lasts_s: float = _NOTICE_S
    ) -> None:
        self._notice = (sentence, self._clock.monotonic() + lasts_s)
        changes["notice"] = sentence
        self._observe(Note(self._clock.monotonic(), kind, sentence))

    def _unsay(self, changes: dict[str, Any]) -> None:
        if self._monitor.state.notice == self._notice[0]:
            changes["notice"] = ""
        self._notice = ("", 0.0)
