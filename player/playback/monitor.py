"""Makes the visible state of a playback out of what libmpv and the streaming say. Runs on the engine's loop.

Its decisions are small and pure: what the status is, when a stall begins and ends, when the first picture was shown.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from player.base.clock import Clock
from player.playback.stalls import KnownCause, Stalls
from player.reporting.events import (
    MAIN,
    BufferSampled,
    Event,
    Note,
    Observer,
    PhaseReached,
    RightsTold,
    RungDecided,
    SegmentDone,
    StallBegan,
    StallEnded,
    StatusChanged,
)
from player.reporting.qoe import QoeMeter
from player.reporting.startup import StartMeter
from player.reporting.state import PlaybackFailure, PlaybackState, PlaybackStatus, StatSample
from player.stream.buffered import Playhead
from player.transfer.recovery import Action

_NO_NETWORK = "There is no network; playback goes on by itself when it is back."
_REMEDIES = frozenset({*map(str, Action), "path_switch"})
_NOTICE_S = 12.0  # what went wrong on the side is read by then
_HISTORY = 240  # samples, two minutes
_DECISIONS = 20
_REMEMBERED = 4096  # segments, hours; a channel may play for weeks
_TOUCHING_S = 0.1
_END_TOLERANCE_S = 1.5
_DEPARTURES = ("seek", "start-file")


class Monitor:
    """Owns the :class:`PlaybackState`; ``publish`` gets each new one."""

    def __init__(
        self,
        playhead: Playhead,
        clock: Clock,
        observe: Observer,
        publish: Callable[[PlaybackState], None],
        throughput: Callable[[], float | None],
    ) -> None:
        self._playhead = playhead
        self._clock = clock
        self._observe = observe
        self._publish = publish
        self._throughput = throughput
        self._history: deque[StatSample] = deque(maxlen=_HISTORY)
        self._shown: OrderedDict[int, tuple[float, int]] = OrderedDict()  # by position: its segment's begin, and rung
        self._stretch: tuple[float, float, int | None] | None = None  # what ``rung_at`` found last: from, to, rung
        self._started_s = clock.monotonic()
        self._stalled_since: float | None = None
        self._seek_target: float | None = None
        self._seek_begun = False  # libmpv is on its way there
        self._first_frame = False
        self._mpv_paused = False
        self._waiting_for_data = False
        self._standing = False
        self.stalls: Stalls = KnownCause()
        self._side_failure = ("", 0.0)  # the last one, and since when it is shown
        self._meter = QoeMeter()
        self._start = StartMeter()
        self.state = PlaybackState(status=PlaybackStatus.LOADING)

    @property
    def first_frame_shown(self) -> bool:
        return self._first_frame

    @property
    def is_seeking(self) -> bool:
        """Whether libmpv has not arrived where the viewer jumped to."""
        return self._seek_target is not None

    @property
    def is_starving(self) -> bool:
        """Whether libmpv says that it lacks media."""
        return self._waiting_for_data

    @property
    def should_move(self) -> bool:
        """Whether the viewer ought to see the picture move."""
        return self._first_frame and not self._mpv_paused and not self.is_seeking and not self.ended

    @property
    def position(self) -> tuple[float, bool]:
        """The position (s), and whether it moves."""
        return self._playhead.position_s, self.state.status is PlaybackStatus.PLAYING

    @property
    def ended(self) -> bool:
        return self.state.status in (PlaybackStatus.ENDED, PlaybackStatus.FAILED)

    def update(self, **changes: Any) -> None:  # noqa: ANN401  (fields of PlaybackState)
        """Change fields of the state and publish it."""
        before = self.state.status
        self.state = replace(self.state, **changes)
        if self.state.status is not before:
            self._observe(StatusChanged(self._clock.monotonic(), str(self.state.status)))
        self._publish(self.state)

    def show_side_failure(self, sentence: str) -> None:
        """Show for 12 s what went wrong on the side."""
        self._side_failure = (sentence, self._clock.monotonic())
        self.update(notice=sentence)

    # --- what comes in

    def set_position(self, position_s: float | None) -> None:
        """Where playback is, as the player has it; published with what comes next. While the viewer jumps it is the
        target."""
        if position_s is not None and self._seek_target is None:
            self._playhead.position_s, self._playhead.seen_at_s = position_s, self._clock.monotonic()

    def handle_property(self, name: str, value: Any) -> None:  # noqa: ANN401  (libmpv's values)
        """An observed property of libmpv's changed."""
        if name == "time-pos":
            self._position(value)
        elif name == "pause":
            self._mpv_paused = bool(value)
            self._status()
        elif name == "paused-for-cache":
            self._starving(bool(value))
        elif name == "volume" and value is not None:
            self.update(volume=round(value))
        elif name == "mute" and value is not None:
            self.update(muted=bool(value))
        elif name == "speed" and value is not None:
            self._playhead.speed = float(value)
            self.update(speed=float(value))

    def handle_player_event(self, name: str, _data: Mapping[str, Any]) -> None:
        """An event of libmpv's."""
        if name in _DEPARTURES:
            self._seek_begun = True
        if name != "playback-restart":
            return
        if self._seek_begun:  # else it has arrived where it was to go before the viewer jumped
            self._seek_target = None
        self._playhead.starving, self._playhead.seen_at_s = self.is_seeking, self._clock.monotonic()
        if not self._first_frame:
            self._first_frame = True
            self._observe(PhaseReached(self._clock.monotonic(), "first_frame"))
        self._status()

    def handle_event(self, event: Event) -> None:
        """Something happened in the streaming."""
        self._meter(event)
        if self.state.startup is None:
            self._start(event)
            if self._start.result is not None:
                self.state = replace(self.state, startup=self._start.result)  # shown with the first picture
        if isinstance(event, Note) and event.kind == Action.WAIT_FOR_NETWORK and self.state.notice != _NO_NETWORK:
            self.update(notice=_NO_NETWORK)
        elif isinstance(event, SegmentDone) and self.state.notice == _NO_NETWORK:
            self.update(notice="")
        if isinstance(event, Note) and event.kind in _REMEDIES:
            self.update(remedy=event.kind)
        elif isinstance(event, SegmentDone) and event.track == MAIN and self.state.remedy:
            self.update(remedy="")
        if isinstance(event, SegmentDone) and event.track == MAIN:
            self._shown[event.position] = (event.media_s, event.rung)
            self._shown.move_to_end(event.position)
            self._stretch = None
            if len(self._shown) > _REMEMBERED:
                self._shown.popitem(last=False)
            self.state = replace(self.state, pathway=event.pathway)
        elif isinstance(event, RungDecided):
            decisions = (*self.state.decisions, event.decision)[-_DECISIONS:]
            self.update(rung_loading=event.decision.rung, decisions=decisions)
        elif isinstance(event, RightsTold):
            self.update(rights=event.sentence, rights_left_s=event.remaining_s)

    def start_seek(self, target_s: float) -> None:
        """The viewer jumps; the position is the target from now on."""
        self._seek_target, self._seek_begun = target_s, False
        self._playhead.position_s = target_s
        self._playhead.starving = True
        self._end_stall()
        # Before its first frame a title is still loading: nothing of it can be seen.
        status = PlaybackStatus.SEEKING if self._first_frame else PlaybackStatus.LOADING
        self.update(position_s=target_s, status=status)

    def sample(
        self,
        buffered_until_s: float,
        ranges: tuple[tuple[float, float], ...],
        dropped: int,
        *,
        low_bandwidth: bool = False,
    ) -> None:
        """Twice a second: a point for the graphs and the report."""
        now = self._clock.monotonic()
        position_s = self._playhead.position_s
        rung = self.rung_at(position_s)
        buffer_s = max(0.0, buffered_until_s - position_s)
        throughput = self._throughput()
        self._observe(BufferSampled(now, position_s, buffer_s, throughput, rung))
        bitrate = self.state.rungs[rung].bitrate_bps if rung is not None and rung < len(self.state.rungs) else None
        self._history.append(
            StatSample(now - self._started_s, position_s, buffer_s, throughput, rung, bitrate, self.state.pathway)
        )
        qoe = self._meter.summary(tuple(choice.bitrate_bps for choice in self.state.rungs), dropped)
        ours = (position_s, buffered_until_s)  # what libmpv has not read yet is buffered all the same
        self._end_notice(now)
        self.update(
            position_s=position_s,
            rung_playing=rung,
            buffered=merged((*ranges, ours)),
            dropped_frames=dropped,
            low_bandwidth=low_bandwidth,
            stall="" if self._stalled_since is None else str(self.stalls.cause),
            history=tuple(self._history),
            qoe=qoe,
        )

    def _end_notice(self, now: float) -> None:
        sentence, since = self._side_failure
        if sentence and now - since >= _NOTICE_S:
            self._side_failure = ("", 0.0)
            if self.state.notice == sentence:
                self.state = replace(self.state, notice="")  # published with the sample

    def finish_at(self, *, at_end: bool) -> bool:
        """libmpv reached the end of what it was given; whether that is the end of the title."""
        if at_end:
            self._end_stall()
            self.update(status=PlaybackStatus.ENDED, cut_short=False, position_s=self._playhead.position_s)
        return at_end

    def stop_short(self) -> None:
        """Playback has come as far as it was asked to; that may be the end of the title by chance."""
        self._end_stall()
        duration_s = self.state.duration_s
        cut_short = duration_s is None or self._playhead.position_s < duration_s
        self.update(status=PlaybackStatus.ENDED, cut_short=cut_short, position_s=self._playhead.position_s)

    def fail(self, failure: PlaybackFailure) -> None:
        """Playback is over with an error."""
        self._end_stall()
        self.update(status=PlaybackStatus.FAILED, failure=failure, notice="", remedy="")

    def stop(self) -> None:
        """The playback is closed before its end."""
        self._end_stall()
        if not self.ended:
            self.update(status=PlaybackStatus.IDLE)

    def rung_at(self, position_s: float) -> int | None:
        """The rung of the segment that is shown at a time."""
        at_s = position_s + 0.001
        if self._stretch is None or not self._stretch[0] <= at_s < self._stretch[1]:
            begin_s, rung = max((item for item in self._shown.values() if item[0] <= at_s), default=(-math.inf, None))
            end_s = min((item[0] for item in self._shown.values() if item[0] > at_s), default=math.inf)
            self._stretch = begin_s, end_s, rung
        return self._stretch[2]

    def has_reached(self, stop_at_s: float) -> bool:
        """Whether playback has come as far as it was asked to. libmpv's position may be there before it was heard of
        that playback has begun: that comes first, for all who go by it."""
        return self._first_frame and self._playhead.position_s >= stop_at_s

    def near_end(self, end_s: float) -> bool:
        """Whether the playhead is where the title ends."""
        return self._playhead.position_s >= end_s - _END_TOLERANCE_S

    # --- what follows from it

    def _position(self, value: float | None) -> None:
        self.set_position(value)
        if abs(self._playhead.position_s - self.state.position_s) >= 0.1:
            self.update(position_s=self._playhead.position_s)

    def set_standing(self, *, standing: bool) -> None:
        """Whether the picture stands still although libmpv does not say that it lacks anything."""
        if standing is not self._standing:
            self._standing = standing
            self._stall_or_not()

    def _starving(self, starving: bool) -> None:
        self._waiting_for_data = starving
        self._playhead.starving = starving or not self._first_frame or self._seek_target is not None
        self._stall_or_not()

    def _stall_or_not(self) -> None:
        stalled = self._waiting_for_data or self._standing
        now = self._clock.monotonic()
        if stalled and self._first_frame and self._seek_target is None and self._stalled_since is None:
            self._stalled_since = now
            self.stalls.start_stall()
            self.state = replace(self.state, stall=str(self.stalls.cause))  # published with the status
            self._observe(StallBegan(now, self._playhead.position_s))
        elif not stalled:
            self._end_stall()
        self._status()

    def _end_stall(self) -> None:
        if self._stalled_since is not None:
            now = self._clock.monotonic()
            lasted_s, self._stalled_since = now - self._stalled_since, None
            self.state = replace(self.state, stall="")
            self._observe(StallEnded(now, self._playhead.position_s, lasted_s, str(self.stalls.cause)))

    def _status(self) -> None:
        playing = self._first_frame and not self._mpv_paused and not self._waiting_for_data
        if playing and not self._playhead.playing:
            self._playhead.seen_at_s = self._clock.monotonic()  # it stood until now
        self._playhead.playing = playing
        if self.ended:
            return  # until the viewer jumps
        if not self._first_frame:
            status = PlaybackStatus.LOADING
        elif self._seek_target is not None:
            status = PlaybackStatus.SEEKING
        elif self._mpv_paused:
            status = PlaybackStatus.PAUSED
        elif self._waiting_for_data or self._standing:
            status = PlaybackStatus.BUFFERING
        else:
            status = PlaybackStatus.PLAYING
        if status is not self.state.status or self._mpv_paused != self.state.paused:
            self.update(status=status, paused=self._mpv_paused)


def merged(ranges: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Stretches of time in order, those that touch or overlap made one; empty ones are left out."""
    result: list[tuple[float, float]] = []
    for start_s, end_s in sorted(ranges):
        if end_s <= start_s:
            continue
        if result and start_s <= result[-1][1] + _TOUCHING_S:
            result[-1] = (result[-1][0], max(result[-1][1], end_s))
        else:
            result.append((start_s, end_s))
    return tuple(result)
