"""The streaming of one playback on a scripted network and a clock that is stepped, without libmpv."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from abr.model import AbandonmentVerdict, Decision, Estimate, Policy, Reason, Snapshot, TransferProgress
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from player.base.errors import MatineeError
from player.manifest.model import Presentation, TrackType
from player.media.model import StreamKind
from player.net.gate import Gate
from player.net.model import Transfer
from player.net.shaping import LinkTrace, ShapedTransport
from player.playback.translation import sample_of
from player.reporting.events import Event
from player.stream.buffered import Playhead
from player.stream.fetching import SegmentFetcher
from player.stream.rate import RateControl
from player.stream.shared import StreamingParts
from player.stream.sources import Sources, WholeKeys
from player.stream.store import SegmentStore
from player.stream.streaming import Streaming
from player.stream.throughput import Throughput
from player.stream.waiting import Waiting
from player.tracks.preferences import UNKNOWN_PREFERENCES
from player.tracks.selection import Selection, ladder, select
from player.transfer.loader import Loader, LoadEvent
from player.transfer.pathways import Pathways
from tests.kit.clock import FakeClock
from tests.kit.presentations import audio_track, presentation, records, rendition, segments, video_track
from tests.kit.transport import ScriptedTransport
from tests.kit.waiting import PATIENCE_S

KIND = {TrackType.VIDEO: StreamKind.VIDEO, TrackType.AUDIO: StreamKind.AUDIO}


class Wishes:
    """An ABR policy that does what the test says: ``rung`` next (None waits), ``abandon`` on progress."""

    name = "wishes"

    def __init__(self) -> None:
        self.rung: int | None = 0
        self.abandon: Callable[[TransferProgress], int | None] = lambda _progress: None
        self.snapshots: list[Snapshot] = []
        self.progress: list[TransferProgress] = []

    def decide(self, snapshot: Snapshot) -> Decision:
        self.snapshots.append(snapshot)
        rung = snapshot.manual if snapshot.manual is not None else self.rung
        if rung is not None and rung in snapshot.caps.excluded:
            rung = min(other for other in range(len(snapshot.rungs)) if other not in snapshot.caps.excluded)
        return Decision(rung, Reason.HOLD, "as the test says", snapshot, wait_s=0.0 if rung is not None else 1.0)

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
        self.progress.append(progress)
        return AbandonmentVerdict(self.abandon(progress), Reason.ABANDONED, "too slow")


class Link:
    """Clock, scripted transport (over a link like ``trace``), gate, paths and loader."""

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        pathways: Sequence[str] = ("a.test",),
        trace: LinkTrace | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(self.clock, files)
        self.transfers: list[Transfer] = []
        self.paths = Pathways(tuple(pathways))
        self.throughput = Throughput(None, lambda: self.paths.current)
        shaped = self.transport if trace is None else ShapedTransport(self.transport, self.clock, trace)
        self.load_events: list[LoadEvent] = []
        self.loader = Loader(
            Gate(shaped, self.clock, self._transferred),
            self.paths,
            self.clock,
            Random(1),
            on_event=self.load_events.append,
        )

    def _transferred(self, transfer: Transfer) -> None:
        self.transfers.append(transfer)
        sample = sample_of(transfer)
        if sample is not None:
            self.throughput.observe(sample)

    @property
    def asked(self) -> list[str]:
        """The last part of each address that was asked for, in order."""
        return [request.url.rsplit("/", 1)[-1] for request in self.transport.requests]


class StreamingBench(Link):
    """A presentation of record segments (:mod:`tests.kit.presentations`) being streamed.

    Rungs are chosen by the test (:class:`Wishes`), or by ``policy`` with what it measures of the link.
    ``estimate`` is what is known of the network where nothing is measured.
    """

    def __init__(
        self,
        presentation: Presentation,
        files: Mapping[str, bytes],
        *,
        buffer_s: float = 30.0,
        language: str | None = None,
        keys: Sequence[bytes] = (),
        trace: LinkTrace | None = None,
        policy: Policy | None = None,
        pathways: Sequence[str] = ("a.test",),
        audio_bps: int = 0,
        estimate: Estimate | None = None,
    ) -> None:
        super().__init__(files, pathways, trace)
        self.policy = Wishes()
        self.events: list[Event] = []
        self.failures: list[MatineeError | DrmError] = []
        self.granted = set(keys)
        self.selection: Selection = select(presentation, UNKNOWN_PREFERENCES.first_in(language))
        self.playhead = Playhead()
        self.waiting = Waiting()
        self.store = SegmentStore(1 << 24)
        self.keys = KeyRing()
        self.sources = Sources(
            presentation,
            self.loader,
            self.keys,
            self._ensure,
            WholeKeys(self.loader),
            default_pathway="a.test",
        )
        self.rate = RateControl(
            policy or self.policy,
            self.throughput.estimate if policy is not None else lambda _now_s: estimate or Estimate(),
            ladder(self.selection.main),
            buffer_max_s=buffer_s,
            audio_bps=audio_bps,
        )
        self.streaming = Streaming(
            self.selection,
            StreamingParts(
                self.sources,
                SegmentFetcher(self.loader, self.sources, self.store, self.waiting),
                self.store,
                self.waiting,
                self.rate,
                self.playhead,
                self.clock,
                self.events.append,
            ),
            self.failures.append,
        )

    async def _ensure(self, kids: Sequence[bytes], _pssh: Sequence[bytes]) -> None:
        missing = [kid for kid in kids if kid not in self.granted]
        if missing:
            raise DrmError(DrmErrorCode.NO_KEY, "The licence holds no key for this.", kid=missing[0].hex())

    async def start(self, start_s: float = 0.0) -> None:
        await self.clock.run(self.streaming.prepare(start_s))

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def rungs(self) -> list[int | None]:
        """The rung stored for each slot."""
        entries = [self.store.peek("main", slot.number) for slot in self.streaming.timeline.slots]
        return [None if entry is None else entry.rung for entry in entries]


def files_of(presentation: Presentation, make: Callable[[TrackType, float, float, str], bytes]) -> dict[str, bytes]:
    """What a server needs to serve ``presentation``: init segments, and ``make(type, start_s, end_s, url)``."""
    files: dict[str, bytes] = {}
    for period in presentation.periods:
        for track in period.tracks:
            for each in track.renditions:
                for segment in each.segments:  # type: ignore[union-attr]
                    files[segment.url] = make(track.type, segment.start_s, segment.end_s, segment.url)
                    if segment.init is not None:
                        files[segment.init.url] = b"init"
    return files


def media(type_: TrackType, start_s: float, end_s: float, _url: str) -> bytes:
    return records(KIND[type_], start_s, end_s, 0.5)


def title(count: int = 5, *, audio: bool = True, languages: tuple[str, ...] = ("en",), **fields: Any) -> Presentation:
    """Three rungs of 4 s segments, and a sound track for each language."""
    rungs = [
        rendition(f"r{n}", 1_000_000 * (n + 1), segments(count, name=f"r{n}", **fields), width=640, height=360)
        for n in range(3)
    ]
    sounds = [
        audio_track(
            language,
            language,
            renditions=(
                rendition(language, 128_000, segments(count, name=language, **fields), codecs=("mp4a.40.2",)),
            ),
        )
        for language in languages
    ]
    return presentation(video_track(*rungs), *(sounds if audio else []))


async def reading(bench: StreamingBench, limit: int = 1 << 22) -> tuple[bytes, bool]:
    """Read the file to its end on a thread, as libmpv does; the media bytes, and whether the end was reached."""
    stream = bench.streaming.open()
    done = threading.Event()
    got = bytearray()

    def play() -> None:
        position = 0
        while data := b"".join(bytes(part) for part in stream.read(1 << 16)):
            got.extend(data)
            position += len(data)
            if data[-9:-8] == b"\xec" and stream._queue == []:
                length = int.from_bytes(data[-8:], "big") & ((1 << 56) - 1)
                del got[-9:]
                position = stream.seek(position + length)
        done.set()

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    for _ in range(4000):
        if done.is_set():
            break
        bench.playhead.position_s += 0.05
        bench.streaming.poke()
        await bench.clock.advance(0.05)
        await asyncio.sleep(0.0005)
    bench.waiting.end()
    thread.join(PATIENCE_S)
    return bytes(got), stream.at_end


def names(data: bytes, letter: str) -> list[str]:
    return [part.partition(b";")[0].decode() for part in data.split(letter.encode())[1:] if b";" in part[:10]]
