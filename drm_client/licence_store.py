"""The licences that are kept on this device, and the receipts that are still to be sent; all in the vault.

Entries are JSON with a version of their own, so that a licence survives an update of the program.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from drm_client.clock import TrustedTime
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import ContentKey
from drm_client.memory import read_secret_json, wipe
from drm_client.rights import FirstPlay, LicenceFacts
from drm_client.signed_policy import read_policy
from drm_client.vault import Vault

LICENCE = "licence"
RECEIPT = "receipt"
REMOVAL = "removal"
USE = "use"
_VERSION = 1
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class KeptLicence:
    """One licence on this device. ``document`` is the signed policy as the service sent it (a compact JWS); ``keys``
    are live buffers that :meth:`clear` overwrites. ``service`` is the address of the service that issued it."""

    service: str
    rights: LicenceFacts
    document: str = field(repr=False)
    keys: tuple[ContentKey, ...] = field(default=(), repr=False)

    @property
    def licence_id(self) -> str:
        return self.rights.policy.licence_id

    def with_rights(self, rights: LicenceFacts) -> KeptLicence:
        """The same licence (and the same key buffers) under other rights."""
        return replace(self, rights=rights)

    def clear(self) -> None:
        """Overwrite the keys with zeros."""
        for key in self.keys:
            key.clear()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A release that the service has not confirmed yet: the signed ``statement`` goes to ``url``. ``service`` is the
    address of the one that issued the licence, empty in receipts of version 0.1.0."""

    licence_id: str
    url: str = field(repr=False)
    statement: str = field(repr=False)
    service: str = ""

    def is_for(self, service: str) -> bool:
        """Whether the service at this address waits for it."""
        if self.service:
            return self.service == service
        return "://" not in self.url or self.url.startswith(f"{service}/")


@dataclass(frozen=True, slots=True)
class Removal:
    """A download that is to be removed with its licences. ``place`` says where downloads are kept: there may be
    several such places. ``programs``: a random word for each program that removes it."""

    download_id: str
    licence_ids: tuple[str, ...]
    reason: str
    place: str
    programs: tuple[str, ...] = ()


