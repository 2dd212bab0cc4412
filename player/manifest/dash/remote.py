"""Remote elements (ISO/IEC 23009-1 5.5): what xlink:href stands for, put in its place.

Pure like the rest: this says which addresses are needed, the caller loads them and the MPD is read again with what
came. Elements to be resolved "on request" are treated as those "on load": a player needs the whole timeline at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from player.base.errors import ManifestError
from player.manifest.dash.imports import (
    chained,
    chained_address,
    imported,
    imported_address,
    is_dynamic,
    put_chained,
    put_imported,
)
from player.manifest.dash.query import Queries
from player.manifest.dash.xml import RESOLVE_TO_ZERO, XLINK, Element, children, line_of, local, parse_xml, remote_link
from player.manifest.limits import MAX_REMOTE_BYTES, MAX_REMOTE_DEPTH, MAX_REMOTE_LINKS, limit_error
from player.manifest.parser_notes import Notes
from player.manifest.urls import WEB_SCHEMES, resolve, scheme_of

# Elements that may be remote ones (Annex B of the schema: those with xlink attributes), in any namespace.
_LINKED = frozenset(
    (
        "Period",
        "AdaptationSet",
        "EventStream",
        "Event",
        "Representation",
        "SegmentList",
        "Preselection",
        "InitializationSet",
        "InitializationGroup",
        "InitializationPresentation",
        "UrlQueryInfo",
        "ExtUrlQueryInfo",
    )
)
Remotes = Mapping[str, bytes | None]
"""What was loaded, by address; None where that failed."""


def resolve_remotes(
    root: Element, url: str, remotes: Remotes, notes: Notes, *, now_s: float | None = None
) -> tuple[str, ...]:
    """Put what is in ``remotes`` where ``root`` refers to it; the addresses that are still needed.

    An element whose contents are not available, or are not what the standard asks for, keeps what it has itself
    (5.5.3). Imported and chained MPDs come after the elements, since these may hold them.
    """
    queries = Queries(url).extend(root)
    missing = _resolve_links(root, url, remotes, notes, queries)
    seen = {url}
    for _ in range(MAX_REMOTE_DEPTH):
        progress = _resolve_imports(root, url, remotes, notes, queries, now_s, missing)
        address = chained_address(root, url, queries)
        if address is None or address in seen:
            if address is not None or chained(root) is not None:
                notes.warn("dash.chaining", "The MPD leads on to one that cannot be followed.", path="/MPD")
                _unchain(root)
        elif is_dynamic(root):
            pass  # it is loaded when this one has ended, and may be another one by then
        elif address in remotes:
            seen.add(address)
            if put_chained(root, address, remotes[address], notes):
                progress = True
            else:
                break
        else:
            missing[address] = None
        if not progress:
            break
    return tuple(missing)


def _unchain(root: Element) -> None:
    item = chained(root)
    if item is not None:
        root.remove(item)


def _resolve_imports(
    root: Element,
    url: str,
    remotes: Remotes,
    notes: Notes,
    queries: Queries,
    now_s: float | None,
    missing: dict[str, None],
) -> bool:
    """Put in the imported MPDs that are there; whether there were any."""
    progress = False
    linked = [period for period in children(root, "Period") if imported(period) is not None]
    if len(linked) > MAX_REMOTE_LINKS:
        notes.warn("dash.imported_mpd", f"More than {MAX_REMOTE_LINKS} MPDs are imported; the first ones are loaded.")
    for number, period in enumerate(linked):
        address = imported_address(period, url, queries.extend(period))
        if address is None or number >= MAX_REMOTE_LINKS:
            put_imported(period, "", None, now_s, notes, why="its address is not one that is fetched")
            progress = True
        elif address in remotes:
            put_imported(period, address, remotes[address], now_s, notes)
            progress = True
        else:
            missing[address] = None
    return progress


def _resolve_links(root: Element, url: str, remotes: Remotes, notes: Notes, queries: Queries) -> dict[str, None]:
    """Replace the remote elements whose contents are there; the addresses of the others."""
    missing: dict[str, None] = {}
    for _ in range(MAX_REMOTE_DEPTH):
        linked = _linked(root)
        if len(linked) > MAX_REMOTE_LINKS:
            notes.warn("dash.xlink_many", f"The MPD has more than {MAX_REMOTE_LINKS} remote elements.")
            return {}
        progress = False
        for element in linked:
            address = _address(element, url, queries)
            if address is None:
                _keep(element, notes, "its address is not one that is fetched")
                progress = True
            elif address not in remotes:
                missing[address] = None
            else:
                _replace(element, remotes[address], notes)
                progress = True
        if not progress:
            return missing
    for element in _linked(root):
        if _address(element, url, queries) in remotes:
            _keep(element, notes, "remote elements are nested too deeply")
    return missing


def _linked(root: Element) -> list[Element]:
    found, stack = [], [root]
    while stack:
        element = stack.pop()
        name = local(element)
        if name in _LINKED and _pending(element):
            found.append(element)
        if name != "SegmentTimeline":  # they are long, and hold nothing remote
            stack.extend(reversed(element))
    return found


def _pending(element: Element) -> bool:
    link = remote_link(element)
    return link is not None and link.lower() != RESOLVE_TO_ZERO


def _address(element: Element, url: str, queries: Queries) -> str | None:
    address = queries.put("xlink", resolve(url, remote_link(element) or ""))
    return address if scheme_of(address) in WEB_SCHEMES or scheme_of(address) == scheme_of(url) != "" else None


def _replace(element: Element, body: bytes | None, notes: Notes) -> None:
    """Put the elements that ``body`` holds where ``element`` is."""
    if body is None:
        _keep(element, notes, "it could not be loaded")
        return
    try:
        found = _elements(body)
    except ManifestError as error:
        _keep(element, notes, error.sentence)
        return
    name, parent = local(element), element.getparent()
    if parent is None or not found or any(local(item) != name for item in found):
        _keep(element, notes, f"what was loaded is not a {name}")
        return
    _unlink(element)
    if len(found) == 1:
        for key, value in element.attrib.items():
            if key not in found[0].attrib:
                found[0].set(key, value)
    for item in found:
        element.addprevious(item)
    parent.remove(element)


def _elements(body: bytes) -> list[Element]:
    """The elements of a remote entity, which may be several without a common root."""
    if len(body) > MAX_REMOTE_BYTES:
        raise limit_error("a remote element is too large", MAX_REMOTE_BYTES)
    text = body.decode("utf-8-sig", "replace").strip()
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    root, _ = parse_xml(f'<remote xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="{XLINK}">{text}</remote>')
    return [item for item in root if isinstance(item.tag, str)]


def _keep(element: Element, notes: Notes, why: str) -> None:
    notes.warn("dash.xlink_failed", f"A remote {local(element)} is not used: {why}.", line=line_of(element))
    _unlink(element)


def _unlink(element: Element) -> None:
    for key in [key for key in element.attrib if _is_link(str(key))]:
        del element.attrib[key]


def _is_link(key: str) -> bool:
    return etree.QName(key).namespace == XLINK if key.startswith("{") else key.startswith("xlink:")
