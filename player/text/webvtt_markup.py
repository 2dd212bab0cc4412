"""What stands inside a WebVTT cue: tags, escapes, and the style sheets for them (WebVTT 4.2.2, 8.2). Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from player.text.colours import parse_colour
from player.text.cues import PLAIN, TextSpan, TextStyle

_TOKEN = re.compile(r"<(/?)([a-z]{0,4})((?:\.[^\s.<>]{1,64})*)((?:[ \t\n][^<>]*)?)>|<[^<>]*>")
_RULE = re.compile(r"::cue\s{0,9}(?:\(([^()]{0,200})\)\s{0,9})?\{([^{}]{0,2000})\}")
_SELECTOR = re.compile(r"""([a-z]{0,4})(?:\#([\w-]+))?((?:\.[\w-]+)*)(?:\[(\w+)\s*=\s*["']?([^"'\]]*)["']?\])?""")
_MAX_RULES = 200
_MAX_DEPTH = 32
_COLOURS = ("white", "lime", "cyan", "red", "yellow", "magenta", "blue", "black")  # WebVTT 5.1

Changes = Mapping[str, object]
"""Fields of a :class:`TextStyle` that a rule or a tag sets."""


@dataclass(frozen=True, slots=True)
class Selector:
    """What a rule is for; empty fields ask for nothing. ``voice`` and ``language`` are annotations of the tag."""

    tag: str = ""
    identifier: str = ""
    classes: frozenset[str] = frozenset()
    attribute: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The ``::cue`` rules of a file, in its order: (selector, what it sets)."""

    rules: tuple[tuple[Selector, Changes], ...] = ()

    def root(self, identifier: str) -> TextStyle:
        """The style of a cue's text before any tag."""
        style = PLAIN
        for selector, changes in self.rules:
            whole = selector == Selector()
            if whole or (selector.identifier and selector.identifier == identifier and not selector.tag):
                style = _apply(style, changes)
        return style

    def inside(self, style: TextStyle, tag: str, classes: frozenset[str], annotation: str) -> TextStyle:
        """The style inside of a tag that stands in text of ``style``."""
        for selector, changes in self.rules:
            if selector == Selector() or selector.identifier:
                continue
            fits = selector.tag in ("", tag) and selector.classes <= classes
            if fits and selector.attribute:
                fits = {"v": "voice", "lang": "lang"}.get(tag) == selector.attribute and annotation == selector.value
            if fits:
                style = _apply(style, changes)
        return style


def _apply(style: TextStyle, changes: Changes) -> TextStyle:
    return replace(style, **changes)  # type: ignore[arg-type]


def read_sheet(text: str) -> Sheet:
    """The rules of STYLE blocks; what is not for cues, or cannot be read, is passed over."""
    rules: list[tuple[Selector, Changes]] = []
    for found in _RULE.finditer(_without_comments(text)):
        changes = _declarations(found[2])
        for part in (found[1] or "").split(","):
            selector = _selector(part.strip())
            if selector is not None and changes and len(rules) < _MAX_RULES:
                rules.append((selector, changes))
    return Sheet(tuple(rules))


def _without_comments(text: str) -> str:
    first, *rest = text.split("/*")
    return first + "".join(part.partition("*/")[2] for part in rest)


def _selector(text: str) -> Selector | None:
    found = _SELECTOR.fullmatch(text)
    if found is None:
        return None
    classes = frozenset(filter(None, found[3].split(".")))
    return Selector(found[1], found[2] or "", classes, found[4] or "", found[5] or "")


def _declarations(text: str) -> dict[str, object]:
    changes: dict[str, object] = {}
    for part in text.split(";"):
        name, _, value = part.partition(":")
        changes.update(_declaration(name.strip().lower(), value.strip().lower().removesuffix("!important").strip()))
    return changes


def _declaration(name: str, value: str) -> dict[str, object]:
    if name in ("color", "background-color", "background"):
        colour = parse_colour(value)
        field = "colour" if name == "color" else "background"
        return {} if colour is None else {field: colour}
    if name == "font-weight":
        return {"bold": value in ("bold", "bolder") or (value.isdecimal() and len(value) < 5 and int(value) >= 600)}
    if name == "font-style":
        return {"italic": value in ("italic", "oblique")}
    if name in ("text-decoration", "text-decoration-line"):
        return {"underline": "underline" in value}
    if name == "font-size":
        found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,4})?)(%|em)", value)
        size = float(found[1]) / (100 if found[2] == "%" else 1) if found else None
        return {"size": max(0.5, min(2.0, size))} if size is not None else {}
    return {}


def parse_markup(text: str, sheet: Sheet, identifier: str = "") -> tuple[TextSpan, ...]:
    """The spans of a cue's text. Ruby text stands in brackets behind its base."""
    style = sheet.root(identifier)
    open_: list[tuple[str, TextStyle]] = []
    spans: list[TextSpan] = []
    place = 0

    def add(words: str) -> None:
        if not words:
            return
        if spans and spans[-1].style == style:
            spans[-1] = TextSpan(spans[-1].text + words, style)
        else:
            spans.append(TextSpan(words, style))

    for token in _TOKEN.finditer(text):
        add(html.unescape(text[place : token.start()]))
        place = token.end()
        closing, name, classes, annotation = token.groups()
        if not name:
            continue  # a time inside of the text, or no tag at all
        if closing:
            while any(each == name for each, _ in open_):
                closed, before = open_.pop()
                add(")" if closed == "rt" else "")
                style = before
                if closed == name:
                    break
        elif len(open_) < _MAX_DEPTH:
            add("(" if name == "rt" else "")
            open_.append((name, style))
            names = frozenset(filter(None, classes.split(".")))
            style = sheet.inside(_of_tag(style, name, names), name, names, html.unescape(annotation).strip())
    add(html.unescape(text[place:]))
    return tuple(spans)


def _of_tag(style: TextStyle, name: str, classes: frozenset[str]) -> TextStyle:
    """What a tag means by itself (WebVTT 5.1, 8.2.2)."""
    field = {"b": "bold", "i": "italic", "u": "underline"}.get(name)
    changes: dict[str, object] = {} if field is None else {field: True}
    for colour in _COLOURS:
        if colour in classes:
            changes["colour"] = parse_colour(colour)
        if f"bg_{colour}" in classes:
            changes["background"] = parse_colour(colour)
    return _apply(style, changes) if changes else style
