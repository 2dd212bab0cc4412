"""The report of a run: everything that happened, as one JSON document (``matinee play --report``). Pure.

Times are seconds since the playback was asked for; ``docs/report.md`` describes every field.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from abr.ledger import decision_to_dict, memory_to_dict
from player.events import (
    BufferSampled,
    ErrorRaised,
    Event,
    LatencySampled,
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
    TransferDone,
)
from player.live.figures import latency_figures
from player.net.model import RequestKind
from player.qoe import QoeMeter
from player.startup import BUDGET_S, GOAL_S, startup_of
from player.state import PlaybackState, Status

REPORT_VERSION = 1
MOST_EVENTS = 250_000  # some twelve hours of a channel
_FIRST_EVENTS = 5_000  # the start, and how it went on from there
_FREQUENT = (BufferSampled, LatencySampled, RungDecided, SegmentDone, TransferDone)


class Recorder:
    """Gathers the events of one playback and its last state; ``report`` makes the document.

    Of more than ``most`` events, which a channel comes to that plays for days, the frequent sorts are kept from the
    begin and from the end only; ``forgotten`` counts those between. The summary is that of the whole playback."""

    def __init__(self, most: int = MOST_EVENTS) -> None:
        self.events: list[Event] = []
        self.state = PlaybackState()
        self.forgotten = 0
        self._most = self._tidied_at = most
        self._meter = QoeMeter()

    def __call__(self, event: Event) -> None:
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
        """The newest state."""
        self.state = state

    @property
    def begin_s(self) -> float:
        """When the playback was asked for, on the engine's clock."""
        return self.events[0].at_s if self.events else 0.0

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def report(self, *, source: str, policy: str, libmpv: str = "") -> dict[str, Any]:
        """The whole report. ``source`` is shown as it is given: pass it redacted."""
        state = self.state
        origin_s = self.begin_s
        return {
            "version": REPORT_VERSION,
            "source": source,
            "title": state.title,
            "policy": policy,
            "libmpv": libmpv,
            "result": self._result(state),
            "startup": self._startup(origin_s),
            "summary": self._summary(state),
            "forgotten": self.forgotten,
            "live": latency_figures(self.of(LatencySampled)),
            "stalls": self._stalls(origin_s),
            "seeks": [
                {"at_s": _since(event.at_s, origin_s), "from_s": event.from_s, "to_s": event.to_s}
                for event in self.of(Sought)
            ],
            "rungs": [
                {"index": rung.index, "label": rung.label, "height": rung.height, "bitrate_bps": rung.bitrate_bps}
                for rung in state.rungs
            ],
            "remembered": {
                event.pathway: {**memory_to_dict(event.memory), "age_s": round(event.memory.age_s)}
                for event in self.of(Remembered)
            },
            "decisions": [
                {
                    "at_s": _since(event.at_s, origin_s),
                    "position": event.position,
                    "media_s": event.media_s,
                    **decision_to_dict(event.decision),
                }
                for event in self.of(RungDecided)
            ],
            "segments": self._segments(origin_s),
            "abandoned": [
                {
                    "at_s": _since(event.at_s, origin_s),
                    "position": event.position,
                    "rung": event.rung,
                    "to_rung": event.to_rung,
                    "wasted_bytes": event.wasted_bytes,
                    "sentence": event.sentence,
                }
                for event in self.of(SegmentAbandoned)
            ],
            "replaced": [
                {
                    "at_s": _since(event.at_s, origin_s),
                    "position": event.position,
                    "rung": event.rung,
                    "to_rung": event.to_rung,
                    "given_up": event.given_up,
                    "wasted_bytes": event.wasted_bytes,
                    "sentence": event.sentence,
                }
                for event in self.of(SegmentReplaced)
            ],
            "paths": self._paths(),
            "path_switches": self._notes("path_switch", origin_s),
            "recoveries": [note for note in self._notes(None, origin_s) if note["kind"] != "path_switch"],
            "requests": self._requests(origin_s),
            "buffer": [
                {
                    "at_s": _since(event.at_s, origin_s),
                    "position_s": event.position_s,
                    "buffer_s": round(event.buffer_s, 3),
                    "throughput_bps": None if event.throughput_bps is None else round(event.throughput_bps),
                    "rung": event.rung,
                }
                for event in self.of(BufferSampled)
            ],
            "errors": [
                {
                    "at_s": _since(event.at_s, origin_s),
                    "code": event.code,
                    "sentence": event.sentence,
                    "fatal": event.fatal,
                }
                for event in self.of(ErrorRaised)
            ],
            "statuses": [
                {"at_s": _since(event.at_s, origin_s), "status": event.status} for event in self.of(StatusChanged)
            ],
        }

    def _result(self, state: PlaybackState) -> dict[str, Any]:
        return {
            "status": str(state.status),
            "played_to_end": state.status is Status.ENDED and not state.cut_short,
            "position_s": state.position_s,
            "duration_s": state.duration_s,
            "reloads": state.reloads,
            "error": None
            if state.failure is None
            else {"code": state.failure.code, "sentence": state.failure.sentence},
        }

    def _startup(self, origin_s: float) -> dict[str, Any]:
        phases: dict[str, float] = {}
        for event in self.of(PhaseReached):
            phases.setdefault(event.phase, _since(event.at_s, origin_s))
        for event in self.of(TransferDone):
            transfer = event.transfer
            if transfer.kind is RequestKind.SEGMENT and transfer.first_byte_s is not None:
                phases.setdefault("first_media_byte", _since(transfer.first_byte_s, origin_s))
                break
        began = startup_of(self.events)
        return {
            "first_frame_s": phases.get("first_frame"),
            "phases": [{"phase": name, "at_s": at} for name, at in sorted(phases.items(), key=lambda item: item[1])],
            "budget_s": BUDGET_S,
            "goal_s": GOAL_S,
            "over": began is not None and began.over,
            "parts": [
                {
                    "part": part.name,
                    "at_s": round(part.at_s, 4),
                    "seconds": round(part.seconds, 4),
                    "budget_s": part.budget_s,
                    "over": part.over,
                }
                for part in (() if began is None else began.parts)
            ],
        }

    def _summary(self, state: PlaybackState) -> dict[str, Any]:
        return self._meter.summary(tuple(rung.bitrate_bps for rung in state.rungs), state.dropped_frames).as_dict()

    def _stalls(self, origin_s: float) -> list[dict[str, Any]]:
        ended = self.of(StallEnded)
        return [
            {
                "at_s": _since(event.at_s, origin_s),
                "position_s": event.position_s,
                "duration_s": round(ended[number].duration_s, 3) if number < len(ended) else None,
                "cause": ended[number].cause if number < len(ended) else None,
            }
            for number, event in enumerate(self.of(StallBegan))
        ]

    def _segments(self, origin_s: float) -> list[dict[str, Any]]:
        return [
            {
                "at_s": _since(event.at_s, origin_s),
                "track": event.track,
                "position": event.position,
                "media_s": event.media_s,
                "duration_s": event.duration_s,
                "rung": event.rung,
                "bytes": event.size,
                "pathway": event.pathway,
            }
            for event in self.of(SegmentDone)
        ]

    def _paths(self) -> dict[str, dict[str, Any]]:
        requests: Counter[str] = Counter()
        received: Counter[str] = Counter()
        errors: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for event in self.of(TransferDone):
            transfer = event.transfer
            name = transfer.pathway or "service"
            requests[name] += 1
            received[name] += transfer.received
            if transfer.error is not None:
                errors[name][transfer.error] += 1
        return {
            name: {"requests": requests[name], "bytes": received[name], "errors": dict(errors[name])}
            for name in requests
        }

    def _notes(self, kind: str | None, origin_s: float) -> list[dict[str, Any]]:
        return [
            {
                "at_s": _since(event.at_s, origin_s),
                "kind": event.kind,
                "sentence": event.sentence,
                "from": event.from_pathway,
                "to": event.to_pathway,
                "track": event.track,
                "code": event.code,
            }
            for event in self.of(Note)
            if kind is None or event.kind == kind
        ]

    def _requests(self, origin_s: float) -> list[dict[str, Any]]:
        rows = []
        for event in self.of(TransferDone):
            transfer = event.transfer
            rows.append(
                {
                    "at_s": _since(transfer.start_s, origin_s),
                    "kind": str(transfer.kind),
                    "url": transfer.url,
                    "pathway": transfer.pathway,
                    "track": transfer.track,
                    "status": transfer.status,
                    "first_byte_s": _span(transfer.start_s, transfer.first_byte_s),
                    "seconds": _span(transfer.start_s, transfer.end_s),
                    "bytes": transfer.received,
                    "beside_bytes": transfer.beside,
                    "attempt": transfer.attempt,
                    "http": transfer.http_version,
                    "new_connection": transfer.new_connection,
                    "error": transfer.error,
                    "aborted": transfer.aborted,
                }
            )
        return rows


def _since(at_s: float, origin_s: float) -> float:
    return round(at_s - origin_s, 4)


def _span(start_s: float, end_s: float | None) -> float | None:
    return None if end_s is None else round(end_s - start_s, 4)


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
