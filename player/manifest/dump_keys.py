"""Keys and protections as plain JSON values: a part of :mod:`player.manifest.dump`."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from drm_client.pssh import build_pssh
from drm_client.systems import FAIRPLAY, PLAYREADY, WIDEVINE
from player.manifest.dump_values import Json
from player.manifest.hls.keys import implicit_iv
from player.manifest.model import KeyInfo, Protection, Rendition, SegmentSource, loaded_segments

_SYSTEMS = {
    "com.microsoft.playready": PLAYREADY,
    "com.apple.streamingkeydelivery": FAIRPLAY,
    "com.widevine": WIDEVINE,
    "com.widevine.alpha": WIDEVINE,
}
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


def protections(rendition: Rendition, segments: SegmentSource) -> list[Json]:
    """How a rendition is protected: what the MPD says of it, or the key systems that its playlist's keys name."""
    if rendition.protections:
        return [_protection(item) for item in rendition.protections]
    listed = loaded_segments(segments)
    if listed is None or rendition.playlist is None:
        return []
    sets = {id(segment.keys): segment.keys for segment in listed}  # neighbours share one tuple
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
    boxes = item.pssh or (() if item.pro is None else (build_pssh(PLAYREADY, data=item.pro),))
    pssh = [base64.b64encode(data).decode() for data in boxes]
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


def _system_id(keyformat: str) -> str | None:
    """The DRM system's UUID, in lower case."""
    lower = keyformat.lower()
    return lower.removeprefix("urn:uuid:") if lower.startswith("urn:uuid:") else _SYSTEMS.get(lower)


def _init_data(uri: str | None, system: str | None) -> str | None:
    """The initialisation data in a data: URI, in base64; a bare PlayReady object in a pssh box."""
    if not uri or not uri.startswith("data:") or ";base64," not in uri:
        return None
    text = uri.partition(";base64,")[2]
    if system != PLAYREADY:
        return text
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return text
    return text if data[4:8] == b"pssh" else base64.b64encode(build_pssh(PLAYREADY, data=data)).decode()


def _key_protection(key: KeyInfo) -> Json:
    """An EXT-X-KEY of a key system, in the form of a protection; the initialisation data stand in its data: URI."""
    system = _system_id(key.keyformat)
    data = _init_data(key.uri, system)
    encryption = {"SAMPLE-AES": "cbcs", "SAMPLE-AES-CTR": "cenc", "SAMPLE-AES-CENC": "cenc"}.get(key.method)
    kid = None if key.key_id is None else key.key_id.hex()
    return {
        "scheme": key.keyformat,
        "system_id": system,
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
