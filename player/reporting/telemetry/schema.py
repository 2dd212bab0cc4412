"""The event schema, and how an event of the engine becomes one of telemetry. Pure.

No event holds an address, a name, a token, or anything of the viewer but what was played and how it went; the page
``docs/telemetry.md`` is made of :data:`SCHEMA` (``python -m player.reporting.telemetry``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from player.reporting.events import (
    BufferSampled,
    ErrorRaised,
    Event,
    Note,
    PhaseReached,
    RungDecided,
    SegmentAbandoned,
    Sought,
    StallBegan,
    StallEnded,
    StatusChanged,
    TransferDone,
)
from player.reporting.telemetry.queue import line_of

SCHEMA_VERSION = 1
Value = str | int | float | bool | None

SCHEMA: Mapping[str, Mapping[str, str]] = {
    "session": {
        "title": "id of the title in the catalogue; empty for an address of the viewer's own",
        "variant": "which form of it was asked for; empty: whichever there is",
        "policy": "the rate adaptation policy",
        "client": "name and version of this program",
        "system": "operating system and architecture",
    },
    "phase": {"phase": "milestone of the start: requested, licence, manifest, init, header, first_frame"},
    "decision": {
        "position": "number of the segment",
        "media_s": "its place on the title's timeline",
        "rung": "rung chosen; none: wait",
        "reason": "the policy's reason",
        "buffer_s": "media in hand",
        "throughput_bps": "expected throughput",
    },
    "abandoned": {"position": "segment given up", "rung": "its rung", "to_rung": "what is fetched", "bytes": "lost"},
    "request": {
        "kind": "manifest, init, segment, key, licence, ...",
        "cdn": "name of the CDN",
        "track": "track",
        "status": "HTTP status",
        "bytes": "body bytes received",
        "first_byte_s": "time to the first byte",
        "seconds": "time in all",
        "attempt": "1 for the first",
        "http": "protocol version",
        "new_connection": "whether a connection was made",
        "error": "error code",
        "aborted": "given up by the player",
    },
    "stall": {
        "position_s": "where",
        "seconds": "how long; none while it lasts",
        "cause": "network, licence, decoder, source, machine or file; none while it lasts",
    },
    "recovery": {"step": "what was done", "code": "after which error", "cdn": "at which CDN", "to_cdn": "new CDN"},
    "error": {"code": "error code", "fatal": "whether it ended the playback"},
    "seek": {"from_s": "from", "to_s": "to"},
    "status": {"status": "loading, playing, paused, buffering, seeking, ended, failed, idle"},
    "quality": {
        "position_s": "playhead",
        "buffer_s": "media in hand",
        "rung": "rung on the screen",
        "throughput_bps": "expected throughput",
        "dropped_frames": "frames dropped so far",
    },
    "summary": {
        "startup_s": "request to first picture",
        "played_s": "media shown",
        "stalls": "how many",
        "stalled_s": "how long in all",
        "rebuffer_ratio": "stalled / (stalled + played)",
        "mean_bitrate_bps": "mean bitrate, weighted by time",
        "segment_bitrate_bps": "mean bitrate over segments",
        "switches": "changes of rung",
        "errors": "how many",
        "failed": "whether an error ended it",
        "dropped_frames": "frames dropped",
        "bytes": "received",
        "wasted_bytes": "received in vain",
        "requests": "how many",
    },
}
"""For each kind of event its fields and what they mean. Times are seconds, rates bit/s."""


@dataclass(frozen=True, slots=True)
class TelemetryEvent:
    """One event. ``id`` is unique for ever: the service counts each once. ``at`` is seconds since 1970 on this
    machine's clock, ``since_s`` the time since the session began; ``number`` counts the session's events from 1."""

    id: str
    session: str
    number: int
    at: float
    since_s: float
    kind: str
    data: Mapping[str, Value]

    def as_json(self) -> str:
        """The event as it is stored and sent."""
        document = {
            "id": self.id,
            "session": self.session,
            "number": self.number,
            "at": round(self.at, 3),
            "since_s": round(self.since_s, 3),
            "kind": self.kind,
            "data": dict(self.data),
        }
        return line_of(document)


def described(event: Event) -> tuple[str, dict[str, Value]] | None:
    """Kind and fields of an event of the engine; None for one that telemetry has no use for."""
    match event:
        case PhaseReached():
            return "phase", {"phase": event.phase}
        case RungDecided():
            snapshot = event.decision.snapshot
            return "decision", {
                "position": event.position,
                "media_s": round(event.media_s, 3),
                "rung": event.decision.rung,
                "reason": str(event.decision.reason),
                "buffer_s": round(snapshot.buffer_s, 3),
                "throughput_bps": _whole(snapshot.estimate.mean_bps),
            }
        case SegmentAbandoned():
            return "abandoned", {
                "position": event.position,
                "rung": event.rung,
                "to_rung": event.to_rung,
                "bytes": event.wasted_bytes,
            }
        case TransferDone():
            return "request", _request(event)
        case StallBegan():
            return "stall", {"position_s": round(event.position_s, 3), "seconds": None, "cause": None}
        case StallEnded():
            return "stall", {
                "position_s": round(event.position_s, 3),
                "seconds": round(event.duration_s, 3),
                "cause": event.cause,
            }
        case Note():
            step = {"step": event.kind, "code": event.code, "cdn": event.from_pathway, "to_cdn": event.to_pathway}
            return "recovery", dict(step)
        case ErrorRaised():
            return "error", {"code": event.code, "fatal": event.fatal}
        case Sought():
            return "seek", {"from_s": round(event.from_s, 3), "to_s": round(event.to_s, 3)}
        case StatusChanged():
            return "status", {"status": event.status}
        case _:
            return None


def quality(event: BufferSampled, dropped_frames: int) -> dict[str, Value]:
    """The fields of a ``quality`` event."""
    return {
        "position_s": round(event.position_s, 3),
        "buffer_s": round(event.buffer_s, 3),
        "rung": event.rung,
        "throughput_bps": _whole(event.throughput_bps),
        "dropped_frames": dropped_frames,
    }


def _request(event: TransferDone) -> dict[str, Value]:
    transfer = event.transfer
    first = transfer.first_byte_s
    return {
        "kind": str(transfer.kind),
        "cdn": transfer.pathway,
        "track": transfer.track,
        "status": transfer.status,
        "bytes": transfer.received,
        "first_byte_s": None if first is None else round(first - transfer.start_s, 4),
        "seconds": round(transfer.end_s - transfer.start_s, 4),
        "attempt": transfer.attempt,
        "http": transfer.http_version,
        "new_connection": transfer.new_connection,
        "error": transfer.error,
        "aborted": transfer.aborted,
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def markdown() -> str:
    """The table of events for ``docs/telemetry.md``."""
    lines = ["| event | field | what it holds |", "|---|---|---|"]
    for kind, fields in SCHEMA.items():
        lines += [f"| `{kind}` | `{name}` | {meaning} |" for name, meaning in fields.items()]
    return "\n".join(lines)
