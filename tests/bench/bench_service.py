"""The bundled service under 500 viewers at once, beside nginx: the same files, the same signatures, the same client.

Run: ``python -m tests.bench.bench_service [seconds]``. The service runs in a process of its own, the
client in this one.

First 500 sessions run at real speed. Each fetches its segments of 4 s in time, reports its progress and sends
heartbeats. Then 500 connections fetch as many bytes as they get: from an edge of ours, from an edge behind a shield
with its cache filled, and from nginx. Exit code 1 when calls take longer than a second (p99) or segments come late.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from backend_stub.config import Settings
from backend_stub.edge.nginx import NginxEdge
from tests.kit.backend import publish_noise
from tests.kit.load import Latencies, LoadViewer, Wire, make_viewers
from tests.kit.nginx import NGINX, nginx_process

SESSIONS = 500
SEGMENT_S = 4.0
SEGMENT_BYTES = 400_000  # 0.8 Mbit/s: together as much as 500 televisions at a modest quality
BEAT_S = 10.0  # the service asks for one beat in 30 s
RAMP_S = 10.0  # 50 sessions begin in a second
P99_TARGET_S = 1.0
SERVE = """
import sys, json
from pathlib import Path
from backend_stub import cli
from backend_stub.config import Settings
cli.serve(
    Settings(Path(sys.argv[1])),
    cli.default_options(port=0, shield=sys.argv[2] == "shield"),
    announce=lambda g: print(json.dumps([g.api_url, [edge.url for edge in g.edges]]), flush=True),
)
"""


@dataclass
class Measured:
    api: dict[str, Latencies] = field(default_factory=dict)
    segments: Latencies = field(default_factory=Latencies)
    late: int = 0
    bytes: int = 0

    def of(self, name: str) -> Latencies:
        return self.api.setdefault(name, Latencies())


@contextmanager
def served(data_dir: Path, shape: str = "plain") -> Iterator[tuple[str, list[str]]]:
    """The addresses of the API and of the edges."""
    command = [sys.executable, "-c", SERVE, str(data_dir), shape]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            api_url, edges = json.loads(process.stdout.readline())
            yield api_url, edges
        finally:
            process.terminate()


async def viewing(viewer: LoadViewer, api_url: str, until: float, measured: Measured) -> None:
    """One session at real speed, begun at a moment of its own."""
    await asyncio.sleep(random.uniform(0, RAMP_S))
    api, root = Wire(api_url), api_url[api_url.index("/api/") :]
    with measured.of("catalogue").timed():
        await api.call("GET", f"{root}/catalog?limit=20", viewer.token)
    with measured.of("play").timed():
        body = {"device_id": viewer.device_id, "variant": "clear"}
        play = json.loads(await api.call("POST", f"{root}/play/noise", viewer.token, body))
    edge, path = Wire(play["manifests"][0]["dash"]), play["manifests"][0]["dash"].split("/", 3)[3]
    folder = "/" + path.removesuffix("manifest.mpd")
    number, next_at, beat_at = 0, time.perf_counter(), time.perf_counter() + random.uniform(0, BEAT_S)
    while time.perf_counter() < until:
        number = number % 3 + 1
        with measured.segments.timed():
            size = await edge.get(f"{folder}video/{number}.m4s")
        measured.bytes += size
        next_at += SEGMENT_S
        measured.late += time.perf_counter() > next_at
        if time.perf_counter() >= beat_at:
            beat_at += BEAT_S
            await beats(api, root, play["session_id"], viewer, measured)
        await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
    with measured.of("end").timed():
        await api.call("POST", f"{root}/play/{play['session_id']}/end", viewer.token, {})
    api.close()
    edge.close()


async def beats(api: Wire, root: str, session_id: str, viewer: LoadViewer, measured: Measured) -> None:
    report = {"event_id": secrets.token_hex(8), "title_id": "noise", "position_s": 9.0, "duration_s": 12.0}
    report |= {"watched_at": time.time(), "device_id": viewer.device_id}
    with measured.of("heartbeat").timed():
        beat = {"position_s": 9.0, "state": "playing"}
        await api.call("POST", f"{root}/play/{session_id}/heartbeat", viewer.token, beat)
    with measured.of("progress").timed():
        await api.call("POST", f"{root}/progress", viewer.token, {"items": [report]})


async def all_viewing(viewers: list[LoadViewer], api_url: str, seconds: float) -> Measured:
    measured = Measured()
    until = time.perf_counter() + seconds
    await asyncio.gather(*(viewing(viewer, api_url, until, measured) for viewer in viewers))
    return measured


async def greedy(base_url: str, folder: str, seconds: float) -> float:
    """Bytes per second over many connections, each fetching one segment after the other."""
    total = 0
    began = time.perf_counter()

    async def fetch() -> None:
        nonlocal total
        wire = Wire(base_url)
        number = 0
        while time.perf_counter() < began + seconds:
            number = number % 3 + 1
            size = await wire.get(f"{folder}video/{number}.m4s")
            total += size
        wire.close()

    await asyncio.gather(*(fetch() for _ in range(SESSIONS)))
    return total / (time.perf_counter() - began)


async def signed_folder(viewer: LoadViewer, api_url: str) -> str:
    api, root = Wire(api_url), api_url[api_url.index("/api/") :]
    body = {"device_id": viewer.device_id, "variant": "clear"}
    play = json.loads(await api.call("POST", f"{root}/play/noise", viewer.token, body))
    api.close()
    return "/" + play["manifests"][0]["dash"].split("/", 3)[3].removesuffix("manifest.mpd")


def throughput(shape: str, base_url: str, api_url: str, viewer: LoadViewer, seconds: float) -> None:
    folder = uvloop.run(signed_folder(viewer, api_url))
    uvloop.run(greedy(base_url, folder, 0.5))  # caches and connections warm
    rate = uvloop.run(greedy(base_url, folder, seconds))
    print(f"{shape:<24}{rate / 1e6:6.0f} MB/s")


def main(seconds: float) -> int:
    folder = Path(tempfile.mkdtemp(prefix="matinee-load-"))
    try:
        settings = Settings(folder / "data")
        publish_noise(settings, segment_bytes=SEGMENT_BYTES)
        viewers = make_viewers(settings.data_dir, SESSIONS)
        with served(settings.data_dir) as (api_url, edges):
            measured = uvloop.run(all_viewing(viewers, api_url, seconds))
            good = shown(measured, seconds)
            throughput("an edge of ours", edges[0], api_url, viewers[0], seconds / 4)
            if NGINX is None:
                print("nginx is not installed: nothing to compare with")
            else:
                with nginx_process(NginxEdge(settings.media_dir, folder / "nginx", "", api_url, edges[0])) as url:
                    throughput("nginx", url, api_url, viewers[0], seconds / 4)
        with served(settings.data_dir, "shield") as (api_url, edges):
            throughput("an edge with a cache", edges[0], api_url, viewers[0], seconds / 4)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


def shown(measured: Measured, seconds: float) -> bool:
    print(f"{SESSIONS} sessions at real speed for {seconds:.0f} s")
    rows = {**measured.api, "segment": measured.segments}
    for name, latencies in rows.items():
        p50, p99 = latencies.percentile(0.5), latencies.percentile(0.99)
        print(f"{name:<12}{len(latencies.taken):7} calls   p50 {p50 * 1e3:7.1f} ms   p99 {p99 * 1e3:7.1f} ms")
    print(f"{measured.bytes / seconds / 1e6:.0f} MB/s of segments, {measured.late} of them late")
    worst = max(latencies.percentile(0.99) for latencies in measured.api.values())
    return worst <= P99_TARGET_S and measured.late == 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0))
