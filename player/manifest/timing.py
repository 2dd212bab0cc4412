"""When a live manifest is loaded again, from where, and how the server's clock differs from ours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from player.manifest.dates import parse_date
from player.manifest.model import ListedIndex, ManifestProtocol, PlaylistInfo, Presentation, Rendition
from player.manifest.urls import add_query, split_url, unsplit_url

DEFAULT_RELOAD_S = 5.0  # where the manifest does not say how often it changes
MIN_RELOAD_S = 0.5
MAX_RELOAD_S = 60.0  # of a playlist, whatever it says of its segments' length
_LATE_SHARE = 0.25  # of the update period of an MPD
MIN_BLOCKED_S = 0.1  # between two loads from a server that has news each time
_DIRECT = frozenset({"urn:mpeg:dash:utc:direct:2014", "urn:mpeg:dash:utc:direct:2012"})
_BODY = frozenset(
    {
        "urn:mpeg:dash:utc:http-xsdate:2014",
        "urn:mpeg:dash:utc:http-xsdate:2012",
        "urn:mpeg:dash:utc:http-iso:2014",
        "urn:mpeg:dash:utc:http-iso:2012",
    }
)
_NTP = frozenset({"urn:mpeg:dash:utc:http-ntp:2014"})
_SNTP = frozenset({"urn:mpeg:dash:utc:ntp:2014", "urn:mpeg:dash:utc:sntp:2014"})
_HEAD = frozenset({"urn:mpeg:dash:utc:http-head:2014", "urn:mpeg:dash:utc:http-head:2012"})
CLOCKS = _DIRECT | _BODY | _NTP | _SNTP | _HEAD
_NTP_BYTES = 8  # seconds since 1900 and their fraction, 32 bits each (RFC 5905 6)
_SNTP_BYTES = 48
_SERVER, _NOT_SET, _NO_STRATUM = 4, 3, 16  # a packet's mode, leap indicator, and stratum (RFC 5905 7.3)
_NTP_EPOCH_S = 2_208_988_800
_NTP_ERA_S = 1 << 32


@dataclass(frozen=True, slots=True)
class Reload:
    """Load ``url`` in ``after_s`` seconds. ``blocking``: the server answers only when there is something new.
    ``patch``: the answer may be an MPD patch. ``query`` is what ``url`` was given, for its mirrors."""

    url: str = field(repr=False)
    after_s: float
    blocking: bool = False
    patch: bool = False
    query: str = field(default="", repr=False)


def next_reload(
    presentation: Presentation, rendition: Rendition | None = None, *, changed: bool, age_s: float = 0.0
) -> Reload | None:
    """The next load of an MPD, or of the media playlist of ``rendition``; None when nothing will change any more.

    ``changed`` says whether the last load brought what was due, ``age_s`` how long ago it was.
    """
    if presentation.protocol is ManifestProtocol.DASH:
        return _mpd_reload(presentation, age_s, changed=changed)
    info = None if rendition is None else rendition.playlist
    if rendition is None or info is None or info.ended or info.playlist_type == "VOD":
        return None
    target = min(info.target_duration_s or DEFAULT_RELOAD_S, MAX_RELOAD_S)
    if info.can_block_reload:
        after_s = max(0.0, MIN_BLOCKED_S - age_s) if changed else target / 2
        directives = _directives(rendition, info, block=True, age_s=age_s + after_s)
        return Reload(directives, after_s, blocking=True)
    # RFC 8216bis 6.3.4: a target duration after a change, half of one after none.
    wait_s = target if changed else target / 2
    after_s = max(wait_s - age_s, MIN_RELOAD_S)
    return Reload(_directives(rendition, info, block=False, age_s=age_s + after_s), after_s)


def _mpd_reload(presentation: Presentation, age_s: float, *, changed: bool) -> Reload | None:
    """ISO/IEC 23009-1 5.4: @minimumUpdatePeriod counts from the load; without it the MPD never changes. One with
    an open list of segments and without that attribute does change in the wild, since else nothing follows.

    If something was due and not listed, reload after a quarter of it. A client that always loads just before the
    packager writes would otherwise stay a whole period late.
    """
    live = presentation.live_info
    if not presentation.live or live is None:
        return None
    every_s = live.minimum_update_s
    if every_s is None:
        if live.next_segment_s is not None or presentation.periods[-1].duration_s is not None:
            return None
        every_s = DEFAULT_RELOAD_S
    after_s = max((every_s if changed else every_s * _LATE_SHARE) - age_s, MIN_RELOAD_S)
    for url, ttl in presentation.patch_locations:
        if ttl is None or age_s < ttl:
            return Reload(url, after_s, patch=True)
    url = presentation.locations[0] if presentation.locations else presentation.url
    return Reload(add_query(url, presentation.update_query), after_s, query=presentation.update_query)


def _directives(rendition: Rendition, info: PlaylistInfo, *, block: bool, age_s: float) -> str:
    """Return the playlist's URL with delivery directives (RFC 8216bis 6.2.5).

    _HLS_msn and _HLS_part block. _HLS_skip asks for a delta update, if the server offers one and our playlist, then
    ``age_s`` old, is recent enough (6.3.7).
    """
    items: list[tuple[str, str]] = []
    segments = rendition.segments.segments if isinstance(rendition.segments, ListedIndex) else ()
    if block:
        following = segments[-1].number + 1 if segments else info.media_sequence
        items.append(("_HLS_msn", str(following)))
        if info.part_target_s:
            items.append(("_HLS_part", str(len(info.trailing_parts))))
    if info.can_skip_until_s and segments and age_s <= info.can_skip_until_s / 2:
        items.append(("_HLS_skip", "v2" if info.can_skip_date_ranges else "YES"))
    return with_query(info.url, sorted(items))


def with_query(url: str, items: Sequence[tuple[str, str]]) -> str:
    """``url`` with query parameters added, earlier ones of the same names replaced."""
    if not items:
        return url
    scheme, authority, path, query, _ = split_url(url)
    names = {name for name, _ in items}
    kept = [part for part in (query or "")[1:].split("&") if part and part.partition("=")[0] not in names]
    added = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in items]
    return unsplit_url(scheme, authority, path, "?" + "&".join(kept + added), None)


# -- clocks --------------------------------------------------------------------------------------------------------


def clock_sources(utc_timings: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The UTCTimings that can be used, the preferred one first, as ``(how, value)``: ``direct`` and a date, ``head``,
    ``body`` or ``ntp`` and a URL, ``sntp`` and an ``ntp:`` address (ISO/IEC 23009-1 5.8.4.11)."""
    kinds = (("direct", _DIRECT), ("head", _HEAD), ("body", _BODY), ("ntp", _NTP), ("sntp", _SNTP))
    return [
        (kind, _ntp_address(each) if kind == "sntp" else each)
        for scheme, value in utc_timings
        for kind, schemes in kinds
        if scheme.lower() in schemes
        for each in value.split()
    ]


