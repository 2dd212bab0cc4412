"""TTML and IMSC text profile (TTML2, IMSC 1.2; EBU-TT-D is one of it): documents to cues. Pure.

Read are: times of all forms, nested; styles by reference, by nesting and by inheritance; regions with their places;
spans, breaks and ruby. Animation, backgrounds of regions and pictures (image profile) are not.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from player.base.errors import ErrorCode, ManifestError, MediaError
from player.manifest.dash.xml import Element, attribute, children, local, parse_xml
from player.media.boxes import damaged
from player.text.cues import MAX_CHARACTERS, MAX_CUE_CHARACTERS, MAX_CUES, Cue, TextSpan, joined, moved
from player.text.ttml_styles import Styles, Values, is_ruby_text, place_of, text_style
from player.text.ttml_times import TtmlClock, read_clock

_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BLANK = re.compile(r"[ \t\r\n]+")
_MAX_DEPTH = 40
_MAX_CHANGES = 50  # within one paragraph
_MAX_LEAVES = 200_000  # pieces of text in a document


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Words of a paragraph and when they are there."""

    start_s: float
    end_s: float
    span: TextSpan


@dataclass(slots=True)
class _TtmlReader:
    styles: Styles
    clock: TtmlClock
    cues: list[Cue] = field(default_factory=list)
    pieces: int = 0

    def block(self, element: Element, window: tuple[float, float], values: Values, region: str, depth: int) -> None:
        """body or div: what holds paragraphs."""
        if depth > _MAX_DEPTH:
            raise damaged("the subtitles are nested too deeply")
        window, values, region = self.enter(element, window, values, region)
        if values.get("display") == "none":
            return
        for child, slot in self.timed(element, window):
            name = local(child)
            if name == "div":
                self.block(child, slot, values, region, depth + 1)
            elif name == "p":
                self.paragraph(child, slot, values, region)

    def enter(
        self, element: Element, window: tuple[float, float], values: Values, region: str
    ) -> tuple[tuple[float, float], Values, str]:
        """The active time, the styles and the region of an element inside of those of its parent. Content inherits
        from its region before its body (TTML2 10.4.4)."""
        own = attribute(element, "region")
        if own in self.styles.regions and own != region:
            region = own or ""
            values = {**self.styles.inherited(self.styles.regions[region]), **values}
        window = self.clock.window(element, window)
        return window, self.styles.of(element, values), region

    def timed(self, element: Element, window: tuple[float, float]) -> Iterator[tuple[Element, tuple[float, float]]]:
        """The children, each with the time that it may fill: one after the other in a ``seq`` container."""
        sequential = attribute(element, "timeContainer") == "seq"
        start_s = window[0]
        for child in element:
            yield child, (start_s, window[1])
            if sequential and local(child) in ("div", "p", "span"):
                end_s = self.clock.window(child, (start_s, window[1]))[1]
                start_s = min(end_s, window[1])

    def paragraph(self, element: Element, window: tuple[float, float], values: Values, region: str) -> None:
        window, values, region = self.enter(element, window, values, region)
        if not region:
            values = {**self.styles.initial, **values}
        leaves: list[_Leaf] = []
        keep = _keeps_space(element)
        self.words(element, window, values, leaves, keep=keep, depth=0)
        # A span may name the region for all of its paragraph.
        spans_region = next((name for child in children(element, "span") if (name := attribute(child, "region"))), "")
        region = region or (spans_region if spans_region in self.styles.regions else "")
        place = place_of(self.styles, self.styles.regions.get(region), values)
        for start_s, end_s, spans in _moments(leaves, keep=keep):
            if len(self.cues) == MAX_CUES:
                raise damaged("a subtitle file has too many cues")
            self.cues.append(Cue(start_s, end_s, spans, place, flow=region))

    def words(
        self,
        element: Element,
        window: tuple[float, float],
        values: Values,
        leaves: list[_Leaf],
        *,
        keep: bool,
        depth: int,
    ) -> None:
        """The text inside of a paragraph or span, in order."""
        if depth > _MAX_DEPTH:
            raise damaged("a subtitle is nested too deeply")
        if values.get("display") == "none" or values.get("ruby") == "delimiter":
            return
        self._leaf(element.text, window, values, leaves, keep=keep)
        for child, slot in self.timed(element, window):
            name = local(child)
            if name == "br":
                self._leaf("\n", window, values, leaves, keep=True)
            elif name == "span":
                inner = self.clock.window(child, slot)
                own = self.styles.of(child, values)
                bracketed = is_ruby_text(own)
                for part in ("(", None, ")") if bracketed else (None,):
                    if part is None:
                        self.words(child, inner, own, leaves, keep=keep or _keeps_space(child), depth=depth + 1)
                    else:
                        self._leaf(part, inner, own, leaves, keep=True)
            self._leaf(child.tail, window, values, leaves, keep=keep)

    def _leaf(
        self, text: str | None, window: tuple[float, float], values: Values, leaves: list[_Leaf], *, keep: bool
    ) -> None:
        if not text or values.get("visibility") == "hidden":
            return
        self.pieces += 1
        if self.pieces > _MAX_LEAVES:
            raise damaged("the subtitles have too many parts")
        words = text.replace("\r", "") if keep else _BLANK.sub(" ", text)
        leaves.append(_Leaf(*window, TextSpan(words[:MAX_CUE_CHARACTERS], text_style(values))))


