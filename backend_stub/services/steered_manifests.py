"""Manifests that name all edges and the steering server, for players that know nothing of play sessions. Pure.

HLS has each variant and its groups once for each pathway (RFC 8216bis, section 7.3), DASH a ``BaseURL`` for each
service location (ETSI TS 103 998). What the lists of segments say is the same everywhere, and stays on the edges.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import m3u8
from mpegdash.nodes import MPEGDASH, BaseURL, Period
from mpegdash.parser import MPEGDASHParser

_BY_PATHWAY = ("#EXT-X-MEDIA:", "#EXT-X-STREAM-INF:", "#EXT-X-I-FRAME-STREAM-INF:", "#EXT-X-IMAGE-STREAM-INF:")
_GROUP = re.compile(r'([:,](?:GROUP-ID|AUDIO|SUBTITLES|VIDEO)=")([^"]*)"')
_URI = re.compile(r'([:,]URI=")([^"]*)"')
_ROOT = re.compile(r"<MPD\b[^>]*>")


@dataclass(frozen=True, slots=True)
class EdgeFolder:
    """Where an edge has the files of a variant: ``base_url`` ends with a slash."""

    pathway: str
    base_url: str


def hls(master: str, places: Sequence[EdgeFolder], steering_url: str) -> str:
    """A multivariant playlist with everything on each of ``places``, the preferred one first, out of the title's."""
    lines = [line for line in master.splitlines() if line]
    head = [line for number, line in enumerate(lines) if not _of_pathway(lines, number)]
    told = m3u8.model.ContentSteering(None, steering_url, places[0].pathway)
    every = [_moved(lines, number, place) for place in places for number in range(len(lines))]
    return "\n".join([head[0], str(told), *head[1:], *(line for line in every if line)]) + "\n"


def dash(mpd: str, places: Sequence[EdgeFolder], steering_url: str) -> str:
    """An MPD whose files may come from each of ``places``, the preferred one first, from that of a title."""
    whole = MPEGDASH()
    whole.periods, whole.base_urls = [Period()], []
    for place in places:
        base = BaseURL()
        base.base_url_value, base.service_location = place.base_url, place.pathway
        whole.base_urls.append(base)
    text: str = MPEGDASHParser.get_as_doc(whole).toxml()
    bases = text[text.index("<BaseURL") : text.rindex("<Period")]
    # Mpegdash has no such element.
    first = quoteattr(places[0].pathway)
    steering = f"<ContentSteering defaultServiceLocation={first}>{escape(steering_url)}</ContentSteering>"
    return _ROOT.sub(lambda found: f"{found[0]}\n  {bases}{steering}", mpd, count=1)


def _of_pathway(lines: Sequence[str], number: int) -> bool:
    return lines[number].startswith(_BY_PATHWAY) or not lines[number].startswith("#")


def _moved(lines: Sequence[str], number: int, place: EdgeFolder) -> str:
    """A line as it is on one pathway; empty for those that are for all."""
    line = lines[number]
    if not _of_pathway(lines, number):
        return ""
    if not line.startswith("#"):
        return place.base_url + line
    line = _URI.sub(lambda found: f'{found[1]}{place.base_url}{found[2]}"', line)
    line = _GROUP.sub(lambda found: f'{found[1]}{found[2]}.{place.pathway}"', line)
    return line if line.startswith("#EXT-X-MEDIA:") else f'{line},PATHWAY-ID="{place.pathway}"'
