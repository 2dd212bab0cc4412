"""Small pictures for seeking, many to a sheet: one of each segment, and the manifests' lines that tell of them.

DASH has them as an adaptation set with a tile descriptor (DASH-IF IOP, section 6.2.6), HLS as an image playlist
(an extension that several players share).
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import m3u8
from mpegdash.nodes import (
    MPEGDASH,
    AdaptationSet,
    Descriptor,
    Period,
    Representation,
    S,
    SegmentTemplate,
    SegmentTimeline,
)
from mpegdash.parser import MPEGDASHParser

from backend_stub.encoding import tools
from backend_stub.encoding.chunks import SEGMENT_S
from backend_stub.encoding.ladder import VideoRung
from backend_stub.encoding.probe import ffmpeg_url
from backend_stub.encoding.process import run_tool

COLUMNS, ROWS = 5, 5
FOLDER = "thumbnails"
PLAYLIST = "index.m3u8"
_WIDTH = 320
_SHEET_S = COLUMNS * ROWS * SEGMENT_S
_SET_ID = 1000  # above those that the packager gives


@dataclass(frozen=True, slots=True)
class TileSheets:
    """Sheets of ``COLUMNS`` by ``ROWS`` pictures; ``width`` and ``height`` are those of one, ``bandwidth`` bit/s."""

    sheets: int
    width: int
    height: int
    bandwidth: int


def make_tiles(rung: VideoRung, film: Path, folder: Path, *, cancel: threading.Event | None = None) -> TileSheets:
    """Write sheets ``00001.jpg`` and on to ``folder``, of the keyframes of ``film``, a rung as a whole.

    Raises :class:`ToolFailedError`, :class:`CancelledError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    width = min(_WIDTH, rung.width)
    height = max(2, round(rung.height * width / rung.width / 2) * 2)
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file"]
    command += ["-skip_frame", "nokey", "-i", ffmpeg_url(film), "-fps_mode", "passthrough", "-q:v", "5"]
    command += ["-vf", f"scale={width}:{height},tile={COLUMNS}x{ROWS}", "-pix_fmt", "yuvj420p"]
    run_tool([*command, str(folder / "%05d.jpg")], cancel=cancel)
    sheets = sorted(folder.glob("*.jpg"))
    largest = max(sheet.stat().st_size for sheet in sheets)
    return TileSheets(len(sheets), width, height, math.ceil(8 * largest / _SHEET_S))


def sheet_name(number: int) -> str:
    """The file of a sheet, counted from 1, as manifests name it."""
    return f"{FOLDER}/{number:05d}.jpg"


def add_to_dash(mpd: str, tiles: TileSheets) -> str:
    """The MPD with the sheets as one more adaptation set."""
    lines = _adaptation_set(tiles)
    head, end, tail = mpd.rpartition("  </Period>")
    return f"{head}    {lines}\n{end}{tail}"


def add_to_hls(master: str, tiles: TileSheets) -> str:
    """The multivariant playlist with the image playlist; all else in it stays as it is."""
    told = {"bandwidth": tiles.bandwidth, "resolution": f"{tiles.width}x{tiles.height}", "codecs": "jpeg"}
    line = str(m3u8.ImagePlaylist(None, f"{FOLDER}/{PLAYLIST}", told))
    return f"{master.rstrip()}\n\n{line}\n"


def image_playlist(tiles: TileSheets) -> str:
    """The media playlist of the sheets; each lasts as long as all of its places, as in the MPD."""
    playlist = m3u8.M3U8()
    playlist.version, playlist.target_duration, playlist.playlist_type = 7, _SHEET_S, "vod"
    playlist.is_images_only = playlist.is_endlist = True
    layout = m3u8.model.Tiles(f"{tiles.width}x{tiles.height}", f"{COLUMNS}x{ROWS}", str(SEGMENT_S))
    for number in range(1, tiles.sheets + 1):
        playlist.add_segment(_Sheet(f"{number:05d}.jpg", float(_SHEET_S), layout))
    return str(playlist.dumps(infspec="milliseconds"))


class _Sheet(m3u8.Segment):  # type: ignore[misc]  # m3u8 has no types
    """A segment of which the playlist says how it is tiled: m3u8 reads that line and does not write it."""

    def __init__(self, uri: str, duration_s: float, layout: m3u8.model.Tiles) -> None:
        super().__init__(uri=uri, duration=duration_s)
        self._layout = layout

    def dumps(self, last_segment: object, timespec: str = "milliseconds", infspec: str = "auto") -> str:
        head, newline, uri = super().dumps(last_segment, timespec, infspec).rpartition("\n")
        return f"{head}{newline}{self._layout}\n{uri}"


def _adaptation_set(tiles: TileSheets) -> str:
    """Each sheet lasts as long as all of its places, the last one too: players divide that by their number."""
    timeline, entry = SegmentTimeline(), S()
    entry.t, entry.d, entry.r = 0, 1000 * _SHEET_S, tiles.sheets - 1
    timeline.Ss = [entry]
    template = SegmentTemplate()
    template.media, template.timescale, template.start_number = f"{FOLDER}/$Number%05d$.jpg", 1000, 1
    template.segment_timelines = [timeline]
    layout = Descriptor()
    layout.scheme_id_uri = "http://dashif.org/guidelines/thumbnail_tile"
    layout.value = f"{COLUMNS}x{ROWS}"
    representation = Representation()
    representation.id, representation.bandwidth = FOLDER, tiles.bandwidth
    representation.width, representation.height = tiles.width * COLUMNS, tiles.height * ROWS
    representation.essential_properties = [layout]
    representation.segment_templates = [template]
    adaptation = AdaptationSet()
    adaptation.id, adaptation.content_type, adaptation.mime_type = _SET_ID, "image", "image/jpeg"
    adaptation.representations = [representation]
    period, whole = Period(), MPEGDASH()
    period.adaptation_sets, whole.periods = [adaptation], [period]
    text: str = MPEGDASHParser.get_as_doc(whole).toxml()
    return text[text.index("<AdaptationSet") : text.rindex("</Period>")]