def _ntp_address(server: str) -> str:
    """The address of an NTP server, which is named by its host (IPv6 without brackets too)."""
    bare = server.count(":") > 1 and not server.startswith("[")
    return f"ntp://[{server}]" if bare else f"ntp://{server}"


def sntp_time(packet: bytes) -> float | None:
    """Return an NTP server's time, in seconds since 1970, at the middle of its part of the exchange. None if the
    packet is no answer, or the server's own clock is not good (RFC 4330 5)."""
    if len(packet) < _SNTP_BYTES:
        return None
    leap, mode, stratum = packet[0] >> 6, packet[0] & 7, packet[1]
    received_s, sent_s = ntp_time(packet[32:40]), ntp_time(packet[40:48])
    if mode != _SERVER or leap == _NOT_SET or not 0 < stratum < _NO_STRATUM or received_s is None or sent_s is None:
        return None
    return (received_s + sent_s) / 2


def ntp_time(body: bytes) -> float | None:
    """Seconds since 1970 in an NTP timestamp; None when it is none. Those of before 1968 are of the era that begins
    in 2036 (RFC 4330 3)."""
    if len(body) != _NTP_BYTES:
        return None
    seconds, fraction = int.from_bytes(body[:4]), int.from_bytes(body[4:])
    era_s = 0 if seconds >= _NTP_ERA_S // 2 else _NTP_ERA_S
    return seconds + era_s - _NTP_EPOCH_S + fraction / _NTP_ERA_S if seconds or fraction else None


def server_time(how: str, text: str) -> float | None:
    """Seconds since 1970 in an answer: the Date header for ``head``, else a date as text; None when it is no date."""
    if how != "head":
        return parse_date(text)
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
