"""Request mode: which keys go with which request, and marking the request with them. Pure but for what it is told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from player.manifest.model import ByteRange
from player.net.model import Request, RequestKind
from player.reporting.cmcd.encode import Path, TypedNumber, Value, headers, with_query
from player.transfer.model import Coming

_TYPES = {
    RequestKind.MANIFEST: "m",
    RequestKind.INIT: "i",
    RequestKind.INDEX: "o",
    RequestKind.KEY: "k",
    RequestKind.LICENCE: "k",
    RequestKind.TEXT: "c",
    RequestKind.IMAGE: "o",
}
_MEDIA = frozenset({RequestKind.SEGMENT, RequestKind.PART})


class Mode(StrEnum):
    QUERY = "query"
    HEADERS = "headers"


@dataclass(frozen=True, slots=True)
class CmcdSettings:
    """``third_parties``: also where no service of the viewer's own is played from. ``event_url`` takes the reports of
    event mode (version 2), empty for none."""

    mode: Mode | None = Mode.QUERY
    version: int = 1
    third_parties: bool = False
    event_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PlayerMoment:
    """What the player knows when a request is made. Seconds and bit/s; None and "" where it is not known."""

    buffer_s: float = 0.0
    throughput_bps: float | None = None
    starting: bool = False  # nothing has been shown since the start, a seek or a stall
    stalls: int = 0  # so far
    top_bps: int | None = None
    rung_bps: int | None = None  # of what is fetched
    main: str = "v"  # what the segments of the main track carry: "v", "a" or "av"
    speed: float = 1.0
    live: bool = False
    protocol: str = ""  # "d" or "h"
    state: str = ""  # CTA-5004-B: s p k r a w e f q d
    position_s: float | None = None


class RequestMarker:
    """Marks the requests of one playback. ``moment`` tells what the player knows now."""

    def __init__(self, settings: CmcdSettings, content_id: str, moment: Callable[[], PlayerMoment]) -> None:
        self.settings = settings
        self.session_id = str(uuid.uuid4())
        self.content_id = content_id
        self._moment = moment
        self._number = 0
        self._stalls: dict[str, int] = {}  # by track: those that its last request knew of

    def __call__(self, request: Request, duration_s: float | None = None, coming: Coming | None = None) -> Request:
        """``request`` with the data on it; ``duration_s`` is the media time that is asked for, ``coming`` what will
        be asked for next."""
        settings = self.settings
        if settings.mode is None or not request.url.startswith(("http:", "https:")):
            return request
        self._number += 1
        values = self.values(request, duration_s, coming)
        if settings.mode is Mode.QUERY:
            return replace(request, url=with_query(request.url, values, settings.version))
        return replace(request, headers={**request.headers, **headers(values, settings.version)})

    def values(self, request: Request, duration_s: float | None, coming: Coming | None = None) -> dict[str, Value]:
        """The keys for this request: the session's with every kind, the buffer's and the object's with media only."""
        now = self._moment()
        kind = object_type(request, now.main)
        found: dict[str, Value] = {
            **session_values(self.settings, self.session_id, self.content_id, now),
            "ot": kind,
            "su": now.starting,
            "sn": self._number,
        }
        if now.throughput_bps:
            found["mtp"] = TypedNumber(now.throughput_bps / 1000, kind if request.kind in _MEDIA else "")
        if now.position_s is not None:
            found["pt"] = now.position_s * 1000
        if now.state:
            found["sta"] = now.state
        if request.kind not in _MEDIA:
            return found
        found |= {"bl": TypedNumber(now.buffer_s * 1000, kind), "bs": now.stalls > self._stalls.get(request.track, 0)}
        self._stalls[request.track] = now.stalls
        if not now.starting:
            found["dl"] = now.buffer_s * 1000 / max(now.speed, 0.1)
        if duration_s is not None:
            found["d"] = duration_s * 1000
        if coming is not None:
            found |= _next_object(coming)
        if not _is_beside(request):
            if now.rung_bps is not None:
                found["br"] = TypedNumber(now.rung_bps / 1000, kind)
                found["rtp"] = 5 * now.rung_bps / 1000  # more than five times the rate is of no use to us
            if now.top_bps is not None:
                found["tb"] = TypedNumber(now.top_bps / 1000, kind)
        return found


def _next_object(coming: Coming) -> dict[str, Value]:
    part = "" if coming.byte_range is None else _range_text(coming.byte_range)
    named: dict[str, Value] = {"nor": Path(coming.path, part)}
    return {**named, "nrr": part} if part else named


def _range_text(wanted: ByteRange) -> str:
    return f"{wanted.start}-{'' if wanted.end is None else wanted.end - 1}"


def session_values(settings: CmcdSettings, session_id: str, content_id: str, now: PlayerMoment) -> dict[str, Value]:
    """The keys that stay the same through a playback."""
    found: dict[str, Value] = {"sid": session_id, "v": settings.version, "st": "l" if now.live else "v"}
    if content_id:
        found["cid"] = content_id
    if now.protocol:
        found["sf"] = now.protocol
    if now.speed != 1:
        found["pr"] = now.speed
    return found


def object_type(request: Request, main: str) -> str:
    """The token of what is asked for; ``main`` is that of the main track's segments."""
    if request.kind in _TYPES:
        return _TYPES[request.kind]
    if request.kind not in _MEDIA:
        return "o"
    return "a" if _is_beside(request) else main


def _is_beside(request: Request) -> bool:
    """Whether this is a sound track of its own, which has no rungs."""
    return request.track.startswith("audio")
