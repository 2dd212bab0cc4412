"""WebVTT (W3C WebVTT, RFC 8216bis 3.1.4, ISO/IEC 14496-30): files, HLS segments and wvtt samples to cues. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from player.base.errors import ErrorCode, MediaError
from player.media.boxes import damaged, walk
from player.media.timestamps import TICKS_PER_SECOND
from player.text.cues import MAX_CHARACTERS, MAX_CUE_CHARACTERS, MAX_CUES, Align, Cue, CuePlacement, TextEdge, moved
from player.text.webvtt_markup import Sheet, parse_markup, read_sheet

ROWS = 15
"""Rows of a picture: a line is 5.33 % of its height, and leading (WebVTT 7.2)."""
_ROW = 100 / ROWS
_MARGIN_BOTTOM = 5.0
_REGION_LINE = 6.0  # per cent of the height that a region has for each of its lines (WebVTT 7.2)

_MAX_REGIONS = 100
_TIME = r"(?:(\d{1,5}):)?(\d{2}):(\d{2})\.(\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}[ \t]+-->[ \t]+{_TIME}(.*)")
_MAP = re.compile(r"X-TIMESTAMP-MAP=(.*)")
_LOCAL = re.compile(rf"LOCAL:{_TIME}")
_MPEGTS = re.compile(r"MPEGTS:(\d{1,20})")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%$")


@dataclass(frozen=True, slots=True)
class Region:
    """A REGION block (WebVTT 4.3), all in per cent but ``lines``."""

    width: float = 100.0
    lines: int = 3
    anchor: tuple[float, float] = (0.0, 100.0)
    viewport_anchor: tuple[float, float] = (0.0, 100.0)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the cues and holds for all of them."""

    sheet: Sheet = field(default_factory=Sheet)
    regions: Mapping[str, Region] = field(default_factory=dict)
    local_s: float | None = None  # X-TIMESTAMP-MAP: this time of a cue ...
    media_s: float | None = None  # ... is this time of the media


def parse_webvtt(text: str, *, media_offset_s: float | None = None, offset_s: float = 0.0) -> list[Cue]:
    """The cues of a file or an HLS segment, in its order. What cannot be read is passed over.

    With ``media_offset_s``, what is added to media timestamps to reach the presentation timeline, an
    X-TIMESTAMP-MAP moves the cues; without a map ``offset_s`` does. Raises ``MEDIA_DAMAGED`` where the text is no
    WebVTT or too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise damaged("a subtitle file is too large")
    lines = text.removeprefix("\ufeff").replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise MediaError(ErrorCode.MEDIA_DAMAGED, "The subtitles are not WebVTT.")
    head = read_head(lines)
    cues: list[Cue] = []
    place = 1
    while place < len(lines):
        timing = _TIMING.match(lines[place])
        place += 1
        if timing is None:
            if lines[place - 1].startswith(("NOTE", "STYLE", "REGION")) and not lines[place - 2].strip():
                place = _block_end(lines, place)
            continue
        end = _block_end(lines, place)
        payload = "\n".join(lines[place:end])[:MAX_CUE_CHARACTERS]
        identifier = lines[place - 2].strip() if place >= 2 else ""
        place = end
        start_s, end_s = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:8])
        if end_s > start_s:
            if len(cues) == MAX_CUES:
                raise damaged("a subtitle file has too many cues")
            cues.append(_cue(start_s, end_s, payload, timing.group(9), head, identifier))
    return moved(cues, _shift(head, media_offset_s, offset_s))


def read_head(lines: list[str]) -> Head:
    """The header block, and the STYLE and REGION blocks before the first cue."""
    styles: list[str] = []
    regions: dict[str, Region] = {}
    local_s, media_s = _timestamp_map(lines)
    place = 1
    while place < len(lines) and not _TIMING.match(lines[place]):
        line = lines[place]
        place += 1
        if not line.startswith(("STYLE", "REGION", "NOTE")):
            continue
        end = _block_end(lines, place)
        if line.startswith("STYLE"):
            styles.append("\n".join(lines[place:end]))
        elif line.startswith("REGION") and len(regions) < _MAX_REGIONS:
            values = _values(" ".join(lines[place:end]))
            if "id" in values:
                regions[values["id"]] = _region(values)
        place = end
    return Head(read_sheet("\n".join(styles)), regions, local_s, media_s)


def _block_end(lines: list[str], place: int) -> int:
    """Index of the blank line that ends a block; a new timing line ends it as well."""
    while place < len(lines) and lines[place].strip() and "-->" not in lines[place]:
        place += 1
    return place


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, milliseconds = (int(value or 0) for value in groups)
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _timestamp_map(lines: list[str]) -> tuple[float | None, float | None]:
    """X-TIMESTAMP-MAP (RFC 8216bis 3.1.4), which stands in the header block."""
    for line in lines[1:]:
        if not line.strip():
            break
        found = _MAP.match(line)
        local, ticks = (_LOCAL.search(found[1]), _MPEGTS.search(found[1])) if found else (None, None)
        if local and ticks:
            return _seconds(local.groups()), int(ticks[1]) / TICKS_PER_SECOND
    return None, None


def _shift(head: Head, media_offset_s: float | None, offset_s: float) -> float:
    if head.local_s is None or head.media_s is None:
        return offset_s
    return 0.0 if media_offset_s is None else head.media_s - head.local_s + media_offset_s


def _region(values: Mapping[str, str]) -> Region:
    lines = values.get("lines", "")
    return Region(
        width=_or(_percent(values.get("width", "")), 100.0),
        lines=int(lines) if re.fullmatch(r"\d{1,2}", lines) else 3,
        anchor=_point(values.get("regionanchor", "")),
        viewport_anchor=_point(values.get("viewportanchor", "")),
    )


def _point(text: str) -> tuple[float, float]:
    x, y = (_percent(part) for part in _pair(text))
    return (0.0, 100.0) if x is None or y is None else (x, y)


def _cue(start_s: float, end_s: float, payload: str, settings: str, head: Head, identifier: str) -> Cue:
    values = _values(settings)
    spans = parse_markup(payload, head.sheet, identifier)
    name = values.get("region", "")
    region = head.regions.get(name)
    if region is not None and not {"line", "vertical"} & values.keys():
        return Cue(start_s, end_s, spans, _region_place(values, region), flow=name)
    return Cue(start_s, end_s, spans, cue_place(values))


def _values(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for word in text.split()[:16]:
        name, _, value = word.partition(":")
        if value:
            values[name] = value
    return values


def _region_place(values: Mapping[str, str], region: Region) -> CuePlacement:
    """The cues of a region fill it from its bottom up."""
    height = region.lines * _REGION_LINE
    top = region.viewport_anchor[1] - height * region.anchor[1] / 100
    left = region.viewport_anchor[0] - region.width * region.anchor[0] / 100
    left = max(0.0, min(left, 100.0 - region.width))
    return CuePlacement(_align(values), TextEdge.BOTTOM, max(height, min(100.0, top + height)), left, region.width)


def cue_place(values: Mapping[str, str]) -> CuePlacement:
    """Where the settings behind a cue's times put it (WebVTT 6.3, 7.2); what cannot be read keeps its default."""
    align = _align(values)
    line, line_align = _pair(values.get("line", ""))
    vertical = values.get("vertical", "")
    if vertical in ("rl", "lr"):
        return CuePlacement(align, left=_column(line, vertical), vertical=vertical)
    edge, y = _row(line, line_align)
    left, width = _sides(values, align)
    return CuePlacement(align, edge, y, left, width)


