"""CPU time of the media path: fragmented MP4 and transport streams to samples, samples to Matroska.

Milliseconds of CPU per second of stream, the best of several runs, beside FFmpeg's demuxer through PyAV (with its
own filter to Annex B). Run with ``python -m tests.bench.bench_media``.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from backend_stub.encoding import tools
from player.media import fmp4, matroska
from player.media.timestamps import TimestampUnwrapper
from player.media.ts import read_segment
from player.media.whole_segment import WholeSource
from tests.kit.segments import split_mp4

SECONDS = 8
RUNS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; ``ours_ms`` and ``theirs_ms`` are CPU milliseconds per second of stream."""

    name: str
    ours_ms: float
    theirs_ms: float | None = None


def _clip(folder: Path, name: str, size: str, kbps: int) -> Path:
    """A noisy picture, so that the encoder really spends the bitrate."""
    path = folder / f"{name}.mp4"
    source = f"testsrc2=s={size}:r=25:d={SECONDS},noise=alls=12:allf=t"
    rate = ["-b:v", f"{kbps}k", "-minrate", f"{kbps}k", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps}k"]
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "100", "-x264-params", "nal-hrd=cbr:force-cfr=1"]
    flags = ["-movflags", "frag_keyframe+empty_moov+default_base_moof"]
    command = [str(tools.locate().ffmpeg), "-v", "error", "-y", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p"]
    subprocess.run([*command, *encoder, *rate, *flags, str(path)], check=True, timeout=300)
    return path


def _cpu_ms_per_s(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1000 / SECONDS


def _by_pyav(data: bytes, *, annex_b: bool) -> int:
    total = 0
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        bsf = BitStreamFilterContext("h264_mp4toannexb", stream) if annex_b else None
        for packet in container.demux(stream):
            if packet.size:
                for out in bsf.filter(packet) if bsf is not None else (packet,):
                    total += len(bytes(out))
    return total


def _as_transport_stream(path: Path) -> bytes:
    target = path.with_suffix(".ts")
    command = [str(tools.locate().ffmpeg), "-v", "error", "-y", "-i", str(path), "-c", "copy", str(target)]
    subprocess.run(command, check=True, timeout=60)
    return target.read_bytes()


def measure() -> list[Figure]:
    """All figures; takes about half a minute, most of it to encode."""
    out: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, size, kbps in (
            ("240p 0.4M", "426x240", 400),
            ("1080p 5M", "1920x1080", 5000),
            ("2160p 25M", "3840x2160", 25_000),
        ):
            path = _clip(Path(folder), name, size, kbps)
            clip = path.read_bytes()
            init_bytes, data = split_mp4(clip)
            init = fmp4.parse_init(init_bytes)

            def read(init: fmp4.Fmp4Init = init, data: bytes = data) -> int:
                return sum(len(sample.data) for _, sample in fmp4.samples(init, WholeSource(data)))

            def read_by_pyav(clip: bytes = clip) -> int:
                return _by_pyav(clip, annex_b=True)

            out.append(Figure(f"fMP4 to samples, {name}", _cpu_ms_per_s(read), _cpu_ms_per_s(read_by_pyav)))
            samples = [sample for _, sample in fmp4.samples(init, WholeSource(data))]

            def write(samples: list = samples) -> None:  # type: ignore[type-arg]
                for sample in samples:
                    matroska.sample_cluster(1, round(sample.pts_s * 1000), sample.key, sample.data)

            out.append(Figure(f"samples to Matroska, {name}", _cpu_ms_per_s(write)))
            stream = _as_transport_stream(path)

            def read_ts(stream: bytes = stream) -> object:
                return read_segment(stream, TimestampUnwrapper())

            def read_ts_by_pyav(stream: bytes = stream) -> int:
                return _by_pyav(stream, annex_b=False)

            out.append(Figure(f"TS to samples, {name}", _cpu_ms_per_s(read_ts), _cpu_ms_per_s(read_ts_by_pyav)))
    return out


def main() -> None:
    print(f"{'CPU ms per second of stream':<36}{'ours':>8}{'PyAV':>8}")
    for figure in measure():
        theirs = "" if figure.theirs_ms is None else f"{figure.theirs_ms:8.2f}"
        print(f"{figure.name:<36}{figure.ours_ms:8.2f}{theirs}")


if __name__ == "__main__":
    main()
