"""Checks twice a second how a playback goes: measurements, stalls, and its end. Runs on the engine's loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable
from typing import Literal

from player.base.errors import ErrorCode, MediaError
from player.licensing.licences import PlaybackLicences
from player.playback.live import LivePlayback
from player.playback.on_demand import RecordedPlayback
from player.playback.parts import PlaybackParts
from player.playback.reload import Reloads
from player.playback.stalls import StallCause, StallDetector, StallObservation
from player.reporting.events import DecoderComplained, Event
from player.stream.streaming import Streaming

_TICK_S = 0.5
_AHEAD_S = 1.0
_CALM_S = 3.0  # with so much in libmpv's own hands every second look does without it
_READS_AHEAD_S = 2.0  # decoders, of what is shown; one that is further and shows nothing swallows pictures
_ANSWER_S = 30.0  # a busy machine may let libmpv wait for long


class PlaybackProgress:
    """One for each playback, made when there is something to play. It ends at ``stop_at_s``, where that is set."""

    def __init__(
        self,
        parts: PlaybackParts,
        streaming: Streaming,
        licences: PlaybackLicences,
        reloads: Reloads,
        title: LivePlayback | RecordedPlayback,
    ) -> None:
        self._streaming = streaming
        self._licences = licences
        self._control = reloads.control
        self._reloads = reloads
        self._title = title
        self._monitor = parts.monitor
        self._playhead = parts.playhead
        self._clock = parts.clock
        self._waiting = parts.waiting
        self._detector = StallDetector()
        self._picture: tuple[Hashable, float] = None, 0.0
        self._sound_s: float | None = None
        self._unread: tuple[int, float] = 0, 0.0  # bytes at the last look, and where playback was
        self._decoding = False
        self._dropped = 0  # frames since the start
        self._complaints = 0  # of the decoders, at the last look
        self._looked_at_s = parts.playhead.position_s
        self._observe = parts.observe
        self._calm = False
        self.stop_at_s: float | None = None
        parts.monitor.stalls = self

    def event(self, event: Event) -> None:
        """What happens in the playback."""
        self._detector.event(event)

    def start_stall(self) -> None:
        """A stall begins."""
        self._detector.start_stall(self._look())

    @property
    def cause(self) -> StallCause:
        """The cause of the stall that lasts, or has just ended."""
        return self._detector.cause

    async def tick(self, stopped: asyncio.Future[Literal[True]]) -> None:
        """Half a second, or less when ``stopped`` ends it, and a look. Raises MediaError.

        Asking libmpv wakes its core, which costs more than all that is done with the answer. So where playback goes
        on well, every second look takes it that it still does.
        """
        await asyncio.wait({stopped}, timeout=_TICK_S)
        if self._calm:
            self._calm = False
            self._monitor.set_position(self._playhead.by_now_s(self._clock.monotonic()))
            self._sample()
        else:
            await self.inspect()

    async def read_position(self) -> None:
        """Ask where playback is: what libmpv tells by itself may come later than its end. Raises MediaError."""
        async with self._answering():
            self._monitor.set_position(await self._control.run(self._control.player.read, "time-pos"))

    async def inspect(self) -> None:
        """See how things stand. Raises MediaError where nothing helps any more."""
        async with self._answering():
            found = await self._control.run(self._reloads.measure)
        moved = found.picture != self._picture[0]
        self._picture, self._dropped = (found.picture, found.every_s), found.dropped
        streaming, monitor = self._streaming, self._monitor
        if not self._control.player.tells_position:
            monitor.set_position(found.position_s)
        position_s = self._playhead.position_s
        before, self._unread = self._unread, (found.unread, position_s)
        reads_s = position_s + _READS_AHEAD_S if found.reader_s is None else found.reader_s
        # Where the position moves on without pictures it is the sound that is decoded.
        self._decoding = (
            found.unread < before[0] and position_s == before[1] and reads_s < position_s + _READS_AHEAD_S
        )
        self._note_complaints(found.complaints, position_s)
        streaming.look(found.cached, monitor.rung_at(position_s), found.dropped)
        self._sample()
        self._title.follow(position_s)
        await self._judge()
        if self.stop_at_s is not None and monitor.has_reached(self.stop_at_s):
            monitor.stop_short()
        self._calm = moved and self._goes_well(found.held_s)

    def _note_complaints(self, count: int, position_s: float) -> None:
        """``count`` is since the file was loaded: a restart of the playback begins again."""
        more = count - self._complaints if count >= self._complaints else count
        if more:
            from_s = min(self._looked_at_s, position_s)
            self._observe(DecoderComplained(self._clock.monotonic(), from_s, position_s, more))
        self._complaints, self._looked_at_s = count, position_s

    def _goes_well(self, held_s: float) -> bool:
        """Whether nothing is to be expected within a second. What is told of a live programme steers it."""
        asked_for_more = self._title.is_live or self.stop_at_s is not None or self._control.player.tells_position
        return not asked_for_more and self._monitor.should_move and held_s >= _CALM_S * self._playhead.speed

    def _sample(self) -> None:
        streaming = self._streaming
        self._monitor.sample(
            streaming.buffered_until(),
            streaming.buffered_ranges(),
            self._dropped,
            low_bandwidth=streaming.low_bandwidth,
        )

    @contextlib.asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_ANSWER_S):
                yield
        except TimeoutError:
            raise MediaError(ErrorCode.MEDIA_DECODER, "The decoder does not answer any more.") from None

    async def _judge(self) -> None:
        if self._reloads.pending:
            return  # another file is on its way: as it was before, so it stays
        finding = self._detector.assess(self._look())
        self._monitor.set_standing(standing=finding.stands)
        if finding.restart:
            self._reloads.restart(self._streaming.anew(self._playhead.position_s))
        if finding.hopeless and not await self._is_heard():
            raise MediaError(
                ErrorCode.MEDIA_DECODER,
                "This title shows no more pictures, not even after a restart of its playback.",
            )

    async def _is_heard(self) -> bool:
        """Whether the sound goes on, as far as can be told: then the viewer may go on without pictures."""
        now_s = await self._control.run(self._control.player.read, "audio-pts")
        before_s, self._sound_s = self._sound_s, now_s
        return now_s is not None and now_s != before_s

    def _look(self) -> StallObservation:
        monitor, position_s = self._monitor, self._playhead.position_s
        timeline = self._streaming.timeline
        return StallObservation(
            self._clock.monotonic(),
            position_s,
            self._picture[0],
            wanted=monitor.should_move,
            media_ahead=self._streaming.holds(position_s, position_s + _AHEAD_S),
            every_s=self._picture[1],
            licence_pending=self._licences.asking,
            beyond=timeline.growing and position_s + _AHEAD_S > timeline.end_s,
            starved=monitor.is_starving and self._waiting.blocked,
            decoding=self._decoding,
        )
