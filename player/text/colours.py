"""Colours as CSS and TTML write them (CSS Color 4; TTML2 10.3.4) as ``0xRRGGBBAA``. Pure."""

from __future__ import annotations

import re

_NAMES = {
    "transparent": 0x00000000,
    "black": 0x000000FF,
    "silver": 0xC0C0C0FF,
    "gray": 0x808080FF,
    "grey": 0x808080FF,
    "white": 0xFFFFFFFF,
    "maroon": 0x800000FF,
    "red": 0xFF0000FF,
    "purple": 0x800080FF,
    "fuchsia": 0xFF00FFFF,
    "magenta": 0xFF00FFFF,
    "green": 0x008000FF,
    "lime": 0x00FF00FF,
    "olive": 0x808000FF,
    "yellow": 0xFFFF00FF,
    "navy": 0x000080FF,
    "blue": 0x0000FFFF,
    "teal": 0x008080FF,
    "aqua": 0x00FFFFFF,
    "cyan": 0x00FFFFFF,
    "orange": 0xFFA500FF,
    "pink": 0xFFC0CBFF,
}
_FUNCTION = re.compile(
    r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*(\d{0,3}(?:\.\d{1,6})?%?)\s*)?\)"
)


def parse_colour(text: str, *, alpha_is_byte: bool = False) -> int | None:
    """A colour, or None for what is none. TTML counts alpha in rgba() from 0 to 255, CSS from 0 to 1."""
    word = text.strip().lower()
    if word in _NAMES:
        return _NAMES[word]
    if re.fullmatch(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", word):
        digits = word[1:]
        if len(digits) < 6:
            digits = "".join(2 * digit for digit in digits)
        return int(digits.ljust(8, "f"), 16)
    found = _FUNCTION.fullmatch(word)
    if found is None:
        return None
    red, green, blue = (min(255, int(value)) for value in found.group(1, 2, 3))
    return red << 24 | green << 16 | blue << 8 | _alpha(found[4], is_byte=alpha_is_byte)


def _alpha(text: str | None, *, is_byte: bool) -> int:
    if not text or text == "%":
        return 255
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 255 if is_byte else 1)
    return round(255 * min(1.0, share))
