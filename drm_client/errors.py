"""Errors of keys and licences; the same shape as :class:`player.base.errors.MatineeError`.

This package imports nothing of ours, so the family is declared here and joined in ``player.base.errors.ANY_ERROR``.
"""

from __future__ import annotations

from enum import StrEnum


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


class DrmError(Exception):
    """An error with a stable code, named fields and one sentence a viewer understands. Carries no key material."""

    def __init__(
        self,
        code: DrmErrorCode,
        sentence: str,
        *,
        recoverable: bool = False,
        **fields: str | float | None,
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
