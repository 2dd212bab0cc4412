"""Records a session while it runs: a transport around the others sees what the playback sees, faults included."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from player.base.clock import Clock
from player.base.errors import NetError
from player.net.model import MEDIA_KINDS, Body, Request, RequestKind, Transport
from player.net.redact import HIDDEN, redact_text
from player.net.wrapped_body import BodyAround
from player.playback.settings import PlaybackSettings
from player.qa.recording.archive import ArchiveWriter, Exchange
from player.qa.recording.scrub import Scrubber

_DOCUMENTS = frozenset({RequestKind.MANIFEST, RequestKind.STEERING})
_KEPT = _DOCUMENTS | MEDIA_KINDS | {RequestKind.TEXT, RequestKind.TIME}
_SECRET = frozenset({RequestKind.KEY, RequestKind.LICENCE, RequestKind.API, RequestKind.TELEMETRY})
_MOST_DOCUMENT_BYTES = 64 * 1024 * 1024
_CMCD = re.compile(r"([?&])CMCD=([^&#]*)&?")
_KID = re.compile(r"default_KID=[\"']([0-9a-fA-F-]{36})[\"']|KEYID=0x([0-9a-fA-F]{32})")
_SETTINGS = (
    "policy",
    "buffer_s",
    "memory_bytes",
    "rung",
    "max_bps",
    "max_height",
    "play_for_s",
    "audio_language",
    "seed",
)


class SessionRecorder:
    """Gathers the exchanges of one playback. ``media`` keeps the bytes of media, else only sizes and digests.

    Without a ``path`` nothing is written; the exchanges are there for :mod:`player.qa.har`.
    """

    def __init__(self, path: Path | None, *, media: bool = True) -> None:
        self.exchanges: list[Exchange] = []
        self.scrubber = Scrubber()
        self.wall_s = 0.0  # when the playback was asked for
        self._media = media
        self._writer = None if path is None else ArchiveWriter(path)
        self._wall_offset_s = 0.0
        self._manifests: dict[str, str] = {}
        self._kids: set[str] = set()
        self.cut_playlists: set[str] = set()  # addresses of recordings' playlists that came without their end
        self._start_s: float | None = None

    def wrap(self, transport: Transport, clock: Clock) -> Transport:
        """A transport whose exchanges are recorded; for ``EngineSettings.wrap``."""
        return RecordingTransport(transport, clock, self)

    def note_date(self, clock: Clock) -> None:
        """Which date the monotonic clock's times are."""
        self._wall_offset_s = clock.wall() - clock.monotonic()

    def keep(self, exchange: Exchange, request: Request, body: bytes) -> None:
        """An exchange is over; ``body`` is what arrived of it."""
        scrub = self.scrubber
        scrub.learn_headers(request.headers)
        if request.kind is RequestKind.API:
            self._look_for_play_session(body)
        name = ""
        if request.kind in _DOCUMENTS and exchange.status is not None and exchange.status < 300:
            self._kids.update(
                (found[0] or found[1]).replace("-", "").lower()
                for found in _KID.findall(body.decode("utf-8", "replace"))
            )
            if exchange.whole and _is_cut_off(body):
                self.cut_playlists.add(exchange.url)
            else:
                self.cut_playlists.discard(exchange.url)
            if request.kind is RequestKind.MANIFEST:
                self._manifests.setdefault(request.pathway or "cdn", exchange.url)
            body = scrub.document(body[:_MOST_DOCUMENT_BYTES].decode("utf-8", "replace")).encode()
        wanted = request.kind in _KEPT and (self._media or request.kind not in MEDIA_KINDS)
        if self._writer is not None and wanted and body:
            name = self._writer.put(hashlib.sha256(body).hexdigest(), body)
        self.exchanges.append(replace(exchange, body=name))

    def finish(self, report: Mapping[str, Any], settings: PlaybackSettings, begin_s: float) -> None:
        """The playback is over: write the documents. ``report`` is searched for secrets again; ``begin_s`` is when
        the playback was asked for, on the clock of the transport."""
        self.wall_s = begin_s + self._wall_offset_s
        self.exchanges = [replace(each, at_s=round(each.at_s - begin_s, 6)) for each in self.exchanges]
        self.exchanges.sort(key=lambda each: each.at_s)
        if self._writer is None:
            return
        swept = json.loads(self.scrubber.sweep(json.dumps(report, ensure_ascii=False)))
        rows = json.loads(self.scrubber.sweep(json.dumps([list(each.headers.items()) for each in self.exchanges])))
        exchanges = [replace(each, headers=dict(row)) for each, row in zip(self.exchanges, rows, strict=True)]
        facts = {
            "source": swept["source"],
            "wall_s": self.wall_s,
            "media": self._media,
            "manifests": self._manifests,
            "kids": sorted(self._kids),
            "start_s": self._begin_of(settings, live=report["live"] is not None),
            "settings": {name: getattr(settings, name) for name in _SETTINGS} | {"limits": asdict(settings.limits)},
        }
        self._writer.close(facts, swept, exchanges)

    def _begin_of(self, settings: PlaybackSettings, *, live: bool) -> float | None:
        """Where playback was to begin; None for where it does by itself: a live programme where it is live."""
        return settings.start_s if settings.start_s is not None or live else self._start_s

    def _look_for_play_session(self, body: bytes) -> None:
        """Addresses by CDN and key IDs out of the service's play session; nothing else of it is kept."""
        try:
            found = json.loads(body)
            manifests = {
                each["pathway"]: self.scrubber.url(each.get("dash") or each["hls"]) for each in found["manifests"]
            }
            licence = found.get("licence") or {}
            self._kids.update(str(kid).replace("-", "").lower() for kid in licence.get("kids", ()))
            resume = found.get("resume") or {}
            self._start_s = float(found.get("resume_s", resume.get("position_s", 0.0)) or 0.0)
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        self._manifests = {
            **manifests,
            **{name: url for name, url in self._manifests.items() if name not in manifests},
        }


