"""Decryption of small segments beside the bare cipher: ``python -m tests.bench.bench_decrypt_segments``.

Ours is :class:`FileDecryptor` from the init segment to the last media segment: boxes are read, samples found and
decrypted, and every trace of the encryption is taken out. The reference is one cipher call for each sample, its
context made for it, and nothing else. Both run in turns, and the least of each counts. Exit code 1 above 1.5 times.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drm_client.boxes import parse_boxes
from drm_client.files import FileDecryptor
from drm_client.keys import ContentKey, KeyRing
from drm_client.mp4_samples import fragment_runs, fragment_samples, parse_tracks
from tests.bench.bench_decrypt_files import KEY, KID, run_tool

SECONDS, SEGMENT_S, ROUNDS = 60, 4, 40
MOST = 1.5
_MODES = {"cenc": modes.CTR, "cbcs": modes.CBC}


def make(folder: Path, scheme: str) -> tuple[bytes, list[bytes]]:
    """The init segment and the segments of a minute of 240p at 400 kbit/s."""
    source = folder / "source.mp4"
    if not source.exists():
        pictures = f"testsrc2=s=426x240:r=25:d={SECONDS},noise=alls=30:allf=t"
        rate = ["-b:v", "400k", "-maxrate", "400k", "-bufsize", "800k"]
        run_tool("ffmpeg", "-f", "lavfi", "-i", pictures, "-c:v", "libx264", "-g", "50", *rate, source)
    made = folder / scheme
    template = f"in={source},stream=video,init_segment={made}/init.mp4,segment_template={made}/$Number%03d$.m4s"
    words = [f"{template},drm_label=X", "--segment_duration", str(SEGMENT_S), "--enable_raw_key_encryption"]
    words += ["--keys", f"label=X:key_id={KID}:key={KEY}", "--protection_scheme", scheme, "--clear_lead", "0"]
    run_tool("packager", "--quiet", *words)
    return (made / "init.mp4").read_bytes(), [path.read_bytes() for path in sorted(made.glob("*.m4s"))]


def ratio(init: bytes, segments: list[bytes], scheme: str) -> tuple[float, float, int]:
    """Our processor time and the reference's, in seconds, and the number of samples."""
    ring = KeyRing([ContentKey(bytes.fromhex(KID), bytes.fromhex(KEY))])

    def ours() -> None:
        decryptor = FileDecryptor(ring)
        decryptor.decrypt(bytearray(init))
        for segment in segments:
            decryptor.decrypt(bytearray(segment))

    samples = _samples(init, segments)
    key, mode, iv = algorithms.AES(bytes.fromhex(KEY)), _MODES[scheme], bytes(range(16))
    buffer = bytearray(max(map(len, samples)) + 16)

    def calls() -> None:
        for sample in samples:
            Cipher(key, mode(iv)).decryptor().update_into(sample, buffer)

    taken = [(_taken(ours), _taken(calls)) for _ in range(ROUNDS)]
    return min(one for one, _ in taken), min(other for _, other in taken), len(samples)


def _samples(init: bytes, segments: list[bytes]) -> list[memoryview]:
    ((_, track),) = parse_tracks(init, next(box for box in parse_boxes(init) if box.type == b"moov"))
    found = []
    for segment in segments:
        for moof in (box for box in parse_boxes(segment) if box.type == b"moof"):
            (traf,) = moof.all(b"traf")
            runs, base, _ = fragment_runs(segment, traf, track, moof, moof.start)
            view = memoryview(segment)
            placed = fragment_samples(segment, traf, track, runs, base)
            found += [view[each.offset : each.offset + (each.size & ~15)] for each in placed]
    return found


def _taken(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> int:
    """See the module."""
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for scheme in _MODES:
            ours_s, calls_s, count = ratio(*make(Path(folder), scheme), scheme)
            worst = max(worst, ours_s / calls_s)
            each, call = 1e6 * ours_s / count, 1e6 * calls_s / count
            print(
                f"240p {scheme}: {count} samples, {each:.1f} us each, one call {call:.1f} us: {ours_s / calls_s:.2f}"
            )
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
