"""An MPD as it was delivered: its elements, with nothing forgiven but broken XML. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

NAMESPACE = "{urn:mpeg:dash:schema:mpd:2011}"
_OLD_SPELLING = "urn:mpeg:DASH:schema:MPD:2011"  # of many early streams; players take it
MOST_BYTES = 64 * 1024 * 1024


@lru_cache(maxsize=4)
def mpd_root(text: str) -> etree._Element | None:
    """The document, with what is broken in it passed over; None where nothing can be read."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    if len(text) > MOST_BYTES:
        return None
    text = text.replace(_OLD_SPELLING, NAMESPACE[1:-1], 1)
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def elements(text: str, *names: str) -> Iterator[etree._Element]:
    """Every element of these names, in the order of the document."""
    root = mpd_root(text)
    if root is not None:
        yield from root.iter(*(form for name in names for form in (f"{NAMESPACE}{name}", name)))


def children(element: etree._Element, *names: str) -> list[etree._Element]:
    """The children of these names."""
    return [each for each in element if isinstance(each.tag, str) and each.tag.removeprefix(NAMESPACE) in names]


def name_of(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).removeprefix(NAMESPACE)
