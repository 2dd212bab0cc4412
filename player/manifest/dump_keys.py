"""Keys and protections as plain JSON values: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from player.manifest.dump_values import Json
from player.manifest.hls.keys import implicit_iv
from player.manifest.model import IndexRef, KeyInfo, PlaylistRef, Protection, Rendition, SegmentIndex

_IV_FROM_SEQUENCE = frozenset({"AES-128", "AES-256", "SAMPLE-AES"})


def first_key(keys: Sequence[KeyInfo], sequence: int | None) -> Json | None:
    """The key that counts where one is asked for; ``sequence`` is the media sequence number of its segment."""
    return key_to_json(keys[0], sequence) if keys else None


def key_to_json(key: KeyInfo, sequence: int | None) -> Json:
    """One EXT-X-KEY, with the IV that the standard gives it where it names none (RFC 8216bis 5.2)."""
    iv = key.iv
    if iv is None and sequence is not None and key.keyformat == "identity" and key.method in _IV_FROM_SEQUENCE:
        iv = implicit_iv(sequence)
    return {
        "method": key.method,
        "uri": key.uri,
        "iv": None if iv is None else iv.hex(),
        "iv_implicit": iv is not None and key.iv is None,
        "keyformat": key.keyformat,
        "keyformat_versions": list(key.keyformat_versions),
        "key_id": None if key.key_id is None else key.key_id.hex(),
    }


def protections(rendition: Rendition, segments: SegmentIndex | PlaylistRef | IndexRef) -> list[Json]:
    """How a rendition is protected: what the MPD says of it, or the key systems that its playlist's keys name."""
    if rendition.protections:
        return [_protection(item) for item in rendition.protections]
    if isinstance(segments, PlaylistRef | IndexRef) or rendition.playlist is None:
        return []
    sets = {id(segment.keys): segment.keys for segment in segments}  # neighbours share one tuple
    return [_key_protection(key) for key in _distinct(key for keys in sets.values() for key in keys)]


def _distinct(keys: Iterable[KeyInfo]) -> Iterable[KeyInfo]:
    """Keys that differ in more than where they stand."""
    seen = set()
    for key in keys:
        identity = (key.method, key.uri, key.keyformat, key.key_id)
        if identity not in seen and key.keyformat != "identity":
            seen.add(identity)
            yield key


def _protection(item: Protection) -> Json:
    pssh = [base64.b64encode(data).decode() for data in item.pssh]
    kids = [kid.hex() for kid in item.default_kids]
    return {
        "scheme": item.scheme_id_uri,
        "system_id": item.system_id,
        "encryption": item.scheme,
        "value": item.value,
        "kid": kids[0] if kids else None,
        "kids": kids,
        "pssh": pssh[0] if pssh else None,
        "psshs": pssh,
        "laurl": item.licence_urls[0] if item.licence_urls else None,
        "laurls": list(item.licence_urls),
        "certificate_urls": list(item.certificate_urls),
        "pro": None if item.pro is None else base64.b64encode(item.pro).decode(),
        "robustness": item.robustness,
    }


def _key_protection(key: KeyInfo) -> Json:
    """An EXT-X-KEY of a key system, in the form of a protection; the initialisation data stand in its data: URI."""
    data = None
    if key.uri and key.uri.startswith("data:") and ";base64," in key.uri:
        data = key.uri.partition(";base64,")[2]
    encryption = {"SAMPLE-AES": "cbcs", "SAMPLE-AES-CTR": "cenc", "SAMPLE-AES-CENC": "cenc"}.get(key.method)
    kid = None if key.key_id is None else key.key_id.hex()
    return {
        "scheme": key.keyformat,
        "system_id": key.keyformat.lower().removeprefix("urn:uuid:")
        if "urn:uuid:" in key.keyformat.lower()
        else None,
        "encryption": encryption,
        "value": key.method,
        "kid": kid,
        "kids": [kid] if kid else [],
        "pssh": data,
        "psshs": [data] if data else [],
        "laurl": None if data else key.uri,
        "laurls": [] if data or not key.uri else [key.uri],
        "certificate_urls": [],
        "pro": None,
        "robustness": None,
    }
