"""A scan of a process's own memory for keys, while it plays and after.

``python -m tests.kit.memory_scan JOB`` plays what the job (a JSON file) names and prints, as JSON, how often each
form of each key lay in memory: while it played, after the playback, and after the engine was closed.

The keys reach the process in a file that is read into the scanner's own pages. The kernel copies the memory to be
scanned into such pages too. So the scanner itself leaves no copy that it could find.
"""

from __future__ import annotations

import base64
import ctypes
import json
import mmap
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.kit.waiting import PATIENCE_S

_FORM_BYTES = 64
_CHUNK = 4 << 20
FORMS = ("raw", "hex", "base64url")


def write_needles(path: Path, keys: Iterable[bytes]) -> None:
    """Write the forms in which each key may lie in memory, for :class:`Scanner`."""
    with path.open("wb") as file:
        for key in keys:
            for form in (key, key.hex().encode(), base64.urlsafe_b64encode(key).rstrip(b"=")):
                file.write(len(form).to_bytes(1, "big") + form.ljust(_FORM_BYTES - 1, b"\0"))


class Scanner:
    """Counts needles in the memory of this process. To be made before core dumps are forbidden: after that only
    root may open ``/proc/self/mem``."""

    def __init__(self, needles: Path) -> None:
        self._memory = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
        self._needles = mmap.mmap(-1, max(mmap.PAGESIZE, needles.stat().st_size))
        self._scratch = mmap.mmap(-1, _CHUNK)
        with needles.open("rb", buffering=0) as file:
            self._count = file.readinto(self._needles) // _FORM_BYTES
        self._needles_at, self._scratch_at = _address(self._needles), _address(self._scratch)
        self._find = ctypes.CDLL(None).memmem
        self._find.restype = ctypes.c_void_p
        self._find.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]

    def count(self) -> list[dict[str, int]]:
        """For each key, how often each of its forms lies in memory."""
        found = [0] * self._count
        for start, end in self._regions():
            overlap = _FORM_BYTES - 1
            for at in range(start, end, _CHUNK - overlap):
                self._count_in(at, min(_CHUNK, end - at), end, found)
        return [dict(zip(FORMS, found[n : n + len(FORMS)], strict=True)) for n in range(0, self._count, len(FORMS))]

    def _count_in(self, at: int, size: int, end: int, found: list[int]) -> None:
        try:
            got = os.preadv(self._memory, [memoryview(self._scratch)[:size]], at)
        except OSError:
            return  # it was unmapped meanwhile
        last = at + got >= end
        for number in range(self._count):
            needle = self._needles_at + number * _FORM_BYTES
            length = ctypes.c_uint8.from_address(needle).value
            limit = self._scratch_at + (
                got if last else got - (_FORM_BYTES - 1)
            )  # the rest comes with the next chunk
            place = self._scratch_at
            while (hit := self._find(place, self._scratch_at + got - place, needle + 1, length)) and hit < limit:
                found[number] += 1
                place = hit + 1

    def _regions(self) -> Iterator[tuple[int, int]]:
        """All writable memory but the scanner's own."""
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, permissions, *_ = line.split(None, 5)
            start, end = (int(part, 16) for part in span.split("-"))
            if not permissions.startswith("rw"):
                continue
            holes = sorted((at, at + len(own)) for own, at in self._own() if start <= at < end)
            for hole_start, hole_end in holes:
                yield start, hole_start
                start = hole_end
            yield start, end

    def _own(self) -> Sequence[tuple[mmap.mmap, int]]:
        return (self._needles, self._needles_at), (self._scratch, self._scratch_at)


def _address(pages: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(pages))


def play_and_scan(job: dict[str, Any]) -> dict[str, list[dict[str, int]]]:
    """Play a title and count while it plays, once it is over, and when the engine is closed."""
    from downloads.offline import SCHEME, OfflineTransport, source_of
    from downloads.store import Store
    from drm_client.keystore import FileKeyStore
    from player.engine import Engine, EngineSettings
    from player.mpv.player import MpvPlayer, OutputOptions
    from player.title.opening import PlaybackSource
    from tests.kit.waiting import until

    scanner = Scanner(Path(job["needles"]))
    found = {"before": scanner.count()}
    profile = Path(job["profile"])
    store = Store(Path(job["store"]), FileKeyStore(profile)) if "store" in job else None
    schemes = {} if store is None else {SCHEME: lambda clock: OfflineTransport(store.get, clock)}
    player = MpvPlayer(OutputOptions(video="null", audio="null"))
    made = Engine(EngineSettings(profile, key_store="file", service_url=job.get("service"), schemes=schemes))
    if store is not None:
        source = made.submit(source_of(store.get(job["download"]))).result(PATIENCE_S)
    else:
        source = PlaybackSource(**job["source"])
    states: list[Any] = []
    session = made.open(source, player, states.append)
    until(lambda: states and (states[-1].position_s or 0) > 1.0, "it does not play")
    found["playing"] = scanner.count()
    session.stop()
    assert made.wait(session, PATIENCE_S)
    found["stopped"] = scanner.count()
    made.close()
    player.terminate()
    found["closed"] = scanner.count()
    return found


def main() -> None:
    print(json.dumps(play_and_scan(json.loads(Path(sys.argv[1]).read_text()))))


if __name__ == "__main__":
    main()
