"""The encrypted blocks of a crypt/skip pattern as array views, gathered and scattered without a Python loop.

Apart from :mod:`drm_client.cenc` because numpy takes its time to load and only patterned material needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import CipherContext

BLOCK = 16
_BLOCK_TYPE = np.dtype((np.void, BLOCK))
Blocks = np.ndarray[Any, np.dtype[np.void]]


def encrypted_blocks(data: memoryview, start: int, length: int, crypt: int, skip: int) -> tuple[Blocks, ...]:
    """Views of the encrypted 16-byte blocks in ``data[start:start + length]``, in order.

    The pattern starts with ``crypt`` encrypted blocks, ``skip`` clear ones follow, and so on; it is followed until
    the range ends, where a partial block is clear (ISO/IEC 23001-7, 9.6).
    """
    blocks = np.frombuffer(data, _BLOCK_TYPE, length // BLOCK, start)
    period = crypt + skip
    if crypt == 1:
        return (blocks[::period],)
    repeated = len(blocks) // period * period
    return (
        blocks[:repeated].reshape(-1, period)[:, :crypt],
        blocks[repeated : repeated + crypt],
    )


def decrypt_chains(
    context: CipherContext, iv: bytes, data: memoryview, ranges: list[tuple[int, int]], crypt: int, skip: int
) -> None:
    """Decrypt the encrypted blocks of ``ranges`` of ``data`` where they lie, each range from ``iv`` again, by a CBC
    context in any state: the IV is fed to it as if it were ciphertext."""
    if crypt == 1:
        period = 1 + skip
        sources = [np.frombuffer(data, _BLOCK_TYPE, length // BLOCK, start)[::period] for start, length in ranges]
        blocks = np.frombuffer(context.update(b"".join([iv + each.tobytes() for each in sources])), _BLOCK_TYPE)
        place = 1
        for source in sources:
            end = place + len(source)
            source[:] = blocks[place:end]
            place = end + 1
        return
    chains = [encrypted_blocks(data, start, length, crypt, skip) for start, length in ranges]
    clear = context.update(b"".join([iv + gather(chain) for chain in chains]))
    position = 0
    for chain in chains:
        position = scatter(chain, clear, position + BLOCK)


def gather(chain: tuple[Blocks, ...]) -> bytes:
    """The blocks of ``chain`` one after the other."""
    return b"".join([blocks.tobytes() for blocks in chain])


def scatter(chain: tuple[Blocks, ...], clear: bytes | bytearray, position: int) -> int:
    """Write ``clear[position:]`` over the blocks of ``chain``; the position behind the last byte taken."""
    for blocks in chain:
        blocks[...] = np.frombuffer(clear, _BLOCK_TYPE, blocks.size, position).reshape(blocks.shape)
        position += blocks.size * BLOCK
    return position
