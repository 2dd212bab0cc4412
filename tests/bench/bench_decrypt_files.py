"""Decryption of packaged files beside FFmpeg's decrypter: ``python -m tests.bench.bench_decrypt_files``.

FFmpeg copies an encrypted file to nowhere with its key, and the same file in the clear without: the difference is
what its decryption takes (for ``cbcs``, which encrypts one block of ten, hardly anything). Ours is told twice: the
decryption of the samples where they lie, with what the boxes say of each (as during a playback), and
:class:`FileDecryptor`, which also writes a file without any trace of the encryption. CPU milliseconds per second of
stream, the least of several runs.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backend_stub.encoding import tools
from drm_client.boxes import parse_boxes
from drm_client.cenc import SampleDecryptor
from drm_client.files import FileDecryptor
from drm_client.keys import ContentKey, KeyRing
from drm_client.mp4_protection import sample_protection
from drm_client.mp4_samples import PlacedSample, fragment_runs, fragment_samples, parse_tracks
from drm_client.scheme import SampleProtection

RUNS = 5
CLIP_S, TIMES = 6, 10
SECONDS = CLIP_S * TIMES
KID, KEY = "50000000000000000000000000000002", "1a1b2c3d4e5f60718293a4b5c6d7e8f9"
MEGABITS = (5, 25)


def make_clip(folder: Path, megabits: int) -> Path:
    """A minute of moving pictures at about this rate."""
    clip, source = folder / "clip.mp4", folder / f"source-{megabits}.mp4"
    rate = [f"-{option}" for option in ("b:v", "minrate", "maxrate", "bufsize")]
    rates = [word for option in rate for word in (option, f"{megabits}M")]
    pictures = f"testsrc2=s=1280x720:r=25:d={CLIP_S},noise=alls=40:allf=t"
    run_tool(
        "ffmpeg", "-f", "lavfi", "-i", pictures, "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", *rates, clip
    )
    run_tool("ffmpeg", "-stream_loop", str(TIMES - 1), "-i", clip, "-c", "copy", source)
    return source


def package(source: Path, scheme: str | None) -> Path:
    """One file of it, as Shaka Packager makes it."""
    made = source.with_name(f"{source.stem}-{scheme or 'clear'}.mp4")
    words = [f"in={source},stream=video,output={made},drm_label=X", "--segment_duration", "4"]
    if scheme is not None:
        words += ["--enable_raw_key_encryption", "--keys", f"label=X:key_id={KID}:key={KEY}"]
        words += ["--protection_scheme", scheme, "--clear_lead", "0"]
    run_tool("packager", "--quiet", *words)
    return made


def run_tool(tool: str, *words: object) -> None:
    found = tools.locate()
    command = [found.ffmpeg, "-v", "error", "-y"] if tool == "ffmpeg" else [found.packager]
    subprocess.run([str(word) for word in (*command, *words)], check=True, capture_output=True)


def ffmpeg_copy_s(path: Path, options: Sequence[str] = ()) -> float:
    """CPU seconds that FFmpeg takes to read a file and drop it."""

    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def once() -> float:
        before = cpu()
        run_tool("ffmpeg", *options, "-i", path, "-map", "0", "-c", "copy", "-f", "null", "-")
        return cpu() - before

    return _least(once)


def files_s(path: Path) -> float:
    """CPU seconds that we take to turn a file into its clear form."""

    def decrypt(data: bytearray) -> None:
        FileDecryptor(_ring()).decrypt(data)

    return _on_copies(path, decrypt)


def samples_s(path: Path) -> float:
    """CPU seconds that we take to find out how each sample is encrypted, and to decrypt it where it lies."""

    def decrypt(data: bytearray) -> None:
        decryptor = SampleDecryptor(_ring())
        boxes = parse_boxes(data)
        ((_, track),) = parse_tracks(data, next(box for box in boxes if box.type == b"moov"))
        for moof in (box for box in boxes if box.type == b"moof"):
            (traf,) = moof.all(b"traf")
            runs, base, _ = fragment_runs(data, traf, track, moof, moof.start)
            samples = fragment_samples(data, traf, track, runs, base)
            decryptor.decrypt_samples(data, [_placed(sample) for sample in samples])

    return _on_copies(path, decrypt)


def _placed(sample: PlacedSample) -> tuple[int, int, SampleProtection]:
    assert sample.encryption is not None
    return sample.offset, sample.offset + sample.size, sample_protection(sample.encryption, sample.info)


def _ring() -> KeyRing:
    return KeyRing([ContentKey(bytes.fromhex(KID), bytes.fromhex(KEY))])


def _on_copies(path: Path, work: Callable[[bytearray], None]) -> float:
    data = path.read_bytes()

    def once() -> float:
        fresh = bytearray(data)
        before = time.process_time()
        work(fresh)
        return time.process_time() - before

    return _least(once)


def _least(work: Callable[[], float]) -> float:
    return min(work() for _ in range(RUNS))


def main() -> None:
    print(f"{'':16}{'our samples':>14}{'our files':>12}{'FFmpeg':>10}   ms/s")
    with tempfile.TemporaryDirectory() as folder:
        for megabits in MEGABITS:
            source = make_clip(Path(folder), megabits)
            plain_s = ffmpeg_copy_s(package(source, None))
            for scheme in ("cenc", "cbcs"):
                encrypted = package(source, scheme)
                theirs_s = ffmpeg_copy_s(encrypted, ("-decryption_key", KEY)) - plain_s
                name = f"{megabits} Mbit/s {scheme}"
                samples, files, theirs = (
                    1000 * taken_s / SECONDS for taken_s in (samples_s(encrypted), files_s(encrypted), theirs_s)
                )
                print(f"{name:16}{samples:14.3f}{files:12.3f}{theirs:10.3f}")


if __name__ == "__main__":
    main()