def _align(values: Mapping[str, str]) -> Align:
    names = {"start": Align.LEFT, "left": Align.LEFT, "end": Align.RIGHT, "right": Align.RIGHT}
    return names.get(values.get("align", ""), Align.CENTER)


def _column(line: str, vertical: str) -> float | None:
    percent = _percent(line)
    if percent is not None:
        return percent
    if not re.fullmatch(r"-?\d{1,3}", line):
        return None
    number = int(line)
    from_left = (number >= 0) == (vertical == "lr")
    distance = (number if number >= 0 else -number - 1) + 0.5
    share = min(100.0, distance * 100 / 26)  # a column is as wide as a row is high: 26 fill a 16:9 picture
    return share if from_left else 100 - share


def _row(line: str, line_align: str) -> tuple[TextEdge, float | None]:
    percent = _percent(line)
    if percent is not None:
        edge = {"center": TextEdge.MIDDLE, "end": TextEdge.BOTTOM}.get(line_align, TextEdge.TOP)
        if edge is TextEdge.TOP and percent >= 80:  # a box that begins so low would leave the picture: keep it inside
            return TextEdge.BOTTOM, None
        return edge, percent
    if not re.fullmatch(r"-?\d{1,3}", line) or int(line) == -1:
        return TextEdge.BOTTOM, None
    number = int(line)
    if number < 0:
        return TextEdge.BOTTOM, max(_ROW, 100 - _MARGIN_BOTTOM - (-number - 1) * _ROW)
    return TextEdge.TOP, min(100 - 2 * _ROW, number * _ROW)


def _sides(values: Mapping[str, str], align: Align) -> tuple[float | None, float | None]:
    """Left edge and width out of position and size (WebVTT 7.2, steps 6 to 9, horizontal text)."""
    text, anchor = _pair(values.get("position", ""))
    declared, full = _percent(text), _or(_percent(values.get("size", "")), 100.0)
    if declared is None and full >= 100:
        return None, None
    position = {Align.LEFT: 0.0, Align.CENTER: 50.0, Align.RIGHT: 100.0}[align] if declared is None else declared
    if anchor not in ("line-left", "center", "line-right"):
        anchor = {Align.LEFT: "line-left", Align.CENTER: "center", Align.RIGHT: "line-right"}[align]
    room = {"line-left": 100 - position, "line-right": position}.get(anchor, 2 * min(position, 100 - position))
    width = max(5.0, min(full, room))
    left = {"line-left": position, "line-right": position - width}.get(anchor, position - width / 2)
    left = max(0.0, min(left, 100 - width))
    return left, width


def _pair(value: str) -> tuple[str, str]:
    first, _, second = value.partition(",")
    return first, second


def _percent(value: str) -> float | None:
    found = _PERCENT.match(value)
    return float(found[1]) if found and float(found[1]) <= 100 else None


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def parse_wvtt_head(config: bytes) -> Head:
    """The head that a wvtt track's vttC box holds (ISO/IEC 14496-30, 7.5)."""
    return read_head(config.decode("utf-8", "replace")[:MAX_CHARACTERS].replace("\r\n", "\n").split("\n"))


def parse_wvtt_sample(data: bytes, start_s: float, end_s: float, head: Head | None = None) -> list[Cue]:
    """The cues of one sample of a wvtt track (ISO/IEC 14496-30, 7.3): each vttc box holds one. ``MEDIA_DAMAGED``."""
    cues = []
    for box in walk(data, 0, len(data)):
        if box.type != b"vttc":
            continue
        parts = {child.type: data[child.body : child.end] for child in walk(data, box.body, box.end)}
        text, settings, identifier = (
            parts.get(name, b"").decode("utf-8", "replace")[:MAX_CUE_CHARACTERS]
            for name in (b"payl", b"sttg", b"iden")
        )
        cues.append(_cue(start_s, end_s, text, settings, head or Head(), identifier.strip()))
    return cues
