"""BaseURL lists (ISO/IEC 23009-1 5.6): each level multiplies the alternatives of the one outside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from player.manifest.dash.query import Queries
from player.manifest.dash.xml import Element, attribute, children, decimal, integer, line_of, text_of
from player.manifest.model import Location
from player.manifest.parser_notes import Notes
from player.manifest.urls import folder_of, resolve

MAX_ALTERNATIVES = 32


class BaseUrl(NamedTuple):
    """One alternative: an absolute URL, the service location it belongs to, DVB priority and weight, and the
    availability time offset that its levels add up to."""

    url: str
    service_location: str | None = None
    priority: int = 1
    weight: int = 1
    offset_s: float = 0.0


def extend(bases: Sequence[BaseUrl], element: Element, notes: Notes, path: str) -> tuple[BaseUrl, ...]:
    """The alternatives below ``element``: its BaseURLs resolved against those of the level outside."""
    own = children(element, "BaseURL")
    if not own:
        return tuple(bases)
    result: list[BaseUrl] = []
    for outer in bases:
        for item in own:
            url = resolve(outer.url, text_of(item))
            notes.check_url(url, outer.url, line=line_of(item), path=path)
            base = BaseUrl(
                url,
                attribute(item, "serviceLocation") or outer.service_location,
                integer(attribute(item, "priority")) or outer.priority,
                integer(attribute(item, "weight")) or outer.weight,
                outer.offset_s + (decimal(item.get("availabilityTimeOffset")) or 0.0),
            )
            if base not in result:  # absolute ones are the same below each outer one
                result.append(base)
            if len(result) >= MAX_ALTERNATIVES:
                notes.warn("dash.many_base_urls", "There are more BaseURLs than are used.", path=path)
                return tuple(result)
    return tuple(result)


def by_priority(bases: Sequence[BaseUrl]) -> tuple[BaseUrl, ...]:
    """The alternatives, the preferred one (lowest DVB priority, then the manifest's order) first."""
    return tuple(sorted(bases, key=lambda base: base.priority))


def locations(bases: Sequence[BaseUrl], queries: Queries, *, whole_file: bool) -> tuple[Location, ...]:
    """The places that serve a Representation. ``whole_file``: the base URL itself is the resource."""
    result: list[Location] = []
    names: set[str] = set()
    for position, base in enumerate(bases, 1):
        name = wanted = base.service_location or _host(base.url) or "."
        count = 1
        while name in names:
            count += 1
            name = f"{wanted}-{count}"
        names.add(name)
        prefix = base.url if whole_file else folder_of(base.url)
        priority = base.priority if base.priority != 1 else position
        query = queries.query("segment", base.url) if queries.by_origin("segment") else ""
        unnamed = base.service_location is None
        result.append(Location(name, prefix, priority, base.weight, query=query, unnamed=unnamed))
    return tuple(result)


def _host(url: str) -> str:
    _, slashes, rest = url.partition("//")
    return rest.partition("/")[0].partition("?")[0] if slashes else ""
