"""A channel that ``matinee broadcast test`` makes over a running service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from backend_stub.broadcast.channel import BroadcastChannel
from backend_stub.broadcast.journal import read_channel
from backend_stub.config import Settings
from backend_stub.server import ServerGroup, ServerOptions
from tests.kit.backend import SignedInViewer, signed_in_viewer
from tests.kit.waiting import PATIENCE_S, until

ENTRY = "from ui.cli.main import entry; entry()"
HEARTBEAT_S = 25.0
HUNDREDTHS = 4096  # what the bars of the picture count to


@dataclass
class OnAir:
    """A channel ``chan`` with its service; addresses are those of the first edge."""

    data: Path
    group: ServerGroup
    process: subprocess.Popen[bytes]
    hls: str = ""
    dash: str = ""

    @property
    def folder(self) -> Path:
        return self.data / "media" / "chan" / "live"

    @property
    def channel(self) -> BroadcastChannel:
        return read_channel(self.folder)

    @property
    def home(self) -> str:
        return self.hls.rpartition("/")[0]

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.home + path, trust_env=False, timeout=PATIENCE_S)

    def wait_for_run(self, number: int, segments: int = 1) -> None:
        """Until so many segments of a run are whole."""

        def made() -> bool:
            assert self.process.poll() is None
            try:
                channel = self.channel
            except OSError:
                return False
            return channel.watchable and all(
                sum(one.whole for one in track.segments if one.run == number) >= segments for track in channel.tracks
            )

        until(made, "nothing is broadcast")

    def end(self) -> None:
        """End the event."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0


def broadcaster(data: Path, *words: str, rungs: str = "90,96") -> subprocess.Popen[bytes]:
    """``matinee broadcast test`` into a data folder."""
    options = ["broadcast", "test", "--id", "chan", "--rungs", rungs, "--data", str(data), *words]
    # The database of the service, which may be a PostgreSQL that only this process knows of.
    environment = {**os.environ, "MATINEE_DATABASE_URL": Settings(data).database}
    return subprocess.Popen([sys.executable, "-c", ENTRY, *options], stdout=subprocess.DEVNULL, env=environment)


@contextmanager
def _watched(viewer: SignedInViewer) -> Iterator[dict[str, str]]:
    """The manifests of a play session that says by heartbeats that it still plays: without them its addresses are
    refused after 90 s."""
    play, over = viewer.play("chan", "live"), threading.Event()

    def tell() -> None:
        while not over.wait(HEARTBEAT_S):
            body = {"position_s": 0.0, "state": "playing"}
            viewer.client.post(f"/play/{play['session_id']}/heartbeat", json=body).raise_for_status()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    manifests = play["manifests"]
    assert isinstance(manifests, list)
    try:
        yield manifests[0]
    finally:
        over.set()
        teller.join(PATIENCE_S)


@contextmanager
def on_air(
    data: Path, *words: str, rungs: str = "90,96", shield: bool = False, delay_s: float = 0.0
) -> Iterator[OnAir]:
    """``delay_s`` is waited before each answer of an edge, as a round trip."""
    options = ServerOptions(edge_ports=(0,), shield=shield)
    with ServerGroup(Settings(data, access_token_s=6 * 3600, edge_token_s=6 * 3600), options) as group:
        group.context.accounts.ensure_demo_viewer()
        made = OnAir(data, group, broadcaster(data, *words, rungs=rungs))
        try:
            made.wait_for_run(1, 2)
            with signed_in_viewer(group) as viewer, _watched(viewer) as manifests:
                made.hls, made.dash = manifests["hls"], manifests["dash"]
                if delay_s:
                    rule = {"match": {"pathway": "edge-a"}, "fault": {"type": "delay", "seconds": delay_s}}
                    group.faults.set(json.dumps({"version": 1, "seed": 0, "rules": [rule]}))
                yield made
        finally:
            made.process.kill()
            made.process.wait()
