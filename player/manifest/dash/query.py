"""Parameters that an MPD adds to the queries of requests (ISO/IEC 23009-1 Annex I).

Three spellings: ``UrlQueryInfo`` in a descriptor ``urlparam:2014`` (segments only), ``ExtUrlQueryInfo`` in one of
``urlparam:2016``, and the element ``RequestParam`` of the 6th edition (``urlparam:2025``). Each may stand in the MPD,
a Period, an AdaptationSet and a Representation. The parameters of the levels follow each other, the outermost first;
the innermost template says what becomes of them. Parameters out of HTTP headers (``ExtHttpHeaderInfo``) and of the
client's state are not known here: a template's identifier for one stands for nothing (I.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from player.base.errors import ManifestError
from player.manifest.dash.schemes import folded
from player.manifest.dash.xml import Element, attribute, boolean, children, local
from player.manifest.limits import MAX_URL_CHARACTERS, limit_error
from player.manifest.urls import add_query, same_origin, split_url

SCHEMES = {
    "urn:mpeg:dash:urlparam:2014": "UrlQueryInfo",
    "urn:mpeg:dash:urlparam:2016": "ExtUrlQueryInfo",
    "urn:mpeg:dash:urlparam:2025": None,  # says that RequestParam elements are used, and has no content
}
REQUESTS = (
    "segment",
    "init",
    "mpd",
    "mpdpatch",
    "xlink",
    "importedmpd",
    "steering",
    "callback",
    "chaining",
    "fallback",
    "license",
)
_IDENTIFIER = re.compile(r"\$\$|\$([^$]+)\$")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What one kind of request gets: ``initial`` are all parameters so far, ``final`` is what the template made."""

    initial: str = field(default="", repr=False)
    final: str = field(default="", repr=False)
    same_origin_only: bool = False

    def extended(self, own: str, template: str, *, same_origin_only: bool) -> Parameters:
        initial = _bounded("&".join(filter(None, (self.initial, own))))
        return Parameters(initial, _filled(template, initial), same_origin_only)


_NONE = Parameters()


@dataclass(frozen=True, slots=True)
class Queries:
    """The parameters of all kinds of request at one level of the MPD at ``url``."""

    url: str = field(repr=False)
    by_request: Mapping[str, Parameters] = field(default_factory=dict)

    def extend(self, element: Element) -> Queries:
        """As they are inside ``element``."""
        found = dict(self.by_request)
        for item, requests in _rules(element):
            own = [self._own_query] if boolean(item.get("useMPDUrlQuery")) else []
            text = "&".join(filter(None, (*own, (item.get("queryString") or "").strip("?& "))))
            same = boolean(item.get("sameOriginOnly")) or False
            for request in requests:
                before = found.get(request, _NONE)
                found[request] = before.extended(text, item.get("queryTemplate") or "", same_origin_only=same)
        return Queries(self.url, found) if found != self.by_request else self

    @property
    def _own_query(self) -> str:
        return (split_url(self.url)[3] or "?")[1:]

    def query(self, request: str, url: str) -> str:
        """What a request of a kind to ``url`` gets; empty for none, and where it is not to leave the MPD's origin."""
        found = self.by_request.get(request, _NONE)
        return "" if found.same_origin_only and not same_origin(url, self.url) else found.final

    def put(self, request: str, url: str) -> str:
        """``url`` with its parameters."""
        found = self.query(request, url)
        return add_query(url, found) if found else url

    def by_origin(self, request: str) -> bool:
        """Whether the parameters depend on the server that is asked."""
        return self.by_request.get(request, _NONE).same_origin_only


def _rules(element: Element) -> Iterator[tuple[Element, frozenset[str]]]:
    """The rules that stand in an element, essential descriptors before supplemental ones, RequestParam last. Each has
    the kinds of request that it is for (I.3.2: segments where it names none)."""
    for name in ("EssentialProperty", "SupplementalProperty"):
        for descriptor in children(element, name):
            wanted = SCHEMES.get(folded(attribute(descriptor, "schemeIdUri")))
            for item in descriptor if wanted else ():
                if local(item) == wanted:
                    listed = item.get("includeInRequests") if wanted == "ExtUrlQueryInfo" else None
                    yield item, _requests(listed)
    for item in children(element, "RequestParam"):
        yield item, _requests(item.get("includeInRequests"))


def _requests(text: str | None) -> frozenset[str]:
    named = frozenset((text or "segment").replace(",", " ").split())
    if "*" in named:
        return frozenset(REQUESTS)
    if "licence" in named:
        named |= {"license"}
    # The 6th edition tells init from media segments; players give both what is for segments.
    return named | {"init"} if "segment" in named else named


def _filled(template: str, initial: str) -> str:
    """A query template (I.2.2) with its identifiers replaced: ``$querypart$`` by all parameters, ``$query:NAME$`` by
    the value of one. One that stands alone between ampersands brings its name with it, as Shaka Player has it."""
    found, size = [], 0
    for piece in template.split("&"):
        if text := _bounded(_piece(piece, initial)):
            found.append(text)
            size += len(text) + 1
        if size > MAX_URL_CHARACTERS:
            raise _too_long()
    return "&".join(found)


def _bounded(text: str) -> str:
    if len(text) > MAX_URL_CHARACTERS:
        raise _too_long()
    return text


def _too_long() -> ManifestError:
    return limit_error("the parameters of its requests are too long", MAX_URL_CHARACTERS)


def _piece(piece: str, initial: str) -> str:
    alone = _IDENTIFIER.fullmatch(piece)
    if len(initial) * piece.count("$") > 8 * MAX_URL_CHARACTERS:  # it could not be used anyway
        raise _too_long()

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "$"
        if name == "querypart":
            return initial
        if not name.startswith("query:"):
            return ""
        found = _value(name.removeprefix("query:"), initial)
        if found is None:
            return ""
        return f"{name.removeprefix('query:')}={found}" if alone is not None else found

    return _IDENTIFIER.sub(value, piece)


def _value(name: str, query: str) -> str | None:
    """The value of a parameter as it is written: it is put into a query again."""
    for part in query.split("&"):
        key, _, text = part.partition("=")
        if unquote_plus(key) == name:
            return text
    return None