class RecordingTransport:
    """Hands everything on as it is, and tells the recorder."""

    def __init__(self, inner: Transport, clock: Clock, recorder: SessionRecorder) -> None:
        self._inner = inner
        self._clock = clock
        self._recorder = recorder

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Body]:
        """The inner transport's answer. Raises NetError as that does."""
        self._recorder.note_date(self._clock)
        tap = _Tap(request, self._clock)
        try:
            async with self._answer(request, tap) as body:
                try:
                    yield TappedBody(body, tap)
                except NetError as error:
                    tap.given_up(error)
                    raise
        finally:
            self._recorder.keep(tap.exchange(self._recorder.scrubber), request, bytes(tap.content))

    async def close(self) -> None:
        await self._inner.close()

    @asynccontextmanager
    async def _answer(self, request: Request, tap: _Tap) -> AsyncIterator[Body]:
        async with AsyncExitStack() as stack:
            try:
                body = await stack.enter_async_context(self._inner.open(request))
            except NetError as error:
                tap.failed(error)
                raise
            tap.answered(body)
            yield body


class _Tap:
    """What is seen of one exchange."""

    def __init__(self, request: Request, clock: Clock) -> None:
        self._request = request
        self._clock = clock
        self._begun_s = clock.monotonic()
        self._first_s: float | None = None
        self._body: Body | None = None
        self._error: NetError | None = None
        self._chunks: list[tuple[float, int]] = []
        self._whole = False
        self._hung = False
        self.content = bytearray()

    def answered(self, body: Body) -> None:
        self._body, self._first_s = body, self._clock.monotonic()

    def arrived(self, chunk: bytes) -> None:
        now_s = self._clock.monotonic()
        self._chunks.append((round(now_s - (now_s if self._first_s is None else self._first_s), 6), len(chunk)))
        self.content += chunk

    def ended(self) -> None:
        self._whole = True

    def failed(self, error: NetError) -> None:
        """The network broke off."""
        self._error = error

    def given_up(self, error: NetError) -> None:
        """We broke off, since nothing came any more, or nothing good."""
        self._hung = self._error is None
        self._error = self._error or error

    def exchange(self, scrub: Scrubber) -> Exchange:
        request, body, error = self._request, self._body, self._error
        wanted = request.byte_range
        cmcd = _CMCD.search(request.url)
        hashed = request.kind not in _SECRET and self.content
        return Exchange(
            kind=str(request.kind),
            url=scrub.url(_CMCD.sub(r"\1", request.url).rstrip("?&")),
            method=request.method,
            range=None if wanted is None else (wanted.start, wanted.length),
            pathway=request.pathway,
            track=request.track,
            attempt=request.attempt,
            at_s=self._begun_s,
            first_byte_s=None if self._first_s is None else round(self._first_s - self._begun_s, 6),
            seconds=round(self._clock.monotonic() - self._begun_s, 6),
            status=None if body is None else body.status,
            headers={} if body is None else scrub.headers(body.headers),
            http="" if body is None else body.http_version,
            new_connection=body is not None and body.new_connection,
            connection=None if body is None else body.connection,
            size=len(self.content),
            sha256=hashlib.sha256(self.content).hexdigest() if hashed else "",
            body="",
            whole=self._whole,
            hung=self._hung,
            chunks=tuple(self._chunks),
            error="" if error is None else str(error.code),
            error_sentence="" if error is None else redact_text(error.sentence),
            recoverable=error is not None and error.recoverable,
            request_headers=_told_headers(request.headers),
            cmcd=cmcd[2] if cmcd is not None else _cmcd_headers(request.headers),
        )


class TappedBody(BodyAround):
    """A body that is watched while it arrives."""

    def __init__(self, body: Body, tap: _Tap) -> None:
        super().__init__(body)
        self._tap = tap

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives. Raises NetError as the inner one does."""
        try:
            async with aclosing(self._body.chunks()) as source:
                async for chunk in source:
                    self._tap.arrived(chunk)
                    yield chunk
            self._tap.ended()
        except NetError as error:
            self._tap.failed(error)
            raise


_PLAIN_REQUEST_HEADERS = frozenset(
    ("accept", "accept-encoding", "accept-language", "content-type", "if-none-match", "origin", "range", "user-agent")
)


def _is_cut_off(body: bytes) -> bool:
    return b"#EXT-X-PLAYLIST-TYPE:VOD" in body and b"#EXT-X-ENDLIST" not in body


def _told_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What a request said, without its secrets: of headers that may hold one only the name is kept."""
    told = {name.lower(): value for name, value in headers.items()}
    plain = {name for name in told if name in _PLAIN_REQUEST_HEADERS or name.startswith("cmcd-")}
    return {name: redact_text(value) if name in plain else HIDDEN for name, value in told.items()}


def _cmcd_headers(headers: Mapping[str, str]) -> str:
    return ",".join(value for name, value in sorted(headers.items()) if name.lower().startswith("cmcd-"))
