"""ContentProtection in all its spellings (ISO/IEC 23009-1 5.8.4.1, ISO/IEC 23001-7 11, DASH-IF IOP 7)."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from player.manifest.dash.schemes import folded
from player.manifest.dash.xml import Element, attribute, children, line_of, local, text_of
from player.manifest.model import Protection, SourcePosition
from player.manifest.parser_notes import Notes

MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
_UUID = re.compile(r"([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})")
_SCHEMES = frozenset({"cenc", "cens", "cbc1", "cbcs"})
_LICENCE_URL = re.compile(r"<LA_URL>\s*([^<]*?)\s*</LA_URL>", re.IGNORECASE)
_READ_CHILDREN = frozenset({"pssh", "laurl", "certurl", "pro", "authzurl", "kid", "isencrypted", "iv_size", "iv"})


def read_protections(
    levels: Sequence[Element], references: dict[str, Element], resolve: Callable[[str], str], notes: Notes, path: str
) -> tuple[Protection, ...]:
    """The protections of a Representation; ``levels`` are its elements, innermost first.

    A descriptor further in replaces the one of the same scheme further out. The scheme and key IDs of the bare
    ``mp4protection`` descriptor are given to those that lack them, and so are initialisation data that stand there.
    """
    found: dict[str, Protection] = {}
    for level in levels:
        for item in _level(level, references, resolve, notes, path):
            key = item.system_id or item.scheme_id_uri
            if key in found:
                found[key] = _completed(found[key], item)
            else:
                found[key] = item
    _check_kids(found.values(), notes, path)
    return _shared(list(found.values()))


def _check_kids(items: Iterable[Protection], notes: Notes, path: str) -> None:
    """One Representation has one default key, whichever system gives it (ISO/IEC 23001-7 11.2)."""
    named = {item.default_kids: item.place.line for item in items if item.default_kids}
    if len(named) > 1 or any(len(kids) > 1 for kids in named):
        notes.warn(
            "dash.several_kids",
            "The ContentProtection elements of a Representation name different default key IDs.",
            line=next(iter(named.values())),
            path=path,
        )


def _level(
    level: Element, references: dict[str, Element], resolve: Callable[[str], str], notes: Notes, path: str
) -> Iterable[Protection]:
    for element in children(level, "ContentProtection"):
        if not element.get("schemeIdUri") and element.get("ref") is None:
            notes.warn(
                "dash.protection_without_scheme",
                "A ContentProtection has no @schemeIdUri; it is passed over.",
                line=line_of(element),
                path=path,
            )
            continue
        item = _read(element, resolve, notes, path)
        reference = element.get("ref")
        if reference is not None:
            target = references.get(reference)
            if target is None:
                notes.warn(
                    "dash.protection_reference",
                    f"ContentProtection refers to “{reference[:80]}”, which is not there.",
                    line=line_of(element),
                    path=path,
                )
            elif target is not element:
                item = _completed(item, _read(target, resolve, notes, path))
        yield item


def collect_references(root: Element) -> dict[str, Element]:
    """ContentProtection elements that others refer to by @refId (5th edition)."""
    result: dict[str, Element] = {}
    stack = [root]
    while stack:
        element = stack.pop()
        for item in element:
            name = local(item)
            if name == "ContentProtection":
                identity = item.get("refId")
                if identity is not None:
                    result.setdefault(identity, item)
            elif name in ("Period", "AdaptationSet", "Representation"):
                stack.append(item)
    return result


def _completed(inner: Protection, outer: Protection) -> Protection:
    """``inner`` with what it lacks taken from ``outer``."""
    return replace(
        inner,
        system_id=inner.system_id or outer.system_id,
        scheme_id_uri=inner.scheme_id_uri or outer.scheme_id_uri,
        scheme=inner.scheme or outer.scheme,
        default_kids=inner.default_kids or outer.default_kids,
        pssh=inner.pssh or outer.pssh,
        licence_urls=inner.licence_urls or outer.licence_urls,
        certificate_urls=inner.certificate_urls or outer.certificate_urls,
        pro=inner.pro or outer.pro,
        robustness=inner.robustness or outer.robustness,
        value=inner.value or outer.value,
    )


def _shared(items: list[Protection]) -> tuple[Protection, ...]:
    bare = next((item for item in items if item.system_id is None and item.scheme is not None), None)
    with_kids = next((item for item in items if item.system_id is None and item.default_kids), None)
    kids = with_kids.default_kids if with_kids else next((i.default_kids for i in items if i.default_kids), ())
    common = next((item.pssh for item in items if item.scheme_id_uri.lower() == MP4_PROTECTION), ())
    return tuple(
        replace(
            item,
            scheme=item.scheme or (bare.scheme if bare else None),
            default_kids=item.default_kids or kids,
            pssh=item.pssh or common,
        )
        for item in items
    )


def _read(element: Element, resolve: Callable[[str], str], notes: Notes, path: str) -> Protection:
    scheme_id_uri = (element.get("schemeIdUri") or "").strip()
    value = element.get("value")
    bare = folded(scheme_id_uri) == MP4_PROTECTION
    pssh, pro = _blobs(element, "pssh", notes, path), _blobs(element, "pro", notes, path)
    licences = _urls(element, "laurl", resolve)
    if not licences and pro:
        licences = tuple(resolve(url) for url in playready_licence_urls(pro[0]))
    for item in element:
        if local(item).lower() not in _READ_CHILDREN:
            notes.unused(f"ContentProtection/{local(item)}")
    scheme = value.strip().lower() if value else None
    return Protection(
        system_id=None if bare else _system_id(scheme_id_uri),
        scheme_id_uri=scheme_id_uri,
        scheme=scheme if scheme in _SCHEMES else None,
        default_kids=_kids(attribute(element, "default_KID"), notes, element, path),
        pssh=pssh,
        licence_urls=licences,
        certificate_urls=_urls(element, "certurl", resolve),
        pro=pro[0] if pro else None,
        robustness=element.get("robustness"),
        value=value,
        place=SourcePosition(line_of(element), path),
    )


def _system_id(scheme_id_uri: str) -> str | None:
    lower = scheme_id_uri.lower()
    if not lower.startswith("urn:uuid:"):
        return None
    match = _UUID.search(lower)
    return "-".join(match.groups()) if match else lower.removeprefix("urn:uuid:")


def _kids(text: str | None, notes: Notes, element: Element, path: str) -> tuple[bytes, ...]:
    if not text:
        return ()
    kids = tuple(bytes.fromhex("".join(match.groups())) for match in _UUID.finditer(text))
    if not kids:
        notes.warn("dash.bad_kid", "A default_KID is not a UUID.", line=line_of(element), path=path)
    return kids


def _blobs(element: Element, name: str, notes: Notes, path: str) -> tuple[bytes, ...]:
    """The base64 contents of children called ``name``, whatever their prefix."""
    result = []
    for item in element:
        if local(item) != name:
            continue
        text = "".join(text_of(item).split())
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            notes.warn("dash.bad_base64", f"A {name} element is not base64.", line=line_of(item), path=path)
            continue
        if data:
            result.append(data)
    return tuple(result)


def _urls(element: Element, name: str, resolve: Callable[[str], str]) -> tuple[str, ...]:
    """URLs of dashif:Laurl, clearkey:Laurl and ms:laurl (@licenseUrl), or of a Certurl."""
    result = []
    for item in element:
        if local(item).lower() != name:
            continue
        url = text_of(item) or (attribute(item, "licenseUrl") or "").strip()
        if url:
            result.append(resolve(url))
    return tuple(result)


def playready_licence_urls(pro: bytes) -> tuple[str, ...]:
    """LA_URL of the header records of a PlayReady object (length-prefixed, UTF-16 XML); empty when there are none."""
    result = []
    if len(pro) < 6:
        return ()
    position, count = 6, struct.unpack_from("<H", pro, 4)[0]
    for _ in range(min(count, 16)):
        if position + 4 > len(pro):
            break
        kind, length = struct.unpack_from("<HH", pro, position)
        body = pro[position + 4 : position + 4 + length]
        position += 4 + length
        if kind == 1:
            text = body.decode("utf-16-le", "replace")
            result += [match.replace("&amp;", "&") for match in _LICENCE_URL.findall(text) if match]
    return tuple(result)
