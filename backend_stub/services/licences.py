"""ClearKey licences: content keys encrypted to one registered device, or plain for titles that permit it.

The plain form is W3C Encrypted Media Extensions, section 9.1.4. The device-bound form is a compact JWE (RFC 7516,
ECDH-ES+A256KW with A256GCM) around it, whose protected header names the play session.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from joserfc import jwe
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Device, PlaySession
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.content_keys import KEY_BYTES, KeyVault, PlainKey
from backend_stub.services.devices import usable_device
from backend_stub.services.entitlement import playable_title
from backend_stub.titles import ENCRYPTED

_ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]
_REGISTRY = jwe.JWERegistry(
    header_registry={"sid": HeaderParameter("Play session", "str")},
    algorithms=_ALGORITHMS,
)


@dataclass(frozen=True, slots=True)
class KeySet:
    """A W3C ClearKey JWK set."""

    keys: Sequence[PlainKey] = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        members = [{"kty": "oct", "kid": _base64url(one.kid), "k": _base64url(one.key)} for one in self.keys]
        return {"keys": members, "type": "temporary"}


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

    def for_device(self, account_id: str, session_id: str, device_id: str, kids: Sequence[str]) -> Licence:
        """The keys ``kids`` (base64url) of the session's title, encrypted to the device.

        Raises :class:`ProblemError`: 404 ``session_not_found``, ``title_not_found`` or ``key_not_found``; 403
        ``session_expired``, ``device_mismatch``, ``device_unknown`` or ``device_revoked``; 422 ``bad_kid``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            play = session.get(PlaySession, session_id)
            if play is None or play.account_id != account_id:
                raise ProblemError(404, "session_not_found", "There is no such play session.")
            if play.expires_at <= now:
                raise ProblemError(403, "session_expired", "The play session has expired.")
            if play.device_id != device_id:
                raise ProblemError(403, "device_mismatch", "The play session belongs to another device.")
            device = usable_device(session, account_id, device_id)
            playable_title(session, play.title_id, play.variant)
            keys = self._vault.of_title(session, play.title_id, _hex_kids(kids))
            if not keys or play.variant != ENCRYPTED:
                raise _no_key()
            audit.record(
                session,
                now,
                "licence.issued",
                account_id=account_id,
                subject=play.id,
                title=play.title_id,
                device=device_id,
                keys=len(keys),
            )
        return Licence(jwe=_wrap(KeySet(keys), device, play.id), expires_at=play.expires_at)

    def open_keys(self, title_id: str, kids: Sequence[str]) -> KeySet:
        """The plain key set of a title that is flagged for it.

        Raises :class:`ProblemError`: 404 ``title_not_found`` or ``key_not_found``, 403 ``licence_not_open``, 422
        ``bad_kid``.
        """
        with self._database.write() as session:
            title = playable_title(session, title_id, ENCRYPTED)
            if not title.open_licence:
                raise ProblemError(
                    403, "licence_not_open", "Keys of this title are only given to registered devices."
                )
            keys = self._vault.of_title(session, title_id, _hex_kids(kids))
            if not keys:
                raise _no_key()
            audit.record(
                session, self._clock.now(), "licence.issued_open", account_id=None, subject=title_id, keys=len(keys)
            )
        return KeySet(keys)


def _wrap(keys: KeySet, device: Device, session_id: str) -> str:
    header = {"alg": _ALGORITHMS[0], "enc": _ALGORITHMS[1], "sid": session_id}
    plaintext = json.dumps(keys.as_dict(), separators=(",", ":"))
    return jwe.encrypt_compact(header, plaintext, ECKey.import_key(device.public_key), registry=_REGISTRY)


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


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _no_key() -> ProblemError:
    return ProblemError(404, "key_not_found", "This title has none of the keys asked for.")
