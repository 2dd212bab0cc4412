"""Downloading beside httpx and curl: the same files, as many at once, each contender in a process of its own.

Run: ``python -m tests.bench.bench_download [rounds]``. Exit code 1 when a target is missed.

- On loopback: 60 segments of 6 MB. They arrive in the clear, so every one is sealed. Printed are medians of the wall
  clock, the processor time and the peak memory, beside raw AES-256-GCM of the same bytes. Then ten downloads at once.
- At 100 Mbit/s: 60 segments of 1.5 MB.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.kit.downloads import run, shelf

PARALLEL = 4
RATE, CPU = 0.95, 1.3
"""Of httpx: at least this rate, at most this processor's time with raw AES-GCM added to httpx's."""
TRANSFER_MB, ALL_MB = 32, 128
SEGMENTS = 60


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: seconds on the wall and of the processor, MB of memory that it added at its peak."""

    wall_s: float
    cpu_s: float
    memory_mb: float


def make_title(folder: Path, size: int) -> list[str]:
    """A playlist of segments; the names of all files."""
    noise = random.Random(1)
    names = [f"{number}.ts" for number in range(SEGMENTS)]
    for name in names:
        (folder / name).write_bytes(noise.randbytes(size))
    entries = "".join(f"#EXTINF:4.0,\n{name}\n" for name in names)
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    (folder / "media.m3u8").write_text(f"{head}{entries}#EXT-X-ENDLIST\n")
    return ["media.m3u8", *names]


async def with_httpx(urls: list[str], folder: Path) -> None:
    """Bodies streamed to files, one fsync each."""
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


def contend(whose: str, urls: list[str], place: Path) -> Taken:
    """One run into an empty folder, in this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    if whose == "httpx":
        asyncio.run(with_httpx(urls, place))
    elif whose == "curl":
        lines = "".join(f'url = "{url}"\noutput = "{place / str(number)}"\n' for number, url in enumerate(urls))
        command = ["curl", "-s", "-Z", "--parallel-max", str(PARALLEL), "-K", "-"]
        subprocess.run(command, input=lines, text=True, check=True)
    else:
        many = int(whose)
        downloads = [shelf(place / str(number)).add(urls[0]) for number in range(many)]

        async def all_of_them() -> None:
            await asyncio.gather(*(asyncio.to_thread(run, one, parallel=PARALLEL) for one in downloads))

        asyncio.run(all_of_them()) if many > 1 else run(downloads[0], parallel=PARALLEL)
    wall_s = time.perf_counter() - began
    who = resource.RUSAGE_CHILDREN if whose == "curl" else resource.RUSAGE_SELF
    after = resource.getrusage(who)
    base = 0.0 if whose == "curl" else before.ru_utime + before.ru_stime
    least = 0 if whose == "curl" else before.ru_maxrss
    return Taken(wall_s, after.ru_utime + after.ru_stime - base, (after.ru_maxrss - least) / 1024)


def raw_aes_s(size: int) -> float:
    """The processor's seconds of AES-256-GCM alone over the bytes of the title."""
    cipher, data = AESGCM(bytes(32)), bytes(size)
    began = time.process_time()
    for number in range(SEGMENTS):
        cipher.encrypt(number.to_bytes(12, "big"), data, b"")
    return time.process_time() - began


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


def once(whose: str, urls: list[str], folder: Path) -> Taken:
    """One run in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [sys.executable, "-m", "tests.bench.bench_download", "--contend", whose, place]
        done = subprocess.run(command, input="\n".join(urls), capture_output=True, text=True, check=True)
        return Taken(**json.loads(done.stdout))


def medians(whose: list[str], urls: list[str], folder: Path, rounds: int) -> dict[str, Taken]:
    """The medians of so many runs each, in turns; one more round at first warms caches up."""
    taken: dict[str, list[Taken]] = {name: [] for name in whose}
    for number in range(rounds + 1):
        for name in whose if number % 2 else reversed(whose):
            if number:
                taken[name].append(once(name, urls, folder))
            elif name != "curl":
                once(name, urls, folder)
    middle = statistics.median
    return {
        name: Taken(middle(r.wall_s for r in runs), middle(r.cpu_s for r in runs), middle(r.memory_mb for r in runs))
        for name, runs in taken.items()
    }


def loopback(folder: Path, rounds: int) -> bool:
    size = 6_000_000
    names = make_title(folder, size)
    whose = ["1", "httpx", *(["curl"] if shutil.which("curl") else [])]
    with served(folder, None) as base:
        urls = [f"{base}/{name}" for name in names]
        found = medians(whose, urls, folder, rounds)
        ten = once("10", urls, folder)
    aes_s = raw_aes_s(size)
    for name, one in found.items():
        shown = "download" if name == "1" else name
        print(f"{shown:<9} {one.wall_s:6.2f} s   processor {one.cpu_s:5.2f} s   memory +{one.memory_mb:4.0f} MB")
    print(f"raw AES-256-GCM            processor {aes_s:5.2f} s")
    rate = found["httpx"].wall_s / found["1"].wall_s
    cpu = found["1"].cpu_s / (found["httpx"].cpu_s + aes_s)
    print(
        f"{rate:.2f}x the rate of httpx, target {RATE}x; {cpu:.2f}x its processor's time and raw AES, at most {CPU}x"
    )
    print(f"ten at once: {ten.wall_s:.1f} s, memory +{ten.memory_mb:.0f} MB, at most {ALL_MB} MB")
    return rate >= RATE and cpu <= CPU and ten.memory_mb <= ALL_MB and found["1"].memory_mb <= PARALLEL * TRANSFER_MB


def slow_link(folder: Path, rounds: int) -> bool:
    names = make_title(folder, 1_500_000)
    with served(folder, 100.0) as base:
        found = medians(["1", "httpx"], [f"{base}/{name}" for name in names], folder, rounds)
    rate = found["httpx"].wall_s / found["1"].wall_s
    print(f"100 Mbit/s: {rate:.2f}x the rate of httpx, target {RATE}x")
    return rate >= RATE


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        results = [loopback(Path(one), rounds), slow_link(Path(other), max(1, rounds // 3))]
    return 0 if all(results) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contend"]:
        took = contend(sys.argv[2], sys.stdin.read().split(), Path(sys.argv[3]))
        print(json.dumps({"wall_s": took.wall_s, "cpu_s": took.cpu_s, "memory_mb": took.memory_mb}))
        sys.exit(0)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
