"""Runs a plan on a player in a browser. The proxy applies faults and link, the page reports what it shows, and both
become a report like that of our player.

What only our own engine knows is left empty: decisions, what reached the decoder. ``segments`` are the stretches that
were shown at one quality. Where the clock of the media jumps, what it jumped over counts as lost.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode, InputError
from player.net.model import RequestKind, Transfer
from player.net.routing import RoutingTransport
from player.qa.browser.chromium import Chromium
from player.qa.browser.players import BrowserPlayer, library, page
from player.qa.delivery import delivery
from player.qa.limit import is_unfinished
from player.qa.proxy.server import Proxy
from player.qa.recording.archive import Exchange
from player.qa.run_spec import Bench, RunSpec
from player.qa.simulation.run import shown
from player.reporting.events import (
    MAIN,
    BufferSampled,
    ErrorRaised,
    Event,
    MediaBroken,
    PhaseReached,
    SegmentDone,
    StallBegan,
    StallEnded,
    StatusChanged,
    TransferDone,
)
from player.reporting.report import Recorder
from player.reporting.state import PlaybackFailure, PlaybackState, PlaybackStatus, RungChoice
from player.stream.continuity import AUDIO_SLACK_S

_POLL_S = 0.25
_ENDED_S = 0.3
_CODES: Mapping[str, ErrorCode | DrmErrorCode] = {
    "manifest": ErrorCode.MANIFEST_UNSUPPORTED,
    "media": ErrorCode.MEDIA_DECODER,
    "drm": DrmErrorCode.LICENCE_REFUSED,
}
Said = Sequence[Mapping[str, Any]]
"""What the page said: rows with ``kind``, ``at`` (seconds since the start) and ``position`` (seconds)."""


def play(spec: RunSpec, bench: Bench, player: BrowserPlayer, libraries: Path | None = None) -> dict[str, Any]:
    """The report of ``spec`` on a browser's player. Raises InputError without Chromium or the player's library."""
    if not spec.source.url.startswith(("http://", "https://")):
        raise InputError(ErrorCode.INPUT_USAGE, "Players in a browser play addresses of the web only.")
    if spec.live is not None:
        raise InputError(ErrorCode.INPUT_USAGE, "A live script is for our player in virtual time only.")
    script = library(player, libraries)
    files: dict[str, Path | bytes] = {"player.html": page(player), "library.js": script}
    transport = RoutingTransport(ca_file=bench.ca_file, web=bench.web)
    proxy = Proxy(spec.source.url, transport, faults=spec.faults, trace=spec.network, files=files)
    with _Running(proxy) as address, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        with Chromium(Path(profile)) as tab:
            tab.open(f"{proxy.address}/files/player.html")
            proxy.set_faults(proxy.faults)  # their time, and that of the link, starts with the playback
            began_s = time.monotonic()
            tab.run(f"void qa.start({address!r})")
            said = _watch(tab, spec, began_s)
        exchanges, cut = list(proxy.recorder.exchanges), len(proxy.recorder.cut_playlists)
    report = report_of(spec, player.name, said, exchanges, began_s)
    report["continuity"]["corrupt_bytes"] = None  # only our own engine knows
    report["continuity"]["stands_s"] = None  # the same
    if player.fills_audio and player.fills_audio.encode() not in script.read_bytes():
        report["continuity"]["unjudged"] = ["audio"]
    report["continuity"]["cut_playlists"] = cut
    if spec.faults is not None:
        report["result"]["tried_faults"] = sorted(proxy.tried)
    report["result"]["unfinished"] = is_unfinished(report, spec)
    report["delivery"] = delivery(exchanges)
    return report


def _watch(tab: Chromium, spec: RunSpec, began_s: float) -> list[Mapping[str, Any]]:
    """What happened until the end, an error, the time to be played, or the limit."""
    said: list[Mapping[str, Any]] = []
    wanted_s = spec.settings.play_for_s
    while True:
        time.sleep(_POLL_S)
        said += tab.run("qa.take()")
        if any(each["kind"] in ("ended", "failed") for each in said[-50:]):
            return said
        if wanted_s is not None and said and said[-1]["position"] >= wanted_s:
            return said
        if time.monotonic() - began_s > spec.limit_s:
            return said


def report_of(spec: RunSpec, name: str, said: Said, exchanges: Sequence[Exchange], began_s: float) -> dict[str, Any]:
    """The document of ``docs/report.md``, out of what the page and the proxy saw. Pure."""
    recorder = Recorder()
    bitrates = max((tuple(each["bitrates"]) for each in said if each["kind"] == "sample"), key=len, default=())
    rungs = tuple(RungChoice(at, f"{bps / 1000:.0f} kbit/s", None, bps) for at, bps in enumerate(bitrates))
    events: list[Event] = [PhaseReached(0.0, "requested"), StatusChanged(0.0, str(PlaybackStatus.LOADING))]
    failure = _failure(said, exchanges, began_s)
    events += [event for each in said for event in _events(each, bitrates)]
    if failure is not None:
        events.append(failure)
    events += _shown_stretches(said, bitrates)
    events += [
        TransferDone(each.at_s + each.seconds - began_s, _transfer(number, each, began_s))
        for number, each in enumerate(exchanges)
        if each.at_s >= began_s - 1.0
    ]
    for event in sorted(events, key=lambda event: event.at_s):
        recorder(event)
    recorder.see(_state(spec, said, rungs, failure))
    return recorder.report(source=shown(spec), policy=name, libmpv="", decode_errors=None)


def _events(each: Mapping[str, Any], bitrates: Sequence[int]) -> list[Event]:
    at_s, position_s = float(each["at"]), float(each["position"])
    match each["kind"]:
        case "first_frame":
            return [PhaseReached(at_s, "first_frame"), StatusChanged(at_s, str(PlaybackStatus.PLAYING))]
        case "stands":
            return [StallBegan(at_s, position_s)]
        case "moves":
            return [StallEnded(at_s, position_s, at_s - float(each["since"]), "")]
        case "jumped":
            lost = (float(each["from"]), float(each["to"]))
            return [MediaBroken(at_s, "lost", media, *lost, 0, "", "", "") for media in ("video", "audio")]
        case "silence":
            filled = (float(each["from"]), float(each["to"]))
            if filled[1] - filled[0] <= AUDIO_SLACK_S:
                return []
            return [MediaBroken(at_s, "lost", "audio", *filled, 0, "", "", "")]
        case "sample":
            rung = _rung(each, bitrates)
            return [BufferSampled(at_s, position_s, float(each["buffer"]), None, rung)]
        case "ended":
            return [StatusChanged(at_s, str(PlaybackStatus.ENDED))]
    return []


def _failure(said: Said, exchanges: Sequence[Exchange], began_s: float) -> ErrorRaised | None:
    """What ended the playback. Of the network the proxy knows more than a player tells."""
    each = next((each for each in said if each["kind"] == "failed"), None)
    if each is None:
        return None
    at_s = float(each["at"])
    code = str(_CODES.get(each["stage"], ErrorCode.INTERNAL))
    if each["stage"] == "net":
        before = (_error(one) for one in reversed(exchanges) if one.at_s - began_s <= at_s)
        code = next(filter(None, before), str(ErrorCode.NET_UNREACHABLE))
    return ErrorRaised(at_s, code, f"The player gave up: {each['what']}.", fatal=True)


def _error(each: Exchange) -> str | None:
    return each.error or (None if (each.status or 0) < 400 else str(ErrorCode.HTTP_STATUS))


def _rung(each: Mapping[str, Any], bitrates: Sequence[int]) -> int | None:
    return bitrates.index(each["bitrate"]) if each["bitrate"] in bitrates else None


def _shown_stretches(said: Said, bitrates: Sequence[int]) -> list[Event]:
    """A row for each stretch that was shown at one quality."""
    found: list[SegmentDone] = []
    before: Mapping[str, Any] | None = None
    for each in said:
        rung = _rung(each, bitrates) if each["kind"] == "sample" else None
        if rung is None:
            continue
        if before is not None and each["position"] > before["position"]:
            length_s = each["position"] - before["position"]
            if found and found[-1].rung == rung:
                found[-1] = replace(found[-1], duration_s=found[-1].duration_s + length_s)
            else:
                found.append(SegmentDone(each["at"], MAIN, len(found), before["position"], length_s, rung, 0, ""))
        before = each
    return list(found)


def _transfer(number: int, each: Exchange, began_s: float) -> Transfer:
    start_s = each.at_s - began_s
    return Transfer(
        id=number,
        kind=RequestKind(each.kind),
        url=each.url,
        pathway=each.pathway,
        track="",
        start_s=start_s,
        first_byte_s=None if each.first_byte_s is None else start_s + each.first_byte_s,
        end_s=start_s + each.seconds,
        status=each.status,
        received=each.size,
        http_version=each.http,
        new_connection=each.new_connection,
        error=_error(each),
        aborted=not each.whole and not each.error,
    )


def _state(spec: RunSpec, said: Said, rungs: tuple[RungChoice, ...], failure: ErrorRaised | None) -> PlaybackState:
    last = said[-1] if said else {"position": 0.0}
    samples = [each for each in said if each["kind"] == "sample"]
    wanted_s = spec.settings.play_for_s
    there = wanted_s is not None and float(last["position"]) >= wanted_s - _ENDED_S
    ended = there or any(each["kind"] == "ended" for each in said)
    status = PlaybackStatus.FAILED if failure else PlaybackStatus.ENDED if ended else PlaybackStatus.IDLE
    return PlaybackState(
        status=status,
        title=spec.labels.source,
        position_s=round(float(last["position"]), 3),
        duration_s=samples[-1]["duration"] if samples else None,
        rungs=rungs,
        dropped_frames=int(samples[-1]["dropped"]) if samples else 0,
        cut_short=there,
        failure=None if failure is None else PlaybackFailure(failure.code, failure.sentence),
    )


class _Running:
    """A proxy on a loop of its own, on a thread."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="qa-proxy", daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        address: Future[str] = asyncio.run_coroutine_threadsafe(self._proxy.start(), self._loop)
        return address.result(10)

    def __exit__(self, *_about: object) -> None:
        asyncio.run_coroutine_threadsafe(self._proxy.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
