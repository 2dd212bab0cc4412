"""Events, date ranges and captions as plain JSON values: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from player.manifest.dump_values import Json, milliseconds, number
from player.manifest.hls.findings import INTERSTITIAL_CLASS
from player.manifest.hls.lexer import is_yes
from player.manifest.hls.lexer import number as decimal
from player.manifest.model import TimedEvent
from player.manifest.urls import resolve

_CAPTIONS = re.compile(r"urn:scte:dash:cc:cea-(608|708):2015(?:=(.*))?$")


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


def captions(accessibility: Iterable[str]) -> list[Json]:
    """Closed captions inside the video that Accessibility descriptors announce (DASH-IF IOP 6.4.3, SCTE 214-1).

    ``CC1=eng;CC3=swe`` and ``eng;swe`` for CEA-608, ``1=lang:eng;2=lang:fra,war:0`` for CEA-708, and either in the
    form of the other; a service without a channel has null. No value means one service in an unknown language.
    """
    rows: list[Json] = []
    for item in accessibility:
        match = _CAPTIONS.match(item)
        if match is None:
            continue
        services = [part.strip() for part in (match.group(2) or "").split(";") if part.strip()]
        rows += [_service(match.group(1), service) for service in services or ["CC1=und"] * (match.group(1) == "608")]
    return rows


def _service(kind: str, text: str) -> Json:
    channel, given, value = text.partition("=")
    if not given:
        is_channel = kind == "608" and re.fullmatch(r"CC[1-4]", text) is not None
        return {"channel": text if is_channel else None, "lang": None if is_channel else text}
    options = dict(part.partition(":")[::2] for part in value.split(","))
    prefix = "SERVICE" if kind == "708" else "CC"
    return {"channel": prefix + channel if channel.isdigit() else channel, "lang": options.get("lang", value)}
