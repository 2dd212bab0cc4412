"""Steering manifests (RFC 8216bis 7.2, ETSI TS 103 998): which pathway is preferred, and pathways cloned from others.

Loading them at the right times is the caller's business; reading them and applying what they say is pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

from player.base.errors import ErrorCode, ManifestError
from player.manifest.edit import map_renditions
from player.manifest.hls.pathways import DEFAULT_PATHWAY
from player.manifest.model import Location, PlaylistRef, Presentation, Rendition
from player.manifest.urls import WEB_SCHEMES, folder_of, resolve, scheme_of, split_url, unsplit_url

DEFAULT_TTL_S = 300.0  # RFC 8216bis 7.2
MAX_CLONES = 64
MAX_STEERING_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Clone:
    """A pathway made of another one by changing its URLs (RFC 8216bis 7.2.1). The URI maps go by stable id."""

    base: str
    pathway: str
    host: str | None = None
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    variant_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    rendition_urls: Mapping[str, str] = field(default_factory=dict, repr=False)

    def own_url(self, rendition: Rendition) -> str | None:
        """The playlist that this pathway has of its own for a rendition; None where the base's is changed."""
        stable_id = rendition.stable_id or ""
        return self.variant_urls.get(stable_id) or self.rendition_urls.get(stable_id)


@dataclass(frozen=True, slots=True)
class SteeringManifest:
    """``priority`` are pathways, the preferred one first; ``reload_url`` is absolute, None to ask the same again."""

    priority: tuple[str, ...]
    ttl_s: float = DEFAULT_TTL_S
    reload_url: str | None = field(default=None, repr=False)
    clones: tuple[Clone, ...] = ()


def parse_steering(body: bytes | str, url: str) -> SteeringManifest:
    """Read the answer of a steering server that was asked at ``url``. Raises :class:`ManifestError`."""
    if len(body) > MAX_STEERING_BYTES:
        raise ManifestError(ErrorCode.MANIFEST_LIMIT, "The steering manifest is too large.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _error("The steering manifest is not JSON.") from None
    if not isinstance(document, dict) or document.get("VERSION") != 1:
        raise _error("The steering manifest is not of version 1.")
    names = document.get("PATHWAY-PRIORITY", document.get("SERVICE-LOCATION-PRIORITY"))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _error("The steering manifest has no list of pathways.")
    ttl = document.get("TTL")
    reload_uri = document.get("RELOAD-URI")
    clones = document.get("PATHWAY-CLONES", [])
    return SteeringManifest(
        priority=tuple(dict.fromkeys(names)),
        ttl_s=float(ttl) if isinstance(ttl, int | float) and 0 < ttl < 86_400 else DEFAULT_TTL_S,
        reload_url=_web_url(url, reload_uri) if isinstance(reload_uri, str) and reload_uri else None,
        clones=tuple(_clone(item, url) for item in clones[:MAX_CLONES] if isinstance(item, dict))
        if isinstance(clones, list)
        else (),
    )


def _clone(item: Mapping[str, object], url: str) -> Clone:
    base, pathway, change = item.get("BASE-ID"), item.get("ID"), item.get("URI-REPLACEMENT")
    if not isinstance(base, str) or not isinstance(pathway, str) or not isinstance(change, dict):
        raise _error("A pathway clone lacks BASE-ID, ID or URI-REPLACEMENT.")
    host = change.get("HOST")
    return Clone(
        base,
        pathway,
        host if isinstance(host, str) and host else None,
        _texts(change.get("PARAMS")),
        {name: _web_url(url, text) for name, text in _texts(change.get("PER-VARIANT-URIS")).items()},
        {name: _web_url(url, text) for name, text in _texts(change.get("PER-RENDITION-URIS")).items()},
    )


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): text for key, text in value.items() if isinstance(text, str)}


def _web_url(base: str, reference: str) -> str:
    url = resolve(base, reference)
    if scheme_of(url) not in WEB_SCHEMES:
        raise ManifestError(
            ErrorCode.MANIFEST_FORBIDDEN_URL, "The steering manifest names a URL that is not a web address."
        )
    return url


