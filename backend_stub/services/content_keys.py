"""Content keys at rest: each is wrapped by AES-256-GCM under the master key.

The title, the label and the key id are authenticated with it, so a row moved to another title does not open.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.db.models import ContentKey
from backend_stub.problems import ProblemError

_logger = logging.getLogger(__name__)
KEY_BYTES = 16
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class PlainKey:
    """A content key in the clear (16 bytes) with its id (16 bytes) and the label of the tracks it opens."""

    label: str
    kid: bytes
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.kid) != KEY_BYTES or len(self.key) != KEY_BYTES:
            raise ValueError("content keys and their ids are 16 bytes")


class KeyVault:
    """Wraps and opens content keys."""

    def __init__(self, master: bytes) -> None:
        self._cipher = AESGCM(master)

    def wrap(self, title_id: str, plain: PlainKey) -> ContentKey:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        kid = plain.kid.hex()
        sealed = self._cipher.encrypt(nonce, plain.key, _bound_to(title_id, plain.label, kid))
        return ContentKey(title_id=title_id, kid=kid, label=plain.label, wrapped=nonce + sealed)

    def open(self, row: ContentKey) -> PlainKey:
        """Raises ValueError when the row was changed or belongs to another master key."""
        nonce, sealed = row.wrapped[:_NONCE_BYTES], row.wrapped[_NONCE_BYTES:]
        try:
            key = self._cipher.decrypt(nonce, sealed, _bound_to(row.title_id, row.label, row.kid))
        except InvalidTag as error:
            raise ValueError(f"content key {row.kid} of {row.title_id} does not open") from error
        return PlainKey(label=row.label, kid=bytes.fromhex(row.kid), key=key)

    def of_title(self, session: Session, title_id: str, kids: Iterable[str]) -> list[PlainKey]:
        """Those keys of a title whose ids (hex) are asked for. Raises :class:`ProblemError` 500 ``key_damaged``."""
        wanted = set(kids)
        rows = session.scalars(select(ContentKey).where(ContentKey.title_id == title_id).order_by(ContentKey.kid))
        try:
            return [self.open(row) for row in rows if row.kid in wanted]
        except ValueError as error:
            _logger.exception("damaged content key")
            raise ProblemError(500, "key_damaged", "The service cannot open the keys of this title.") from error


def kids_of_title(session: Session, title_id: str) -> list[str]:
    """The key ids (hex) of a title."""
    query = select(ContentKey.kid).where(ContentKey.title_id == title_id).order_by(ContentKey.kid)
    return list(session.scalars(query))


def _bound_to(title_id: str, label: str, kid: str) -> bytes:
    return "\n".join((title_id, label, kid)).encode()
