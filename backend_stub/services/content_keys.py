"""Content keys at rest, in envelopes: each title has a key of its own, wrapped under a master key, and its content
keys are wrapped under that one, both by AES-256-GCM.

What a wrapped key is for is authenticated with it: the title, the label and the key id, so a row moved to another
title does not open. Changing the master key wraps the titles' keys again and leaves the content keys alone.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.db.models import ContentKey, KeyEnvelope, Title
from backend_stub.master_keys import MasterKeys
from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import Entitled, label_floor
from backend_stub.titles import ENCRYPTED, LIVE

_logger = logging.getLogger(__name__)
KEY_BYTES = 16
_TITLE_KEY_BYTES = 32
_NONCE_BYTES = 12
#: How a content key is wrapped: straight under a master key, as services of before did, or under its title's key.
SCHEME_MASTER = 1
SCHEME_TITLE = 2


@dataclass(frozen=True, slots=True)
class PlainKey:
    """A content key in the clear (16 bytes) with its id (16 bytes) and the label of the tracks it opens."""

    label: str
    kid: bytes
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.kid) != KEY_BYTES or len(self.key) != KEY_BYTES:
            raise ValueError("content keys and their ids are 16 bytes")


class DamagedKeyError(ValueError):
    """A wrapped key was changed, or its master key is not here."""


class KeyVault:
    """Wraps and opens content keys."""

    def __init__(self, masters: MasterKeys) -> None:
        self._masters = masters

    def store(self, session: Session, title_id: str, keys: Iterable[PlainKey]) -> None:
        """Add keys of a title. Raises :class:`DamagedKeyError` when the title has an envelope that does not open."""
        plain = list(keys)
        if not plain:
            return
        title_key = self._title_key(session, title_id)
        for one in plain:
            row = ContentKey(title_id=title_id, kid=one.kid.hex(), label=one.label)
            row.wrapped, row.scheme = _wrap(title_key, one.key, _bound_to(row)), SCHEME_TITLE
            session.add(row)

    def of_title(self, session: Session, title_id: str, kids: Iterable[str]) -> list[PlainKey]:
        """Those keys of a title whose ids (hex) are asked for. Raises :class:`ProblemError` 500 ``key_damaged``."""
        wanted = set(kids)
        rows = [row for row in keys_of_title(session, title_id) if row.kid in wanted]
        try:
            return [self._open(session, row) for row in rows]
        except DamagedKeyError as error:
            _logger.exception("damaged content key")
            raise ProblemError(500, "key_damaged", "The service cannot open the keys of this title.") from error

    def rewrap(self, session: Session, at_most: int) -> bool:
        """Bring up to so many titles under the master key in use; whether there may be more.

        Raises :class:`DamagedKeyError`, and then changes nothing if the caller's transaction is undone.
        """
        before = session.scalars(select(ContentKey).where(ContentKey.scheme == SCHEME_MASTER).limit(at_most)).all()
        for row in before:
            plain = self._open(session, row)
            row.wrapped = _wrap(self._title_key(session, row.title_id), plain.key, _bound_to(row))
            row.scheme = SCHEME_TITLE
        current_id, current = self._masters.current
        others = select(KeyEnvelope).where(KeyEnvelope.master_id != current_id)
        envelopes = session.scalars(others.limit(at_most)).all()
        for envelope in envelopes:
            title_key = self._open_envelope(envelope)
            envelope.master_id = current_id
            envelope.wrapped = _wrap(current, title_key, _bound_to_title(envelope.title_id))
        return at_most in (len(before), len(envelopes))

    def _title_key(self, session: Session, title_id: str) -> bytes:
        """The title's own key, made at the first use."""
        envelope = session.get(KeyEnvelope, title_id)
        if envelope is not None:
            return self._open_envelope(envelope)
        title_key = secrets.token_bytes(_TITLE_KEY_BYTES)
        master_id, master = self._masters.current
        wrapped = _wrap(master, title_key, _bound_to_title(title_id))
        session.add(KeyEnvelope(title_id=title_id, master_id=master_id, wrapped=wrapped))
        session.flush()
        return title_key

    def _open_envelope(self, envelope: KeyEnvelope) -> bytes:
        master = self._masters.get(envelope.master_id)
        if master is None:
            raise DamagedKeyError(f"the master key {envelope.master_id} of {envelope.title_id} is not here")
        return _unwrap([master], envelope.wrapped, _bound_to_title(envelope.title_id))

    def _open(self, session: Session, row: ContentKey) -> PlainKey:
        if row.scheme == SCHEME_MASTER:
            keys = self._masters.every()
        else:
            envelope = session.get(KeyEnvelope, row.title_id)
            if envelope is None:
                raise DamagedKeyError(f"{row.title_id} has lost its own key")
            keys = [self._open_envelope(envelope)]
        key = _unwrap(keys, row.wrapped, _bound_to(row))
        return PlainKey(label=row.label, kid=bytes.fromhex(row.kid), key=key)


def seal_draft(masters: MasterKeys, job_id: str, keys: Sequence[PlainKey]) -> bytes:
    """Content keys of a title that is not there yet, under the master key and for one job."""
    master_id, master = masters.current
    plain = json.dumps([[key.label, key.kid.hex(), key.key.hex()] for key in keys]).encode()
    return master_id.encode() + b"\n" + _wrap(master, plain, _bound_to_job(job_id))


def open_draft(masters: MasterKeys, job_id: str, sealed: bytes) -> tuple[PlainKey, ...]:
    """What :func:`seal_draft` sealed. Raises :class:`DamagedKeyError`."""
    master_id, _, wrapped = sealed.partition(b"\n")
    master = masters.get(master_id.decode("ascii", "replace"))
    if master is None:
        raise DamagedKeyError(f"the master key of the draft of {job_id} is not here")
    listed = json.loads(_unwrap([master], wrapped, _bound_to_job(job_id)))
    return tuple(PlainKey(label, bytes.fromhex(kid), bytes.fromhex(key)) for label, kid, key in listed)


def keys_of_title(session: Session, title_id: str) -> Sequence[ContentKey]:
    """The wrapped keys of a title, in the order of their ids."""
    return session.scalars(select(ContentKey).where(ContentKey.title_id == title_id).order_by(ContentKey.kid)).all()


def is_encrypted(title: Title, variant: str) -> bool:
    """Whether the files of this variant may be encrypted: a broadcast has the title's keys, a loop has none."""
    return variant == ENCRYPTED or (variant == LIVE and LIVE in title.variants)


def entitled_kids(session: Session, entitled: Entitled, max_height: int | None = None) -> list[str]:
    """The ids (hex) of the title's keys that the plan covers and that pictures up to ``max_height`` lines need."""
    return [
        row.kid
        for row in keys_of_title(session, entitled.title.id)
        if entitled.allows(row.label) and (max_height is None or label_floor(row.label) <= max_height)
    ]


def _wrap(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _unwrap(keys: Sequence[bytes], wrapped: bytes, bound_to: bytes) -> bytes:
    """What was wrapped under one of ``keys``. Raises :class:`DamagedKeyError`."""
    nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    for key in keys:
        try:
            return AESGCM(key).decrypt(nonce, sealed, bound_to)
        except (InvalidTag, ValueError):
            continue
    raise DamagedKeyError("a wrapped key does not open")


def _bound_to(row: ContentKey) -> bytes:
    return "\n".join((row.title_id, row.label, row.kid)).encode()


def _bound_to_title(title_id: str) -> bytes:
    return f"envelope\n{title_id}".encode()


def _bound_to_job(job_id: str) -> bytes:
    return f"draft\n{job_id}".encode()
