"""Styles and regions of TTML (TTML2 8 to 11): references, inheritance, lengths. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

from player.manifest.dash.xml import Element, attribute, attributes, child, children, local
from player.text.colours import parse_colour
from player.text.cues import Align, CuePlacement, TextEdge, TextStyle

Values = Mapping[str, str]
"""Style properties by their local names. ``fontSize`` is resolved already: per cent of the picture's height."""

_INHERITED = frozenset(
    {
        "color",
        "direction",
        "fontFamily",
        "fontSize",
        "fontStyle",
        "fontWeight",
        "textAlign",
        "textDecoration",
        "visibility",
    }
)
_PROPERTIES = _INHERITED | {
    "ruby",
    "backgroundColor",
    "display",
    "displayAlign",
    "extent",
    "opacity",
    "origin",
    "position",
    "writingMode",
}
_MAX_CHAIN = 20  # of style references
_MAX_ITEMS = 2_000
_NORMAL_HEIGHT = 16 / 3  # per cent of the picture's height that normal text has (IMSC: 80 % of one of 15 cells)
_LENGTH = re.compile(r"([+-]?\d{1,6}(?:\.\d{1,6})?)(%|px|c|em|rw|rh|vw|vh)?")
_PIXELS = re.compile(r"\s*(\d{1,5})(?:\.\d+)?px\s+(\d{1,5})(?:\.\d+)?px\s*")
_BACKGROUND = "words background"  # of the paragraph or the nearest span: what stands behind the words


class Styles:
    """The styling and layout of one document. ``regions`` holds the properties of each region by its id."""

    def __init__(self, root: Element, id_name: str) -> None:
        self._id_name = id_name
        self.cells = _cells(attribute(root, "cellResolution"))
        pixels = _PIXELS.fullmatch(attribute(root, "extent") or "")
        self.pixels = (int(pixels[1]) or 1, int(pixels[2]) or 1) if pixels else None
        head = child(root, "head")
        styling = None if head is None else child(head, "styling")
        own = [] if styling is None else children(styling, "style")
        self._styles = self._by_id(own)
        self._known: dict[str, Mapping[str, str]] = {}
        initials = [] if styling is None else children(styling, "initial")
        declared = {name: value for item in initials for name, value in _own(item).items()}
        self.initial: Values = self._resolved(declared, {})
        # Packagers also put them where they are used.
        regions = self._by_id(item for item in root.iter() if local(item) == "region")
        self.regions = {name: self._resolved(self._declared(item), self.initial) for name, item in regions.items()}

    def _by_id(self, elements: Iterable[Element]) -> dict[str, Element]:
        named = ((item.get(self._id_name) or item.get("id") or "", item) for item in elements)
        return {name: item for name, item in itertools.islice(named, _MAX_ITEMS) if name}

    def of(self, element: Element, parent: Values) -> Values:
        """The styles of an element whose parent has ``parent``."""
        values = self._resolved(self._declared(element), parent)
        background = values.get("backgroundColor") or parent.get(_BACKGROUND)
        if background and local(element) in ("p", "span"):
            return {**values, _BACKGROUND: background}
        return values

    def inherited(self, values: Values) -> Values:
        """Those that go over to what stands inside."""
        return {name: value for name, value in values.items() if name in _INHERITED}

    def _declared(self, element: Element, depth: int = 0) -> dict[str, str]:
        """What an element declares: by references in their order, by style elements inside of it, by attributes."""
        values: dict[str, str] = {}
        for name in (attribute(element, "style") or "").split()[:_MAX_CHAIN]:
            values |= self._referred(name, depth)
        for nested in children(element, "style") if local(element) == "region" else ():
            values |= self._declared(nested, depth + 1)
        return values | _own(element)

    def _referred(self, name: str, depth: int) -> Mapping[str, str]:
        """A style by its id, worked out once; nothing of a chain that is too long or bites its tail."""
        known = self._known.get(name)
        if known is not None:
            return known
        element = self._styles.get(name)
        if element is None or depth >= _MAX_CHAIN:
            return {}
        self._known[name] = {}
        self._known[name] = self._declared(element, depth + 1)
        return self._known[name]

    def _resolved(self, declared: Mapping[str, str], parent: Values) -> Values:
        values = {**self.inherited(parent), **declared}
        if "fontSize" in declared:
            base = float(parent.get("fontSize") or 100 / self.cells[1])
            size = self.length(declared["fontSize"].split()[-1], vertical=True, percent_of=base, em=base)
            if size is None:
                values["fontSize"] = parent.get("fontSize", "")
            else:
                values["fontSize"] = f"{max(0.1, min(100.0, size)):.4f}"
        return values

    def length(
        self, text: str, *, vertical: bool, percent_of: float = 100.0, em: float = _NORMAL_HEIGHT
    ) -> float | None:
        """A length as per cent of the picture's height or width; None where it cannot be read."""
        found = _LENGTH.fullmatch(text)
        if found is None:
            return None
        value, unit = float(found[1]), found[2] or "px"
        if value == 0:
            return 0.0
        if unit == "%":
            return value * percent_of / 100
        if unit == "c":
            return value * 100 / self.cells[1 if vertical else 0]
        if unit == "px":
            return None if self.pixels is None else value * 100 / self.pixels[1 if vertical else 0]
        if unit == "em":
            return value * em
        return value


