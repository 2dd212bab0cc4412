"""EventStream (ISO/IEC 23009-1 5.10.2): timed events in the MPD."""

from __future__ import annotations

import base64

from lxml import etree

from player.manifest.dash.xml import Element, children, integer, line_of, timescale_of
from player.manifest.limits import MAX_SEGMENTS, limit_error
from player.manifest.model import SourcePosition, TimedEvent
from player.manifest.parser_notes import Notes


def read_events(period: Element, start_s: float, path: str, notes: Notes) -> tuple[TimedEvent, ...]:
    """The events of a period, on the presentation timeline."""
    result: list[TimedEvent] = []
    for number, stream in enumerate(children(period, "EventStream"), 1):
        scale = timescale_of(stream.get("timescale"))
        if scale is None:
            notes.warn(
                "dash.timescale", "@timescale is no whole number above 0; it is taken for 1.", line=line_of(stream)
            )
            scale = 1
        offset = integer(stream.get("presentationTimeOffset")) or 0
        scheme, value = stream.get("schemeIdUri") or "", stream.get("value") or ""
        place = f"{path}/EventStream[{number}]"
        for position, event in enumerate(children(stream, "Event"), 1):
            if len(result) >= MAX_SEGMENTS:
                raise limit_error("a period has too many events", MAX_SEGMENTS, path=path)
            ticks = integer(event.get("presentationTime")) or 0
            length = integer(event.get("duration"))
            result.append(
                TimedEvent(
                    id=event.get("id") or "",
                    scheme=scheme,
                    start_s=start_s + (ticks - offset) / scale,
                    duration_s=None if length is None else length / scale,
                    value=value,
                    payload=_decoded(event, scheme, event.get("messageData") or _payload(event)),
                    attributes={str(key): str(text) for key, text in event.attrib.items()},
                    place=SourcePosition(line_of(event), f"{place}/Event[{position}]"),
                )
            )
    return tuple(result)


def _decoded(event: Element, scheme: str, payload: str) -> str:
    """Text that is written in base64 (@contentEncoding); what is no text stays as it is written."""
    if event.get("contentEncoding") != "base64" or scheme.lower().endswith(":bin"):
        return payload
    try:
        text = base64.b64decode("".join(payload.split()), validate=True).decode("utf-8")
    except ValueError:
        return payload
    return text if all(character.isprintable() or character.isspace() for character in text) else payload


def _payload(event: Element) -> str:
    """The content of an Event: its text, or its child elements as XML."""
    inner = "".join(etree.tostring(item, encoding="unicode", with_tail=True) for item in event)
    return ((event.text or "") + inner).strip()
