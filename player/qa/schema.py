"""The JSON schema of plans, and the check of a plan against it, with lines. Pure.

The schema is the one description of the format: ``matinee qa schema`` prints it, ``docs/plans/plan.schema.json`` is a
copy that editors can use, and :func:`check` reads the same data. It uses a small part of JSON Schema (2020-12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from abr import registry
from abr.simulator.synthetic import KINDS
from player.media.model import Codec
from player.qa.devices import PROFILES
from player.qa.document import Place, PlanDocument
from player.qa.script import Do
from player.reporting.cmcd import Mode

Schema = Mapping[str, Any]


def _object(required: list[str] | None = None, /, **properties: Schema) -> Schema:
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def _number(text: str, minimum: float = 0, maximum: float = 10**9) -> Schema:
    return {"type": "number", "minimum": minimum, "maximum": maximum, "description": text}


def _count(text: str, minimum: int = 0, maximum: int = 1_000_000) -> Schema:
    return {"type": "integer", "minimum": minimum, "maximum": maximum, "description": text}


def _text(text: str, **more: object) -> Schema:
    return {"type": "string", "minLength": 1, "description": text, **more}


def _list(items: Schema, text: str, most: int = 1000) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most, "description": text}


_NAME = _text("what reports call it", maxLength=80)
_PATTERN = _text("a pattern of paths, as in fault files: *seg-?-009*")
_LIVE = _object(
    recording=_text("a file of matinee qa watch --record, sent as it was; begun_s is where in it the run starts"),
    begun_s=_number("so much of the title is sent when the run starts (default 30)", 0.1, 10**6),
    window_s=_number("so much of it stays available (default 60)", 1, 10**6),
    late=_list(
        _object(["path", "by_s"], path=_PATTERN, by_s=_number("seconds after its end", 0, 10**6)),
        "segments that are available later than their end",
    ),
    stale=_list(
        _object(
            ["path", "from_s", "for_s"],
            path=_PATTERN,
            from_s=_number("of the run"),
            for_s=_number("so long nothing changes in it"),
        ),
        "manifests that do not change for a while",
    ),
    restarts=_list(
        _object(
            ["at_s", "for_s"],
            at_s=_number("of the title: with the first segment from there on", 0.1, 10**6),
            for_s=_number("so long nothing is sent", 0, 10**6),
        ),
        "the encoder ends and goes on behind a discontinuity (HLS)",
    ),
)
_SOURCE = _object(
    ["name"],
    name=_NAME,
    url=_text("address of a manifest"),
    title=_text("id or name of a title of the service (--service)"),
    variant=_text(
        "of a title (default: encrypted where it has that, else the one it has)", enum=["clear", "encrypted", "live"]
    ),
    licence_url=_text("a ClearKey licence server; may hold ${NAME}"),
    reference=_text("address of the same where it is known to be right (judge: media; default: this source itself)"),
    keys=_list(_text("KID:KEY in hex, or ${NAME}"), "known content keys"),
    live={
        **_LIVE,
        "description": "send the title of this address as a live programme, or a recording (mode: virtual)",
    },
)
_NETWORK = _object(
    ["name"],
    name=_NAME,
    trace=_text("a trace file, its place counted from the plan"),
    constant=_object(["kbps"], kbps=_number("kbit/s", 1), latency_ms=_number("round trip in ms")),
    model=_object(
        ["kind", "mean_kbps"],
        kind=_text("how the rate moves", enum=list(KINDS)),
        mean_kbps=_number("kbit/s on average", 1),
        latency_ms=_number("round trip in ms"),
        duration_s=_number("length; it repeats", 1, 100_000),
    ),
)
_FAULTS = _object(
    ["name"],
    name=_NAME,
    file=_text("a fault file (docs/faults.md), its place counted from the plan"),
    rules={
        "type": "array",
        "items": {"type": "object"},
        "maxItems": 1000,
        "description": "the rules of a fault file (docs/faults.md)",
    },
)
_CDNS = _object(
    ["name", "order"],
    name=_NAME,
    order=_list(_text("the name of a CDN"), "these and no others, the preferred one first", 50),
)
_DEVICE = _object(
    ["name"],
    name=_NAME,
    profile=_text("a usual device, whose figures hold where no others are stated", enum=list(PROFILES)),
    display=_text("WIDTHxHEIGHT: Auto needs no more lines than it has", pattern="^[1-9][0-9]{1,4}x[1-9][0-9]{1,4}$"),
    codecs=_list(
        _text("a codec in FFmpeg's names", enum=[str(each) for each in Codec]), "what it decodes, sound among it"
    ),
    decode=_object(
        max_height=_count("lines of the largest picture that it decodes", 1),
        max_frame_rate=_number("pictures a second that it decodes", 1),
    ),
    buffer_s=_number("how far to load ahead", 4),
    replace_buffered={"type": "boolean", "description": "buffered low quality is fetched again (docs/abr.md)"},
    memory_mb=_count("bound of the segment store", 8, 4096),
    max_height=_count("Auto needs no more lines than this (default: those of the display)", 1),
    max_kbps=_number("Auto takes no rung above this", 1),
    rung=_count("fix the quality"),
)
_CMCD = _object(
    ["mode"],
    mode=_text("how client data go to the CDNs", enum=["off", *(str(each) for each in Mode)]),
    version={"type": "integer", "enum": [1, 2], "description": "of CMCD (default 1)"},
)
_STEP = _object(
    ["at_s", "do"],
    at_s=_number("seconds after the playback was asked for"),
    do=_text("what the viewer does", enum=[str(each) for each in Do]),
    to_s=_number("where a seek leads to"),
    rung=_count("the quality to fix; none is Auto"),
)

PLAN: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Matinee QA plan",
    **_object(
        ["version", "name", "sources"],
        version={"type": "integer", "enum": [1], "description": "of this format"},
        name=_text("of the plan", maxLength=200),
        description=_text("what it is for"),
        account=_text("of the service, for titles; may hold ${NAME} (--email goes before it)"),
        judge=_text(
            "media: picture and sound are judged on decoded frames; continuity (default): what reached the decoder",
            enum=["continuity", "media"],
        ),
        mode=_text(
            "virtual: in virtual time, hardly anything is decoded; real: on libmpv, at real speed",
            enum=["virtual", "real"],
        ),
        sources=_list(_SOURCE, "what is played"),
        seeds=_list(_count("a seed", 0, 2**31), "of retries, chances and models (default: 1)"),
        repeats=_count("how often each run is made", 1, 1000),
        networks=_list(_NETWORK, "over which links (default: the network as it is; virtual: 20 Mbit/s)"),
        faults=_list(_FAULTS, "what goes wrong"),
        policies=_list(_text("an ABR policy", enum=list(registry.names())), "which rate adaptations"),
        cdns=_list(_CDNS, "which CDNs may be used (default: as service and manifest say)"),
        devices=_list(_DEVICE, "what the device bounds"),
        cmcd=_list(_CMCD, "client data to the CDNs (CTA-5004; default: none)", 10),
        script=_list(_STEP, "what the viewer does"),
        play=_object(
            start_s=_number("where to start (default: at 0 s; of a live programme at its live edge)"),
            state=_text(
                "fresh (default): positions, networks and preferences of profile and account do not count or change; "
                "kept: they do, as for a viewer",
                enum=["fresh", "kept"],
            ),
            audio=_text("the language that is heard (default: the source's own choice)"),
            subtitles=_text("the language of subtitles that are shown (default: none but forced ones)"),
            stills=_text("pictures may stand for long, as slides do (default: such a run fails)", enum=["allowed"]),
            duration_s=_number("stop after so much media", 0.1),
            limit_s=_number("give up after so many seconds (default 600)", 1),
        ),
        thresholds=_list(
            _text("a condition that must hold: METRIC [OF RUNS] OPERATOR VALUE, see docs/guide-qa.md"),
            "what makes the plan pass",
        ),
    ),
}

_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "object": ((dict,), "names with values"),
    "array": ((list,), "a list"),
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
}


def check(document: PlanDocument, schema: Schema = PLAN, place: Place = ()) -> None:
    """Hold the value at ``place`` against ``schema``. Raises InputError with line and place of the first fault."""
    value = document.value
    for part in place:
        value = value[part]
    types, name = _TYPES[schema["type"]]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise document.error(place, f"this must be {name}.")
    if "enum" in schema and value not in schema["enum"]:
        known = ", ".join(map(str, schema["enum"]))
        raise document.error(place, f"{value!r} is not known here; there are {known}.")
    if isinstance(value, dict):
        _check_object(document, schema, place, value)
    elif isinstance(value, list):
        _check_size(document, place, len(value), schema.get("minItems", 0), schema.get("maxItems"), "entries")
        for number in range(len(value)):
            check(document, schema["items"], (*place, number))
    elif isinstance(value, str):
        _check_size(document, place, len(value), schema.get("minLength", 0), schema.get("maxLength"), "characters")
        if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
            raise document.error(place, f"this must be {schema['description'].partition(':')[0]}.")
    elif value < schema.get("minimum", value) or value > schema.get("maximum", value):
        raise document.error(place, f"this must be from {schema['minimum']:g} to {schema['maximum']:g}.")


def _check_object(document: PlanDocument, schema: Schema, place: Place, value: Mapping[str, Any]) -> None:
    properties = schema.get("properties")
    if properties is None:
        return  # looked at by whoever knows it
    for name in value:
        if name not in properties:
            raise document.error((*place, name), f"this is not known here; there are {', '.join(properties)}.")
    for name in schema.get("required", ()):
        if name not in value:
            raise document.error(place, f'"{name}" is missing.')
    for name in value:
        check(document, properties[name], (*place, name))


def _check_size(document: PlanDocument, place: Place, size: int, least: int, most: int | None, what: str) -> None:
    if size < least:
        raise document.error(place, "this is empty.")
    if most is not None and size > most:
        raise document.error(place, f"this has more than {most} {what}.")
