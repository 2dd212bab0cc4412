"""ClearKey licences of version 1: to one registered device for a play session, or plain for titles that permit it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import PlaySession
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.content_keys import KEY_BYTES, KeyVault
from backend_stub.services.devices import usable_device
from backend_stub.services.entitlement import Viewing, check_offer, entitled_title, published_title, rights_of
from backend_stub.services.key_sets import KeySet
from backend_stub.titles import ENCRYPTED


@dataclass(frozen=True, slots=True)
class Licence:
    """A device-bound licence; ``expires_at`` is when it must no longer be used."""

    jwe: str = field(repr=False)
    expires_at: float


class Licences:
    def __init__(self, database: Database, clock: Clock, vault: KeyVault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    def for_device(self, viewing: Viewing, session_id: str, device_id: str, kids: Sequence[str]) -> Licence:
        """The keys ``kids`` (base64url) of the session's title that the plan covers, encrypted to the device.

        Raises :class:`ProblemError` as :func:`entitled_title`; 404 ``session_not_found`` or ``key_not_found``; 403
        ``session_expired``, ``device_mismatch``, ``device_unknown``, ``device_revoked`` or ``not_entitled``; 422
        ``bad_kid``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            play = session.get(PlaySession, session_id)
            if play is None or play.account_id != viewing.account_id:
                raise ProblemError(404, "session_not_found", "There is no such play session.")
            if play.expires_at <= now:
                raise ProblemError(403, "session_expired", "The play session has expired.")
            if play.device_id != device_id:
                raise ProblemError(403, "device_mismatch", "The play session belongs to another device.")
            device = usable_device(session, viewing.account_id, device_id)
            entitled = entitled_title(session, viewing, play.title_id, now, play.variant)
            keys = self._vault.of_title(session, play.title_id, _hex_kids(kids))
            if not keys or play.variant != ENCRYPTED:
                raise _no_key()
            keys = [key for key in keys if entitled.allows(key.label)]
            if not keys:
                raise ProblemError(403, "not_entitled", "Your plan does not cover this quality.")
            audit.record(
                session,
                now,
                "licence.issued",
                account_id=viewing.account_id,
                subject=play.id,
                title=play.title_id,
                device=device_id,
                keys=len(keys),
            )
        return Licence(jwe=KeySet(keys).sealed_for(device, play.id), expires_at=entitled.end(play.expires_at))

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
