"""TTML (W3C Timed Text Markup Language 2) to WebVTT: the words and their times; places and colours are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from html import escape

from lxml import etree

_PARAMETER = "{http://www.w3.org/ns/ttml#parameter}"
_STYLING = "{http://www.w3.org/ns/ttml#styling}"
_CLOCK = re.compile(r"(\d{2,}):(\d\d):(\d\d)(?:(\.\d+)|:(\d{2,}))?")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|m|s|ms|f|t)")
_DEEPEST = 32
_MOST_CUES = 100_000


class TtmlError(ValueError):
    """The document is none, or its times make no sense."""


@dataclass(frozen=True, slots=True)
class _Rates:
    """Frames and ticks to a second (section 7.2)."""

    frames: Fraction
    ticks: Fraction


@dataclass(frozen=True, slots=True)
class _Cue:
    begin: Fraction
    end: Fraction
    text: str


def to_webvtt(document: bytes) -> str:
    """A WebVTT file with a cue for each paragraph. Raises :class:`TtmlError`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TtmlError("it is no XML") from error
    if _name(root) != "tt":
        raise TtmlError("it is no TTML")
    cues: list[_Cue] = []
    for body in root:
        if _name(body) == "body":
            _collect(body, _rates(root), (Fraction(0), None), 0, cues)
    cues.sort(key=lambda cue: (cue.begin, cue.end))
    blocks = [f"{_stamp(cue.begin)} --> {_stamp(cue.end)}\n{cue.text}" for cue in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _collect(
    element: etree._Element, rates: _Rates, around: tuple[Fraction, Fraction | None], depth: int, cues: list[_Cue]
) -> None:
    """Times are relative to the element around (section 12.4), and never go beyond it."""
    if depth > _DEEPEST or len(cues) > _MOST_CUES:
        raise TtmlError("it is too deep or too long")
    begin, end = _interval(element, rates, around)
    if _name(element) == "p":
        text = _words(element)
        if text and end is not None and end > begin:
            cues.append(_Cue(begin, end, text))
        return
    for child in element:
        if _name(child) in {"div", "p"}:
            _collect(child, rates, (begin, end), depth + 1, cues)


def _interval(
    element: etree._Element, rates: _Rates, around: tuple[Fraction, Fraction | None]
) -> tuple[Fraction, Fraction | None]:
    start, limit = around
    begin = start + _time(element.get("begin"), rates, Fraction(0))
    ends = [limit] if limit is not None else []
    if element.get("end") is not None:
        ends.append(start + _time(element.get("end"), rates, Fraction(0)))
    if element.get("dur") is not None:
        ends.append(begin + _time(element.get("dur"), rates, Fraction(0)))
    return begin, min(ends, default=None)


def _words(element: etree._Element) -> str:
    """The text of a paragraph, with its line breaks and italics; a line of its own is never empty."""
    text = re.sub(r"[ \t\r\n]+", " ", _inline(element, 0)).replace("\v", "\n")
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _inline(element: etree._Element, depth: int) -> str:
    if depth > _DEEPEST:
        raise TtmlError("it is too deep")
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        name = _name(child)
        if name == "br":
            parts.append("\v")
        elif name == "span":
            inner = _inline(child, depth + 1)
            italic = child.get(f"{_STYLING}fontStyle") in {"italic", "oblique"}
            parts.append(f"<i>{inner}</i>" if italic else inner)
        parts.append(escape(child.tail or "", quote=False))
    return "".join(parts)


def _rates(root: etree._Element) -> _Rates:
    frames = _positive(root.get(f"{_PARAMETER}frameRate"), Fraction(30))
    numbers = (root.get(f"{_PARAMETER}frameRateMultiplier") or "1 1").replace(":", " ").split()
    if len(numbers) == 2:
        frames *= _positive(numbers[0], Fraction(1)) / _positive(numbers[1], Fraction(1))
    given = root.get(f"{_PARAMETER}frameRate") is not None
    return _Rates(frames, _positive(root.get(f"{_PARAMETER}tickRate"), frames if given else Fraction(1)))


def _positive(text: str | None, default: Fraction) -> Fraction:
    return Fraction(text) if text and text.isascii() and text.isdigit() and int(text) else default


def _time(text: str | None, rates: _Rates, default: Fraction) -> Fraction:
    """A time expression (section 12.3.1) in seconds."""
    if text is None:
        return default
    clock = _CLOCK.fullmatch(text.strip())
    if clock:
        hours, minutes, seconds, part, frames = clock.groups()
        whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        return whole + Fraction(f"0{part}" if part else 0) + (Fraction(int(frames)) / rates.frames if frames else 0)
    offset = _OFFSET.fullmatch(text.strip())
    if not offset:
        raise TtmlError(f"{text[:20]!r} is no time")
    units = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
    units |= {"f": 1 / rates.frames, "t": 1 / rates.ticks}
    return Fraction(offset[1]) * units[offset[2]]


def _stamp(at: Fraction) -> str:
    thousandths = round(at * 1000)
    seconds, rest = divmod(thousandths, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _name(element: etree._Element) -> str:
    """The name without its namespace, of which TTML had several; empty for comments."""
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""
