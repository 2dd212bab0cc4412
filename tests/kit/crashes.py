"""Kills a downloader at random until its download is complete, and keeps account of every request."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from downloads.folder import DownloadFolder
from downloads.model import State
from player.net.model import RequestKind
from tests.kit.children import ends_with_us
from tests.kit.downloads import Shelf
from tests.kit.fileserver import FileServer
from tests.kit.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PARALLEL = 4
PLANNING = 8  # small files that are read before there is a plan: manifest, playlists
_START_S, _END_S = 60.0, 120.0


@dataclass
class Account:
    """What a series of runs cost. ``in_flight`` is the size of what each run had begun and not finished."""

    kills: int = 0
    full: int = 0
    in_flight: int = 0
    refetched: list[str] = field(default_factory=list)
    too_many_at_once: list[int] = field(default_factory=list)


def crash_until_done(
    shelf: Shelf, folder: DownloadFolder, server: FileServer, seed: int, *, kills: int, life_s: float
) -> Account:
    """Start the download in a process of its own and kill it, ``kills`` times; then let it run to its end. Some runs
    get a disk that fills, some a network that goes away."""
    rng = random.Random(seed)
    account = Account()
    sizes = {path: len(body) for path, body in _bodies(server).items()}
    while True:
        before = len(server.requests)
        kept = _kept_paths(shelf, folder.id)
        last = account.kills >= kills
        trouble = [] if last else rng.choice(_TROUBLES)(rng)
        process = _start(shelf, folder.id, trouble)
        code = _await_end(process, None if last else rng.uniform(0.0, life_s))
        asked = _asked(server, before)
        now_kept = _kept_paths(shelf, folder.id)
        unfinished = [path for path in asked if path not in now_kept]
        account.refetched += [path for path in asked if path in kept]
        account.in_flight += sum(sizes.get(path, 0) for path in unfinished)
        if len(set(unfinished)) > PARALLEL + PLANNING:
            account.too_many_at_once.append(len(unfinished))
        account.full += code == 3
        account.kills += code < 0
        if last:
            assert code == 0, f"the last run ended with {code}"
            return account


def _no_trouble(_rng: random.Random) -> list[str]:
    return []


def _small_disk(rng: random.Random) -> list[str]:
    return ["--room", str(rng.randrange(1000, 800_000))]


def _cut_network(rng: random.Random) -> list[str]:
    return ["--requests", str(rng.randrange(1, 12))]


_TROUBLES = (_no_trouble, _no_trouble, _no_trouble, _small_disk, _cut_network)


def _start(shelf: Shelf, download_id: str, trouble: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.kit.downloads", shelf.store.root, shelf.keys, download_id, *trouble]
    process = subprocess.Popen(ends_with_us(*command, by="KILL"), cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _await_end(process: subprocess.Popen[bytes], life_s: float | None) -> int:
    """The exit code; negative when it was killed after ``life_s``."""
    try:
        process.wait(_END_S if life_s is None else life_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_START_S)
    assert process.stdout is not None
    process.stdout.close()
    return process.returncode


def _asked(server: FileServer, before: int) -> list[str]:
    """The paths asked for since, once the server has noticed that the asker is dead."""
    until(lambda: server.idle)
    return [request.path for request in server.requests[before:]]


def _kept_paths(shelf: Shelf, download_id: str) -> set[str]:
    """The paths of all items that the journal lists."""
    folder = shelf.again().get(download_id)
    if not folder.has_plan:
        return set()
    items = folder.plan().items
    return {
        "/" + items[index].addresses[0][1].split("/", 3)[3]
        for index in folder.ledger.stored
        if items[index].kind is not RequestKind.MANIFEST
    }


def _bodies(server: FileServer) -> dict[str, bytes]:
    root = server.folder
    return {f"/{path.relative_to(root)}": path.read_bytes() for path in root.rglob("*") if path.is_file()}


def is_complete(shelf: Shelf, download_id: str) -> bool:
    return shelf.again().get(download_id).ledger.state is State.COMPLETE
