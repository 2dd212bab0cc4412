"""A whole playback in fast time: all of ours between manifest and stream, a scripted network with faults on it, a
clock that is stepped, and :class:`tests.kit.sink.FastSink` in place of libmpv."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from abr import registry
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keysystem import LicenceCall
from drm_client.licence import LicenceClient
from player.base.errors import ANY_ERROR, MatineeError, NetError
from player.licensing.licences import LicenceOffer, PlaybackLicences
from player.media.model import StreamKind
from player.net.faults import FaultPlan, FaultyTransport
from player.net.gate import Gate
from player.net.model import Request, RequestKind, Transfer, Transport
from player.playback.steering import steering_of
from player.playback.translation import note_of, sample_of
from player.reporting.events import Event, Note
from player.stream.buffered import Playhead
from player.stream.fetching import SegmentFetcher
from player.stream.rate import RateControl
from player.stream.shared import StreamingParts
from player.stream.sources import Sources, WholeKeys
from player.stream.store import SegmentStore
from player.stream.streaming import Streaming
from player.stream.throughput import Throughput
from player.title.opening import TitleAddresses, load_presentation
from player.tracks.selection import ladder, select, wanted_bps
from player.transfer.loader import Loader, LoadEvent
from player.transfer.model import Patience
from player.transfer.pathways import Pathways
from tests.kit.clock import FakeClock
from tests.kit.sink import INIT, CheckedDemuxer, FastSink, StepWaiting, checked_segment
from tests.kit.transport import Act, ScriptedTransport

TICK_S = 0.1
SEGMENT_S = 4.0
RUNGS_BPS = (100_000, 200_000, 400_000)
AUDIO_BPS = 32_000
LINK_BPS = 2_000_000.0  # what each CDN gives
KID = bytes(15) + b"\x01"
KEY = bytes(range(16))
LICENCES, SERVICE, STEERING = "http://lic.test/clearkey", "http://svc.test/play", "http://steer.test/s"


@dataclass(frozen=True)
class Title:
    """What is played: a DASH or HLS title of ``seconds`` on ``cdns``, from ``/s/old/`` on each."""

    seconds: float = 40.0
    cdns: Sequence[str] = ("a", "b")
    hls: bool = False
    encrypted: bool = False
    steered: bool = False
    first: str = "old"  # the signature that the first addresses have

    @property
    def count(self) -> int:
        return round(self.seconds / SEGMENT_S)

    def manifests(self) -> dict[str, str]:
        name = "master.m3u8" if self.hls else "title.mpd"
        return {cdn: f"http://{cdn}.test/s/{self.first}/{name}" for cdn in self.cdns}

    def files(self) -> dict[str, bytes]:
        """Everything that a CDN has, by the path below its signature."""
        found: dict[str, bytes] = {"init.mp4": INIT}
        for rung, bps in enumerate(RUNGS_BPS):
            for number in range(self.count):
                data = self._segment(StreamKind.VIDEO, number, rung, bps)
                found[f"v{rung}-{number + 1}.m4s"] = _sealed(data, number) if self.hls else data
        for number in range(self.count):
            found[f"a-{number + 1}.m4s"] = self._segment(StreamKind.AUDIO, number, 0, AUDIO_BPS)
        if self.hls:
            found |= {"master.m3u8": self._master(), "key": KEY}
            found |= {f"v{rung}.m3u8": self._playlist(rung) for rung in range(len(RUNGS_BPS))}
        else:
            found["title.mpd"] = self._mpd()
        return found

    @staticmethod
    def _segment(kind: StreamKind, number: int, rung: int, bps: int) -> bytes:
        start_s = number * SEGMENT_S
        return checked_segment(kind, start_s, start_s + SEGMENT_S, rung, int(bps * SEGMENT_S / 8))

    def _mpd(self) -> bytes:
        steering = f'<ContentSteering defaultServiceLocation="a">{STEERING}</ContentSteering>' if self.steered else ""
        bases = "".join(
            f'<BaseURL serviceLocation="{cdn}">http://{cdn}.test/s/{self.first}/</BaseURL>' for cdn in self.cdns
        )

        def adaptation(kind: str, rungs: Sequence[int], name: str, codecs: str, extra: str) -> str:
            template = (
                f'<SegmentTemplate duration="{SEGMENT_S:.0f}" initialization="init.mp4" '
                f'media="{name}-$Number$.m4s" startNumber="1"/>'
            )
            shown = "".join(
                f'<Representation id="{kind}{n}" bandwidth="{bps}" {extra}/>' for n, bps in enumerate(rungs)
            )
            return (
                f'<AdaptationSet contentType="{kind}" mimeType="{kind}/mp4" codecs="{codecs}" lang="en">'
                f"{template.replace('$R$', '$RepresentationID$')}{shown}</AdaptationSet>"
            )

        video = adaptation("video", RUNGS_BPS, "$R$", "avc1.64001f", 'width="640" height="360"')
        audio = adaptation("audio", [AUDIO_BPS], "a", "mp4a.40.2", 'audioSamplingRate="48000"')
        for rung in range(len(RUNGS_BPS)):
            video = video.replace(f'id="video{rung}"', f'id="v{rung}"')
        return (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            f'profiles="urn:mpeg:dash:profile:isoff-live:2011" mediaPresentationDuration="PT{self.seconds:.0f}S" '
            f'minBufferTime="PT2S">{steering}{bases}<Period>{video}{audio}</Period></MPD>'
        ).encode()

    def _master(self) -> bytes:
        lines = ["#EXTM3U", "#EXT-X-VERSION:6"]
        for rung, bps in enumerate(RUNGS_BPS):
            attributes = f'BANDWIDTH={bps},CODECS="avc1.64001f",RESOLUTION=640x360'
            lines += [f"#EXT-X-STREAM-INF:{attributes}", f"v{rung}.m3u8"]
        return "\n".join(lines).encode()

    def _playlist(self, rung: int) -> bytes:
        lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{SEGMENT_S:.0f}", "#EXT-X-MEDIA-SEQUENCE:1"]
        lines += ['#EXT-X-MAP:URI="init.mp4"', '#EXT-X-KEY:METHOD=AES-128,URI="key"']
        for number in range(self.count):
            lines += [f"#EXTINF:{SEGMENT_S:.1f},", f"v{rung}-{number + 1}.m4s"]
        return "\n".join([*lines, "#EXT-X-ENDLIST"]).encode()


@dataclass(frozen=True)
class Break:
    """Requests that end with an error of the wire that fault files do not know; ``skip`` and ``count`` as there."""

    error: NetError
    kind: RequestKind | None = None
    pathway: str | None = None
    path: str = ""
    skip: int = 0
    count: int | None = None


class BreakingTransport:
    """Another transport with breaks in it."""

    def __init__(self, inner: Transport, breaks: Sequence[Break]) -> None:
        self._inner = inner
        self._breaks = [[each, 0] for each in breaks]

    def open(self, request: Request) -> Any:
        for pair in self._breaks:
            each: Break = pair[0]
            if (
                (each.kind is not None and each.kind is not request.kind)
                or (each.pathway is not None and each.pathway != request.pathway)
                or each.path not in request.url
            ):
                continue
            pair[1] += 1
            if pair[1] > each.skip and (each.count is None or pair[1] <= each.skip + each.count):
                raise each.error
        return self._inner.open(request)

    async def close(self) -> None:
        await self._inner.close()


@dataclass
class Seen:
    """What a viewer saw, and what was done for it."""

    ended: bool
    failure: str | None
    sentence: str
    shown: Mapping[float, int]
    gaps: tuple[float, ...]
    stalls: Sequence[tuple[float, float]]
    started_s: float | None
    seconds: float
    notes: Sequence[Note]
    pathways: Sequence[str] = ()
    left_open: Sequence[str] = ()

    @property
    def stalled_s(self) -> float:
        return sum(length for _, length in self.stalls)

    def did(self, kind: str) -> bool:
        """Whether a step of this kind was taken."""
        return any(note.kind == kind for note in self.notes)


@dataclass
class Viewing:
    """One playback. ``rules`` are those of a fault file, ``breaks`` further errors."""

    title: Title = field(default_factory=Title)
    rules: Sequence[Mapping[str, Any]] = ()
    breaks: Sequence[Break] = ()
    seed: int = 1
    buffer_s: float = 20.0
    policy: str = registry.DEFAULT
    broken: Callable[[float], None] = lambda _time_s: None
    observe: Callable[[Event], None] | None = None
    every_tick: Callable[[Viewing], None] | None = None

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.failures: list[MatineeError | DrmError] = []
        self.transport = ScriptedTransport(self.clock, _on_cdns(self.title))
        self.transport.always("http://", Act(rate_bps=LINK_BPS))
        self.transport.files[LICENCES] = _licence()
        self.transport.files[SERVICE] = b"{}"
        faulty = FaultyTransport(
            self.transport,
            self.clock,
            FaultPlan.parse({"version": 1, "seed": self.seed, "rules": list(self.rules)}),
        )
        self.gate = Gate(BreakingTransport(faulty, self.breaks), self.clock, self._transferred)
        self.paths = Pathways(tuple(self.title.manifests()))
        self.network = Throughput(None, lambda: self.paths.current)
        self.playhead = Playhead()
        self.waiting = StepWaiting()
        self.keys = KeyRing()
        self.streaming: Streaming | None = None
        self.sink: FastSink | None = None
        self.loader = Loader(
            self.gate,
            self.paths,
            self.clock,
            Random(self.seed),
            self._renew,
            patience=Patience(self._buffer_s),
            on_event=self._load_event,
        )
        self.desk = PlaybackLicences(
            LicenceClient(self._post_licence, None, now=self.clock.wall),
            self.keys,
            LicenceOffer(LICENCES, None, None, (KID,)) if self.title.encrypted else None,
            self.clock,
            self._observe,
        )

    async def run(self, limit_s: float = 600.0) -> Seen:
        """Play to the end, to an error, or until ``limit_s`` have passed."""
        began_s = self.clock.monotonic()
        tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._open(0.0))]
        opening, error, started_s = tasks[0], None, None
        try:
            while self.clock.monotonic() - began_s < limit_s:
                await self.clock.advance(TICK_S)
                if self.every_tick is not None:
                    self.every_tick(self)
                if not opening.done():
                    continue
                if opening.exception() is not None:
                    error = opening.exception()
                    break
                if self.sink is None:
                    assert self.streaming is not None
                    self.sink = FastSink(self.streaming, 0.0, self.title.seconds)
                    steering = opening.result()
                    if steering is not None:
                        tasks.append(asyncio.ensure_future(steering.run()))
                self._step()
                if started_s is None and self.sink.started:
                    started_s = self.clock.monotonic() - began_s
                if self.sink.over:
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.streaming is not None:
                await self.streaming.close()
            await self.loader.close()
            await self.desk.close()
        if error is not None and not isinstance(error, ANY_ERROR):
            raise error
        return self._seen(error, started_s, self.clock.monotonic() - began_s)

    async def _open(self, start_s: float) -> Any:
        title = self.title
        if title.encrypted:
            self.desk.prefetch()
        presentation = await load_presentation(
            TitleAddresses(title.manifests()), self.loader, self.paths, self.clock, self._observe
        )
        steering = await steering_of(
            presentation,
            self.paths,
            self.gate,
            self.clock,
            lambda: self.network.estimate(self.clock.monotonic()).mean_bps,
            self._observe,
            self.seed,
        )
        selection = select(presentation)
        pathway = self.paths.current or title.cdns[0]
        sources = Sources(
            presentation,
            self.loader,
            self.keys,
            self.desk.ensure,
            WholeKeys(self.loader),
            default_pathway=pathway,
        )
        rungs = ladder(selection.main)
        rate = RateControl(
            registry.create(self.policy),
            self.network.estimate,
            rungs,
            buffer_max_s=self.buffer_s,
            audio_bps=AUDIO_BPS if selection.audio else 0,
        )
        self.paths.wanted_bps = wanted_bps(selection.main, None)
        store = SegmentStore(1 << 26)
        self.streaming = Streaming(
            selection,
            StreamingParts(
                sources,
                SegmentFetcher(self.loader, sources, store, self.waiting),
                store,
                self.waiting,
                rate,
                self.playhead,
                self.clock,
                self._observe,
            ),
            self.failures.append,
        )
        await self.streaming.prepare(start_s)
        return steering

    def _step(self) -> None:
        assert self.sink is not None
        assert self.streaming is not None
        self.sink.step(TICK_S)
        head = self.playhead
        head.position_s = self.sink.position_s
        head.playing = self.sink.playing
        head.started = self.sink.started
        head.starving = not self.sink.playing
        self.streaming.poke()

    def _seen(self, error: BaseException | None, started_s: float | None, seconds: float) -> Seen:
        sink = self.sink
        shown = {} if sink is None else sink.shown
        ended = sink is not None and sink.at_end and sink.over
        failure = error if isinstance(error, ANY_ERROR) else None
        if failure is None and not ended and self.failures:
            failure = self.failures[0]
        wanted = [number * 0.5 for number in range(round(self.title.seconds * 2))]
        until_s = max(shown, default=0.0)
        missing = sorted({time_s // SEGMENT_S for time_s in wanted if time_s not in shown and time_s < until_s})
        return Seen(
            ended,
            None if failure is None else str(failure.code),
            "" if failure is None else failure.sentence,
            shown,
            tuple(number * SEGMENT_S for number in missing),
            [] if sink is None else [*sink.stalls, (sink.position_s, sink._stalled_for_s)],
            started_s,
            seconds,
            [event for event in self.events if isinstance(event, Note)],
            [request.pathway for request in self.transport.requests if request.kind is RequestKind.SEGMENT],
        )

    # --- what the parts are given

    def open_demuxer(self, _container: object, init: bytes | None, **_options: object) -> CheckedDemuxer:
        """In place of :func:`player.media.demux.open_demuxer`."""
        return CheckedDemuxer(init, (KID,) if self.title.encrypted else (), self._decrypt)

    def _decrypt(self, time_s: float) -> None:
        if self.title.encrypted and self.keys.missing((KID,)):
            raise DrmError(DrmErrorCode.NO_KEY, "There is no key for a part of this title.")
        self.broken(time_s)

    async def _renew(self) -> Callable[[str], str]:
        await self.gate.fetch(Request(RequestKind.API, SERVICE))
        return lambda url: url.replace("/s/old/", "/s/new/")

    async def _post_licence(self, call: LicenceCall) -> bytes:
        request = Request(RequestKind.LICENCE, call.url, headers=call.headers, body=call.body)
        return (await self.gate.fetch(request)).body

    def _buffer_s(self) -> float:
        return 0.0 if self.streaming is None else self.streaming.buffered_until() - self.playhead.position_s

    def _load_event(self, event: LoadEvent) -> None:
        self._observe(note_of(event))

    def _observe(self, event: Event) -> None:
        self.events.append(event)
        if self.observe is not None:
            self.observe(event)

    def _transferred(self, transfer: Transfer) -> None:
        sample = sample_of(transfer)
        if sample is not None:
            self.network.observe(sample)


def steering_answer(*order: str, ttl_s: float = 10.0) -> bytes:
    """What a steering server says."""
    return json.dumps({"VERSION": 1, "TTL": ttl_s, "PATHWAY-PRIORITY": list(order)}).encode()


@cache
def _on_cdns(title: Title) -> dict[str, bytes]:
    files = title.files()
    return {
        f"http://{cdn}.test/s/{signature}/{name}": body
        for cdn in title.cdns
        for signature in ("old", "new")
        for name, body in files.items()
    }


def _licence() -> bytes:
    def text(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    return json.dumps({"keys": [{"kty": "oct", "kid": text(KID), "k": text(KEY)}], "type": "temporary"}).encode()


def _sealed(data: bytes, number: int) -> bytes:
    """AES-128 of a whole segment (RFC 8216bis 4.4.4.4) with its media sequence number as the vector."""
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC((number + 1).to_bytes(16, "big"))).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
