"""The streaming of one playback on a scripted network and a clock that is stepped, without libmpv."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from abr.model import Decision, Estimate, Progress, Reason, Snapshot, Verdict
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from player.errors import MatineeError
from player.events import Event
from player.loader import Loader, LoadEvent
from player.manifest.model import Presentation, TrackType
from player.net.gate import Gate
from player.net.model import Transfer
from player.paths import Paths
from player.selection import Selection, ladder, select
from player.stream.buffered import Playhead
from player.stream.fetching import SegmentFetcher
from player.stream.rate import RateControl
from player.stream.sources import Sources, WholeKeys
from player.stream.store import SegmentStore
from player.stream.streaming import Streaming
from player.stream.waiting import Waiting
from tests.kit.clock import FakeClock
from tests.kit.transport import ScriptedTransport


class Wishes:
    """An ABR policy that does what the test says: ``rung`` next (None waits), ``abandon`` on progress."""

    name = "wishes"

    def __init__(self) -> None:
        self.rung: int | None = 0
        self.abandon: Callable[[Progress], int | None] = lambda _progress: None
        self.snapshots: list[Snapshot] = []
        self.progress: list[Progress] = []

    def decide(self, snapshot: Snapshot) -> Decision:
        self.snapshots.append(snapshot)
        rung = snapshot.manual if snapshot.manual is not None else self.rung
        if rung is not None and rung in snapshot.caps.excluded:
            rung = min(other for other in range(len(snapshot.rungs)) if other not in snapshot.caps.excluded)
        return Decision(rung, Reason.HOLD, "as the test says", snapshot, wait_s=0.0 if rung is not None else 1.0)

    def on_progress(self, progress: Progress) -> Verdict:
        self.progress.append(progress)
        return Verdict(self.abandon(progress), Reason.ABANDONED, "too slow")


class Link:
    """Clock, scripted transport, gate, paths and loader."""

    def __init__(self, files: Mapping[str, bytes] | None = None, pathways: Sequence[str] = ("a.test",)) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(self.clock, files)
        self.transfers: list[Transfer] = []
        self.paths = Paths(tuple(pathways))
        self.load_events: list[LoadEvent] = []
        self.loader = Loader(
            Gate(self.transport, self.clock, self.transfers.append),
            self.paths,
            self.clock,
            Random(1),
            on_event=self.load_events.append,
        )

    @property
    def asked(self) -> list[str]:
        """The last part of each address that was asked for, in order."""
        return [request.url.rsplit("/", 1)[-1] for request in self.transport.requests]


class StreamingBench(Link):
    """A presentation of record segments (:mod:`tests.kit.presentations`) being streamed."""

    def __init__(
        self,
        presentation: Presentation,
        files: Mapping[str, bytes],
        *,
        buffer_s: float = 30.0,
        language: str | None = None,
        keys: Sequence[bytes] = (),
    ) -> None:
        super().__init__(files)
        self.policy = Wishes()
        self.events: list[Event] = []
        self.failures: list[MatineeError | DrmError] = []
        self.granted = set(keys)
        self.selection: Selection = select(presentation, language)
        self.playhead = Playhead()
        self.waiting = Waiting()
        self.store = SegmentStore(1 << 24)
        self.keys = KeyRing()
        self.sources = Sources(
            presentation,
            self.loader,
            self.keys,
            self._ensure,
            WholeKeys(self.loader, "a.test"),
            default_pathway="a.test",
        )
        self.rate = RateControl(
            self.policy, lambda _now_s: Estimate(), ladder(self.selection.main), buffer_max_s=buffer_s, audio_bps=0
        )
        self.streaming = Streaming(
            self.selection,
            self.sources,
            SegmentFetcher(self.loader, self.sources, self.store, self.waiting),
            self.store,
            self.waiting,
            self.rate,
            self.playhead,
            self.clock,
            self.events.append,
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
            for rendition in track.renditions:
                for segment in rendition.segments:  # type: ignore[union-attr]
                    files[segment.url] = make(track.type, segment.start_s, segment.end_s, segment.url)
                    if segment.init is not None:
                        files[segment.init.url] = b"init"
    return files
