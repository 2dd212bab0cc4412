"""Cues as an ASS document, which libmpv shows with their places and styles (FFmpeg drops WebVTT's settings)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from player.media.webvtt import Cue, CueSettings, parse_webvtt, parse_wvtt_sample

__all__ = ["ass_text", "parse_webvtt", "parse_wvtt_sample", "to_ass"]

WIDTH, HEIGHT = 1920, 1080
"""Coordinates of the document; libass scales them to the picture."""

_MARGIN_SIDE, _MARGIN_BOTTOM = 96, 54
_ROW = 72  # WebVTT 6.1: a line is 5.33vh + leading; 15 rows fill the picture
FONT_SIZE = 58
_TOKEN = re.compile(r"<(/?)([a-z]{0,4})((?:\.[\w-]+)*)[^<>]*>")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]")  # one of these could begin a line of its own
_STYLE_TAGS = {"b": "b", "i": "i", "u": "u"}
_COLOURS = {
    "white": "FFFFFF",
    "lime": "00FF00",
    "cyan": "FFFF00",
    "red": "0000FF",
    "yellow": "00FFFF",
    "magenta": "FF00FF",
    "blue": "FF0000",
    "black": "000000",
}  # blue, green, red: the order of bytes in ASS

_HEADER = f"""[Script Info]
ScriptType: v4.00+
PlayResX: {WIDTH}
PlayResY: {HEIGHT}
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
Style: Default,sans-serif,{FONT_SIZE},&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,\
{_MARGIN_SIDE},{_MARGIN_SIDE},{_MARGIN_BOTTOM},1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def to_ass(cues: Iterable[Cue]) -> str:
    """A whole ASS document. A cue that several segments repeat appears once."""
    unique = sorted(dict.fromkeys(cues), key=lambda cue: (cue.start_s, cue.end_s))
    return _HEADER + "".join(_event(cue) for cue in unique if cue.text.strip())


def _event(cue: Cue) -> str:
    override, left, right, vertical = _place(cue.settings)
    times = f"{_clock(cue.start_s)},{_clock(cue.end_s)}"
    return f"Dialogue: 0,{times},Default,,{left},{right},{vertical},,{override}{ass_text(cue.text)}\n"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return (
        f"{hundredths // 360_000}:{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
    )


def _place(settings: CueSettings) -> tuple[str, int, int, int]:
    """An alignment override, and left, right and vertical margins; a margin of 0 is the style's own."""
    column = {"start": 1, "left": 1, "end": 3, "right": 3}.get(settings.align, 2)
    left, right = _sides(settings, column)
    row, vertical = _rows(settings)
    alignment = row + column
    return ("" if alignment == 2 else f"{{\\an{alignment}}}"), left, right, vertical


def _sides(settings: CueSettings, column: int) -> tuple[int, int]:
    """Margins out of position and size (WebVTT 7.2, steps 6 to 9, horizontal text)."""
    if settings.position is None and settings.size >= 100:
        return 0, 0
    default = {1: 0.0, 2: 50.0, 3: 100.0}[column]
    position = default if settings.position is None else settings.position
    anchor = settings.position_align or {1: "line-left", 2: "center", 3: "line-right"}[column]
    room = {"line-left": 100 - position, "line-right": position}.get(anchor, 2 * min(position, 100 - position))
    size = max(5.0, min(settings.size, room))
    start = {"line-left": position, "line-right": position - size}.get(anchor, position - size / 2)
    left = round(start * WIDTH / 100)
    right = round((100 - start - size) * WIDTH / 100)
    return max(1, left), max(1, right)


def _rows(settings: CueSettings) -> tuple[int, int]:
    """0 and a margin from the bottom, or 6 and a margin from the top."""
    if settings.line is not None:
        if settings.line_align == "end":
            return 0, max(1, round((100 - settings.line) * HEIGHT / 100))
        if settings.line >= 80:  # a box that begins so low would leave the picture: keep it inside
            return 0, 0
        return 6, max(1, round(settings.line * HEIGHT / 100))
    number = settings.line_number
    if number is None or number == -1:
        return 0, 0
    if number < 0:
        return 0, min(HEIGHT - _ROW, _MARGIN_BOTTOM + (-number - 1) * _ROW)
    return 6, max(1, min(HEIGHT - 2 * _ROW, number * _ROW))


def ass_text(text: str) -> str:
    """A cue's text with its tags as ASS overrides: bold, italic, underline and the eight colour classes."""
    out: list[str] = []
    place = 0
    colours: list[bool] = []
    for token in _TOKEN.finditer(text):
        out.append(_literal(text[place : token.start()]))
        place = token.end()
        closing, name, classes = token[1] == "/", token[2], token[3]
        if name in _STYLE_TAGS:
            out.append(f"{{\\{_STYLE_TAGS[name]}{0 if closing else 1}}}")
        elif name == "c":
            out.append(_colour(closing, classes, colours))
    out.append(_literal(text[place:]))
    return "".join(out)


def _colour(closing: bool, classes: str, colours: list[bool]) -> str:
    """The override for a class tag; ``colours`` remembers which open ones set a colour."""
    if closing:
        return "{\\c}" if colours and colours.pop() else ""
    known = next((_COLOURS[name] for name in classes.split(".") if name in _COLOURS), None)
    colours.append(known is not None)
    return "" if known is None else f"{{\\c&H{known}&}}"


def _literal(text: str) -> str:
    """Text that ASS takes as it stands: no override blocks, no escapes, forced line breaks."""
    plain = re.sub(r"<\d[^<>]*>", "", text)
    plain = _CONTROL.sub(" ", html.unescape(plain)).replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")
    return plain.replace("\n", "\\N")
