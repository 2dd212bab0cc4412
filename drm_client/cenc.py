"""Decryption of single samples: the four schemes of Common Encryption (ISO/IEC 23001-7).

For speed each key keeps one cipher context, as making one costs more than decrypting a small sample. A CTR context
takes a new counter block. A CBC context gets the next IV as one more block of ciphertext. Patterned blocks are
gathered, decrypted in one call and put back (:mod:`drm_client.pattern`).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from types import ModuleType

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.scheme import SampleProtection, Scheme

BLOCK = 16
_ZEROS = bytes(8)
Writable = bytearray | memoryview


class SampleDecryptor:
    """Decrypts samples with the keys of a ring. May be shared between threads, which then take turns."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._generation = keys.generation
        self._ciphers: dict[tuple[str, bytes], tuple[_Method, CipherContext]] = {}
        self._lock = threading.Lock()
        keys.attach(self)

    def drop_ciphers(self) -> None:
        """Forget the contexts of keys that were taken away: a context has a copy of its key."""
        with self._lock:
            if self._generation != self._keys.generation:
                self._ciphers.clear()
                self._generation = self._keys.generation

    def decrypt(self, data: bytearray | memoryview | bytes, protection: SampleProtection) -> bytearray:
        """The clear sample. A ``bytearray`` is decrypted in place and returned, anything else is copied first.

        Raises :class:`DrmError`: ``drm.no_key``, ``drm.scheme_unsupported``, or ``drm.decrypt_failed`` where the
        protection does not fit the sample (subsamples longer than the sample, an IV of a wrong length).
        """
        clear = data if isinstance(data, bytearray) else bytearray(data)
        self.decrypt_in_place(clear, protection)
        return clear

    def decrypt_in_place(self, data: Writable, protection: SampleProtection) -> None:
        """Decrypt a writable buffer of bytes where it lies; raises as :meth:`decrypt`."""
        with self._lock:
            method, context = self._cipher(protection)
            method(context, data, protection)

    def decrypt_samples(self, data: Writable, samples: Iterable[tuple[int, int, SampleProtection]]) -> None:
        """Decrypt the samples (start, end, protection) of a buffer where they lie; raises as :meth:`decrypt`.

        Quicker than one call for each. The samples must not overlap and must lie in the buffer.
        """
        view = memoryview(data)
        place, patterned = None, _PatternedRanges()
        with self._lock:
            for start, end, protection in samples:
                if place != (protection.scheme, protection.kid):
                    patterned.decrypt(view)
                    place = (protection.scheme, protection.kid)
                    method, context = self._cipher(protection)
                if protection.skip_blocks and protection.crypt_blocks and method is _decrypt_cbcs:
                    patterned.add(context, view, start, end, protection)
                else:
                    method(context, view[start:end], protection)
            patterned.decrypt(view)

    def _cipher(self, protection: SampleProtection) -> tuple[_Method, CipherContext]:
        """The method for a scheme with a context of the key, which it leaves in any state."""
        if self._generation != self._keys.generation:
            self._ciphers.clear()
            self._generation = self._keys.generation
        found = self._ciphers.get((protection.scheme, protection.kid))
        return found or self._new_cipher(protection.scheme, protection.kid)

    def _new_cipher(self, scheme: str, kid: bytes) -> tuple[_Method, CipherContext]:
        if scheme not in _METHODS:
            raise DrmError(
                DrmErrorCode.SCHEME_UNSUPPORTED,
                "The title is encrypted in a way that this player does not know.",
                scheme=str(scheme)[:16],
            )
        method, mode = _METHODS[scheme]
        context = Cipher(algorithms.AES(self._keys.get(kid).value), mode(bytes(BLOCK))).decryptor()
        cipher = self._ciphers[scheme, kid] = (method, context)
        return cipher


class _PatternedRanges:
    """Protected ranges of ``cbcs`` samples with the same key, IV and pattern: decrypted at once, as a call for each
    costs more than a small sample does."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self._held: tuple[CipherContext, bytes, int, int] | None = None

    def add(
        self, context: CipherContext, view: memoryview, start: int, end: int, protection: SampleProtection
    ) -> None:
        held = (context, protection.iv, protection.crypt_blocks, protection.skip_blocks)
        if self._held != held:
            self.decrypt(view)
            self._held = held
        size = end - start
        for clear, length in protection.subsamples or ((0, size),):
            start += clear
            if length:
                self._ranges.append((start, length))
                start += length
        if start > end:
            raise _does_not_fit(size)

    def decrypt(self, view: memoryview) -> None:
        """Decrypt what was gathered, where it lies."""
        if self._held is not None and self._ranges:
            context, iv, crypt, skip = self._held
            _pattern().decrypt_chains(context, _full_iv(iv), view, self._ranges, crypt, skip)
            self._ranges.clear()


@functools.cache
def _pattern() -> ModuleType:
    """:mod:`drm_client.pattern`, loaded when it is first needed: it brings numpy."""
    from drm_client import pattern

    return pattern


def _full_iv(iv: bytes) -> bytes:
    """The IV as a whole block: one of 8 bytes is followed by zeros (ISO/IEC 23001-7, 9.2)."""
    if len(iv) == BLOCK:
        return iv
    if len(iv) == 8:
        return iv + _ZEROS
    raise DrmError(
        DrmErrorCode.DECRYPT_FAILED,
        "The encryption data of this title is damaged (initialisation vector).",
        iv_bytes=len(iv),
    )


def _protected_ranges(size: int, subsamples: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """(start, length) of each protected range of a sample of ``size`` bytes."""
    if not subsamples:
        return [(0, size)]
    ranges = []
    position = 0
    for clear, protected in subsamples:
        position += clear
        if protected:
            ranges.append((position, protected))
            position += protected
    if position > size:
        raise _does_not_fit(size)
    return ranges


def _does_not_fit(size: int) -> DrmError:
    return DrmError(
        DrmErrorCode.DECRYPT_FAILED,
        "The encryption data of this title does not fit its pictures or sound.",
        sample_bytes=size,
    )


def _blocks_before_rollover(iv: bytes) -> int | None:
    """Blocks until the 64-bit block counter in bytes 8 to 15 rolls over, or None where that is out of reach."""
    if iv[8:12] != b"\xff\xff\xff\xff":
        return None
    return (1 << 64) - int.from_bytes(iv[8:], "big")


def _ctr_stream(context: CipherContext, iv: bytes, stream: bytearray) -> None:
    """Decrypt one CTR stream in place. The block counter rolls over without a carry into bytes 0 to 7
    (ISO/IEC 23001-7, 9.3), which the library's 128-bit counter does not do by itself."""
    context.reset_nonce(iv)
    blocks = _blocks_before_rollover(iv)
    if blocks is None or blocks * BLOCK >= len(stream):
        context.update_into(stream, stream)
        return
    view = memoryview(stream)
    first, second = view[: blocks * BLOCK], view[blocks * BLOCK :]
    context.update_into(first, first)
    context.reset_nonce(iv[:8] + bytes(8))
    context.update_into(second, second)


