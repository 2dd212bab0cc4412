"""The rows of a report's tables, each from one event or one transfer; ``docs/report.md`` has their fields. Pure.

Rows of events have no time here: :class:`player.reporting.report.Recorder` puts ``at_s`` before them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from abr.ledger import decision_to_dict
from player.manifest.model import TimedEvent
from player.manifest.scte35 import Splice
from player.manifest.timed_events import splice_of
from player.net.cmsd import Cmsd
from player.net.model import Transfer
from player.net.redact import redact_payload
from player.reporting.events import (
    BufferSampled,
    DecoderComplained,
    ErrorRaised,
    FetchHeld,
    Note,
    RungDecided,
    SegmentAbandoned,
    SegmentDone,
    SegmentReplaced,
    Sought,
    StatusChanged,
)
from player.reporting.startup import StartPart
from player.reporting.state import RungChoice, TrackChoice

Row = dict[str, Any]


def since(at_s: float, origin_s: float) -> float:
    """A moment on the engine's clock, in seconds since the playback was asked for."""
    return round(at_s - origin_s, 4)


def _span(start_s: float, end_s: float | None) -> float | None:
    return None if end_s is None else since(end_s, start_s)


def rung(choice: RungChoice) -> Row:
    return {
        "index": choice.index,
        "label": choice.label,
        "height": choice.height,
        "bitrate_bps": choice.bitrate_bps,
    }


def track(choice: TrackChoice) -> Row:
    return {
        "id": choice.id,
        "label": choice.label,
        "language": choice.language,
        "chosen": choice.selected,
        "forced": choice.forced,
        "kinds": list(choice.kinds),
        "channels": choice.channels,
        "stand_ins": list(choice.stand_ins),
        "unsupported": choice.unsupported,
    }


def start_part(part: StartPart) -> Row:
    """A part of the start beside its budget."""
    return {
        "part": part.name,
        "at_s": round(part.at_s, 4),
        "seconds": round(part.seconds, 4),
        "budget_s": part.budget_s,
        "over": part.over,
    }


MOST_PAYLOAD = 4096  # characters of an event


def timed_event(event: TimedEvent) -> Row:
    """An event on the timeline, with its splice information."""
    splice = splice_of(event)
    return {
        "id": event.id,
        "scheme": event.scheme,
        "value": _said(event.value),
        "start_s": event.start_s,
        "duration_s": event.duration_s,
        "origin": event.origin,
        "attributes": {name: _said(text) for name, text in event.attributes.items()},
        "payload": _said(event.payload),
        "splice": asdict(splice) if isinstance(splice, Splice) else None,
        "problem": splice if isinstance(splice, str) else None,
    }


def _said(text: str) -> str:
    """What an event says, without what may be secret in it."""
    return redact_payload(text[:MOST_PAYLOAD])


def sought(event: Sought) -> Row:
    return {"from_s": event.from_s, "to_s": event.to_s}


def decision(event: RungDecided) -> Row:
    return {"position": event.position, "media_s": event.media_s, **decision_to_dict(event.decision)}


def held(event: FetchHeld) -> Row:
    return {
        "seconds": since(event.until_s, event.at_s),
        "reason": event.reason,
        "sentence": event.sentence,
        "buffer_s": round(event.buffer_s, 3),
    }


def segment(event: SegmentDone) -> Row:
    return {
        "track": event.track,
        "position": event.position,
        "media_s": event.media_s,
        "duration_s": event.duration_s,
        "rung": event.rung,
        "bytes": event.size,
        "pathway": event.pathway,
    }


def complained(event: DecoderComplained) -> Row:
    return {"start_s": round(event.start_s, 3), "end_s": round(event.end_s, 3), "count": event.count}


def abandoned(event: SegmentAbandoned) -> Row:
    return {
        "position": event.position,
        "rung": event.rung,
        "to_rung": event.to_rung,
        "wasted_bytes": event.wasted_bytes,
        "sentence": event.sentence,
    }


def replaced(event: SegmentReplaced) -> Row:
    return {
        "position": event.position,
        "rung": event.rung,
        "to_rung": event.to_rung,
        "given_up": event.given_up,
        "wasted_bytes": event.wasted_bytes,
        "sentence": event.sentence,
    }


def note(event: Note) -> Row:
    return {
        "kind": event.kind,
        "sentence": event.sentence,
        "from": event.from_pathway,
        "to": event.to_pathway,
        "track": event.track,
        "code": event.code,
    }


def buffered(event: BufferSampled) -> Row:
    return {
        "position_s": event.position_s,
        "buffer_s": round(event.buffer_s, 3),
        "throughput_bps": None if event.throughput_bps is None else round(event.throughput_bps),
        "rung": event.rung,
    }


def error(event: ErrorRaised) -> Row:
    return {"code": event.code, "sentence": event.sentence, "fatal": event.fatal}


def status(event: StatusChanged) -> Row:
    return {"status": event.status}


def request(transfer: Transfer, origin_s: float) -> Row:
    """A transfer, by the time it started; what its CDN said of it (CMSD) only where it said something."""
    said = {} if transfer.cmsd is None else {"cmsd": _cmsd(transfer.cmsd)}
    return {
        "at_s": since(transfer.start_s, origin_s),
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
        **said,
    }


def _cmsd(said: Cmsd) -> Row:
    """CTA-5006: ``static`` of the object; ``dynamic`` of the answer, by each server on the way."""
    return {"static": dict(said.static), "dynamic": [{"server": name, **values} for name, values in said.dynamic]}