def _keeps_space(element: Element) -> bool:
    current: Element | None = element
    while current is not None:
        space = current.get(_XML_SPACE)
        if space is not None:
            return bool(space == "preserve")
        current = current.getparent()
    return False


def _moments(leaves: Sequence[_Leaf], *, keep: bool) -> Iterator[tuple[float, float, tuple[TextSpan, ...]]]:
    """The stretches of time in which a paragraph shows the same, with what it shows."""
    times = sorted({time for leaf in leaves for time in (leaf.start_s, leaf.end_s)})[:_MAX_CHANGES]
    for start_s, end_s in itertools.pairwise(times):
        there = [leaf.span for leaf in leaves if leaf.start_s <= start_s and leaf.end_s >= end_s]
        spans = tuple(there) if keep else _tidy(there)
        if any(span.text.strip() for span in spans):
            yield start_s, end_s, spans


def _tidy(spans: Sequence[TextSpan]) -> tuple[TextSpan, ...]:
    """Without blanks at the ends of lines, and without blanks that follow blanks; pieces of one style joined."""
    result: list[TextSpan] = []
    at_start, length = True, 0
    for span in spans:
        text = span.text.lstrip(" ") if at_start else span.text
        if not text:
            continue
        if text == "\n" or text.startswith(" "):
            while text == "\n" and result and result[-1].text.endswith(" "):
                result[-1] = TextSpan(result[-1].text.rstrip(" "), result[-1].style)
                if not result[-1].text:
                    result.pop()
        at_start = text[-1] in " \n"
        length += len(text)
        if length > MAX_CUE_CHARACTERS:
            break
        if result and result[-1].style == span.style:
            result[-1] = TextSpan(result[-1].text + text, span.style)
        else:
            result.append(TextSpan(text, span.style))
    if result:
        result[-1] = TextSpan(result[-1].text.rstrip(" "), result[-1].style)
    return tuple(span for span in result if span.text)


def parse_ttml(data: bytes | str, *, offset_s: float = 0.0) -> list[Cue]:
    """The cues of a document in its order; ``offset_s`` is added to its times.

    Raises :class:`MediaError`: ``MEDIA_DAMAGED`` for what is no TTML or goes past a bound, ``MEDIA_UNSUPPORTED`` for
    subtitles that are pictures. Entities are never expanded (:mod:`player.manifest.dash.xml`).
    """
    if len(data) > MAX_CHARACTERS:
        raise damaged("a subtitle file is too large")
    try:
        root, _ = parse_xml(data)
    except ManifestError as error:
        raise damaged("the subtitles are not well-formed XML, or too complex") from error
    if local(root) != "tt":
        raise MediaError(ErrorCode.MEDIA_DAMAGED, "The subtitles are not TTML.")
    reader = _TtmlReader(Styles(root, _XML_ID), read_clock(root))
    bodies = children(root, "body")
    for body in bodies[:1]:
        reader.block(body, (0.0, math.inf), {}, "", 0)
    if not reader.cues and any(local(element) == "image" or _backdrop(element) for element in root.iter()):
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "These subtitles are pictures, which cannot be shown.")
    return joined(moved(reader.cues, offset_s))


def _backdrop(element: Element) -> bool:
    """smpte:backgroundImage, by which SMPTE-TT shows a picture."""
    return attribute(element, "backgroundImage") is not None
