"""The shape of all errors of the client, and those of keys and licences.

This package imports nothing of ours, so the shape is declared here; ``player.base.errors`` has the other family.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

_Code = TypeVar("_Code", bound=StrEnum)


class DrmErrorCode(StrEnum):
    """Stable codes; see ``docs/errors.md``."""

    NO_KEY = "drm.no_key"
    KEY_SYSTEM_UNSUPPORTED = "drm.key_system_unsupported"
    LICENCE_REFUSED = "drm.licence_refused"
    LICENCE_MALFORMED = "drm.licence_malformed"
    LICENCE_EXPIRED = "drm.licence_expired"
    LICENCE_UNREACHABLE = "drm.licence_unreachable"
    LICENCE_UNTRUSTED = "drm.licence_untrusted"
    LICENCE_REVOKED = "drm.licence_revoked"
    NO_LICENCE = "drm.no_licence"
    STORE_DAMAGED = "drm.store_damaged"
    STORE_NEWER = "drm.store_newer"
    STORE_UNUSABLE = "drm.store_unusable"
    PSSH_MALFORMED = "drm.pssh_malformed"
    DECRYPT_FAILED = "drm.decrypt_failed"
    SCHEME_UNSUPPORTED = "drm.scheme_unsupported"
    DEVICE_IDENTITY = "drm.device_identity"
    KEY_STORE = "drm.key_store"


class CodedError(Exception, Generic[_Code]):
    """An error with a stable code and one sentence that is shown to the viewer as it stands.

    ``fields`` are for machines and carry no secrets: no key material, and addresses only without their secrets.
    """

    def __init__(
        self, code: _Code, sentence: str, *, recoverable: bool = False, **fields: str | float | None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.recoverable = recoverable
        self.fields = fields

    def as_dict(self) -> dict[str, object]:
        """The error as it stands in reports and events."""
        return {
            "code": str(self.code),
            "sentence": self.sentence,
            "recoverable": self.recoverable,
            "fields": dict(self.fields),
        }


class DrmError(CodedError[DrmErrorCode]):
    """An error of keys and licences."""
