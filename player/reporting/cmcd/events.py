"""Event mode (CTA-5004-B): reports to a collector of one's own, beside the requests to the CDNs."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from player.base.clock import Clock
from player.base.errors import NetError
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.reporting.cmcd.encode import TypedNumber, Value, encode
from player.reporting.cmcd.request import PlayerMoment, RequestMarker, session_values
from player.reporting.events import (
    BufferSampled,
    ErrorRaised,
    Event,
    PhaseReached,
    RungDecided,
    StatusChanged,
    TransferDone,
)
from player.reporting.state import PlaybackStatus

MIME_TYPE = "application/cmcd"
INTERVAL_S = 30.0
SEND_EVERY_S = 5.0
_MOST_WAITING = 500
_STATES = {
    PlaybackStatus.LOADING: "s",
    PlaybackStatus.PLAYING: "p",
    PlaybackStatus.SEEKING: "k",
    PlaybackStatus.BUFFERING: "r",
    PlaybackStatus.PAUSED: "a",
    PlaybackStatus.ENDED: "e",
    PlaybackStatus.FAILED: "f",
    PlaybackStatus.IDLE: "q",
}
_NOT_REPORTED = frozenset({RequestKind.TELEMETRY, RequestKind.API, RequestKind.LICENCE, RequestKind.TIME})
_log = logging.getLogger(__name__)


def play_state(status: str) -> str:
    """The token (``sta``) of one of our statuses; empty for none of them."""
    return _STATES.get(PlaybackStatus(status), "") if status in set(PlaybackStatus) else ""


class CmcdReporter:
    """Feed it with the events of one playback and let ``run`` send; reports that cannot be delivered are dropped, the
    oldest first, as the error matrix has it for telemetry."""

    def __init__(self, marker: RequestMarker, gate: Gate, clock: Clock, moment: Callable[[], PlayerMoment]) -> None:
        self._marker = marker
        self._gate = gate
        self._clock = clock
        self._moment = moment
        self._waiting: deque[str] = deque(maxlen=_MOST_WAITING)
        self._number = 0
        self._interval_s = float("-inf")
        self._rung: int | None = None
        self._began_s: float | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case PhaseReached(phase="requested"):
                self._began_s = event.at_s
            case PhaseReached(phase="first_frame") if self._began_s is not None:
                self._report("t", msd=(event.at_s - self._began_s) * 1000)
            case StatusChanged():
                self._report("ps", sta=play_state(event.status))
            case ErrorRaised():
                self._report("e", ec=[event.code])
            case RungDecided() if event.decision.rung is not None and event.decision.rung != self._rung:
                self._rung = event.decision.rung
                rungs = event.decision.snapshot.rungs
                if self._rung < len(rungs):
                    self._report("bc", br=TypedNumber(rungs[self._rung].bitrate_bps / 1000, "v"))
            case TransferDone():
                self._response(event)
            case BufferSampled() if event.at_s - self._interval_s >= INTERVAL_S:
                self._interval_s = event.at_s
                self._report("t", bl=TypedNumber(event.buffer_s * 1000), pt=event.position_s * 1000)

    async def run(self) -> None:
        """Send what waits every few seconds, for ever."""
        while True:
            await self._clock.sleep(SEND_EVERY_S)
            await self.send()

    async def send(self) -> None:
        """Send what waits, in one body of a line for each report."""
        if not self._waiting:
            return
        body = "\n".join(self._waiting).encode()
        self._waiting.clear()
        url = self._marker.settings.event_url
        request = Request(RequestKind.TELEMETRY, url, method="POST", headers={"Content-Type": MIME_TYPE}, body=body)
        try:
            await self._gate.fetch(request)
        except NetError as error:
            _log.info("reports of client data were dropped: %s", error.code)

    def _response(self, event: TransferDone) -> None:
        transfer = event.transfer
        if transfer.kind in _NOT_REPORTED or transfer.status is None:
            return
        first = transfer.first_byte_s
        timing: dict[str, Value] = {"ttlb": (transfer.end_s - transfer.start_s) * 1000}
        if first is not None:
            timing["ttfb"] = (first - transfer.start_s) * 1000
        self._report("rr", url=transfer.url, rc=transfer.status, **timing)

    def _report(self, kind: str, **more: Value) -> None:
        self._number += 1
        now, marker = self._moment(), self._marker
        values: dict[str, Value] = {
            **session_values(marker.settings, marker.session_id, marker.content_id, now),
            "e": kind,
            "ts": round(self._clock.wall() * 1000),
            "sn": self._number,
            **more,
        }
        if now.state:
            values.setdefault("sta", now.state)
        self._waiting.append(encode({**values, "v": 2}, 2, event=True))
