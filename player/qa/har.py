"""The exchanges of a session as HAR 1.2, with what streaming means in them. Pure.

Ordinary viewers show it as they show that of a browser. What HAR has no field for is in members that start with an
underscore, as the format demands. ``_matinee`` of each entry has the kind of request, CDN, track, rung and segment.
It also has the buffer at that moment, the decision that led to the request, and the client data that were sent
(CMCD).
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from player.qa.recording.archive import Exchange
from player.reporting.events import MAIN

HAR_VERSION = "1.2"
Report = Mapping[str, Any]


def har(exchanges: Sequence[Exchange], report: Report, wall_s: float, version: str) -> dict[str, Any]:
    """The document. ``wall_s`` is the time since 1970 that the exchanges count from, ``version`` this program's."""
    page = {
        "startedDateTime": _date(wall_s),
        "id": "playback",
        "title": str(report["title"]),
        "pageTimings": {"onContentLoad": -1, "onLoad": _ms(report["startup"]["first_frame_s"])},
    }
    return {
        "log": {
            "version": HAR_VERSION,
            "creator": {"name": "Matinee", "version": version},
            "pages": [page],
            "entries": [_entry(each, report, wall_s) for each in sorted(exchanges, key=lambda each: each.at_s)],
        }
    }


def _entry(exchange: Exchange, report: Report, wall_s: float) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "pageref": "playback",
        "startedDateTime": _date(wall_s + exchange.at_s),
        "time": _ms(exchange.seconds),
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": _timings(exchange),
        "_matinee": _meaning(exchange, report),
    }
    if exchange.error:
        entry["comment"] = exchange.error_sentence
    return entry


def _timings(exchange: Exchange) -> dict[str, float]:
    """Milliseconds; -1 for what there was not. ``connect`` holds the name's lookup, and ``ssl`` as HAR has it."""
    until_answer_s = exchange.seconds if exchange.first_byte_s is None else exchange.first_byte_s
    made = exchange.connection
    found: dict[str, float] = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0}
    connect_s = 0.0
    if made is not None and made.tcp_s is not None:
        connect_s = min(until_answer_s, made.tcp_s + (made.tls_s or 0.0))
        found |= {"connect": _ms(connect_s), "ssl": _ms(made.tls_s)}
    receive_s = max(0.0, exchange.seconds - until_answer_s)
    return found | {"wait": _ms(until_answer_s - connect_s), "receive": _ms(receive_s)}


def _request(exchange: Exchange) -> dict[str, Any]:
    headers = [_pair(name, value) for name, value in exchange.request_headers.items() if name != "range"]
    if exchange.range is not None:
        start, length = exchange.range
        headers.append(_pair("range", f"bytes={start}-{'' if length is None else start + length - 1}"))
    query = parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)
    return {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": exchange.http,
        "cookies": [],
        "headers": headers,
        "queryString": [_pair(name, value) for name, value in query],
        "headersSize": -1,
        "bodySize": -1,
    }


def _response(exchange: Exchange) -> dict[str, Any]:
    headers = exchange.headers
    return {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": exchange.http,
        "cookies": [],
        "headers": [_pair(name, value) for name, value in headers.items()],
        "content": {"size": exchange.size, "mimeType": headers.get("content-type", "")},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": exchange.size,
        "_error": exchange.error or None,
    }


def _meaning(exchange: Exchange, report: Report) -> dict[str, Any]:
    made = exchange.connection
    found: dict[str, Any] = {
        "kind": exchange.kind,
        "cdn": exchange.pathway,
        "track": exchange.track,
        "attempt": exchange.attempt,
        "protocol": exchange.http,
        "tls": None if made is None or not made.tls else {"version": made.tls, "cipher": made.cipher},
        "new_connection": exchange.new_connection,
        "whole": exchange.whole,
        "sha256": exchange.sha256,
        "buffer_s": _at(report["buffer"], exchange.at_s, "buffer_s"),
        "cmcd": exchange.cmcd,
    }
    if exchange.kind != "segment":
        return found
    segment = _segment_of(exchange, report["segments"])
    if segment is None:
        return found
    found |= {name: segment[name] for name in ("position", "media_s", "duration_s", "rung")}
    number = _decision_of(segment, exchange, report["decisions"])
    if number is not None:
        found |= {"decision": number, "why": report["decisions"][number]["sentence"]}
    return found


def _segment_of(exchange: Exchange, segments: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The segment that an exchange brought (a part of): the first of its track that was there after it."""
    end_s = exchange.at_s + exchange.seconds
    later = [each for each in segments if each["track"] == exchange.track and each["at_s"] >= end_s - 0.002]
    return min(later, key=lambda each: each["at_s"], default=None)


def _decision_of(
    segment: Mapping[str, Any], exchange: Exchange, decisions: Sequence[Mapping[str, Any]]
) -> int | None:
    """The number of the decision that asked for a segment: the last one on it before the request. Decisions are
    on the main track; the other ones follow it."""
    if exchange.track != MAIN:
        return None
    for number in range(len(decisions) - 1, -1, -1):
        each = decisions[number]
        same = each["position"] == segment["position"] and each["rung"] == segment["rung"]
        if same and each["at_s"] <= exchange.at_s + 0.002:
            return number
    return None


def _at(samples: Sequence[Mapping[str, Any]], at_s: float, name: str) -> float | None:
    """The last sample before a moment."""
    number = bisect_right([each["at_s"] for each in samples], at_s)
    return None if number == 0 else float(samples[number - 1][name])


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _ms(seconds: float | None) -> float:
    return -1 if seconds is None else round(seconds * 1000, 3)


def _date(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")
