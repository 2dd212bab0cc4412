"""Matinee's device-bound ClearKey (``docs/protocol.md``): the ClearKey JWK set in a JWE for one device."""

from __future__ import annotations

import math

from drm_client.clearkey import json_call, key_ids_message, malformed, parse_key_set, read_json, wanted_keys
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keysystem import KeyRequest, LicenceCall, LicenceGrant, StreamingTerms
from drm_client.memory import wipe


class DeviceClearKey:
    """The bundled service's system.

    A licence for another device does not open. One for another play session is refused, so that a recorded answer
    cannot be replayed. A plain JWK set is accepted as well.
    """

    name = "matinee.clearkey"

    def __init__(self, device: DeviceIdentity) -> None:
        self._device = device

    def recognises(self, request: KeyRequest) -> bool:
        return request.system == self.name and request.licence_url is not None

    def form_request(self, request: KeyRequest) -> LicenceCall:
        message = key_ids_message(request.kids) | {"device_id": self._device.device_id}
        return json_call(request.licence_url, message)

    def read_response(self, request: KeyRequest, body: bytes) -> LicenceGrant:
        document = read_json(body)
        compact = document.get("jwe")
        if compact is None:
            keys, policy = parse_key_set(document)
            return LicenceGrant(wanted_keys(keys, request), policy)
        if not isinstance(compact, str):
            raise malformed("Its encrypted part is of the wrong kind.")
        header, plaintext = self._device.decrypt_jwe(compact)
        if request.session_id is None or header.get("sid") != request.session_id:
            raise DrmError(
                DrmErrorCode.LICENCE_REFUSED,
                "The licence was issued for another play session, so it is not used.",
                reason="session",
            )
        try:
            keys, _ = parse_key_set(read_json(plaintext))
        finally:
            wipe(plaintext)
        return LicenceGrant(wanted_keys(keys, request), _policy(document.get("policy")))


def _policy(document: object) -> StreamingTerms:
    """The policy beside the keys; absent, the licence is for this playback alone."""
    if document is None:
        return StreamingTerms()
    if not isinstance(document, dict):
        raise malformed("Its policy is of the wrong kind.")
    type_, expires_at = document.get("type"), document.get("expires_at")
    number = isinstance(expires_at, int | float) and not isinstance(expires_at, bool)
    if type_ not in ("streaming", "temporary") or not (expires_at is None or (number and math.isfinite(expires_at))):
        raise malformed("Its policy is not one that this player knows.")
    return StreamingTerms(type_, None if expires_at is None else float(expires_at))
