"""Sample decryption beside the bare cipher: 60 s of made-up samples at 240p, 1080p, 4K, AAC; ``cenc`` and ``cbcs``.

There are two references. Both make one cipher call for each whole sample, into a buffer that is used again.

- ``call``: a context made for the sample with its IV.
- ``kept``: a context kept for all samples and given the IV. CBC has no such call, so there the IV is fed as a block.

Ours does what the player does: it looks up the sample's protection and decrypts the protected ranges in place.
Run with ``python -m tests.bench.bench_decrypt``. Exit code 1 when ours is below half of ``call``.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drm_client.cenc import SampleDecryptor
from drm_client.keys import ContentKey, KeyRing
from drm_client.scheme import SampleProtection

SECONDS = 60
RUNS = 7
KID, KEY = bytes(16), bytes(range(16))
FACTOR_WANTED = 0.5


@dataclass(frozen=True, slots=True)
class Material:
    """A kind of stream. ``clear_bytes`` are what a slice or frame header leaves clear in each sample."""

    name: str
    bits_per_s: int
    samples_per_s: float
    clear_bytes: int


MATERIALS = (
    Material("240p", 400_000, 25, 100),
    Material("1080p", 5_000_000, 25, 100),
    Material("4K", 25_000_000, 25, 100),
    Material("AAC", 128_000, 48_000 / 1024, 0),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """CPU milliseconds per second of stream; the factors are reference time over our time (more is quicker)."""

    name: str
    ours_ms: float
    factor_call: float
    factor_kept: float
    megabytes_per_s: float


def measure() -> list[Figure]:
    """All figures; takes about ten seconds."""
    return [_figure(material, scheme) for material in MATERIALS for scheme in ("cenc", "cbcs")]


def _figure(material: Material, scheme: str) -> Figure:
    samples = _samples(material)
    ivs = [number.to_bytes(8, "big") + bytes(8) for number in range(len(samples))]
    if scheme == "cbcs":
        ivs = [bytes(range(16))] * len(samples)
    call = _best(lambda: _one_call_each(scheme, samples, ivs))
    kept = _best(lambda: _one_kept_context(scheme, samples, ivs))
    decryptor = SampleDecryptor(KeyRing([ContentKey(KID, KEY)]))
    protections = [_protection(material, scheme, len(sample), iv) for sample, iv in zip(samples, ivs, strict=True)]

    def decrypt_all() -> None:
        for sample, protection in zip(samples, protections, strict=True):
            decryptor.decrypt_in_place(sample, protection)

    ours = _best(decrypt_all)
    total = sum(map(len, samples))
    return Figure(f"{material.name} {scheme}", ours * 1000 / SECONDS, call / ours, kept / ours, total / ours / 1e6)


def _samples(material: Material) -> list[bytearray]:
    generator = random.Random(material.name)
    count = int(material.samples_per_s * SECONDS)
    mean = material.bits_per_s / 8 / material.samples_per_s
    sizes = [max(material.clear_bytes + 16, int(generator.gauss(mean, mean / 4))) for _ in range(count)]
    return [bytearray(generator.randbytes(size)) for size in sizes]


def _protection(material: Material, scheme: str, size: int, iv: bytes) -> SampleProtection:
    video = material.clear_bytes > 0
    subsamples = ((material.clear_bytes, size - material.clear_bytes),) if video else ()
    pattern = (1, 9) if video and scheme == "cbcs" else (0, 0)
    return SampleProtection(scheme, KID, iv[:8] if scheme == "cenc" else iv, subsamples, *pattern)


def _one_call_each(scheme: str, samples: list[bytearray], ivs: list[bytes]) -> None:
    buffer = bytearray(max(map(len, samples)) + 16)
    key = algorithms.AES(KEY)
    for sample, iv in zip(samples, ivs, strict=True):
        if scheme == "cenc":
            Cipher(key, modes.CTR(iv)).decryptor().update_into(sample, buffer)
        else:
            whole = memoryview(sample)[: len(sample) & ~15]
            Cipher(key, modes.CBC(iv)).decryptor().update_into(whole, buffer)


def _one_kept_context(scheme: str, samples: list[bytearray], ivs: list[bytes]) -> None:
    buffer = bytearray(max(map(len, samples)) + 16)
    key = algorithms.AES(KEY)
    context = Cipher(key, modes.CTR(bytes(16)) if scheme == "cenc" else modes.CBC(bytes(16))).decryptor()
    for sample, iv in zip(samples, ivs, strict=True):
        if scheme == "cenc":
            context.reset_nonce(iv)
            context.update_into(sample, buffer)
        else:
            context.update_into(iv, buffer)
            context.update_into(memoryview(sample)[: len(sample) & ~15], buffer)


def _best(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> int:
    print(f"{'':12}{'ms/s':>8}{'MB/s':>8}{'x call':>8}{'x kept':>8}   wanted: {FACTOR_WANTED} x call")
    figures = measure()
    for figure in figures:
        print(
            f"{figure.name:12}{figure.ours_ms:8.3f}{figure.megabytes_per_s:8.0f}"
            f"{figure.factor_call:8.2f}{figure.factor_kept:8.2f}"
        )
    return 0 if all(figure.factor_call >= FACTOR_WANTED for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
