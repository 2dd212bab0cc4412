"""Cues as an ASS document, which libmpv shows with their places and styles (FFmpeg drops those of WebVTT and reads no
TTML). Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from player.text.cues import PLAIN, Align, Cue, CuePlacement, TextEdge, TextSpan, TextStyle, joined, stacked

WIDTH, HEIGHT = 1920, 1080
"""Coordinates of the document; libass scales them to the picture."""

STYLE, BOX_STYLE = "Matinee", "MatineeBox"
"""Names of our styles, by which libmpv gives them the viewer's look, and no style of an author's."""

FONT_SIZE = 58
ROW = 72
"""Height of a line of normal size."""

_MARGIN_SIDE, _MARGIN_BOTTOM = 96, 54
_MAX_DOCUMENT = 32 << 20  # characters: no title has so many words
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]")  # one of these could begin a line of its own
_COLUMN = {Align.LEFT: 1, Align.CENTER: 2, Align.RIGHT: 3}
_LINE = {TextEdge.BOTTOM: 0, TextEdge.MIDDLE: 3, TextEdge.TOP: 6}

# BorderStyle 3 of BOX_STYLE draws a box behind each line, in the outline's colour.
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
Style: {STYLE},sans-serif,{FONT_SIZE},&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,\
{_MARGIN_SIDE},{_MARGIN_SIDE},{_MARGIN_BOTTOM},-1
Style: {BOX_STYLE},sans-serif,{FONT_SIZE},&H00FFFFFF,&H00FFFFFF,&HFF000000,&HFF000000,0,0,0,0,100,100,0,0,3,6,0,2,\
{_MARGIN_SIDE},{_MARGIN_SIDE},{_MARGIN_BOTTOM},-1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def to_ass(cues: Iterable[Cue]) -> str:
    """A whole ASS document. A cue that several segments repeat or share appears once."""
    out = [_HEADER]
    length = 0
    for cue in stacked(joined(cue for cue in cues if cue.text.strip())):
        for event in _events(cue):
            length += len(event)
            if length > _MAX_DOCUMENT:
                return "".join(out)
            out.append(event)
    return "".join(out)


def _events(cue: Cue) -> Iterator[str]:
    style = BOX_STYLE if any(_visible(span.style.background) for span in cue.spans) else STYLE
    head = f"Dialogue: 0,{_clock(cue.start_s)},{_clock(cue.end_s)},{style},,"
    if cue.place.vertical:
        for number, column in enumerate(_split_lines(cue.spans)):
            override = _column_place(cue.place, number)
            yield f"{head}0,0,0,,{override}{ass_text(_upright(column))}\n"
        return
    override, left, right, vertical = _place(cue.place)
    yield f"{head}{left},{right},{vertical},,{override}{ass_text(cue.spans)}\n"


def _visible(colour: int | None) -> bool:
    return colour is not None and colour & 0xFF > 0


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return (
        f"{hundredths // 360_000}:{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
    )


def _place(place: CuePlacement) -> tuple[str, int, int, int]:
    """An override, and left, right and vertical margins; a margin of 0 is the style's own.

    Margins leave libass free to move what would stand on other text; only the middle of a region needs a point.
    """
    left, right = _sides(place)
    edge = TextEdge.BOTTOM if place.y is None else place.edge
    alignment = _LINE[edge] + _COLUMN[place.align]
    override = "" if alignment == 2 else f"{{\\an{alignment}}}"
    if place.y is None:
        return override, left, right, 0
    y = round(place.y * HEIGHT / 100)
    if edge is TextEdge.MIDDLE:
        return f"{{\\an{alignment}\\pos({_anchor(place.align, left, right)},{y})}}", left, right, 0
    highest = HEIGHT - ROW  # the first line of a text stays within the picture
    vertical = y if edge is TextEdge.TOP else HEIGHT - y
    return override, left, right, max(1, min(highest, vertical))


def _sides(place: CuePlacement) -> tuple[int, int]:
    if place.left is None or place.width is None:
        return 0, 0
    left = round(place.left * WIDTH / 100)
    right = round((100 - place.left - place.width) * WIDTH / 100)
    return max(1, left), max(1, right)


def _anchor(align: Align, left: int, right: int) -> int:
    start, end = left or _MARGIN_SIDE, WIDTH - (right or _MARGIN_SIDE)
    return {Align.LEFT: start, Align.RIGHT: end, Align.CENTER: (start + end) // 2}[align]


def _column_place(place: CuePlacement, number: int) -> str:
    """The point at which a column of upright characters stands."""
    step = ROW if place.vertical == "lr" else -ROW
    first = place.left if place.left is not None else (6.0 if place.vertical == "lr" else 94.0)
    x = max(ROW // 2, min(WIDTH - ROW // 2, round(first * WIDTH / 100) + step * number))
    y = {Align.LEFT: _MARGIN_BOTTOM, Align.CENTER: HEIGHT // 2, Align.RIGHT: HEIGHT - _MARGIN_BOTTOM}[place.align]
    row = {Align.LEFT: 6, Align.CENTER: 3, Align.RIGHT: 0}[place.align]
    return f"{{\\an{row + 2}\\pos({x},{y})}}"


def _split_lines(spans: Iterable[TextSpan]) -> list[list[TextSpan]]:
    lines: list[list[TextSpan]] = [[]]
    for span in spans:
        for number, part in enumerate(span.text.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(TextSpan(part, span.style))
    return [line for line in lines if line]


def _upright(line: Iterable[TextSpan]) -> list[TextSpan]:
    """One character below the other."""
    characters = [TextSpan(character, span.style) for span in line for character in span.text]
    return [
        TextSpan(span.text if last else span.text + "\n", span.style)
        for span, last in zip(characters, itertools.chain([False] * (len(characters) - 1), [True]), strict=True)
    ]


def ass_text(spans: Iterable[TextSpan]) -> str:
    """Text with its styles as overrides."""
    out: list[str] = []
    current = PLAIN
    for span in spans:
        if span.style != current and span.text.strip("\n"):
            reset = "\\r" if current != PLAIN else ""
            override = reset + _override(span.style)
            out.append(f"{{{override}}}" if override else "")
            current = span.style
        out.append(_literal(span.text))
    return "".join(out)


def _override(style: TextStyle) -> str:
    parts = [
        tag for tag, wanted in (("\\b1", style.bold), ("\\i1", style.italic), ("\\u1", style.underline)) if wanted
    ]
    if style.colour is not None:
        parts.append(f"\\c{_bgr(style.colour)}")
        if style.colour & 0xFF != 0xFF:
            parts.append(f"\\1a{_alpha(style.colour)}")
    if style.background is not None and _visible(style.background):
        parts.append(f"\\3c{_bgr(style.background)}\\3a{_alpha(style.background)}")
    percent = round(100 * style.size)
    if percent != 100:
        parts.append(f"\\fscx{percent}\\fscy{percent}")
    return "".join(parts)


def _bgr(colour: int) -> str:
    """ASS has blue, green, red."""
    red, green, blue = colour >> 24 & 0xFF, colour >> 16 & 0xFF, colour >> 8 & 0xFF
    return f"&H{blue:02X}{green:02X}{red:02X}&"


def _alpha(colour: int) -> str:
    """In ASS 0 is opaque."""
    return f"&H{255 - (colour & 0xFF):02X}&"


def _literal(text: str) -> str:
    """Text that ASS takes as it stands: no override blocks, no escapes, forced line breaks."""
    plain = _CONTROL.sub(" ", text).replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")
    return plain.replace("\n", "\\N")
