"""Downloading beside plain httpx: the same files, as many at once, written to files with one fsync each.

Run: ``python -m tests.bench.bench_download [rounds]``. Rates in Mbit/s, medians; on loopback and at 100 Mbit/s. The
files arrive in the clear, so that every one is sealed. Exit code 1 when the download is below 0.9 times httpx.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.kit.downloads import run, shelf

PARALLEL = 4
TARGET = 0.9
SEGMENTS, BYTES = 60, 1_500_000


def make_title(folder: Path) -> list[str]:
    """A playlist of segments as those of a 3 Mbit/s film; the names of all files."""
    noise = random.Random(1)
    names = [f"{number}.ts" for number in range(SEGMENTS)]
    for name in names:
        (folder / name).write_bytes(noise.randbytes(BYTES))
    entries = "".join(f"#EXTINF:4.0,\n{name}\n" for name in names)
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    (folder / "media.m3u8").write_text(f"{head}{entries}#EXT-X-ENDLIST\n")
    return ["media.m3u8", *names]


async def with_httpx(urls: list[str], folder: Path) -> None:
    """What is compared with: bodies streamed to files, one fsync each."""
    free = asyncio.Semaphore(PARALLEL)
    async with httpx.AsyncClient(trust_env=False) as client:

        async def fetch(number: int, url: str) -> None:
            async with free, client.stream("GET", url) as response:
                with (folder / str(number)).open("wb") as file:
                    async for chunk in response.aiter_bytes():
                        file.write(chunk)
                    file.flush()
                    await asyncio.to_thread(os.fsync, file.fileno())

        await asyncio.gather(*(fetch(number, url) for number, url in enumerate(urls)))


@contextmanager
def served(folder: Path, mbps: float | None) -> Iterator[str]:
    """The folder's address at a server in a process of its own."""
    command = [sys.executable, "-m", "tests.kit.fileserver", str(folder), "0", str(mbps or 0)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.communicate()


def once(whose: str, urls: list[str], place: Path) -> float:
    """Seconds of one run into an empty folder."""
    if whose == "theirs":
        began = time.perf_counter()
        asyncio.run(with_httpx(urls, place))
    else:
        download = shelf(place).add(urls[0])
        began = time.perf_counter()
        run(download, parallel=PARALLEL)
    return time.perf_counter() - began


def measure(folder: Path, mbps: float | None, rounds: int) -> bool:
    title = folder / "title"
    title.mkdir(exist_ok=True)
    names = make_title(title)
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    with served(title, mbps) as base:
        urls = [f"{base}/{name}" for name in names]
        for number in range(rounds + 1):  # in turns, each first as often; the first round warms caches and memory up
            for whose in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    taken_s = once(whose, urls, Path(place))
                if number:
                    times[whose].append(taken_s)
    megabits = SEGMENTS * BYTES * 8 / 1e6
    rate, plain = (megabits / statistics.median(times[whose]) for whose in ("ours", "theirs"))
    link = "loopback" if mbps is None else f"{mbps:.0f} Mbit/s"
    print(
        f"{link:<12} download {rate:7.0f} Mbit/s   httpx {plain:7.0f} Mbit/s   {rate / plain:.2f}x, target {TARGET}x"
    )
    return rate / plain >= TARGET


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        results = [measure(Path(folder), None, rounds), measure(Path(folder), 100.0, max(1, rounds // 3))]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
