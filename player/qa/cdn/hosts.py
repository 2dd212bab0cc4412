"""Where the same segments are: other hosts that somebody names, or the pathways of the manifest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from player.base.errors import ErrorCode, InputError
from player.manifest.locations import located_segment
from player.manifest.model import Presentation, Rendition, Segment, SegmentIndex, TrackType

Places = dict[str, list[Segment]]
"""The segments of each CDN, by its name, in the same order."""


def on_hosts(rendition: Rendition, hosts: Sequence[str], most: int) -> Places:
    """The segments of a rendition at other hosts. A host is ``HOST[:PORT]``, or an address whose scheme counts too.

    Raises InputError for one that is neither.
    """
    return {_name(host): [_moved(each, host) for each in _some(rendition, most)] for host in hosts}


def on_pathways(rendition: Rendition, most: int) -> Places:
    """The segments of a rendition on each pathway that the manifest names and that has them."""
    found: Places = {}
    for location in rendition.locations:
        with suppress(LookupError):
            found[location.pathway] = [located_segment(rendition, each, location) for each in _some(rendition, most)]
    return found


def rendition_to_compare(presentation: Presentation, rung: int | None) -> Rendition:
    """A rung of the picture by its place in the ladder (default: the middle), else of the sound.

    Raises InputError where there is none.
    """
    for type_ in (TrackType.VIDEO, TrackType.AUDIO):
        ladder = sorted(
            (
                rendition
                for track in presentation.tracks(type_)
                for rendition in track.renditions
                if isinstance(rendition.segments, SegmentIndex) and len(rendition.segments)
            ),
            key=lambda each: each.bandwidth_bps,
        )
        if ladder:
            place = len(ladder) // 2 if rung is None else rung
            if place >= len(ladder):
                raise InputError(ErrorCode.INPUT_USAGE, f"There are only {len(ladder)} rungs; the lowest is 0.")
            return ladder[place]
    raise InputError(ErrorCode.INPUT_USAGE, "This manifest leads to no segments that could be compared.")


def _some(rendition: Rendition, most: int) -> list[Segment]:
    """``most`` segments spread over the whole."""
    index = rendition.segments
    assert isinstance(index, SegmentIndex)
    step = max(1, len(index) // max(most, 1))
    return [index[number] for number in range(0, len(index), step)][:most]


def _name(host: str) -> str:
    """What a host is called, without user and password."""
    return (urlsplit(host).netloc or host if "://" in host else host).rpartition("@")[2]


def _moved(segment: Segment, host: str) -> Segment:
    parts = urlsplit(segment.url)
    try:
        other = urlsplit(host if "://" in host else f"{parts.scheme}://{host}")
        good = bool(other.hostname) and other.scheme in ("http", "https") and (other.port or 1) > 0
    except ValueError:
        good = False
    if not good or not other.netloc:
        raise InputError(ErrorCode.INPUT_USAGE, f"{_name(host)[:80]} is no host.")
    path = other.path.rstrip("/") + parts.path
    return segment._replace(url=urlunsplit((other.scheme, other.netloc, path, parts.query, "")))
