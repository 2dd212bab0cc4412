"""Sealing what is kept on disk: AES-256-GCM bound to a place, so that nothing can be changed, exchanged or moved.

Used by the vault for licences, and by others for what they keep (rows of a database, clear media at rest).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from drm_client.errors import DrmError, DrmErrorCode

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class Sealer:
    """One sealing key. ``context`` names the place of a value (``downloads/segment/12``): a sealed value opens under
    its own context alone, so it can be neither changed nor put elsewhere. Safe on any thread."""

    def __init__(self, key: bytes | bytearray) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self._key = bytearray(key)
        self._cipher: AESGCM | None = AESGCM(bytes(key))

    def seal(self, data: bytes | bytearray | memoryview, context: str) -> bytes:
        """``data`` sealed: nonce, ciphertext, tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._live().encrypt(nonce, data, context.encode())

    def stream(self, context: str) -> SealingStream:
        """As :meth:`seal`, piece by piece: for large values, which need not be held in memory."""
        self._live()
        return SealingStream(bytes(self._key), context)

    def open(self, sealed: bytes | bytearray | memoryview, context: str) -> bytes:
        """What was sealed. Raises :class:`DrmError` ``drm.store_damaged``, which names ``context``, when any bit of
        it or of the context is another."""
        view, cipher = memoryview(sealed), self._live()
        try:
            return cipher.decrypt(bytes(view[:NONCE_BYTES]), bytes(view[NONCE_BYTES:]), context.encode())
        except (InvalidTag, ValueError) as error:
            raise DrmError(
                DrmErrorCode.STORE_DAMAGED, "Something that is kept on this device was changed.", entry=context
            ) from error

    def mac(self, data: bytes | bytearray | memoryview, context: str) -> bytes:
        """A message authentication code (HMAC-SHA256) of data that may be read but not changed: 32 bytes."""
        place = context.encode()
        code = hmac.new(self._derive("mac"), len(place).to_bytes(4, "big") + place, hashlib.sha256)
        code.update(data)
        return code.digest()

    def check(self, code: bytes, data: bytes | bytearray | memoryview, context: str) -> bool:
        """Whether ``code`` is :meth:`mac` of ``data``, compared in constant time."""
        return hmac.compare_digest(code, self.mac(data, context))

    def matches(self, code: bytes, data: bytes | bytearray | memoryview, context: str) -> bool:
        """Whether ``code`` is a fingerprint of ``data`` (:meth:`fingerprint_stream`), compared in constant time."""
        nonce = code[:NONCE_BYTES]
        return len(nonce) == NONCE_BYTES and hmac.compare_digest(code, self._gmac(nonce, data, context))

    def fingerprint_stream(self, context: str) -> FingerprintStream:
        """Make a code of data that may be read but not changed, piece by piece: 28 bytes, another one each time. GMAC
        (NIST SP 800-38D), which costs a twentieth of what an HMAC does: for large data."""
        return FingerprintStream(self._derive("gmac"), secrets.token_bytes(NONCE_BYTES), context)

    def _gmac(self, nonce: bytes, data: bytes | bytearray | memoryview, context: str) -> bytes:
        code = FingerprintStream(self._derive("gmac"), nonce, context)
        code.update(data)
        return code.finish()

    def child(self, purpose: str) -> Sealer:
        """A sealer with a key of its own, derived for ``purpose``."""
        return Sealer(self._derive(f"child {purpose}"))

    def close(self) -> None:
        """Overwrite the key; the sealer cannot be used any more."""
        self._key[:] = bytes(KEY_BYTES)
        self._cipher = None

    def _live(self) -> AESGCM:
        if self._cipher is None:
            raise ValueError("the sealer is closed")
        return self._cipher

    def _derive(self, purpose: str) -> bytes:
        self._live()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"matinee sealing 1 {purpose}".encode()).derive(self._key)

    def __repr__(self) -> str:
        return "Sealer()"


class SealingStream:
    """Seals one value piece by piece. What :attr:`head`, each :meth:`update` and :meth:`finish` give, one after the
    other, opens as a sealed value."""

    def __init__(self, key: bytes, context: str) -> None:
        self.head = secrets.token_bytes(NONCE_BYTES)
        self._encryptor = Cipher(AES(key), GCM(self.head)).encryptor()
        self._encryptor.authenticate_additional_data(context.encode())

    def update(self, data: bytes | memoryview) -> bytes:
        """The next sealed bytes, as many as ``data`` has."""
        return self._encryptor.update(data)

    def update_into(self, data: bytes | memoryview, place: memoryview) -> None:
        """As :meth:`update`, with the sealed bytes written into ``place``, which has the length of ``data``."""
        self._encryptor.update_into(data, place)

    def finish(self) -> bytes:
        """The tag, which pins every bit."""
        self._encryptor.finalize()
        return self._encryptor.tag


class FingerprintStream:
    """Makes a fingerprint piece by piece: see :meth:`Sealer.fingerprint_stream`."""

    def __init__(self, key: bytes, nonce: bytes, context: str) -> None:
        place = context.encode()
        self._nonce = nonce
        self._code = Cipher(AES(key), GCM(nonce)).encryptor()
        self._code.authenticate_additional_data(len(place).to_bytes(4, "big") + place)

    def update(self, data: bytes | bytearray | memoryview) -> None:
        self._code.authenticate_additional_data(data)

    def finish(self) -> bytes:
        self._code.finalize()
        return self._nonce + self._code.tag
