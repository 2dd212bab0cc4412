"""Other MPDs that belong to a presentation: imported ones (ISO/IEC 23009-1 5.3.2.6, 6th edition: linked periods) and
the one that follows it (5.11.2: MPD chaining).

Pure like the remote elements: this says which addresses are needed, and puts in what came. An imported MPD becomes
its Period, a chained one the periods behind the last. A live MPD has a clock of its own: nothing is put into it or
made of it. Where either MPD of a chain is live, or the first does not say when it ends, the second is
``Presentation.following``, a presentation of its own that is opened at the end of the first.
"""

from __future__ import annotations

import re

from player.base.errors import ManifestError
from player.manifest.dash.names import UnlikeNames
from player.manifest.dash.query import Queries
from player.manifest.dash.schemes import folded
from player.manifest.dash.xml import Element, attribute, child, children, line_of, local, parse_xml, text_of
from player.manifest.dates import parse_date, parse_duration
from player.manifest.limits import MAX_REMOTE_BYTES, limit_error
from player.manifest.parser_notes import Notes
from player.manifest.urls import WEB_SCHEMES, resolve, scheme_of

CHAINING = frozenset({"urn:mpeg:dash:chaining:2016", "urn:mpeg:dash:mpd-chaining:2016"})
FALLBACK = frozenset({"urn:mpeg:dash:fallback:2016", "urn:mpeg:dash:mpd-fallback:2016"})
_PARAMETERS = re.compile(r"(?<=\.mpd),|,(?=\s|$)", re.IGNORECASE)
_CLAUSE = "the other MPD"
# What a linked period keeps of its own beside what it imports (5.3.2.6.3, step 3b).
_KEPT = frozenset({"ServiceDescription", "SupplementalProperty", "EssentialProperty", "EventStream", "RequestParam"})


class Unfit(Exception):  # noqa: N818  (no error of its own: it becomes a warning)
    """Why another MPD is not put in."""


def imported(period: Element) -> Element | None:
    """The ImportedMPD of a linked period."""
    return child(period, "ImportedMPD")


def imported_address(period: Element, url: str, queries: Queries) -> str | None:
    """Where a linked period's MPD is; None for an address that is never fetched."""
    item = imported(period)
    reference = "" if item is None else text_of(item) or item.get("uri") or ""
    return _fetched(url, reference, queries, "importedmpd")


def chained(root: Element) -> Element | None:
    """The descriptor that names the MPD to go on with, the essential one first."""
    return _descriptor(root, CHAINING)


def chained_address(root: Element, url: str, queries: Queries) -> str | None:
    """Where the MPD is that follows this one; None for an address that is never fetched."""
    item = chained(root)
    return None if item is None else _fetched(url, _chained_reference(item), queries, "chaining")


def _chained_reference(item: Element) -> str:
    """The first of the parameters that commas part (5.11.2). A comma inside of an address is one of that: parameters
    begin behind a space, or behind what names an MPD."""
    return _PARAMETERS.split((attribute(item, "value") or "").strip(), maxsplit=1)[0]


def fallback_addresses(root: Element, url: str, queries: Queries) -> tuple[str, ...]:
    """Where another MPD is available for a client that cannot play this one (5.11.3), in order."""
    found: list[str | None] = []
    for name in ("EssentialProperty", "SupplementalProperty"):
        for item in children(root, name):
            if folded(attribute(item, "schemeIdUri")) in FALLBACK:
                references = (attribute(item, "value") or "").split()
                found += [_fetched(url, reference, queries, "fallback") for reference in references]
    return tuple(dict.fromkeys(address for address in found if address is not None))


def _descriptor(root: Element, schemes: frozenset[str]) -> Element | None:
    for name in ("EssentialProperty", "SupplementalProperty"):
        for item in children(root, name):
            if folded(attribute(item, "schemeIdUri")) in schemes:
                return item
    return None


