"""Events and date ranges as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from player.manifest.dump.segments import Json, milliseconds, number
from player.manifest.hls.findings import INTERSTITIAL_CLASS
from player.manifest.hls.lexer import is_yes
from player.manifest.hls.lexer import number as decimal
from player.manifest.model import Presentation, TimedEvent
from player.manifest.scte35 import Splice
from player.manifest.timed_events import identity, splice_of, timed_events
from player.manifest.urls import resolve


def event_to_json(event: TimedEvent) -> Json:
    """An event of an EventStream."""
    return {
        "id": event.id,
        "scheme": event.scheme,
        "value": event.value,
        "start": number(event.start_s),
        "duration": number(event.duration_s),
        "payload": event.payload,
    }


def timed_events_to_json(presentation: Presentation) -> list[Json]:
    """All events in one list, in the order of their times, with the splice information in them."""
    rows, cues = [], frozenset(map(identity, presentation.cues))
    for event in timed_events(presentation):
        splice = splice_of(event)
        rows.append(
            {
                "id": event.id,
                "scheme": event.scheme,
                "origin": event.origin,
                "start": number(event.start_s),
                "duration": number(event.duration_s),
                "attributes": dict(event.attributes) if event.origin == "media" or identity(event) in cues else {},
                "splice": asdict(splice) if isinstance(splice, Splice) else None,
                "problem": splice if isinstance(splice, str) else None,
                # What the manifest says has its value and payload with its period; what the media say is here alone.
                "value": event.value if event.origin == "media" else "",
                "payload": event.payload if event.origin == "media" else "",
            }
        )
    return rows


def date_range_to_json(event: TimedEvent) -> Json:
    """An EXT-X-DATERANGE."""
    attributes = event.attributes
    end = None
    if event.start_date_s is not None and event.duration_s is not None:
        end = event.start_date_s + event.duration_s
    return {
        "id": event.id,
        "class": event.scheme or None,
        "start": number(event.start_s),
        "start_date": milliseconds(event.start_date_s),
        "end_date": milliseconds(end),
        "duration": number(event.duration_s),
        "planned_duration": number(decimal(attributes.get("PLANNED-DURATION"))),
        "end_on_next": is_yes(attributes.get("END-ON-NEXT")),
        "cue": _words(attributes.get("CUE")),
        "scte35": {
            name: attributes[f"SCTE35-{name.upper()}"]
            for name in ("cmd", "out", "in")
            if f"SCTE35-{name.upper()}" in attributes
        },
        "interstitial": _interstitial(attributes, event.base_url) if event.scheme == INTERSTITIAL_CLASS else None,
        "attributes": dict(attributes),
    }


def _interstitial(attributes: Mapping[str, str], base: str) -> Json:
    """RFC 8216bis Appendix D."""
    asset, listed = attributes.get("X-ASSET-URI"), attributes.get("X-ASSET-LIST")
    return {
        "asset_uri": resolve(base, asset) if asset else None,
        "asset_list": resolve(base, listed) if listed else None,
        "resume_offset": number(decimal(attributes.get("X-RESUME-OFFSET"))),
        "playout_limit": number(decimal(attributes.get("X-PLAYOUT-LIMIT"))),
        "snap": _words(attributes.get("X-SNAP")),
        "restrict": _words(attributes.get("X-RESTRICT")),
        "content_may_vary": attributes.get("X-CONTENT-MAY-VARY", "YES") != "NO",
        "timeline_occupies": attributes.get("X-TIMELINE-OCCUPIES", "POINT"),
        "timeline_style": attributes.get("X-TIMELINE-STYLE", "HIGHLIGHT"),
        "skip_control_offset": number(decimal(attributes.get("X-SKIP-CONTROL-OFFSET"))),
        "skip_control_duration": number(decimal(attributes.get("X-SKIP-CONTROL-DURATION"))),
        "skip_control_label": attributes.get("X-SKIP-CONTROL-LABEL-ID"),
    }


def _words(text: str | None) -> list[str]:
    return [word for item in (text or "").split(",") if (word := item.strip())]