class LicenceStore:
    """Licences by their ID. Methods raise :class:`DrmError` ``drm.store_damaged`` or ``drm.store_newer``; what is
    damaged is named and can still be deleted."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def shares_disk(self, path: Path) -> bool:
        """Whether what goes at ``path`` makes room for what is kept here. Raises OSError."""
        return self._vault.shares_disk(path)

    def ids(self) -> tuple[str, ...]:
        """The IDs of all licences, damaged ones included."""
        return self._vault.names(LICENCE)

    def get(self, licence_id: str) -> KeptLicence:
        """The licence. Raises ``drm.no_licence`` where there is none."""
        kept = self._vault.get(LICENCE, licence_id)
        if kept is None:
            raise DrmError(DrmErrorCode.NO_LICENCE, "There is no licence for this title on this device.")
        try:
            return self._read(cast(dict[str, Any], read_secret_json(kept)), self._vault.epoch)
        finally:
            wipe(kept)

    def all(self) -> tuple[KeptLicence, ...]:
        """Every licence that can be read; :meth:`Vault.check` names the others. Another thread or program may remove
        one meanwhile."""
        found = []
        for licence_id in self.ids():
            try:
                found.append(self.get(licence_id))
            except DrmError as error:
                if error.code not in {DrmErrorCode.STORE_DAMAGED, DrmErrorCode.NO_LICENCE}:
                    raise
        return tuple(found)

    def issued_by(self, service: str) -> tuple[str, ...]:
        """The IDs of the readable licences of the service at this address."""
        found = []
        for licence in self.all():
            licence.clear()
            if licence.service == service:
                found.append(licence.licence_id)
        return tuple(found)

    def services(self) -> tuple[str, ...]:
        """The addresses of the services that issued the readable licences here, or wait for a receipt."""
        found = {receipt.service for receipt in self.receipts()}
        for licence in self.all():
            licence.clear()
            found.add(licence.service)
        return tuple(sorted(found - {""}))

    def put(self, licence: KeptLicence) -> None:
        """Keep ``licence`` in the place of an earlier one with its ID. It is on the disk when this returns."""
        text = bytearray(_text(self._document(licence)))
        _put_keys(text, licence.keys)
        try:
            self._vault.put(LICENCE, licence.licence_id, text)
        finally:
            wipe(text)

    def doubt(self, service: str) -> None:
        """Let the licences of the service at this address wait until it has confirmed them; no other's."""
        with self._vault.exclusive():
            for licence in self.all():
                if licence.service == service and licence.rights.confirmed:
                    self.put(licence.with_rights(replace(licence.rights, confirmed=False)))
                licence.clear()

    def release(self, licence_id: str, receipt: Receipt | None) -> None:
        """Forget a licence and keep its receipt, both at once."""
        values: dict[tuple[str, str], bytes | None] = {(LICENCE, licence_id): None, (USE, licence_id): None}
        if receipt is not None:
            document = {
                "v": _VERSION,
                "url": receipt.url,
                "statement": receipt.statement,
                "service": receipt.service,
            }
            values[RECEIPT, receipt.licence_id] = _text(document)
        self._vault.put_all(values)

    def receipts(self) -> tuple[Receipt, ...]:
        """The receipts that are still to be sent, as far as they can be read."""
        found = []
        for name in self._vault.names(RECEIPT):
            kept = self._vault.note(RECEIPT, name)
            if kept is not None:
                document = json.loads(kept)
                found.append(Receipt(name, document["url"], document["statement"], document.get("service", "")))
        return tuple(found)

    def sent(self, receipt: Receipt) -> None:
        """The service has confirmed ``receipt``."""
        self._vault.delete(RECEIPT, receipt.licence_id)

    def note_use(self, licence_id: str, download_id: str) -> None:
        """Remember that a download has this licence: one in another place may have it, too."""
        with self._vault.exclusive():
            used = self.uses(licence_id)
            if download_id not in used:
                self._vault.put(USE, licence_id, json.dumps([*used, download_id]).encode())

    def drop_use(self, licence_id: str, download_id: str) -> None:
        """Forget that a download had this licence."""
        with self._vault.exclusive():
            used = self.uses(licence_id)
            left = tuple(one for one in used if one != download_id)
            if left != used:
                self._vault.put(USE, licence_id, json.dumps(left).encode())

    def uses(self, licence_id: str) -> tuple[str, ...]:
        """The downloads that have this licence, as far as it was noted."""
        return tuple(json.loads(self._vault.note(USE, licence_id) or b"[]"))

    def plan_removal(self, removal: Removal) -> Removal:
        """Remember that a download and its licences are to go, until :meth:`removed`; what is planned now. Where
        another program removes it, too, the licences of both go."""
        with self._vault.exclusive():
            planned = self._planned(removal.download_id)
            if planned is not None and planned.place == removal.place:
                both = (*planned.licence_ids, *removal.licence_ids)
                programs = (*(planned.programs or ("",)), *removal.programs)
                removal = replace(
                    removal,
                    licence_ids=tuple(dict.fromkeys(both)),
                    programs=tuple(dict.fromkeys(programs)),
                )
            self._put_removal(removal)
        return removal

    def removals(self) -> tuple[Removal, ...]:
        """The removals that are not finished, as far as they can be read."""
        found = [self._planned(name) for name in self._vault.names(REMOVAL)]
        return tuple(one for one in found if one is not None)

    def removed(self, removal: Removal) -> None:
        """The programs of a removal have finished it, or given it up. It stays planned while others are at it, or
        were killed in it."""
        with self._vault.exclusive():
            planned = self._planned(removal.download_id)
            if planned is None:
                return
            left = tuple(one for one in planned.programs if one not in removal.programs)
            if left:
                self._put_removal(replace(planned, programs=left))
            elif planned.programs:
                self._vault.delete(REMOVAL, removal.download_id)

    def finished(self, removal: Removal) -> None:
        """A removal was finished for all who planned it. One that got another licence meanwhile stays planned."""
        with self._vault.exclusive():
            planned = self._planned(removal.download_id)
            if planned is not None and set(planned.licence_ids) <= set(removal.licence_ids):
                self._vault.delete(REMOVAL, removal.download_id)

    def _planned(self, download_id: str) -> Removal | None:
        kept = self._vault.note(REMOVAL, download_id)
        if kept is None:
            return None
        document = json.loads(kept)
        return Removal(
            download_id,
            tuple(document["licences"]),
            document["reason"],
            document.get("place", ""),
            tuple(document.get("programs", ())),
        )

    def _put_removal(self, removal: Removal) -> None:
        document = {
            "v": _VERSION,
            "licences": list(removal.licence_ids),
            "reason": removal.reason,
            "place": removal.place,
            "programs": list(removal.programs),
        }
        self._vault.put(REMOVAL, removal.download_id, _text(document))

    def _document(self, licence: KeptLicence) -> dict[str, Any]:
        rights = licence.rights
        first = rights.first_play
        return {
            "v": _VERSION,
            "service": licence.service,
            "policy": licence.document,
            "first_play": None if first is None else [first.time.at_s, first.time.certain_s, first.settled],
            "revoked": rights.revoked,
            "released": rights.released,
            # An unconfirmed licence stays so, whatever else is written about it.
            "epoch": self._vault.epoch if rights.confirmed else -1,
        }

    def _read(self, document: dict[str, Any], epoch: int) -> KeptLicence:
        if document["v"] > _VERSION:
            raise DrmError(
                DrmErrorCode.STORE_NEWER,
                "This licence was written by a newer version of this program; please update.",
            )
        while document["v"] < _VERSION:
            document = _UPGRADES[document["v"]](document)
        first = document["first_play"]
        rights = LicenceFacts(
            policy=read_policy(document["policy"]),
            first_play=None if first is None else FirstPlay(TrustedTime(first[0], first[1]), first[2]),
            revoked=document["revoked"],
            released=document["released"],
            confirmed=document["epoch"] == epoch,
        )
        return KeptLicence(document["service"], rights, document["policy"], read_keys(document["keys"]))


def read_keys(texts: dict[str, str]) -> tuple[ContentKey, ...]:
    """Keys out of hexadecimal texts by key ID, which are overwritten."""
    keys = []
    for kid, text in texts.items():
        value = bytes.fromhex(text)
        wipe(text)
        keys.append(ContentKey(bytes.fromhex(kid), value))
        wipe(value)
    return tuple(keys)


def keys_text(keys: Iterable[ContentKey]) -> bytearray:
    """The JSON text that :func:`read_keys` reads: made here, as the library's would leave copies of the keys."""
    text = bytearray(b"{")
    for key in keys:
        value = binascii.hexlify(key.value)
        text += b'%s"%s":"' % (b"," if len(text) > 1 else b"", key.kid.hex().encode())
        text += value
        text += b'"'
        wipe(value)
    text += b"}"
    return text


def _put_keys(text: bytearray, keys: Iterable[ContentKey]) -> None:
    """Add the keys to a JSON object's text."""
    written = keys_text(keys)
    text[-1:] = b',"keys":'
    text += written
    text += b"}"
    wipe(written)


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
