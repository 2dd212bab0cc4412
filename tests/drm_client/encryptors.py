"""Encryptors written apart from the code under test: one AES block at a time, straight from the standard's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Subsamples = Sequence[tuple[int, int]]


def block_cipher(key: bytes) -> Callable[[bytes], bytes]:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))


class CtrStream:
    """AES-CTR whose block counter is the last 8 bytes, rolling over by itself."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._aes = block_cipher(key)
        iv = iv.ljust(16, b"\0")
        self._nonce, self._counter = iv[:8], int.from_bytes(iv[8:], "big")
        self._left = b""

    def apply(self, data: bytes) -> bytes:
        while len(self._left) < len(data):
            self._left += self._aes(self._nonce + self._counter.to_bytes(8, "big"))
            self._counter = (self._counter + 1) % (1 << 64)
        result, self._left = xor(data, self._left), self._left[len(data) :]
        return result


class CbcChain:
    """AES-CBC encryption."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._aes = block_cipher(key)
        self._last = iv.ljust(16, b"\0")

    def apply(self, data: bytes) -> bytes:
        result = b""
        for at in range(0, len(data), 16):
            self._last = self._aes(xor(data[at : at + 16], self._last))
            result += self._last
        return result


def encrypt_sample(
    scheme: str, key: bytes, iv: bytes, data: bytes, subsamples: Subsamples = (), crypt: int = 0, skip: int = 0
) -> bytes:
    """Encrypt one sample by one of the four schemes of ISO/IEC 23001-7."""
    cipher: CtrStream | CbcChain = CtrStream(key, iv) if scheme in ("cenc", "cens") else CbcChain(key, iv)
    result, position = b"", 0
    for clear, protected in subsamples or [(0, len(data))]:
        result += data[position : position + clear]
        position += clear
        part = data[position : position + protected]
        position += protected
        if scheme == "cenc":
            result += cipher.apply(part)
            continue
        if scheme == "cbcs":
            cipher = CbcChain(key, iv)
        result += _by_pattern(cipher, part, *((crypt, skip) if scheme in ("cens", "cbcs") else (0, 0)))
    return result + data[position:]


def _by_pattern(cipher: CtrStream | CbcChain, part: bytes, crypt: int, skip: int) -> bytes:
    result = b""
    for number, at in enumerate(range(0, len(part), 16)):
        block = part[at : at + 16]
        encrypted = len(block) == 16 and (not crypt + skip or number % (crypt + skip) < crypt)
        result += cipher.apply(block) if encrypted else block
    return result
