"""A broadcast without an encoder: made boxes in, segments and a journal out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from backend_stub.broadcast.channel import BroadcastChannel, Track
from backend_stub.broadcast.journal import Journal
from backend_stub.broadcaster.encoder import SEGMENT_S
from backend_stub.broadcaster.fragments import Fragment, FragmentReader
from backend_stub.broadcaster.loop import open_channel
from backend_stub.broadcaster.packager import KeyStock, Packager
from tests.kit import fragments

BEGUN = 1_800_000_000.0
PART_S = 0.5
PICTURE = (16).to_bytes(4) + b"\x65" + bytes(15)  # one NAL unit


class Hands:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = BEGUN

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Studio:
    """A broadcaster of two tracks, whose encoder is the test."""

    def __init__(
        self,
        folder: Path,
        window_s: float = 0.0,
        epoch_segments: int = 0,
        keys_of: Callable[[BroadcastChannel], KeyStock | None] = lambda _channel: None,
    ) -> None:
        self.folder = folder
        self.clock = Hands()
        self.window_s = window_s
        self.epoch_segments = epoch_segments
        self.keys_of = keys_of
        self.open()

    def open(self) -> None:
        tracks = [
            Track("video/90p", "video", 100_000, PART_S, 160, 90, 30, label="SD"),
            Track("audio/main", "audio", 9000, PART_S, label="AUDIO"),
        ]
        self.channel = open_channel(self.folder, tracks, self.window_s, self.clock.at, self.epoch_segments)
        stock = self.keys_of(self.channel)
        self.packager = Packager(self.folder, Journal(self.folder, self.channel), self.clock, stock)

    def begin(self) -> None:
        self.packager.begin_run()
        self.made_s = 0.0
        (made,) = FragmentReader().feed(fragments.init())
        for place in (0, 1):
            self.packager.add(place, made)

    def make(self, chunks: int, places: Sequence[int] = (0, 1)) -> None:
        """Chunks as an encoder makes them: each when its time is over."""
        for _ in range(chunks):
            self.clock.at += PART_S
            for place in places:
                sync = place == 1 or not self.made_s % SEGMENT_S
                data = fragments.fragment(self.made_s, PART_S, sync=sync, payload=PICTURE)
                self.packager.add(place, Fragment(data, self.made_s, PART_S, sync))
            self.made_s += PART_S

    def close(self) -> None:
        self.packager.end_run()
        self.packager.close()
