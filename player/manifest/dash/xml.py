"""XML of an MPD: hardened parsing, and look-ups by local name whatever prefix a packager chose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from player.base.errors import ErrorCode, ManifestError
from player.manifest.limits import MAX_DEPTH, MAX_ELEMENTS, limit_error

Element = etree._Element  # noqa: SLF001  (lxml has no public name for the type)

XLINK = "http://www.w3.org/1999/xlink"
RESOLVE_TO_ZERO = "urn:mpeg:dash:resolve-to-zero:2013"
_WHOLE = re.compile(r"\s*\d{1,20}\s*")
_NUMBER = re.compile(r"\s*[+\-]?\d{1,20}\s*$")
_NAMESPACE_TROUBLE = frozenset({"NS_ERR_UNDEFINED_NAMESPACE", "NS_ERR_XML_NAMESPACE", "NS_ERR_ATTRIBUTE_REDEFINED"})


def parse_xml(text: str | bytes, *, encoding: str | None = None) -> tuple[Element, bool]:
    """The root element, and whether undeclared prefixes had to be forgiven.

    Raises :class:`ManifestError` for text that is not well formed, has a document type, or goes past a bound.
    Entities are never expanded and nothing is loaded from elsewhere. ``encoding`` is that of bytes where it is known:
    it counts more than what the document declares.
    """
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    data = data.lstrip(b"\xef\xbb\xbf \t\r\n") if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else data
    count = data.count(b"<")
    if count > 2 * MAX_ELEMENTS:
        raise limit_error("the MPD has too many elements", MAX_ELEMENTS)
    encoding = "utf-8" if isinstance(text, str) else encoding
    forgiven = False
    parser = _parser(encoding, recover=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if not _only_namespaces(parser):
            raise _syntax_error(error) from None
        root = etree.fromstring(data, _parser(encoding, recover=True))
        forgiven = True
    if root is None:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The MPD is not well-formed XML.")
    if root.getroottree().docinfo.internalDTD is not None:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The MPD has a document type declaration, which is refused.")
    _check_depth(root)
    return root, forgiven


def _parser(encoding: str | None, *, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )


def _only_namespaces(parser: etree.XMLParser) -> bool:
    """Whether undeclared prefixes are all that a parser stumbled over. (The error's own log is no witness: it also
    has what earlier parsers on this thread said.)"""
    log: Any = parser.error_log
    kinds = [entry.type_name for entry in log]
    return bool(kinds) and all(kind in _NAMESPACE_TROUBLE for kind in kinds)


def _syntax_error(error: etree.XMLSyntaxError) -> ManifestError:
    line = error.lineno or None
    where = "" if line is None else f" (line {line})"
    return ManifestError(ErrorCode.MANIFEST_SYNTAX, f"The MPD is not well-formed XML{where}.", line=line)


def _check_depth(root: Element) -> None:
    """Refuse nesting that no MPD has; the long lists of a timeline are not walked."""
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise limit_error("the MPD is nested too deeply", MAX_DEPTH, line=line_of(element))
        if local(element) != "SegmentTimeline":
            stack.extend((child, depth + 1) for child in element)


def local(element: Element) -> str:
    """The name without namespace or prefix."""
    return _local_name(element.tag)


@lru_cache(maxsize=1024)  # a manifest has few names, and each is asked for a hundred times
def _local_name(tag: object) -> str:
    if not isinstance(tag, str):
        return ""  # an unexpanded entity
    if "}" in tag:
        tag = tag.rpartition("}")[2]
    return tag.rpartition(":")[2]


def children(element: Element, name: str) -> list[Element]:
    """Children with a local name, in any namespace."""
    return [child for child in element if local(child) == name]


def remote_link(element: Element) -> str | None:
    """@xlink:href, which makes an element a remote one (ISO/IEC 23009-1 5.5)."""
    return element.get(f"{{{XLINK}}}href") or element.get("xlink:href")


def present(element: Element, name: str) -> list[Element]:
    """As :func:`children`, without those that are declared to resolve to nothing (5.5.3)."""
    return [item for item in children(element, name) if (remote_link(item) or "").lower() != RESOLVE_TO_ZERO]


def child(element: Element, name: str) -> Element | None:
    """The first child with a local name."""
    for candidate in element:
        if local(candidate) == name:
            return candidate
    return None


def attribute(element: Element, name: str) -> str | None:
    """An attribute by local name: the plain one first, else one of any prefix."""
    value = element.get(name)
    if value is not None:
        return value
    for key, other in element.attrib.items():
        if _local_name(key) == name:
            return str(other)
    return None


def attributes(element: Element) -> Iterator[tuple[str, str]]:
    """``(local name, value)`` of every attribute."""
    for key, value in element.attrib.items():
        yield _local_name(key), str(value)


def text_of(element: Element) -> str:
    """All text inside, stripped."""
    return "".join(str(part) for part in element.itertext()).strip()


def to_text(element: Element) -> str:
    """The element as XML."""
    return str(etree.tostring(element, encoding="unicode"))


def line_of(element: Element) -> int | None:
    """The line of the source on which an element begins."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def integer(text: str | None) -> int | None:
    """A whole number; a decimal one is cut off, anything else is None."""
    if text is None:
        return None
    if _NUMBER.match(text):
        return int(text)
    value = decimal(text)
    return None if value is None or abs(value) > 1e15 else int(value)


def timescale_of(text: str | None) -> int | None:
    """Ticks per second: 1 where nothing is said, None for anything but a whole number above 0."""
    value = 1 if text is None else integer(text) if _WHOLE.fullmatch(text) else None
    return value or None


def decimal(text: str | None) -> float | None:
    """A finite decimal number, else None. ``INF`` is :data:`math.inf`."""
    if text is None:
        return None
    stripped = text.strip()
    if stripped.upper() in ("INF", "+INF"):
        return float("inf")
    try:
        value = float(stripped)
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None


def boolean(text: str | None) -> bool | None:
    """xs:boolean."""
    if text is None:
        return None
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower())


def ratio(text: str | None) -> float | None:
    """A frame rate: ``25`` or ``30000/1001``."""
    if text is None:
        return None
    above, slash, below = text.partition("/")
    numerator, denominator = decimal(above), decimal(below) if slash else 1.0
    if numerator is None or not denominator:
        return None
    return numerator / denominator
