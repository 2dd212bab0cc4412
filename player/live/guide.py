"""What a viewer of a live programme is shown and where they are taken: one decision for each look. Pure.

A viewer *follows* the programme from its start, after "go live", and after a jump to near its edge; then playback is
kept at the target latency by small changes of speed. Who pauses or jumps back is left where they are, until the
window slides past them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from player.live.latency import Latency
from player.live.pace import SPARE_S, Pace
from player.reporting.state import LiveView

_SLACK_S = 2.0  # so far behind the target one still counts as following
_JUMP_S, _LOW_JUMP_S = 15.0, 4.0  # further behind than this playback does not catch up, it jumps
_PATIENCE_S = 15.0  # what speed does not win back in so long is jumped over at low latency ...
_LEAST_JUMP_S = 0.5  # ... but nothing shorter than this
_LAG_S, _LOW_LAG_S = 0.5, 0.15  # behind what is published at the worst
_LOW_START_S = 0.3  # from the decision where to begin to the first frame
_LOW_SPARE_S = 0.25  # in hand, at low latency, and playback may be hurried
_MARGIN_SHARE, _MARGIN_S = 0.1, 10.0  # of the window: so far inside it a viewer is put whom it has left
_GAP_S = 0.3  # a hole between two segments that is worth a jump
_SAME_SPEED = 0.001
_SHARE_IN_HAND = 0.25  # of the target: with so much in hand playback begins at least

MOVED = "This part of the programme is not there any more: playback goes on with the earliest that there still is."
MOVED_IN_PAUSE = "The pause was longer than one can go back: playback goes on with the earliest that there still is."
CAUGHT_UP = "Playback had fallen far behind and has jumped to the live programme."


@dataclass(frozen=True, slots=True)
class LiveObservation:
    """What is known at one look; seconds on the timeline. ``published_s`` is the end of the last segment,
    ``resumes_s`` where the media goes on if there is none at the position."""

    position_s: float
    buffer_s: float
    playing: bool
    paused: bool
    seeking: bool
    window_start_s: float
    published_s: float
    edge_s: float
    slides: bool = True  # what is old is taken away
    lag_s: float = 0.0
    resumes_s: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do: jump to ``seek_s``, play at ``speed`` (None: as it is), say ``sentence``."""

    view: LiveView
    seek_s: float | None = None
    speed: float | None = None
    sentence: str = ""