def _decrypt_cenc(context: CipherContext, data: Writable, protection: SampleProtection) -> None:
    """One CTR stream runs through all protected ranges."""
    iv = protection.iv
    if len(iv) != 8:
        iv = _full_iv(iv)
        if _blocks_before_rollover(iv) is not None:
            _decrypt_cenc_with_rollover(context, iv, memoryview(data), protection)
            return
        context.reset_nonce(iv)
    else:
        context.reset_nonce(iv + _ZEROS)
    subsamples = protection.subsamples
    if not subsamples:
        context.update_into(data, data)
        return
    view = memoryview(data)
    end = 0
    for clear, length in subsamples:
        start = end + clear
        end = start + length
        if end > len(view):
            raise _does_not_fit(len(view))
        if length:
            part = view[start:end]
            context.update_into(part, part)


def _decrypt_cenc_with_rollover(
    context: CipherContext, iv: bytes, view: memoryview, protection: SampleProtection
) -> None:
    ranges = _protected_ranges(len(view), protection.subsamples)
    stream = bytearray().join([view[start : start + length] for start, length in ranges])
    _ctr_stream(context, iv, stream)
    _scatter(view, ranges, stream)


def _scatter(view: memoryview, ranges: list[tuple[int, int]], stream: bytes | bytearray) -> None:
    """Put the consecutive bytes of ``stream`` back into ``ranges`` of ``view``."""
    taken = 0
    for start, length in ranges:
        view[start : start + length] = stream[taken : taken + length]
        taken += length


def _decrypt_cbc1(context: CipherContext, data: Writable, protection: SampleProtection) -> None:
    """One CBC chain runs through all protected ranges; a partial block at the end of a range is clear."""
    view = memoryview(data)
    context.update(_full_iv(protection.iv))
    for start, length in _protected_ranges(len(view), protection.subsamples):
        whole = view[start : start + length - length % BLOCK]
        if whole:
            whole[:] = context.update(whole)


def _decrypt_cbcs(context: CipherContext, data: Writable, protection: SampleProtection) -> None:
    """Each protected range restarts from the IV; partial blocks are clear."""
    iv = protection.iv if len(protection.iv) == BLOCK else _full_iv(protection.iv)
    view = memoryview(data)
    skip = protection.skip_blocks
    ranges = _protected_ranges(len(view), protection.subsamples)
    if not skip:
        for start, length in ranges:
            whole = view[start : start + length - length % BLOCK]
            if whole:
                whole[:] = context.update(iv + whole)[BLOCK:]
        return
    if protection.crypt_blocks:
        _pattern().decrypt_chains(context, iv, view, ranges, protection.crypt_blocks, skip)


def _decrypt_cens(context: CipherContext, data: Writable, protection: SampleProtection) -> None:
    """One CTR stream runs through the encrypted blocks alone; partial blocks are clear, also without a pattern."""
    iv = _full_iv(protection.iv)
    view = memoryview(data)
    ranges = _protected_ranges(len(view), protection.subsamples)
    if not protection.skip_blocks:
        whole = [(start, length - length % BLOCK) for start, length in ranges]
        stream = bytearray().join([view[start : start + length] for start, length in whole])
        _ctr_stream(context, iv, stream)
        _scatter(view, whole, stream)
        return
    if protection.crypt_blocks:
        pattern = _pattern()
        chains = [
            pattern.encrypted_blocks(view, start, length, protection.crypt_blocks, protection.skip_blocks)
            for start, length in ranges
        ]
        stream = bytearray().join([pattern.gather(chain) for chain in chains])
        _ctr_stream(context, iv, stream)
        position = 0
        for chain in chains:
            position = pattern.scatter(chain, stream, position)


_Method = Callable[[CipherContext, Writable, SampleProtection], None]
_METHODS: dict[str, tuple[_Method, type[modes.CTR | modes.CBC]]] = {
    Scheme.CENC: (_decrypt_cenc, modes.CTR),
    Scheme.CENS: (_decrypt_cens, modes.CTR),
    Scheme.CBC1: (_decrypt_cbc1, modes.CBC),
    Scheme.CBCS: (_decrypt_cbcs, modes.CBC),
}
