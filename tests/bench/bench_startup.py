"""From "play" to the first picture: ours beside libmpv opening the same title by itself, in one run.

Both are warm (libraries loaded, engine made, libmpv made), draw into memory, and read from the same file server. They
run on loopback as it is, and over links of 30 and 100 ms round trip and 20 Mbit/s. Medians of alternating rounds.

Beside them stands what the network alone takes, measured by a bare client that does nothing with the bytes. It
fetches the same manifest, then at once the init segments and the first bytes of the first video and audio segments.
The order of the cases changes in each round: a case pays a little for what the one before it left running.

Run: ``python -m tests.bench.bench_startup [rounds]``
"""

from __future__ import annotations

import gc
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import mpv
import numpy as np

from player.engine import Engine, EngineSettings
from player.mpv.player import MpvPlayer, OutputOptions
from player.playback.prefetch import LOOK_S
from player.playback.settings import PlaybackSettings
from player.title.opening import PlaybackSource
from tests.kit import media
from ui.app.video.render import SoftwareRenderContext

WIDTH, HEIGHT = 320, 180
TIMEOUT_S = 15.0
SETTLE_S = 0.25
ONE_RUNG = "one-rung.m3u8"
BARE, LOOKED_AT = "the bare requests", "ours, Auto, looked at before"
FIRST_BYTES, OVER_BARE_S = 16 * 1024, 0.15
LINKS = (("loopback", 0.0, None), ("30 ms, 20 Mbit/s", 30.0, 20.0), ("100 ms, 20 Mbit/s", 100.0, 20.0))


class FirstPicture:
    """Waits for the first picture that a libmpv handle shows."""

    def __init__(self, handle: Any) -> None:
        self._update = threading.Event()
        self._context = SoftwareRenderContext(handle, self._update.set)
        self._picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    def after(self, begin: Callable[[], object]) -> float:
        """Seconds from the call of ``begin`` to the first picture."""
        self._update.clear()
        started = time.perf_counter()
        begin()
        while time.perf_counter() - started < TIMEOUT_S:
            if not self._update.wait(0.1):
                continue
            self._update.clear()
            if self._context.has_new_frame():
                self._context.render(self._picture.ctypes.data, WIDTH, HEIGHT, WIDTH * 4)
                if self._picture.any():
                    return time.perf_counter() - started
        raise TimeoutError("no picture was shown")

    def free(self) -> None:
        """Before the handle is terminated."""
        self._context.free()


@dataclass(frozen=True)
class Case:
    """One way to start, as a function that gives seconds."""

    name: str
    measure: Callable[[str], float]
    path: str


