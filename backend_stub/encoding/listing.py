"""What the written manifests list, read by the two general libraries ``mpegdash`` and ``m3u8``.

They stand here as an opinion of their own: neither the packager nor our client's parsers wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import m3u8
from mpegdash.parser import MPEGDASHParser

from backend_stub.encoding.errors import DamagedOutputError

_HLS_KINDS = {"AUDIO": "audio", "SUBTITLES": "text"}


@dataclass(frozen=True, slots=True)
class ListedSegment:
    """A media segment: path relative to the variant's folder, seconds."""

    path: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Listing:
    """One rendition of a manifest: ``kind`` is ``video``, ``audio`` or ``text``, or ``image`` for sheets of small
    pictures, which have no ``init``. ``height`` is that of pictures, else 0; ``start_s`` is the time of the first
    segment."""

    kind: str
    init: str
    segments: tuple[ListedSegment, ...]
    height: int = 0
    start_s: float = 0.0

    @property
    def duration_s(self) -> float:
        return sum(segment.duration_s for segment in self.segments)


def read_dash(manifest: Path) -> list[Listing]:
    """The renditions of an MPD with SegmentTemplate and SegmentTimeline. Raises :class:`DamagedOutputError`."""
    text = _read(manifest)
    if "<MPD" not in text:  # mpegdash would take anything else for an address and open it
        raise DamagedOutputError(f"{manifest.name} is not an MPD.")
    try:
        mpd = MPEGDASHParser.parse(text)
        return [
            _dash_listing(adaptation, representation)
            for period in mpd.periods
            for adaptation in period.adaptation_sets
            for representation in adaptation.representations
        ]
    except (ExpatError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DamagedOutputError(f"{manifest.name} cannot be read: {error}.") from error


def read_iframes(master: Path) -> int:
    """The I-frame playlists of a multivariant playlist: how many, each read and none empty.

    Raises :class:`DamagedOutputError`.
    """
    playlists = _load_hls(master).iframe_playlists
    for item in playlists:
        listed = _load_hls(master.parent / item.uri)
        if not listed.is_i_frames_only or not listed.segments:
            raise DamagedOutputError(f"{item.uri} lists no pictures.")
    return len(playlists)


def _dash_listing(adaptation: Any, representation: Any) -> Listing:  # noqa: ANN401 -- mpegdash has no types
    template = (representation.segment_templates or adaptation.segment_templates)[0]
    number = int(template.start_number or 1)
    segments = []
    ticks = [entry for entry in template.segment_timelines[0].Ss for _ in range(int(entry.r or 0) + 1)]
    for entry in ticks:
        path = template.media.replace("$Number%05d$", f"{number:05d}").replace(
            "$RepresentationID$", str(representation.id)
        )
        segments.append(ListedSegment(path, int(entry.d) / int(template.timescale)))
        number += 1
    kind = str(adaptation.content_type or "")
    return Listing(
        kind=kind,
        init=template.initialization or "",
        segments=tuple(segments),
        height=int(representation.height or adaptation.height or 0) if kind == "video" else 0,
        start_s=int(ticks[0].t or 0) / int(template.timescale),
    )


def read_hls(master: Path) -> list[Listing]:
    """The renditions of a multivariant playlist and its media playlists. Raises :class:`DamagedOutputError`."""
    playlist = _load_hls(master)
    named = [("video", item.uri, int(item.stream_info.resolution[1])) for item in playlist.playlists]
    named += [(_HLS_KINDS.get(item.type, ""), item.uri, 0) for item in playlist.media if item.uri]
    named += [("image", item.uri, 0) for item in playlist.image_playlists]
    return [_hls_listing(master.parent, *one) for one in named]


def _hls_listing(folder: Path, kind: str, uri: str, height: int) -> Listing:
    playlist = _load_hls(folder / uri)
    if not playlist.is_endlist or not (playlist.segment_map or kind == "image"):
        raise DamagedOutputError(f"{uri} has no end or no initialisation segment.")
    place = Path(uri).parent
    return Listing(
        kind=kind,
        init="" if kind == "image" else (place / playlist.segment_map[0].uri).as_posix(),
        segments=tuple(
            ListedSegment((place / segment.uri).as_posix(), float(segment.duration)) for segment in playlist.segments
        ),
        height=height,
    )


def _load_hls(path: Path) -> Any:  # noqa: ANN401 -- m3u8 has no types
    text = _read(path)
    if not text.startswith("#EXTM3U"):
        raise DamagedOutputError(f"{path.name} is not an HLS playlist.")
    try:
        return m3u8.loads(text)
    except (TypeError, ValueError) as error:  # m3u8's own ParseError is an Exception of strict mode only
        raise DamagedOutputError(f"{path.name} cannot be read: {error}.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedOutputError(f"{path.name} is missing or unreadable.") from error
