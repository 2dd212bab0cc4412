"""ClearKey (W3C Encrypted Media Extensions, 9.1; DASH-IF): keys as a JWK set, protected by the connection alone."""

from __future__ import annotations

import binascii
import json
from typing import Any

from drm_client import systems
from drm_client.base64url import encode_base64url
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import ContentKey
from drm_client.keysystem import KeyRequest, LicenceCall, LicenceGrant, StreamingTerms, licence_url
from drm_client.memory import read_secret_json, wipe

SYSTEM_IDS = (systems.CLEARKEY, systems.W3C_COMMON)
MAX_RESPONSE_BYTES = 1 << 20
MAX_KEYS = 1024
_PERSISTENT = "persistent-license"
_STANDARD = {ord("-"): ord("+"), ord("_"): ord("/")}


class ClearKey:
    """The plain W3C system."""

    name = "org.w3.clearkey"

    def recognises(self, request: KeyRequest) -> bool:
        if request.system is not None:
            return request.system == self.name
        return licence_url(request, SYSTEM_IDS) is not None

    def form_request(self, request: KeyRequest) -> LicenceCall:
        return json_call(licence_url(request, SYSTEM_IDS), key_ids_message(request.kids))

    def read_response(self, request: KeyRequest, body: bytes) -> LicenceGrant:
        keys, policy = parse_key_set(read_json(body))
        return LicenceGrant(wanted_keys(keys, request), policy)


def key_ids_message(kids: tuple[bytes, ...]) -> dict[str, Any]:
    """The licence request of W3C EME 9.1.3."""
    return {"kids": [encode_base64url(kid) for kid in kids], "type": "temporary"}


def persistent_call(url: str, kids: tuple[bytes, ...]) -> LicenceCall:
    """The request for a licence that may be kept (W3C EME 9.1.3, ``persistent-license``)."""
    return json_call(url, {**key_ids_message(kids), "type": _PERSISTENT})


def read_persistent(body: bytes) -> tuple[ContentKey, ...]:
    """The keys of a licence that may be kept. Raises :class:`DrmError` ``drm.licence_refused`` where the server gives
    one for streaming alone, ``drm.licence_malformed``."""
    document = read_json(body)
    keys, _ = parse_key_set(document)
    if document.get("type") != _PERSISTENT:
        raise DrmError(
            DrmErrorCode.LICENCE_REFUSED, "The licence server permits streaming alone; this cannot be downloaded."
        )
    return keys


def json_call(url: str | None, message: dict[str, Any]) -> LicenceCall:
    """A POST of ``message``. Raises :class:`DrmError` where there is no address to send it to."""
    if not url:
        raise DrmError(
            DrmErrorCode.KEY_SYSTEM_UNSUPPORTED, "This title does not say which licence server has its keys."
        )
    return LicenceCall(url, json.dumps(message, separators=(",", ":")).encode(), {"Content-Type": "application/json"})


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``. Raises :class:`DrmError` ``drm.licence_malformed``."""
    if len(body) > MAX_RESPONSE_BYTES:
        raise malformed("It is too large.")
    try:
        document = read_secret_json(body)
    except (ValueError, RecursionError) as error:
        raise malformed("It is not JSON.") from error
    if not isinstance(document, dict):
        raise malformed("It is not a JSON object.")
    return document


def parse_key_set(document: dict[str, Any]) -> tuple[tuple[ContentKey, ...], StreamingTerms]:
    """The symmetric keys of a JWK set (W3C EME 9.1.4), whose own copies of them are overwritten. Raises
    :class:`DrmError` ``drm.licence_malformed``."""
    members = document.get("keys")
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise malformed("It has no list of keys.")
    keys = []
    for member in members:
        if not isinstance(member, dict) or member.get("kty") != "oct":
            raise malformed("One of its keys is of an unknown kind.")
        text = member.get("k")
        value = decode_base64url(text)
        try:
            keys.append(ContentKey(decode_base64url(member.get("kid")), value))
        finally:
            wipe(value)
            wipe(text)
    return tuple(keys), StreamingTerms()


def wanted_keys(keys: tuple[ContentKey, ...], request: KeyRequest) -> tuple[ContentKey, ...]:
    """``keys``, unless none of them is one that was asked for: then the request was refused in effect."""
    if request.kids and not any(key.kid in request.kids for key in keys):
        raise DrmError(
            DrmErrorCode.LICENCE_REFUSED, "The licence has none of the keys that this title needs.", keys=len(keys)
        )
    return keys


def decode_base64url(text: object) -> bytes:
    """Base64url with or without padding. Raises :class:`DrmError` ``drm.licence_malformed``."""
    if not isinstance(text, str):
        raise malformed("One of its keys is incomplete.")
    if not text.isascii():
        raise malformed("One of its keys is not in base64url.")
    encoded = text.encode()
    standard = bytearray(encoded)
    wipe(encoded)
    try:
        while standard[-1:] == b"=":
            del standard[-1:]
        for place, character in enumerate(standard):
            standard[place] = _STANDARD.get(character, character)
        standard += b"=" * (-len(standard) % 4)
        return binascii.a2b_base64(standard, strict_mode=True)
    except binascii.Error as error:
        raise malformed("One of its keys is not in base64url.") from error
    finally:
        wipe(standard)


def malformed(detail: str) -> DrmError:
    return DrmError(DrmErrorCode.LICENCE_MALFORMED, f"The licence server's answer cannot be read. {detail}")
