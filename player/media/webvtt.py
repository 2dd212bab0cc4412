"""WebVTT (W3C WebVTT, RFC 8216bis 3.1.4, ISO/IEC 14496-30): files, HLS segments and wvtt samples to cues."""

from __future__ import annotations

import re
from dataclasses import dataclass

from player.errors import ErrorCode, MediaError
from player.media.boxes import damaged, walk
from player.media.timestamps import TICKS_PER_SECOND

MAX_CHARACTERS = 16 << 20
MAX_CUES = 50_000
MAX_CUE_CHARACTERS = 10_000

_TIME = r"(?:(\d{1,5}):)?(\d{2}):(\d{2})\.(\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}[ \t]+-->[ \t]+{_TIME}(.*)")
_MAP = re.compile(r"X-TIMESTAMP-MAP=(.*)")
_LOCAL = re.compile(rf"LOCAL:{_TIME}")
_MPEGTS = re.compile(r"MPEGTS:(\d{1,20})")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%$")


@dataclass(frozen=True, slots=True)
class CueSettings:
    """Where a cue stands (WebVTT 6.3). ``line`` and ``position`` are percent of the picture; ``line_number`` counts
    rows from the top, or from the bottom when negative. None is "auto"."""

    align: str = "center"  # start, center, end, left, right
    line: float | None = None
    line_number: int | None = None
    line_align: str = "start"
    position: float | None = None
    position_align: str | None = None
    size: float = 100.0
    vertical: str = ""


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue: times in seconds on the presentation timeline, text still with WebVTT's tags and escapes."""

    start_s: float
    end_s: float
    text: str
    settings: CueSettings = CueSettings()


def parse_webvtt(text: str, *, media_offset_s: float | None = None) -> list[Cue]:
    """The cues of a file or an HLS segment, in its order. Notes, styles, regions and what cannot be read is skipped.

    With ``media_offset_s``, what is added to media timestamps to reach the presentation timeline, an
    X-TIMESTAMP-MAP moves the cues; without it, or without a map, their times stand as they are. Raises
    ``MEDIA_DAMAGED`` where the text is no WebVTT or too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise damaged("a subtitle file is too large")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise MediaError(ErrorCode.MEDIA_DAMAGED, "The subtitles are not WebVTT.")
    shift_s = _shift(lines, media_offset_s)
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
        place = end
        start_s, end_s = _seconds(timing.groups()[:4]) + shift_s, _seconds(timing.groups()[4:8]) + shift_s
        if end_s > start_s and end_s > 0:
            if len(cues) == MAX_CUES:
                raise damaged("a subtitle file has too many cues")
            cues.append(Cue(max(0.0, start_s), end_s, payload, parse_settings(timing.group(9))))
    return cues


def _block_end(lines: list[str], place: int) -> int:
    """Index of the blank line that ends a block; a new timing line ends it as well."""
    while place < len(lines) and lines[place].strip() and "-->" not in lines[place]:
        place += 1
    return place


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, milliseconds = (int(value or 0) for value in groups)
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _shift(lines: list[str], media_offset_s: float | None) -> float:
    """What X-TIMESTAMP-MAP adds to cue times (RFC 8216bis 3.1.4); it stands in the header block."""
    if media_offset_s is None:
        return 0.0
    for line in lines[1:]:
        if not line.strip():
            break
        found = _MAP.match(line)
        local, ticks = (_LOCAL.search(found[1]), _MPEGTS.search(found[1])) if found else (None, None)
        if local and ticks:
            return int(ticks[1]) / TICKS_PER_SECOND - _seconds(local.groups()) + media_offset_s
    return 0.0


def parse_settings(text: str) -> CueSettings:
    """The settings behind a cue's times; what cannot be read keeps its default."""
    values: dict[str, str] = {}
    for word in text.split()[:16]:
        name, _, value = word.partition(":")
        if value:
            values[name] = value
    align = values.get("align", "center")
    line, line_align = _pair(values.get("line", ""))
    position, position_align = _pair(values.get("position", ""))
    size = _percent(values.get("size", ""))
    vertical = values.get("vertical", "")
    return CueSettings(
        align={"middle": "center"}.get(align, align) if align in _ALIGNS else "center",
        line=_percent(line),
        line_number=int(line) if re.fullmatch(r"-?\d{1,3}", line) else None,
        line_align=line_align if line_align in ("start", "center", "end") else "start",
        position=_percent(position),
        position_align=position_align if position_align in ("line-left", "center", "line-right") else None,
        size=100.0 if size is None else size,
        vertical=vertical if vertical in ("rl", "lr") else "",
    )


_ALIGNS = ("start", "center", "middle", "end", "left", "right")


def _pair(value: str) -> tuple[str, str]:
    first, _, second = value.partition(",")
    return first, second


def _percent(value: str) -> float | None:
    found = _PERCENT.match(value)
    return float(found[1]) if found and float(found[1]) <= 100 else None


def parse_wvtt_sample(data: bytes, start_s: float, end_s: float) -> list[Cue]:
    """The cues of one sample of a wvtt track (ISO/IEC 14496-30, 7.3): each vttc box holds one. ``MEDIA_DAMAGED``."""
    cues = []
    for box in walk(data, 0, len(data)):
        if box.type != b"vttc":
            continue
        parts = {child.type: data[child.body : child.end] for child in walk(data, box.body, box.end)}
        text = parts.get(b"payl", b"").decode("utf-8", "replace")[:MAX_CUE_CHARACTERS]
        settings = parse_settings(parts.get(b"sttg", b"").decode("utf-8", "replace"))
        cues.append(Cue(start_s, end_s, text, settings))
    return cues