def resolved(clones: Sequence[Clone], known: Collection[str]) -> tuple[Clone, ...]:
    """Those of ``clones`` that can be made where the pathways ``known`` are, each one behind its base, which may be a
    clone itself. Left out are those of bases that there are not, cycles, and names that are taken."""
    there, found, waiting = set(known), list[Clone](), list(clones)
    while True:
        clone = next((each for each in waiting if each.base in there), None)
        if clone is None:
            return tuple(found)
        waiting.remove(clone)
        if clone.pathway not in there:
            there.add(clone.pathway)
            found.append(clone)


def with_clones(presentation: Presentation, clones: tuple[Clone, ...]) -> Presentation:
    """``presentation`` with a location for each cloned pathway; one that is there already is not made again."""

    def add(rendition: Rendition) -> Rendition:
        locations = rendition.locations
        for clone in resolved(clones, [location.pathway for location in locations]):
            base = next(location for location in locations if location.pathway == clone.base)
            locations = (*locations, _cloned(rendition, base, clone, len(locations) + 1))
        return rendition if locations is rendition.locations else replace(rendition, locations=locations)

    return map_renditions(presentation, add)


def own_places(rendition: Rendition, clones: Sequence[Clone]) -> tuple[Location, ...]:
    """The locations of cloned pathways that have a playlist of their own for this rendition."""
    named = ((clone, clone.own_url(rendition)) for clone in clones)
    return tuple(
        Location(clone.pathway, folder_of(url), len(rendition.locations) + number, segments=PlaylistRef(url))
        for number, (clone, url) in enumerate(named, 1)
        if url is not None
    )


def moved_places(rendition: Rendition, clones: Sequence[Clone], home: str) -> tuple[Location, ...]:
    """Where the segments of this rendition lie on pathways cloned by another host: the playlist that came from there
    names them so. ``clones`` stand behind their bases; ``home`` is the name of the pathway without one."""
    places = {home if place.pathway == DEFAULT_PATHWAY else place.pathway: place for place in rendition.locations}
    found = []
    for clone in clones:
        base = places.get(clone.base)
        if base is not None and clone.own_url(rendition) is None:
            moved = changed(base.base_url, replace(clone, params={}))
            places[clone.pathway] = replace(base, pathway=clone.pathway, base_url=moved)
            found.append(places[clone.pathway])
    return tuple(found)


def _cloned(rendition: Rendition, base: Location, clone: Clone, priority: int) -> Location:
    playlist = _playlist_url(rendition, base)
    if playlist is None:
        return replace(base, pathway=clone.pathway, base_url=changed(base.base_url, clone), priority=priority)
    url = clone.own_url(rendition) or changed(playlist, clone)
    return replace(
        base,
        pathway=clone.pathway,
        base_url=folder_of(url),
        priority=priority,
        segments=PlaylistRef(url),
        playlist=None,
    )


def _playlist_url(rendition: Rendition, location: Location) -> str | None:
    """The media playlist that a location has; None in DASH, where the prefix says it all."""
    if isinstance(location.segments, PlaylistRef):
        return location.segments.url
    if location.playlist is not None:
        return location.playlist.url
    if isinstance(rendition.segments, PlaylistRef):
        return rendition.segments.url
    return rendition.playlist.url if rendition.playlist is not None else None


def changed(url: str, clone: Clone) -> str:
    """``url`` with the clone's host and query parameters (RFC 8216bis 7.2.1)."""
    scheme, authority, path, query, fragment = split_url(url)
    if clone.host is not None:
        authority = clone.host
    if clone.params:
        kept = parse_qsl((query or "")[1:], keep_blank_values=True)
        merged = [(key, text) for key, text in kept if key not in clone.params]
        query = "?" + urlencode([*merged, *sorted(clone.params.items())])
    return unsplit_url(scheme, authority, path, query, fragment)


def _error(sentence: str) -> ManifestError:
    return ManifestError(ErrorCode.MANIFEST_SYNTAX, sentence)