class LiveGuide:
    """One for each live playback. ``wish`` is the speed that the viewer chose."""

    def __init__(self, latency: Latency, wish: float = 1.0) -> None:
        self._latency = latency
        self._pace = Pace(latency.min_rate, latency.max_rate, _LOW_SPARE_S if latency.low else SPARE_S)
        self._slack_s = min(_SLACK_S, latency.target_s) if latency.low else _SLACK_S
        self._wish = wish
        self._set = wish
        self.following = latency.from_start_s is None

    def begin_s(self, moment: LiveObservation, asked_s: float | None) -> float:
        """Where playback begins; ``asked_s`` is how far into the window the viewer wants to."""
        into_s = asked_s if asked_s is not None else self._latency.from_start_s
        if into_s is None:
            starts_s = _LOW_START_S if self._latency.low else 0.0  # the programme goes on until the first frame
            return self.inside(self.live_s(moment) + starts_s, moment, ahead_s=starts_s)
        place_s = self.inside(moment.window_start_s + into_s, moment)
        self.sought(place_s, moment)
        return place_s

    def short_s(self, place_s: float, moment: LiveObservation) -> float:
        """For how long playback from ``place_s`` is to wait where not enough is listed for it to go on until more of
        it is, as of a programme that has just begun."""
        return max(0.0, self._latency.least_s - (moment.edge_s - place_s)) if self.following else 0.0

    def live_s(self, moment: LiveObservation) -> float:
        """Where the programme is shown live: the target latency behind the edge."""
        return self.inside(moment.edge_s - self.target_s(moment), moment)

    def inside(self, place_s: float, moment: LiveObservation, *, ahead_s: float = 0.0) -> float:
        """The place in the window that is nearest to ``place_s``; where the window slides, a little inside it, so
        that it does not leave the viewer behind at once. ``ahead_s``: nearer to the edge than the target."""
        target_s = self.target_s(moment)
        first_s, last_s = moment.window_start_s, moment.published_s - _SHARE_IN_HAND * target_s
        if moment.slides:
            first_s += min(_MARGIN_S, _MARGIN_SHARE * (moment.published_s - moment.window_start_s))
        return max(min(place_s, moment.edge_s - target_s + ahead_s, last_s), first_s)

    def target_s(self, moment: LiveObservation) -> float:
        """The latency that is aimed at: never nearer to the edge than what is published allows."""
        return max(self._latency.target_s, moment.lag_s + (_LOW_LAG_S if self._latency.low else _LAG_S))

    def sought(self, place_s: float, moment: LiveObservation) -> None:
        """The viewer jumps."""
        self.following = moment.edge_s - place_s <= self.target_s(moment) + self._slack_s
        self._pace.rest()

    def fall_back(self, target_s: float) -> None:
        """The source lists more than when playback began, and ``target_s`` is the latency that is wanted by now: who
        joined a programme that had just begun was nearer to its edge than it asks for."""
        target_s = min(target_s, self._latency.wished_s)
        if target_s > self._latency.target_s:
            self._latency = replace(self._latency, target_s=target_s)

    def wished(self, speed: float) -> None:
        """The viewer chose a speed."""
        self._wish = self._set = speed

    def look(self, moment: LiveObservation) -> Advice:
        """The decision for this moment."""
        target_s = self.target_s(moment)
        behind_s = moment.edge_s - moment.position_s - target_s
        if moment.paused and behind_s > self._slack_s:
            self.following = False
        if moment.seeking:
            self._pace.rest()
            return Advice(self._view(moment, target_s))
        if moment.position_s < moment.window_start_s:
            self._pace.rest()
            sentence = MOVED_IN_PAUSE if moment.paused else MOVED
            return Advice(self._view(moment, target_s), self.inside(moment.position_s, moment), sentence=sentence)
        if moment.resumes_s is not None and not moment.paused and moment.resumes_s > moment.position_s + _GAP_S:
            return Advice(self._view(moment, target_s), seek_s=moment.resumes_s)
        live_s = self.live_s(moment)
        far = behind_s > self._longest_behind_s(target_s) and live_s > moment.position_s + self._slack_s
        if self.following and (far or self._has_enough_to_jump(moment, behind_s, live_s)):
            self._pace.rest()
            return Advice(self._view(moment, target_s), seek_s=live_s, sentence=CAUGHT_UP)
        speed = self._speed(moment, behind_s)
        return Advice(self._view(moment, target_s), speed=speed)

    def _has_enough_to_jump(self, moment: LiveObservation, behind_s: float, live_s: float) -> bool:
        """At low latency: whether speed would take too long, and what is to be shown instead is in hand."""
        if not self._latency.low or self._latency.max_s is not None or moment.paused:
            return False
        least_s = max(_LEAST_JUMP_S, (self._latency.max_rate - 1.0) * _PATIENCE_S)
        in_hand_s = moment.position_s + moment.buffer_s - live_s
        return min(behind_s, live_s - moment.position_s) > least_s and in_hand_s > _LOW_SPARE_S

    def _longest_behind_s(self, target_s: float) -> float:
        if self._latency.max_s is None:
            return _LOW_JUMP_S if self._latency.low else _JUMP_S
        return max(self._latency.max_s - target_s, self._slack_s)

    def _speed(self, moment: LiveObservation, behind_s: float) -> float | None:
        """The speed to be set; None where it is right already."""
        if self._wish > 1.0 and behind_s <= 0:  # there is nothing more to catch up with
            self._wish, self.following = 1.0, True
        if self._wish != 1.0:
            return None
        if self.following and moment.playing:
            speed = self._pace.rate(behind_s, moment.buffer_s)
        else:
            self._pace.rest()
            speed = 1.0
        if abs(speed - self._set) < _SAME_SPEED:
            return None
        self._set = speed
        return speed

    def _view(self, moment: LiveObservation, target_s: float) -> LiveView:
        return LiveView(
            start_s=moment.window_start_s,
            end_s=self.live_s(moment),
            edge_s=moment.edge_s,
            latency_s=moment.edge_s - moment.position_s,
            target_s=target_s,
            following=self.following,
        )
