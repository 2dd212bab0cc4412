"""The report of a run: everything that happened, as one JSON document (``matinee play --report``). Pure.

Times are seconds since the playback was asked for; ``docs/report.md`` describes every field.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from abr.ledger import memory_to_dict
from abr.startup import overruled
from player.manifest.model import TimedEvent
from player.manifest.timed_events import identity, in_order
from player.net.model import RequestKind, Transfer
from player.net.redact import host_of
from player.reporting import rows
from player.reporting.continuity import continuity
from player.reporting.events import (
    BufferSampled,
    DecoderComplained,
    ErrorRaised,
    Event,
    FetchHeld,
    LatencySampled,
    MediaBroken,
    MediaDamaged,
    Note,
    PhaseReached,
    Remembered,
    RungDecided,
    SegmentAbandoned,
    SegmentDone,
    SegmentReplaced,
    Sought,
    StallBegan,
    StallEnded,
    StatusChanged,
    TimedEventsSeen,
    TransferDone,
)
from player.reporting.live_figures import latency_figures
from player.reporting.qoe import QoeMeter
from player.reporting.rows import since
from player.reporting.startup import BUDGET_S, GOAL_S, startup_of
from player.reporting.state import PlaybackState, PlaybackStatus, TrackChoice
from player.transfer.cut_playlists import KIND as CUT_PLAYLIST

REPORT_VERSION = 1
MOST_TIMED = 10_000  # events on the timeline
MOST_EVENTS = 250_000  # some twelve hours of a channel
_FIRST_EVENTS = 5_000  # the start, and how it went on from there
_FREQUENT = (BufferSampled, FetchHeld, LatencySampled, RungDecided, SegmentDone, TransferDone)

_Timed = TypeVar("_Timed")  # any event: all have the time they happened at


class Recorder:
    """Gathers the events of one playback and its last state; ``report`` makes the document.

    A channel that plays for days has more than ``most`` events. Then the frequent sorts are kept only from the start
    and from the end; ``forgotten`` counts those between. The summary is that of the whole playback."""

    def __init__(self, most: int = MOST_EVENTS) -> None:
        self.events: list[Event] = []
        self.state = PlaybackState()
        self.forgotten = 0
        self._most = self._tidied_at = most
        self._meter = QoeMeter()
        self._timed: dict[tuple[object, ...], TimedEvent] = {}
        self._tracks: dict[str, tuple[TrackChoice, ...]] = {"audio": (), "subtitles": ()}

    def __call__(self, event: Event) -> None:
        if isinstance(event, TimedEventsSeen):
            for item in event.events:
                if len(self._timed) < MOST_TIMED:
                    self._timed.setdefault(identity(item), item)
            return
        self._meter(event)
        self.events.append(event)
        if len(self.events) > self._tidied_at:
            self._forget()

    def _forget(self) -> None:
        first, last = min(_FIRST_EVENTS, self._most // 4), len(self.events) - self._most // 2
        between = [event for event in self.events[first:last] if not isinstance(event, _FREQUENT)]
        self.forgotten += last - first - len(between)
        self.events[first:last] = between
        self._tidied_at = max(self._most, len(self.events) + self._most // 4)

    def see(self, state: PlaybackState) -> None:
        """The newest state. The tracks are those that were there last: one that is over shows none."""
        self.state = state
        if state.audio_tracks or state.text_tracks:
            self._tracks = {"audio": state.audio_tracks, "subtitles": state.text_tracks}

    @property
    def begin_s(self) -> float:
        """When the playback was asked for, on the engine's clock."""
        return self.events[0].at_s if self.events else 0.0

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def report(
        self, *, source: str, policy: str, libmpv: str = "", decode_errors: int | None = None
    ) -> dict[str, Any]:
        """The whole report. ``source`` is shown as it is given: pass it redacted. ``decode_errors`` is None where
        nothing was decoded."""
        state = self.state
        notes = self._table(Note, rows.note)
        return {
            "version": REPORT_VERSION,
            "source": source,
            "title": state.title,
            "policy": policy,
            "libmpv": libmpv,
            "result": self._result(state),
            "startup": self._startup(),
            "summary": self._summary(state),
            "forgotten": self.forgotten,
            "live": latency_figures(self.of(LatencySampled)),
            "stalls": self._stalls(),
            "continuity": {
                **continuity(self.of(MediaBroken), self.of(MediaDamaged), self.begin_s),
                "decode_errors": decode_errors,
                "complaints": self._table(DecoderComplained, rows.complained),
                "cut_playlists": sum(note["kind"] == CUT_PLAYLIST for note in notes),
            },
            "seeks": self._table(Sought, rows.sought),
            "rungs": [rows.rung(choice) for choice in state.rungs],
            "tracks": {medium: [rows.track(each) for each in tracks] for medium, tracks in self._tracks.items()},
            "remembered": self._remembered(),
            "decisions": self._table(RungDecided, rows.decision),
            "overruled": sum(overruled(event.decision) for event in self.of(RungDecided)),
            "waits": self._table(FetchHeld, rows.held),
            "segments": self._table(SegmentDone, rows.segment),
            "abandoned": self._table(SegmentAbandoned, rows.abandoned),
            "replaced": self._table(SegmentReplaced, rows.replaced),
            "paths": self._paths(),
            "path_switches": [note for note in notes if note["kind"] == "path_switch"],
            "timed_events": [rows.timed_event(item) for item in in_order(self._timed.values())],
            "recoveries": [note for note in notes if note["kind"] != "path_switch"],
            "requests": [rows.request(event.transfer, self.begin_s) for event in self.of(TransferDone)],
            "buffer": self._table(BufferSampled, rows.buffered),
            "errors": self._table(ErrorRaised, rows.error),
            "statuses": self._table(StatusChanged, rows.status),
        }

    def _table(self, kind: type[_Timed], row: Callable[[_Timed], rows.Row]) -> list[rows.Row]:
        """A row for each event of one kind, by its time."""
        origin_s = self.begin_s
        return [{"at_s": since(event.at_s, origin_s), **row(event)} for event in self.of(kind)]

    def _result(self, state: PlaybackState) -> dict[str, Any]:
        return {
            "status": str(state.status),
            "played_to_end": state.status is PlaybackStatus.ENDED and not state.cut_short,
            "position_s": state.position_s,
            "duration_s": state.duration_s,
            "reloads": state.reloads,
            "error": None
            if state.failure is None
            else {"code": state.failure.code, "sentence": state.failure.sentence},
        }

    def _startup(self) -> dict[str, Any]:
        phases = self._phases()
        began = startup_of(self.events)
        return {
            "first_frame_s": phases.get("first_frame"),
            "phases": [{"phase": name, "at_s": at} for name, at in sorted(phases.items(), key=lambda item: item[1])],
            "budget_s": BUDGET_S,
            "goal_s": GOAL_S,
            "over": began is not None and began.over,
            "parts": [rows.start_part(part) for part in (() if began is None else began.parts)],
        }

    def _phases(self) -> dict[str, float]:
        """When each phase of the start was reached first, and when the first byte of a segment came."""
        origin_s = self.begin_s
        phases: dict[str, float] = {}
        for event in self.of(PhaseReached):
            phases.setdefault(event.phase, since(event.at_s, origin_s))
        for event in self.of(TransferDone):
            transfer = event.transfer
            if transfer.kind is RequestKind.SEGMENT and transfer.first_byte_s is not None:
                phases.setdefault("first_media_byte", since(transfer.first_byte_s, origin_s))
                break
        return phases

    def _remembered(self) -> dict[str, dict[str, Any]]:
        return {
            event.pathway: {**memory_to_dict(event.memory), "age_s": round(event.memory.age_s)}
            for event in self.of(Remembered)
        }

    def _summary(self, state: PlaybackState) -> dict[str, Any]:
        return self._meter.summary(tuple(rung.bitrate_bps for rung in state.rungs), state.dropped_frames).as_dict()

    def _stalls(self) -> list[dict[str, Any]]:
        origin_s = self.begin_s
        ended = self.of(StallEnded)
        return [
            {
                "at_s": since(event.at_s, origin_s),
                "position_s": event.position_s,
                "duration_s": round(ended[number].duration_s, 3) if number < len(ended) else None,
                "cause": ended[number].cause if number < len(ended) else None,
            }
            for number, event in enumerate(self.of(StallBegan))
        ]

    def _paths(self) -> dict[str, dict[str, Any]]:
        requests: Counter[str] = Counter()
        received: Counter[str] = Counter()
        errors: defaultdict[str, Counter[str]] = defaultdict(Counter)
        own = {
            host_of(event.transfer.url) for event in self.of(TransferDone) if event.transfer.kind is RequestKind.API
        }
        for event in self.of(TransferDone):
            transfer = event.transfer
            name = transfer.pathway or _server_of(transfer, own)
            requests[name] += 1
            received[name] += transfer.received
            if transfer.error is not None:
                errors[name][transfer.error] += 1
        return {
            name: {"requests": requests[name], "bytes": received[name], "errors": dict(errors[name])}
            for name in requests
        }


