"""Plain ClearKey (W3C) for titles that permit it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.content_keys import KEY_BYTES, KeyVault
from backend_stub.services.entitlement import check_offer, published_title, rights_of
from backend_stub.services.key_sets import KeySet
from backend_stub.titles import ENCRYPTED


class Licences:
    def __init__(self, database: Database, clock: Clock, vault: KeyVault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    def open_keys(self, title_id: str, kids: Sequence[str], country: str | None) -> KeySet:
        """The plain key set of a title that is flagged for it.

        Raises :class:`ProblemError` as :func:`check_offer`, 404 ``title_not_found`` or ``key_not_found``, 403
        ``licence_not_open``, 422 ``bad_kid``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            title = published_title(session, title_id, ENCRYPTED)
            if not title.open_licence:
                raise ProblemError(
                    403, "licence_not_open", "Keys of this title are only given to registered devices."
                )
            check_offer(rights_of(session, title_id), country, now)
            keys = self._vault.of_title(session, title_id, _hex_kids(kids))
            if not keys:
                raise _no_key()
            audit.record(session, now, "licence.issued_open", account_id=None, subject=title_id, keys=len(keys))
        return KeySet(keys)


def _hex_kids(kids: Sequence[str]) -> list[str]:
    return [_hex_kid(kid) for kid in kids]


def _hex_kid(kid: str) -> str:
    try:
        raw = base64.b64decode(kid.encode("ascii") + b"=" * (-len(kid) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ProblemError(422, "bad_kid", "A key id is not 16 bytes in base64url.")
    return raw.hex()


def _no_key() -> ProblemError:
    return ProblemError(404, "key_not_found", "This title has none of the keys asked for.")