@contextmanager
def served(folder: Path, latency_ms: float, mbps: float | None) -> Iterator[str]:
    """A file server in a process of its own, so that it does not share our interpreter's lock; its address."""
    words = [sys.executable, "-m", "tests.kit.fileserver", str(folder), str(latency_ms), str(mbps or 0)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Python's collector at rest, as in the app, where the Qt thread runs it when idle (ui.app.system.garbage)."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of a folder that may be written to."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(shutil.copytree(folder, Path(place) / "title"))


def one_rung(master: str, rung: int) -> str:
    """A master playlist with one variant of ``master`` (by ascending bandwidth) and its sound: what makes libmpv
    play that rung and no other."""
    lines = master.splitlines()
    ordered = _variants(lines)
    dropped = {n + after for n in ordered if n != ordered[rung] for after in (0, 1)}
    return "\n".join(line for n, line in enumerate(lines) if n not in dropped) + "\n"


def picture_alone(master: str, rung: int) -> str:
    """The media playlist of a variant of ``master``: the picture without its sound."""
    lines = master.splitlines()
    return lines[_variants(lines)[rung] + 1]


def _variants(lines: list[str]) -> list[int]:
    """Where the variants stand in a master playlist, by ascending bandwidth."""
    found = [n for n, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
    return sorted(found, key=lambda n: int(lines[n].partition("BANDWIDTH=")[2].partition(",")[0]))


def plain_mpv(url: str) -> float:
    """libmpv with its own defaults and its own HTTP, HLS and DASH."""
    handle = mpv.MPV(vo="libmpv", ao="null", config=False, ytdl=False, load_scripts=False, terminal=False)
    screen = FirstPicture(handle)
    time.sleep(SETTLE_S)
    try:
        return screen.after(lambda: handle.command("loadfile", url))
    finally:
        screen.free()
        handle.terminate()


def ours(engine: Engine, *, ahead: bool = False, **settings: Any) -> Callable[[str], float]:
    """Our engine over a fresh libmpv, with no memory of the network; ``ahead``: after a look at the title."""

    def measure(url: str) -> float:
        keys = tuple((bytes.fromhex(kid), bytes.fromhex(key)) for kid, key in media.KEYS.values())
        if ahead:
            engine.prefetch(PlaybackSource(url=url, keys=keys), PlaybackSettings(**settings))
            time.sleep(LOOK_S + 1.0)
        player = MpvPlayer(OutputOptions(video="libmpv", audio="null"))
        screen = FirstPicture(player.handle)
        time.sleep(SETTLE_S)
        sessions = []
        try:
            return screen.after(
                lambda: sessions.append(
                    engine.open(
                        PlaybackSource(url=url, keys=keys), player, lambda _: None, PlaybackSettings(**settings)
                    )
                )
            )
        finally:
            for session in sessions:
                session.stop()
                engine.wait(session, 10.0)
            screen.free()
            player.terminate()

    return measure


def bare(rung: int) -> Callable[[str], float]:
    """Seconds for the requests alone, each on a connection of its own but the manifest's, which is used again."""
    sound = [f"audio-en/{name}" for name in ("init.mp4", "1.m4s")]
    picture = [f"video-{rung}/{name}" for name in ("init.mp4", "1.m4s")]

    def measure(url: str) -> float:
        base, _, manifest = url.rpartition("/")
        first, *others = [HTTPConnection(base.removeprefix("http://")) for _ in range(4)]
        started = time.perf_counter()
        fetch(first, manifest)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(fetch, (first, *others), (*picture, *sound)))
        seconds = time.perf_counter() - started
        for connection in (first, *others):
            connection.close()
        return seconds

    return measure


def fetch(connection: HTTPConnection, path: str) -> None:
    connection.request("GET", f"/{path}")
    response = connection.getresponse()
    assert response.status == HTTPStatus.OK
    response.read(FIRST_BYTES)


def run(rounds: int, latency_ms: float, mbps: float | None) -> dict[str, float]:
    """Medians in seconds by case."""
    clear, encrypted = media.packager_clear(), media.packager_cbcs()
    top = len(clear.rungs) - 1
    with (
        copied(clear.folder) as folder,
        served(folder, latency_ms, mbps) as clear_base,
        served(encrypted.folder, latency_ms, mbps) as encrypted_base,
        tempfile.TemporaryDirectory() as profile,
    ):
        master = (folder / str(clear.hls)).read_text()
        (folder / ONE_RUNG).write_text(one_rung(master, top))
        engine = Engine(EngineSettings(profile=Path(profile), key_store="file"))
        gc.freeze()
        cases = [
            Case("ours, top rung", ours(engine, rung=top), f"{clear_base}/{clear.dash}"),
            Case("ours, Auto", ours(engine), f"{clear_base}/{clear.dash}"),
            Case("ours, Auto, encrypted", ours(engine), f"{encrypted_base}/{encrypted.dash}"),
            Case(LOOKED_AT, ours(engine, ahead=True), f"{clear_base}/{clear.dash}"),
            Case(BARE, bare(top), f"{clear_base}/{clear.dash}"),
            Case("mpv, top rung and sound", plain_mpv, f"{clear_base}/{ONE_RUNG}"),
            Case("mpv, top rung without sound", plain_mpv, f"{clear_base}/{picture_alone(master, top)}"),
            Case("mpv, master playlist", plain_mpv, f"{clear_base}/{clear.hls}"),
            Case("mpv, .mpd", plain_mpv, f"{clear_base}/{clear.dash}"),
        ]
        times: dict[str, list[float]] = {case.name: [] for case in cases}
        for round_number in range(rounds + 1):
            for case in random.Random(round_number).sample(cases, len(cases)):  # what one leaves behind falls on all
                with undisturbed():
                    seconds = case.measure(case.path)
                if round_number:  # the first round warms the caches of both
                    times[case.name].append(seconds)
        engine.close()
    return {name: statistics.median(values) for name, values in times.items()}


def main(argv: list[str]) -> int:
    """Print a table for each link; 1 when one is missed."""
    rounds = int(argv[0]) if argv else 7
    missed = False
    for title, latency_ms, mbps in LINKS:
        medians = run(rounds, latency_ms, mbps)
        print(f"first picture, {title}, median of {rounds}")
        for name, seconds in medians.items():
            print(f"  {name:<32} {seconds * 1000:7.0f} ms")
        top, auto = medians["ours, top rung"], medians["ours, Auto"]
        print(f"  ours / mpv, same rung            {top / medians['mpv, top rung and sound']:7.2f}")
        print(f"  ours / mpv, its picture alone    {top / medians['mpv, top rung without sound']:7.2f}")
        print(f"  ours Auto / mpv master           {auto / medians['mpv, master playlist']:7.2f}")
        print(f"  ours Auto / mpv .mpd             {auto / medians['mpv, .mpd']:7.2f}")
        print(f"  encrypted - clear                {(medians['ours, Auto, encrypted'] - auto) * 1000:7.0f} ms")
        print(f"  ours - the bare requests         {(top - medians[BARE]) * 1000:7.0f} ms", flush=True)
        missed = missed or top - medians[BARE] > OVER_BARE_S
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