def _fetched(url: str, reference: str, queries: Queries, request: str) -> str | None:
    if not reference.strip():
        return None
    address = queries.put(request, resolve(url, reference.strip()))
    own = scheme_of(address) in WEB_SCHEMES or scheme_of(address) == scheme_of(url) != ""
    return address if own else None


# -- putting in ----------------------------------------------------------------------------------------------------


def put_imported(
    period: Element, address: str, body: bytes | None, now_s: float | None, notes: Notes, *, why: str = ""
) -> None:
    """Make an ordinary period of a linked one. Where its MPD is not available or used, what the period has itself is
    played; where it has nothing, it is left out (5.3.2.6.3, step 2). ``why`` it was not even asked for."""
    element = imported(period)
    try:
        if why:
            raise Unfit(why)
        root, other = _single_period(body, now_s)
    except Unfit as error:
        sentence = f"An ImportedMPD is not used: {error}."
        notes.warn("dash.imported_mpd", sentence, line=None if element is None else line_of(element))
        if element is not None:
            period.remove(element)
        parent = period.getparent()
        if child(period, "AdaptationSet") is None and parent is not None:
            parent.remove(period)
        return
    _merge(period, root, other, address)


def _single_period(body: bytes | None, now_s: float | None) -> tuple[Element, Element]:
    """The imported MPD and its only period (8.15: the single-period static profile). Raises :class:`Unfit`."""
    root = _static_mpd(body)
    periods = children(root, "Period")
    if len(periods) != 1:
        raise Unfit(f"{_CLAUSE} has {len(periods)} periods in place of one")
    ended_s = parse_date(root.get("availabilityEndTime") or "")
    if ended_s is not None and now_s is not None and ended_s < now_s:
        raise Unfit(f"{_CLAUSE} is no longer available")
    return root, periods[0]


def _static_mpd(body: bytes | None) -> Element:
    root = _mpd(body)
    if is_dynamic(root):
        raise Unfit(f"{_CLAUSE} is live")
    return root


def is_dynamic(root: Element) -> bool:
    """Whether an MPD is live (5.3.1.2: MPD@type)."""
    return (root.get("type") or "static").strip().lower() == "dynamic"


def _mpd(body: bytes | None) -> Element:
    if body is None:
        raise Unfit("it could not be loaded")
    try:
        if len(body) > MAX_REMOTE_BYTES:
            raise limit_error("another MPD is too large", MAX_REMOTE_BYTES)
        root, _ = parse_xml(body)
    except ManifestError as error:
        raise Unfit(error.sentence.rstrip(".")) from None
    if local(root) != "MPD":
        raise Unfit(f"{_CLAUSE} is none")
    return root


def _merge(period: Element, root: Element, other: Element, address: str) -> None:
    """The contents of ``other``, a period of the MPD at ``address``, in place of those of ``period`` (step 3)."""
    own = [item for item in period if local(item) in _KEPT or _is_foreign(item, period)]
    for item in list(period):
        period.remove(item)
    _shorten(period, other.get("duration") or root.get("mediaPresentationDuration"))
    bases = _bases(root, other, address, period)
    properties = [*children(root, "SupplementalProperty"), *children(root, "EssentialProperty")]
    brought = [item for item in other if local(item) != "BaseURL"] + properties + children(root, "RequestParam")
    known = {_identity(item) for item in brought} - {None}
    period.extend([*bases, *brought, *(item for item in own if _identity(item) not in known)])


def _is_foreign(item: Element, period: Element) -> bool:
    return _namespace(item) != _namespace(period)


def _namespace(element: Element) -> str:
    return str(element.tag).partition("}")[0]


def _identity(item: Element) -> tuple[str | None, ...] | None:
    """By what an imported element replaces one of the linked period (step 3c)."""
    name = local(item)
    if name == "ServiceDescription":
        return name, item.get("id")
    if name in ("SupplementalProperty", "EssentialProperty", "EventStream"):
        return name, folded(item.get("schemeIdUri")), item.get("value")
    return None


