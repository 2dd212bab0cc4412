"""What the licence server says no with: problem+json (RFC 9457) as errors of this package."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from drm_client.clearkey import read_json
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keysystem import LicenceCall

_CODES = {
    "device_revoked": DrmErrorCode.LICENCE_REVOKED,
    "licence_revoked": DrmErrorCode.LICENCE_REVOKED,
    "title_revoked": DrmErrorCode.LICENCE_REVOKED,
    "licence_released": DrmErrorCode.NO_LICENCE,
    "licence_not_found": DrmErrorCode.NO_LICENCE,
    "renewal_closed": DrmErrorCode.LICENCE_EXPIRED,
    "rental_over": DrmErrorCode.LICENCE_EXPIRED,
}
_MAX_TITLE_CHARS = 300


@dataclass(frozen=True, slots=True)
class LicenceReply:
    """An answer of the service, whatever its status."""

    status: int
    body: bytes = field(repr=False)
    etag: str = ""


Exchange = Callable[[LicenceCall], Awaitable[LicenceReply]]
"""Makes one HTTP exchange with the service; raises its own errors where there is no answer at all."""


class RefusedError(DrmError):
    """The service said no. ``reason`` is its code, ``document`` the members of its answer."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        reason = str(document.get("code", "unknown"))[:64]
        title = str(document.get("title") or "The licence server refused.")[:_MAX_TITLE_CHARS]
        unwell = status >= 500 or status == 429
        code = DrmErrorCode.LICENCE_UNREACHABLE if unwell else _CODES.get(reason, DrmErrorCode.LICENCE_REFUSED)
        super().__init__(code, title, recoverable=unwell, reason=reason, status=float(status))
        self.reason = reason
        self.document = document


def accepted(reply: LicenceReply) -> dict[str, Any]:
    """The JSON object in a good answer. Raises :class:`RefusedError`, or ``drm.licence_malformed``."""
    if reply.status >= 300:
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            document = None
        raise RefusedError(reply.status, document if isinstance(document, dict) else {})
    return read_json(reply.body)
