"""Live DASH without an encoder, after the documented rules of DASH-IF's live simulator: a short title goes round
since 1970, and every segment exists from its end until it has left the window.

The server's clock may be off from this machine's; a segment that is asked for too early or too late is 404.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.kit import media
from tests.kit.fileserver import FileServer

SEGMENT_S, ROUND_S, ROUND = 4, 24, 6
_SCALES = {"video-0": 12_800, "video-1": 12_800, "audio-en": 48_000}
_SOUND = (0, 192_512, 384_000, 576_512, 768_000, 960_512)  # where segments of a round begin
_UTC = "urn:mpeg:dash:utc"


@dataclass(frozen=True, slots=True)
class Rules:
    """``addressing``: ``number`` (``$Number$`` and ``@duration``), ``time`` or ``timeline-number`` (a timeline).
    ``period_s``: so often a new period begins. ``clock_off_s``: the server's clock less ours, and ``clock`` how it is
    told. ``start_number``: that of the first segment of 1970. ``begun_s``: availabilityStartTime so long ago, on a
    whole segment; None: 1970. ``stops_s``: the programme ends so long after the first request."""

    addressing: str = "number"
    window_s: int = 60
    period_s: int | None = None
    clock_off_s: float = 0.0
    clock: str = "http-iso"
    start_number: int = 0
    begun_s: int | None = None
    delay_s: int | None = None
    update_s: float = 2.0
    stops_s: float | None = None


class EpochServer(FileServer):
    """Serves ``live.mpd`` by these rules."""

    def __init__(self, rules: Rules, *, latency_ms: float = 0.0, now: Callable[[], float] = time.time) -> None:
        super().__init__(media.packager_clear().folder, latency_ms=latency_ms)
        self._rules = rules
        self._wall = now
        begun = now() + rules.clock_off_s - (rules.begun_s or 0)
        self._begin_s = 0 if rules.begun_s is None else int(begun) // ROUND_S * ROUND_S
        self._stop_s = None if rules.stops_s is None else self._now() - self._begin_s + rules.stops_s

    def _now(self) -> float:
        return self._wall() + self._rules.clock_off_s

    def find(self, url_path: str) -> Path | None:
        """A segment only while it is available."""
        name = url_path.partition("?")[0].lstrip("/")
        if name in ("live.mpd", "time"):
            return self.folder / "manifest.mpd"
        parts = name.split("/")
        if len(parts) != 2 or parts[1] == "init.mp4" or parts[0] not in _SCALES:
            return super().find(url_path)
        number = self._number(parts[0], parts[1].removesuffix(".m4s"))
        end_s = _end_s(parts[0], number)
        elapsed_s = self._now() - self._begin_s
        if self._stop_s is not None and end_s > self._stop_s:
            return None
        if not end_s <= elapsed_s <= end_s + self._rules.window_s + 4 * SEGMENT_S:
            return None
        return super().find(f"{parts[0]}/{number % ROUND + 1}.m4s")

    def read(self, path: Path, url_path: str) -> bytes:
        """The MPD of this moment, the time, or a segment in its round."""
        name = url_path.partition("?")[0].lstrip("/")
        if name == "time":
            return _iso(self._now()).encode()
        if name == "live.mpd":
            return self._mpd().encode()
        parts = name.split("/")
        if len(parts) != 2 or parts[1] == "init.mp4" or parts[0] not in _SCALES:
            return path.read_bytes()
        rounds = self._number(parts[0], parts[1].removesuffix(".m4s")) // ROUND
        return _later(path.read_bytes(), rounds * ROUND_S * _SCALES[parts[0]])

    def _number(self, stream: str, word: str) -> int:
        """The number since the start, counted from 0, of a segment's name."""
        if self._rules.addressing != "time":
            return int(word) - self._rules.start_number
        rounds, within = divmod(int(word), ROUND_S * _SCALES[stream])
        begins = [_begin(stream, place) for place in range(ROUND)]
        return rounds * ROUND + begins.index(within)

    def _mpd(self) -> str:
        rules, elapsed_s = self._rules, self._now() - self._begin_s
        stopped = self._stop_s is not None and elapsed_s > self._stop_s + SEGMENT_S
        last = int(min(elapsed_s, self._stop_s or elapsed_s) // SEGMENT_S)  # the first that is not whole yet
        first = max(0, int((elapsed_s - rules.window_s) // SEGMENT_S))
        each = (rules.period_s or 10**12) // SEGMENT_S
        periods = "".join(
            self._period(number, max(first, number * each), min(last, (number + 1) * each), number * each)
            for number in range(first // each, (max(last - 1, first)) // each + 1)
        )
        kind = f'type="static" mediaPresentationDuration="PT{last * SEGMENT_S}S"'
        if not stopped:
            kind = f'type="dynamic" minimumUpdatePeriod="PT{rules.update_s:g}S"'
            kind += f' timeShiftBufferDepth="PT{rules.window_s}S"'
        if not stopped and rules.delay_s is not None:
            kind += f' suggestedPresentationDelay="PT{rules.delay_s}S"'
        clock = "" if stopped else self._clock()
        return (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" minBufferTime="PT2S" '
            f'profiles="urn:mpeg:dash:profile:isoff-live:2011" availabilityStartTime="{_iso(self._begin_s)}" '
            f'publishTime="{_iso(self._now())}" {kind}>{periods}{clock}</MPD>'
        )

    def _clock(self) -> str:
        value = {"http-iso": self.url("time"), "relative": "time", "direct": _iso(self._now())}.get(self._rules.clock)
        scheme = "http-iso" if self._rules.clock == "relative" else self._rules.clock
        return "" if value is None else f'<UTCTiming schemeIdUri="{_UTC}:{scheme}:2014" value="{value}"/>'

    def _period(self, number: int, first: int, last: int, begin: int) -> str:
        video = '<AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true">'
        video += self._template("video-0", first, last, begin)
        sizes = (("video-0", 222_556, "avc1.4d400c", 320, 180), ("video-1", 661_464, "avc1.4d401e", 640, 360))
        for id_, bandwidth, codecs, width, height in sizes:
            video += f'<Representation id="{id_}" bandwidth="{bandwidth}" codecs="{codecs}" '
            video += f'width="{width}" height="{height}"/>'
        sound = '<AdaptationSet contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true">'
        sound += self._template("audio-en", first, last, begin)
        sound += '<Representation id="audio-en" bandwidth="16564" codecs="mp4a.40.2" audioSamplingRate="48000"/>'
        inside = f"{video}</AdaptationSet>{sound}</AdaptationSet>"
        return f'<Period id="p{number}" start="PT{begin * SEGMENT_S}S">{inside}</Period>'

    def _template(self, stream: str, first: int, last: int, begin: int) -> str:
        scale, rules = _SCALES[stream], self._rules
        name = "$Time$" if rules.addressing == "time" else "$Number$"
        offset = begin * SEGMENT_S * scale
        head = (
            f'timescale="{scale}" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/{name}.m4s"'
        )
        head += f' presentationTimeOffset="{offset}"'
        if rules.addressing == "number":
            number = begin + rules.start_number
            return f'<SegmentTemplate {head} duration="{SEGMENT_S * scale}" startNumber="{number}"/>'
        lines = "".join(
            f'<S t="{_begin(stream, number)}" d="{_begin(stream, number + 1) - _begin(stream, number)}"/>'
            for number in range(first, last)
        )
        if rules.addressing == "timeline-number":
            head += f' startNumber="{first + rules.start_number}"'
        return f"<SegmentTemplate {head}><SegmentTimeline>{lines}</SegmentTimeline></SegmentTemplate>"


def _later(segment: bytes, ticks: int) -> bytes:
    """A media segment of one fragment whose decode time is so many ticks later. It may need the 64 bits of version 1
    (ISO/IEC 14496-12 8.8.12): then the boxes around it, and the offset of the media behind them, grow with it."""
    made = bytearray(segment)
    at = made.index(b"tfdt") + 4
    (start,) = struct.unpack_from(">Q" if made[at] else ">I", made, at + 4)
    if not made[at]:
        made[at] = 1
        made[at + 4 : at + 8] = bytes(8)
        for kind in (b"tfdt", b"traf", b"moof"):
            place = made.index(kind) - 4
            struct.pack_into(">I", made, place, struct.unpack_from(">I", made, place)[0] + 4)
        run = made.index(b"trun") + 4
        if made[run + 3] & 1:
            struct.pack_into(">i", made, run + 8, struct.unpack_from(">i", made, run + 8)[0] + 4)
    struct.pack_into(">Q", made, at + 4, start + ticks)
    return bytes(made)


def _begin(stream: str, number: int) -> int:
    """Where a segment begins, in ticks since the start."""
    rounds, within = divmod(number, ROUND)
    scale = _SCALES[stream]
    return rounds * ROUND_S * scale + (_SOUND[within] if stream == "audio-en" else within * SEGMENT_S * scale)


def _end_s(stream: str, number: int) -> float:
    return _begin(stream, number + 1) / _SCALES[stream]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
