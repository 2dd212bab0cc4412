"""How samples are encrypted: the schemes of Common Encryption, and what the decryptor must know of one sample.

Apart from the ciphers, so that clear titles start without loading them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Scheme(StrEnum):
    """Protection schemes of ISO/IEC 23001-7, clause 10."""

    CENC = "cenc"  # AES-CTR
    CENS = "cens"  # AES-CTR, pattern
    CBC1 = "cbc1"  # AES-CBC
    CBCS = "cbcs"  # AES-CBC, pattern, IV restarts in each subsample


class SampleProtection(NamedTuple):
    """How one sample is encrypted.

    ``scheme`` is a :class:`Scheme` or its text. ``kid`` is 16 bytes. ``iv`` is 8 or 16 bytes, the sample's own or
    the track's constant one. ``subsamples`` are pairs (clear bytes, protected bytes) in the order of the sample;
    none means that the whole sample is protected. ``crypt_blocks`` and ``skip_blocks`` are the pattern in 16-byte
    blocks (0, 0: every block).
    """

    scheme: str
    kid: bytes
    iv: bytes
    subsamples: tuple[tuple[int, int], ...] = ()
    crypt_blocks: int = 0
    skip_blocks: int = 0