def _server_of(transfer: Transfer, own: Collection[str]) -> str:
    """Who answered what no CDN did: the service (``own`` are its hosts), or another licence or steering server."""
    host = host_of(transfer.url)
    return "service" if transfer.kind is RequestKind.API or host in own or not host else host


def _parts_words(startup: dict[str, Any]) -> str:
    """The budget of the whole, and each part of the start beside its own."""
    words = [
        f"{part['part']} {part['seconds']:.2f} of {part['budget_s']:.2f} s{', too long' if part['over'] else ''}"
        for part in startup["parts"]
    ]
    return f" of {startup['budget_s']:.0f} s" + "".join(f"\n    {word}" for word in words)


def summary_lines(report: dict[str, Any]) -> list[str]:
    """The report in a few lines for people."""
    result, summary, startup = report["result"], report["summary"], report["startup"]
    first = startup["first_frame_s"]
    lines = [
        f"{report['title']}: {result['status']} at {result['position_s']:.1f} s",
        f"  first picture after {first:.2f} s{_parts_words(startup)}"
        if first is not None
        else "  no picture was shown",
        f"  {summary['stalls']} stalls, {summary['stalled_s']:.1f} s in all; {summary['switches']} quality changes",
        f"  {summary['mean_bitrate_bps'] / 1e6:.2f} Mbit/s on average, {summary['dropped_frames']} frames dropped",
    ]
    live = report.get("live")
    if live is not None:
        lines.append(f"  {live['mean_s']:.2f} s behind the live edge on average, {live['target_s']:.2f} s aimed at")
    for name, path in report["paths"].items():
        trouble = ", ".join(f"{count} x {code}" for code, count in path["errors"].items())
        lines.append(
            f"  {name}: {path['requests']} requests, {path['bytes'] / 1e6:.1f} MB{'; ' + trouble if trouble else ''}"
        )
    lines += [f"  {switch['sentence']}" for switch in report["path_switches"]]
    if result["error"] is not None:
        lines.append(f"  {result['error']['sentence']} ({result['error']['code']})")
    return lines
