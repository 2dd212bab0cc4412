"""A live programme made of checked records on a clock that is stepped, and its playback over the sink.

The programme begins when the clock does. Its manifests are computed when they are asked for; what is not on air yet,
or not any more, is not there. See :mod:`tests.kit.sink` for the segments and for what shows them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import pytest

from abr.model import Estimate
from drm_client.keys import KeyRing
from player.base.errors import MatineeError
from player.manifest import parse
from player.manifest.model import Presentation
from player.media.model import StreamKind
from player.net.gate import Gate
from player.net.model import RequestKind
from player.playback.live import LiveActions, LiveParts, LivePlayback
from player.playback.monitor import Monitor
from player.playback.settings import PlaybackServices
from player.reporting.events import Event
from player.stream.buffered import Playhead
from player.stream.fetching import SegmentFetcher
from player.stream.rate import RateControl
from player.stream.shared import StreamingParts
from player.stream.sources import Sources, WholeKeys
from player.stream.store import SegmentStore
from player.stream.streaming import Streaming
from player.tracks.selection import Selection, ladder, select
from player.transfer.loader import Loader, Resource
from player.transfer.model import Patience
from player.transfer.pathways import Pathways
from tests.kit.clock import FakeClock
from tests.kit.sink import INIT, CheckedDemuxer, FastSink, StepWaiting, checked_segment
from tests.kit.streaming import Wishes
from tests.kit.transport import ScriptedTransport

SEGMENT_S = 4.0
WINDOW = 10  # segments
BASE = "http://a.test/live/"
SEGMENT_BYTES = 9_000
TICK_S = 0.1
LOOK_S = 0.5


class Broadcast:
    """``end`` is how many segments the event has, ``reset_at`` the one with which the encoder restarts (with
    numbers and timestamps from 0), ``late`` those that are listed so many seconds before they are available."""

    def __init__(self, clock: FakeClock, form: str = "hls") -> None:
        self.clock = clock
        self.form = form
        self.begun_s = clock.monotonic() - (WINDOW - 1) * SEGMENT_S - 1.0
        self.end = math.inf
        self.reset_at = math.inf
        self.late: dict[int, float] = {}
        self.head: str = ""  # further lines of a playlist
        self.minimum_update_s = 2.0

    @property
    def url(self) -> str:
        return f"{BASE}{'master.m3u8' if self.form == 'hls' else 'a.mpd'}"

    @property
    def whole(self) -> int:
        """How many segments are whole by now."""
        return int(min((self.clock.monotonic() - self.begun_s) // SEGMENT_S, self.end))

    def get(self, url: str) -> bytes | None:
        """What is served at an address now; as of a dict of files."""
        name = url.removeprefix(BASE).partition("?")[0]
        if name == "master.m3u8":
            return _MASTER.encode()
        if name.endswith(".m3u8"):
            return self._playlist(name.removesuffix(".m3u8")).encode()
        if name == "a.mpd":
            return self._mpd().encode()
        if name == "init":
            return INIT
        return self._segment(name)

    def _listed(self) -> range:
        first = 0 if self.end != math.inf and self.whole == self.end else max(0, self.whole - WINDOW)
        if self.whole > self.reset_at:
            first = max(first, int(self.reset_at))
        return range(first, self.whole)

    def _name(self, number: int) -> int:
        return number if number < self.reset_at else number - int(self.reset_at)

    def _playlist(self, track: str) -> str:
        listed = self._listed()
        first = self._name(listed[0])
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{first}", '#EXT-X-MAP:URI="init"']
        lines += [self.head] if self.head else []
        for number in listed:
            again = "b" if number >= self.reset_at else "a"
            lines += [f"#EXTINF:{SEGMENT_S:g},", f"{track}-{again}-{self._name(number)}"]
        if self.whole == self.end:
            lines.append("#EXT-X-ENDLIST")
        return "\n".join([*lines, ""])

    def _mpd(self) -> str:
        over = self.whole == self.end
        begun = self.clock.wall() - (self.clock.monotonic() - self.begun_s)
        kind = (
            f'type="static" mediaPresentationDuration="PT{self.end * SEGMENT_S:.0f}S"'
            if over
            else f'type="dynamic" minimumUpdatePeriod="PT{self.minimum_update_s:.0f}S" timeShiftBufferDepth="PT40S"'
            f' availabilityStartTime="{_date(begun)}" suggestedPresentationDelay="PT12S"'
        )
        sets = "".join(
            f'<AdaptationSet contentType="{what}" mimeType="{what}/mp4"><SegmentTemplate timescale="1" duration="4"'
            f' startNumber="0" media="$RepresentationID$-a-$Number$" initialization="init"/>'
            + "".join(f'<Representation id="{name}" {fields}/>' for name, fields in rungs)
            + "</AdaptationSet>"
            for what, rungs in _SETS.items()
        )
        return (
            '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011"'
            f' minBufferTime="PT2S" {kind}><Period id="0" start="PT0S">{sets}</Period></MPD>'
        )

    def _segment(self, name: str) -> bytes | None:
        track, again, text = name.split("-")
        number = int(text) + (int(self.reset_at) if again == "b" else 0)
        since_s = self.clock.monotonic() - self.begun_s - (number + 1) * SEGMENT_S
        if number >= self.end or since_s < self.late.get(number, 0.0) or number < self.whole - WINDOW - 2:
            return None
        kind = StreamKind.AUDIO if track == "en" else StreamKind.VIDEO
        start_s = int(text) * SEGMENT_S
        return checked_segment(
            kind, start_s, start_s + SEGMENT_S, int(track[-1]) if track[-1].isdigit() else 0, 9_000
        )


class Viewing:
    """One playback of a :class:`Broadcast`. ``sink`` shows it; ``jumps`` are where it was told to go, ``selections``
    the tracks whenever there were more periods. ``buffer_s`` is what the loader believes to be in hand;
    ``store_bytes`` are kept of what was loaded."""

    def __init__(self, broadcast: Broadcast, buffer_s: float = 0.0, store_bytes: int = 1 << 26) -> None:
        self.broadcast = broadcast
        self.store_bytes = store_bytes
        clock = self.clock = broadcast.clock
        self.transport = ScriptedTransport(clock)
        self.transport.files = cast(Any, broadcast)
        self.gate = Gate(self.transport, clock)
        self.paths = Pathways(("a.test",))
        self.events: list[Event] = []
        self.failures: list[MatineeError] = []
        self.jumps: list[float] = []
        self.selections: list[Selection] = []
        self.speed = 1.0
        self.begin_at: float | None = None  # the date to begin with
        self.begun_s = 0.0  # when playback began
        self.start_s = 0.0  # from the load of the manifest until it is followed
        self.loader = Loader(self.gate, self.paths, clock, Random(1), patience=Patience(lambda: buffer_s))
        self.playhead = Playhead()
        self.monitor = Monitor(self.playhead, clock, self.events.append, lambda _state: None, lambda: None)
        self.wishes = Wishes()

    async def begin(self) -> float:
        """Where playback begins; the sink stands there."""
        waiting = StepWaiting()
        asked_s = self.clock.monotonic()
        body, result = await self.loader.load_whole(_manifest(self.broadcast.url))
        presentation = parse(body, result.url, now_s=self.clock.wall())
        self.sources = Sources(
            presentation, self.loader, KeyRing(), _no_keys, WholeKeys(self.loader), default_pathway="a.test"
        )
        selection = select(presentation)
        store = SegmentStore(self.store_bytes)
        self.streaming = Streaming(
            selection,
            StreamingParts(
                self.sources,
                SegmentFetcher(self.loader, self.sources, store, waiting),
                store,
                waiting,
                RateControl(
                    self.wishes, lambda _now: Estimate(), ladder(selection.main), buffer_max_s=30.0, audio_bps=0
                ),
                self.playhead,
                self.clock,
                self.events.append,
            ),
            self.failures.append,
        )
        await self.streaming.find_segments()
        await self.clock.sleep(self.start_s)
        self.live = LivePlayback(
            presentation,
            _choose,
            LiveParts(self.sources, self.streaming, self.loader, self.monitor, self.events.append, {}, asked_s),
            cast(PlaybackServices, _Services(self.clock, self.gate)),
            LiveActions(self.jumps.append, self._set_speed, self.failures.append, self.selections.append),
        )
        begin_s = await self.live.begin(None, self.begin_at)
        await self.streaming.prepare(begin_s)
        await self.live.enough(begin_s)
        self.sink = FastSink(self.streaming, begin_s, math.inf)
        self.monitor.handle_player_event("playback-restart", {})
        return begin_s

    async def run(self, seconds: float, each: Callable[[], None] = lambda: None, *, tick_s: float = TICK_S) -> None:
        """Let time pass: what is shown goes on, and twice a second the live playback looks."""
        every = max(1, round(LOOK_S / tick_s))
        for tick in range(round(seconds / tick_s)):
            await self.clock.advance(tick_s)
            self.sink.step(tick_s * self.speed)
            self.playhead.position_s = self.sink.position_s
            self.playhead.started, self.playhead.starving = self.sink.started, not self.sink.playing
            self.monitor.handle_property("paused-for-cache", not self.sink.playing)
            self.streaming.poke()
            if tick % every == 0:
                self.live.follow(self.sink.position_s)
            each()

    async def close(self) -> None:
        await self.live.close()
        await self.streaming.close()

    def asked(self, ending: str) -> list[str]:
        """The requests for addresses of this ending, what follows a question mark included."""
        names = [request.url.removeprefix(BASE) for request in self.transport.requests]
        return [name for name in names if name.partition("?")[0].endswith(ending)]

    def _set_speed(self, speed: float) -> None:
        self.speed = speed


class _Services:
    def __init__(self, clock: FakeClock, gate: Gate) -> None:
        self.clock = clock
        self.gate = gate


def open_demuxer(_container: object, init: bytes | None, **_options: object) -> CheckedDemuxer:
    """In place of :func:`player.media.demux.open_demuxer`."""
    return CheckedDemuxer(init)


async def _no_keys(_kids: object, _pssh: object) -> None:
    """Nothing is encrypted here."""


def _choose(presentation: Presentation) -> Selection:
    return select(presentation)


def _manifest(url: str) -> Resource:
    return Resource(RequestKind.MANIFEST, {"a.test": url})


def _date(wall_s: float) -> str:
    return datetime.fromtimestamp(wall_s, UTC).isoformat().replace("+00:00", "Z")


_RUNGS = [
    ("v0", 'bandwidth="100000" codecs="avc1.4d4015" width="640" height="180"'),
    ("v1", 'bandwidth="200000" codecs="avc1.4d4015" width="640" height="360"'),
]
_SETS = {
    "video": _RUNGS,
    "audio": [("en", 'bandwidth="64000" codecs="mp4a.40.2" audioSamplingRate="48000"')],
}
_MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=164000,CODECS="avc1.4d4015,mp4a.40.2",RESOLUTION=640x180,AUDIO="a"
v0.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=264000,CODECS="avc1.4d4015,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"
v1.m3u8
"""


async def watched(monkeypatch: pytest.MonkeyPatch, made: Broadcast, seconds: float) -> Viewing:
    """A playback of a programme for so long, which has been closed."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    viewing = Viewing(made)
    await made.clock.run(viewing.begin())
    viewing.begun_s = made.clock.monotonic()
    await viewing.run(seconds)
    await viewing.close()
    assert not viewing.failures
    return viewing
