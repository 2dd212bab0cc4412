"""Content keys in memory: one ring per playback, filled by licences and emptied at its end."""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Iterable
from typing import Protocol

from drm_client.errors import DrmError, DrmErrorCode

KID_LENGTH = 16
KEY_LENGTHS = (16, 24, 32)  # AES-128 everywhere in CENC; HLS also has AES-256


class ContentKey:
    """A content key and its 16-byte key ID.

    The value is held in a buffer of its own that :meth:`clear` overwrites with zeros. Copies that the
    interpreter or the cipher library made before cannot be reached from Python (``docs/security.md``).

    Raises :class:`DrmError` ``drm.licence_malformed`` for a key ID or key of a wrong length.
    """

    __slots__ = ("_value", "kid")

    def __init__(self, kid: bytes, value: bytes | bytearray) -> None:
        if len(kid) != KID_LENGTH or len(value) not in KEY_LENGTHS:
            raise DrmError(
                DrmErrorCode.LICENCE_MALFORMED,
                "A key or its key ID has the wrong length.",
                kid_bytes=len(kid),
                key_bytes=len(value),
            )
        self.kid = bytes(kid)
        self._value = bytearray(value)

    @property
    def value(self) -> bytearray:
        """The key itself: a live buffer, all zeros after :meth:`clear`. Never log it."""
        return self._value

    def same_value(self, other: ContentKey) -> bool:
        return self._value == other._value

    def clear(self) -> None:
        """Overwrite the key with zeros."""
        self._value[:] = bytes(len(self._value))

    def __repr__(self) -> str:
        return f"ContentKey(kid={self.kid.hex()})"


class MaskedKey:
    """A content key that is not in use: kept in memory as a difference from a random mask, so that no scan finds
    it."""

    __slots__ = ("_mask", "_masked", "kid")

    def __init__(self, key: ContentKey) -> None:
        self.kid = key.kid
        self._mask = bytearray(secrets.token_bytes(len(key.value)))
        self._masked = bytearray(one ^ other for one, other in zip(key.value, self._mask, strict=True))

    def unmasked(self) -> ContentKey:
        """The key, to be used and cleared."""
        value = bytearray(one ^ other for one, other in zip(self._masked, self._mask, strict=True))
        key = ContentKey(self.kid, value)
        value[:] = bytes(len(value))
        return key

    def clear(self) -> None:
        """Forget the key."""
        self._mask[:] = bytes(len(self._mask))

    def __repr__(self) -> str:
        return f"MaskedKey(kid={self.kid.hex()})"


class CipherHolder(Protocol):
    """Has cipher contexts made from the keys of a ring."""

    def drop_ciphers(self) -> None:
        """Forget those whose keys are gone. Called on any thread, without the ring's lock."""
        ...


class KeyRing:
    """The content keys of one playback, by key ID. Safe to use from several threads.

    ``generation`` grows whenever a key is taken away or replaced, so that holders of cipher contexts know to
    drop theirs; those that :meth:`attach` are told at once.
    """

    def __init__(self, keys: Iterable[ContentKey] = ()) -> None:
        self._changed = threading.Condition()
        self._keys: dict[bytes, ContentKey] = {}
        self._default: ContentKey | None = None
        self._holders: weakref.WeakSet[CipherHolder] = weakref.WeakSet()
        self.generation = 0
        self.update(keys)

    def attach(self, holder: CipherHolder) -> None:
        """Have ``holder``, which is not kept alive by this, told when keys are taken away."""
        with self._changed:
            self._holders.add(holder)

    def update(self, keys: Iterable[ContentKey]) -> None:
        """Add ``keys``; a key whose ID is known replaces the old one, which is zeroed."""
        with self._changed:
            before = self.generation
            for key in keys:
                old = self._keys.get(key.kid)
                if old is not None and old is not key:
                    if not old.same_value(key):
                        self.generation += 1
                    old.clear()
                self._keys[key.kid] = key
            self._changed.notify_all()
        if self.generation != before:
            self._tell()

    def add(self, kid: bytes, value: bytes | bytearray) -> None:
        """Add one key from its raw bytes."""
        self.update((ContentKey(kid, value),))

    def set_default(self, value: bytes | bytearray) -> None:
        """A key for every key ID that has none of its own: HLS identity keys name no key ID."""
        with self._changed:
            if self._default is not None:
                self._default.clear()
            self._default = ContentKey(bytes(KID_LENGTH), value)
            self.generation += 1
            self._changed.notify_all()
        self._tell()

    def get(self, kid: bytes) -> ContentKey:
        """The key for ``kid``. Raises :class:`DrmError` ``drm.no_key`` with the key ID in ``fields["kid"]``."""
        with self._changed:
            key = self._keys.get(kid, self._default)
        if key is None:
            raise DrmError(
                DrmErrorCode.NO_KEY, "There is no key for this part of the title.", recoverable=True, kid=kid.hex()
            )
        return key

    def missing(self, kids: Iterable[bytes]) -> tuple[bytes, ...]:
        """Those of ``kids`` that the ring has no key for, each once, in order."""
        with self._changed:
            if self._default is not None:
                return ()
            return tuple(dict.fromkeys(kid for kid in kids if kid not in self._keys))

    def wait_for(self, kids: Iterable[bytes], timeout_s: float) -> bool:
        """Block until all ``kids`` have keys, at most ``timeout_s`` seconds; whether they have. For threads only."""
        wanted = frozenset(kids)
        with self._changed:
            return self._changed.wait_for(lambda: self._default is not None or wanted <= self._keys.keys(), timeout_s)

    def kids(self) -> tuple[bytes, ...]:
        """The key IDs for which there are keys."""
        with self._changed:
            return tuple(self._keys)

    def discard(self, kid: bytes) -> None:
        """Zero and drop one key, if it is there."""
        with self._changed:
            key = self._keys.pop(kid, None)
            if key is not None:
                self.generation += 1
                key.clear()
        self._tell()

    def clear(self) -> None:
        """Zero and drop all keys: the playback ended or its licence ran out."""
        with self._changed:
            self.generation += 1
            for key in self._keys.values():
                key.clear()
            self._keys.clear()
            if self._default is not None:
                self._default.clear()
                self._default = None
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            holders = tuple(self._holders)
        for holder in holders:
            holder.drop_ciphers()

    def __contains__(self, kid: object) -> bool:
        with self._changed:
            return kid in self._keys

    def __repr__(self) -> str:
        return f"KeyRing(kids=[{', '.join(kid.hex() for kid in self.kids())}])"