def _own(element: Element) -> dict[str, str]:
    """Style properties among an element's attributes."""
    return {name: value.strip() for name, value in attributes(element) if name in _PROPERTIES and value.strip()}


def _cells(text: str | None) -> tuple[int, int]:
    found = re.fullmatch(r"\s*([1-9]\d{0,3})\s+([1-9]\d{0,3})\s*", text or "")
    return (int(found[1]), int(found[2])) if found else (32, 15)


def is_ruby_text(values: Values) -> bool:
    """Whether these are the styles of text that stands above other text (TTML2 10.2.37)."""
    return values.get("ruby") == "text"


def text_style(values: Values) -> TextStyle:
    """How words with these styles look."""
    size = values.get("fontSize")
    colour = parse_colour(values.get("color", ""), alpha_is_byte=True)
    if colour is not None and "opacity" in values and re.fullmatch(r"0|0?\.\d{1,4}", values["opacity"]):
        colour = colour & ~0xFF | round((colour & 0xFF) * float(values["opacity"]))
    return TextStyle(
        colour=colour,
        background=parse_colour(values.get(_BACKGROUND, ""), alpha_is_byte=True) or None,
        bold=values.get("fontWeight") == "bold",
        italic=values.get("fontStyle") in ("italic", "oblique"),
        underline="underline" in values.get("textDecoration", "").split(),
        size=max(0.5, min(2.5, round(float(size) / _NORMAL_HEIGHT, 3))) if size else 1.0,
    )


_ALIGNS = {"left": Align.LEFT, "start": Align.LEFT, "right": Align.RIGHT, "end": Align.RIGHT, "center": Align.CENTER}


def place_of(styles: Styles, region: Values | None, values: Values) -> CuePlacement:
    """Where a paragraph of a region stands. Without a region it stands where subtitles usually do: the default of
    the specification, the upper left corner, is what no author means."""
    if region is None:
        return CuePlacement(_ALIGNS.get(values.get("textAlign", ""), Align.CENTER))
    align = _align(values)
    width, height = _pair(styles, region.get("extent", "")) or (100.0, 100.0)
    width, height = max(1.0, min(100.0, width)), max(1.0, min(100.0, height))
    left, top = (
        _position(region.get("position", ""), width, height)
        or _pair(styles, region.get("origin", ""))
        or (
            0.0,
            0.0,
        )
    )
    left, top = max(0.0, min(99.0, left)), max(0.0, min(99.0, top))
    right, bottom = min(100.0, left + width), min(100.0, top + height)
    mode = region.get("writingMode", "")
    if mode in ("tbrl", "tb", "tblr"):
        lr = mode == "tblr"
        return CuePlacement(align, left=left + 4 if lr else right - 4, vertical="lr" if lr else "rl")
    edge = {"after": TextEdge.BOTTOM, "center": TextEdge.MIDDLE}.get(region.get("displayAlign", ""), TextEdge.TOP)
    y = {TextEdge.BOTTOM: bottom, TextEdge.MIDDLE: (top + bottom) / 2, TextEdge.TOP: top}[edge]
    return CuePlacement(align, edge, y, left, right - left)


def _align(values: Values) -> Align:
    text = values.get("textAlign", "start")
    if values.get("direction") == "rtl" and text in ("start", "end"):
        return Align.RIGHT if text == "start" else Align.LEFT
    return _ALIGNS.get(text, Align.LEFT)


def _pair(styles: Styles, text: str) -> tuple[float, float] | None:
    parts = text.split()
    if len(parts) != 2:
        return None
    x, y = styles.length(parts[0], vertical=False), styles.length(parts[1], vertical=True)
    return None if x is None or y is None else (x, y)


_KEYWORDS = {"left": 0.0, "top": 0.0, "center": 50.0, "right": 100.0, "bottom": 100.0}


def _position(text: str, width: float, height: float) -> tuple[float, float] | None:
    """tts:position with one or two values (TTML2 11.3.1.26): per cent of the room that a region leaves."""
    parts = text.split()
    if not parts or len(parts) > 2:
        return None
    if parts[0] in ("top", "bottom"):
        parts.reverse()
    shares = [_KEYWORDS.get(part, _share(part)) for part in (*parts, "center")[:2]]
    x, y = shares
    return None if x is None or y is None else ((100 - width) * x / 100, (100 - height) * y / 100)


def _share(text: str) -> float | None:
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)%", text)
    return float(found[1]) if found else None