def _shorten(period: Element, text: str | None) -> None:
    """Step 3d: of two durations the shorter one holds."""
    theirs = parse_duration(text) if text else None
    own = parse_duration(period.get("duration") or "")
    if text and theirs is not None and (own is None or theirs < own):
        period.set("duration", text)


def _bases(root: Element, other: Element, address: str, like: Element) -> list[Element]:
    """The BaseURLs of a period in another MPD as absolute ones (step 3e); as many as it has places."""
    places: list[tuple[str, dict[str, str]]] = [(address, {})]
    for level in (root, other):
        own = children(level, "BaseURL")
        if own:
            places = [
                (resolve(place, text_of(item)), outer | {str(key): str(value) for key, value in item.attrib.items()})
                for place, outer in places
                for item in own
            ]
    found = []
    for place, attributes in places:
        base = like.makeelement(_named_like(like, "BaseURL"), attributes)
        base.text = place
        found.append(base)
    return found


def _named_like(element: Element, name: str) -> str:
    namespace = _namespace(element)
    return f"{namespace}}}{name}" if namespace.startswith("{") else name


def put_chained(root: Element, address: str, body: bytes | None, notes: Notes) -> bool:
    """Put the periods of the MPD at ``address`` behind those of ``root``, and its own chain in place of this one;
    False where it is to be a presentation of its own."""
    item = chained(root)
    if item is None:
        return False
    try:
        other = _mpd(body)
    except Unfit as error:
        notes.warn("dash.chaining", f"The MPD that follows this one is not used: {error}.", line=line_of(item))
        root.remove(item)
        return True
    end_s = _length(root)
    if is_dynamic(other) or end_s is None:
        return False
    _append(root, other, address, end_s)
    root.remove(item)
    following = chained(other)
    if following is not None:
        following.set("value", resolve(address, _chained_reference(following)))
        root.append(following)
    return True


def _append(root: Element, other: Element, address: str, end_s: float) -> None:
    """The periods of ``other`` from ``end_s`` on."""
    length_s = _length(other)
    periods = children(root, "Period")
    if periods and periods[-1].get("duration") is None:
        start_s = _start(periods)
        if start_s is not None:
            periods[-1].set("duration", f"PT{end_s - start_s:.6f}S")
    names = UnlikeNames(period.get("id") or "" for period in periods)
    for number, period in enumerate(children(other, "Period")):
        bases = _bases(other, period, address, root)
        for existing in children(period, "BaseURL"):
            period.remove(existing)
        start = parse_duration(period.get("start") or "")
        if start is not None:
            period.set("start", f"PT{end_s + start:.6f}S")
        elif number == 0:
            period.set("start", f"PT{end_s:.6f}S")
        period.set("id", names.take(period.get("id") or str(number)))
        for position, base in enumerate(bases):
            period.insert(position, base)
        root.append(period)
    if length_s is not None:
        root.set("mediaPresentationDuration", f"PT{end_s + length_s:.6f}S")
    elif "mediaPresentationDuration" in root.attrib:
        del root.attrib["mediaPresentationDuration"]


def _length(root: Element) -> float | None:
    """How long a static presentation is, as far as its MPD says; None where only the media tell."""
    total = parse_duration(root.get("mediaPresentationDuration") or "")
    if total is not None:
        return total
    periods = children(root, "Period")
    start = _start(periods)
    last = parse_duration(periods[-1].get("duration") or "") if periods else None
    return None if start is None or last is None else start + last


def _start(periods: list[Element]) -> float | None:
    """Where the last period starts."""
    at: float | None = 0.0
    start: float | None = None
    for period in periods:
        own = parse_duration(period.get("start") or "")
        start = at if own is None else own
        length = parse_duration(period.get("duration") or "")
        at = None if start is None or length is None else start + length
    return start
