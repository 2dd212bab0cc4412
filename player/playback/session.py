"""One playback: its phases, from the request to the end. It holds no logic of its own.

Its public methods may be called from any thread and return at once; the work runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from abr.model import NetworkMemory
from drm_client.keys import KeyRing
from player.base.errors import ANY_ERROR
from player.licensing.licences import LicenceOffer
from player.mpv.adjustments import MOST_VOLUME, Adjustments, changed
from player.mpv.model import MediaPlayer
from player.mpv.outputs import AudioDevice, audio_devices
from player.net.model import Transfer
from player.net.suspend import Sleep
from player.playback.controls import Controls
from player.playback.ending import PlaybackEnding
from player.playback.file_phases import PlayingFile, file_loaded, media_of_address, open_file, watched_disk
from player.playback.monitor import Monitor
from player.playback.parts import PlaybackCommands, PlaybackParts
from player.playback.phases import Playing, Requested
from player.playback.settings import PlaybackServices, PlaybackSettings
from player.playback.steps import begin, find_segments, load, open_title, prepare
from player.playback.tasks import PlaybackTasks
from player.playback.translation import glimpse_of, reported_recall, sample_of
from player.reporting.events import Event, EventHub, Note, PhaseReached, TransferDone
from player.reporting.state import PlaybackState, PlaybackStatus
from player.stream.buffered import Playhead
from player.stream.throughput import Throughput
from player.text.subtitle_files import SubtitleLine
from player.thumbnails import Picture
from player.title.media_file import MediaFile
from player.title.opening import PlaybackSource, TitleAddresses, failure_of, pathway_of
from player.transfer.pathways import Pathways

_log = logging.getLogger(__name__)
_MOST_CHAINED = 16  # presentations that lead on to each other
_Value = TypeVar("_Value")
_PNG_END = b"IEND\xaeB`\x82"


class Session:
    """See the module. Made by :class:`player.engine.Engine`; ``run`` is its life on the engine's loop."""

    def __init__(
        self,
        source: PlaybackSource,
        player: MediaPlayer,
        services: PlaybackServices,
        settings: PlaybackSettings,
        on_state: Callable[[PlaybackState], None],
        on_event: Callable[[Event], None],
    ) -> None:
        self._on_state, self._on_event_seen = on_state, on_event
        services = replace(services, gate=services.gate.led_by(source.url))  # also for what follows it
        self._parts = _parts(source, player, services, settings, on_state, self)
        self._parts.observe.add(on_event)
        self._played: set[str] = set()  # the addresses of a chain
        self._phase: Requested = Requested(self._parts)
        self._closing = False
        self._adjusted = Adjustments()
        self._rotation = 0
        self._subtitle_position = 100.0
        self._stopping = asyncio.Event()
        self._steps: list[str] = []  # commands for frames, until a jump has arrived

    # --- for any thread

    @property
    def state(self) -> PlaybackState:
        return self._parts.monitor.state

    def play(self) -> None:
        """Go on playing."""
        self._parts.controls.pause(paused=False)

    def pause(self) -> None:
        """Hold the picture; loading goes on until the buffer is full."""
        self._parts.controls.pause(paused=True)

    def toggle(self) -> None:
        """Pause or go on."""
        controls = self._parts.controls
        self._parts.tasks.call_soon(lambda: controls.pause(paused=not controls.paused))

    def seek(self, position_s: float) -> None:
        """Jump to a time on the presentation's timeline, exactly."""
        self._do(self._seek, position_s)

    def go_live(self) -> None:
        """Jump to where a live programme is shown live; in another title to its end."""
        self.seek(math.inf)

    def set_rung(self, index: int | None) -> None:
        """Fix the quality, or None for Auto."""
        self._do(self._set_rung, index)

    def thumbnail(self, time_s: float) -> Future[Picture | None]:
        """The small picture of a time, for scrubbing; None where there is none."""
        return asyncio.run_coroutine_threadsafe(self._thumbnail(time_s), self._parts.services.loop)

    def select_audio(self, track_id: str) -> None:
        """Switch the audio track."""
        self._do(self._select_audio, track_id)

    def select_text(self, track_id: str | None) -> None:
        """Switch the subtitles; None turns them off."""
        self._do(self._select_text, track_id)

    def set_volume(self, volume: int) -> None:
        """0 to 200; above 100 the sound is amplified."""
        self._parts.controls.set("volume", max(0, min(MOST_VOLUME, volume)))

    def audio_devices(self) -> Future[tuple[AudioDevice, ...]]:
        """Where sound can go now."""
        return asyncio.run_coroutine_threadsafe(self._audio_devices(), self._parts.services.loop)

    def set_audio_device(self, name: str) -> None:
        """Send the sound to this device, from now on in all playbacks of this player."""
        self._parts.controls.set("audio-device", name)

    def set_muted(self, muted: bool) -> None:
        self._parts.controls.set("mute", muted)

    def set_subtitle_position(self, percent: float) -> None:
        """Where subtitles at the bottom stand, of the window's height: 100 is their own place, less is higher. The
        viewer's own adjustment comes on top of it."""
        self._subtitle_position = percent
        lifted = percent - self._adjusted.subtitle_lift
        self._parts.controls.set("sub-pos", round(max(0.0, min(100.0, lifted))))

    def set_speed(self, speed: float) -> None:
        """0.25 to 4 times. At 1 a live programme is kept at its target latency by small changes."""
        self._parts.tasks.call_soon(self._set_speed, speed)
        self._parts.controls.set("speed", max(0.25, min(4.0, speed)))

    def add_subtitles(self, path: Path) -> None:
        """Show a subtitle file of the viewer's; the state has a notice where it cannot be read."""
        self._do(self._add_subtitles, path)

    def select_second_text(self, track_id: str | None) -> None:
        """Show other subtitles at the top as well; None turns them off."""
        self._do(self._select_second_text, track_id)

    def subtitle_lines(self) -> Future[tuple[SubtitleLine, ...]]:
        """What is said in the subtitles that are shown, as far as it is known."""
        return asyncio.run_coroutine_threadsafe(self._phase.subtitle_lines(), self._parts.services.loop)

    def adjust(self, wanted: Adjustments) -> None:
        """Change sound, picture and subtitles as the viewer wants them; for this playback."""
        before, self._adjusted = self._turned(), wanted
        for name, value in changed(before, self._turned()).items():
            self._parts.controls.set(name, value)
        self.set_subtitle_position(self._subtitle_position)

    def turn(self, degrees: int) -> None:
        """The file says that its picture is to be turned, clockwise; the viewer's turn comes on top of it."""
        before, self._rotation = self._turned(), degrees
        for name, value in changed(before, self._turned()).items():
            self._parts.controls.set(name, value)

    def _turned(self) -> Adjustments:
        return replace(self._adjusted, rotation=(self._adjusted.rotation + self._rotation) % 360)

    def exact_position(self) -> Future[float]:
        """Where playback is now, to the frame: a state is as old as its time."""
        return asyncio.run_coroutine_threadsafe(self._exact_position(), self._parts.services.loop)

    def set_loop(self, begin_s: float | None, end_s: float | None) -> None:
        """Play from one time to another again and again; None for no such end of the loop."""
        for name, time_s in (("ab-loop-a", begin_s), ("ab-loop-b", end_s)):
            self._parts.controls.set(name, "no" if time_s is None else time_s)

    def step_frame(self, direction: int) -> None:
        """Hold the picture and go to the next one (1), or the one before (-1)."""
        self._do(self._step_frame, "frame-step" if direction > 0 else "frame-back-step")

    def keep_bookmarks(self, marks_s: Sequence[float]) -> None:
        """The viewer's bookmarks in this title, in seconds."""
        self._parts.tasks.call_soon(lambda: self._phase.keep_bookmarks(tuple(marks_s)))

    def screenshot(self, path: Path) -> Future[bool]:
        """Write the shown frame, with its subtitles, to a file whose folder is made if needed. False if that fails,
        or if the title is protected."""
        return asyncio.run_coroutine_threadsafe(self._screenshot(path), self._parts.services.loop)

    def stop(self) -> None:
        """End the playback; safe to call twice."""
        self._parts.tasks.call_soon(self._stopping.set)

    # --- for the engine's loop

    def transferred(self, transfer: Transfer) -> None:
        """The gate finished an exchange."""
        self._parts.observe(TransferDone(transfer.end_s, transfer))
        if (sample := sample_of(transfer)) is not None:
            self._parts.throughput.observe(sample)
        if (glimpse := glimpse_of(transfer)) is not None:
            self._parts.throughput.glimpsed(glimpse.pathway, glimpse.size, glimpse.body_s)

    def learned(self) -> dict[str, NetworkMemory]:
        """What the network was like, by CDN."""
        return self._parts.throughput.memory(self._parts.clock.monotonic())

    def network_changed(self, sleep: Sleep) -> None:
        """The machine slept, and may have another network."""
        self._phase.network_changed(sleep)

    @property
    def buffer_s(self) -> float:
        """Seconds of media that are complete ahead of the position."""
        return self._phase.buffer_s

    async def run(self) -> None:
        """Play until the end, an error or ``stop``. Never raises for what a source or a network does."""
        self._parts.observe(PhaseReached(self._parts.clock.monotonic(), "requested"))
        await self._run()
        while (following := self._following()) is not None:
            self._go_on(following)
            await self._run()

    async def _run(self) -> None:
        """Play one presentation."""
        parts = self._parts
        parts.monitor.update(status=PlaybackStatus.LOADING, title=parts.source.shown_name)
        stopped = asyncio.ensure_future(self._stopping.wait())
        opening = asyncio.ensure_future(self._open())
        try:
            await asyncio.wait({opening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                await self._follow(opening.result(), stopped)
        except ANY_ERROR as error:
            parts.ending.fail(error)
        except Exception as error:  # noqa: BLE001  (a viewer gets a sentence, the log the rest)
            _log.exception("the playback failed unexpectedly")
            parts.ending.fail(error)
        finally:
            opening.cancel()
            stopped.cancel()
            await asyncio.gather(opening, stopped, return_exceptions=True)
            await self._close()

    async def _open(self) -> Playing | PlayingFile:
        media = self._parts.source.media or await media_of_address(self._parts)
        if media is not None:
            return await self._open_file(media)
        opening = self._phase = await open_title(self._phase, self._on_property, self._on_event)
        loaded = self._phase = await load(opening)
        ready = self._phase = await find_segments(loaded)
        playing = self._phase = await prepare(ready)
        begin(playing.parts, playing.control)
        return playing

    async def _open_file(self, media: MediaFile) -> PlayingFile:
        async with watched_disk(self._parts, media):
            self._phase = await open_file(self._phase, media, self._on_property, self._on_event)
            playing = self._phase = await file_loaded(self._phase)
        begin(playing.parts, playing.control)
        return playing

    async def _follow(self, playing: Playing | PlayingFile, stopped: asyncio.Future[Literal[True]]) -> None:
        while not self._is_over() and not stopped.done():
            await playing.progress.tick(stopped)

    def _following(self) -> PlaybackSource | None:
        """What the presentation that has come to its end leads on to (ISO/IEC 23009-1 5.11.2: MPD chaining), or where
        it has failed, what it names for that (5.11.3). A chain that comes back, or is longer than any real one,
        ends."""
        parts, ending = self._parts, self._parts.ending
        self._played.update({parts.source.url, *parts.source.manifests.values()})
        if not ending.following:
            return None
        if self._stopping.is_set():
            parts.monitor.stop()
            return None
        address = next((each for each in ending.following if each not in self._played), None)
        if address is not None and len(self._played) <= _MOST_CHAINED:
            return replace(parts.source, url=address, manifests={}, cdns=())
        if ending.failure is not None:
            parts.monitor.fail(failure_of(ending.failure))
        else:
            sentence = "The programme leads on to one that has been played; it ends here."
            parts.observe(Note(parts.clock.monotonic(), "chain_ended", sentence))
            parts.monitor.update(status=PlaybackStatus.ENDED, cut_short=False)
        return None

    def _go_on(self, source: PlaybackSource) -> None:
        """Make the parts of the next presentation. What the viewer has set stays, and in one that stands for another
        the place."""
        before, failed = self._parts, self._parts.ending.failure is not None
        seen, earlier = before.monitor.first_frame_shown, before.services.prepared
        start_s = None if seen or not failed else before.settings.start_s
        settings = replace(before.settings, start_s=start_s, start_paused=before.controls.paused, rung=None)
        prepared = None
        if failed:
            place_s = before.playhead.position_s if seen else earlier.resume_s if earlier is not None else 0.0
            offer = None if source.licence_url is None else LicenceOffer(source.licence_url)
            place = {pathway_of(source.url): source.url}
            prepared = TitleAddresses(place, offer, place_s, source.shown_name)
        services = replace(before.services, prepared=prepared)
        parts = self._parts = _parts(source, before.player, services, settings, self._on_state, self)
        parts.ending.fallbacks = tuple(each for each in before.ending.following if each != source.url)
        parts.observe.add(self._on_event_seen)
        self._phase, self._closing = Requested(parts), False
        sentence = "The presentation failed; another one that it names takes its place."
        if not failed:
            sentence = "The presentation is over; the one that it leads on to follows."
        parts.observe(Note(parts.clock.monotonic(), "fallback" if failed else "chained", sentence))
        for name, value in changed(Adjustments(), self._turned()).items():
            parts.controls.set(name, value)

    def _is_over(self) -> bool:
        if self._parts.ending.following:
            return True
        status = self.state.status
        return status is PlaybackStatus.FAILED or (
            status is PlaybackStatus.ENDED and not self._parts.settings.stay_at_end
        )

    async def _close(self) -> None:
        self._closing = True
        self._leave_as_found()
        self._parts.controls.close()
        goodbye = asyncio.ensure_future(self._phase.say_goodbye())
        await self._parts.tasks.close()
        await self._phase.close()
        await goodbye
        if not self._parts.ending.following:
            self._parts.monitor.stop()

    def _leave_as_found(self) -> None:
        """Undo what was adjusted: libmpv keeps it for the next title."""
        loop = {"ab-loop-a": "no", "ab-loop-b": "no", "secondary-sid": "no"}
        for name, value in {**changed(self._turned(), Adjustments()), **loop}.items():
            self._parts.controls.reset(name, value)

    # --- commands, each in the phases that know it

    def _do(self, command: Callable[[_Value], Coroutine[Any, Any, None]], value: _Value) -> None:
        self._parts.tasks.do(lambda: command(value))

    async def _step_frame(self, command: str) -> None:
        """During a jump libmpv would take its frame for the step, and ignore a step back: they come after it."""
        if self._parts.monitor.is_seeking:
            self._steps.append(command)
            self._parts.controls.pause(paused=True)
        else:
            self._parts.controls.paused = True
            await self._phase.command(command)

    async def _seek(self, target_s: float) -> None:
        self._steps.clear()
        await self._phase.seek(target_s)

    async def _thumbnail(self, time_s: float) -> Picture | None:
        return await self._phase.thumbnail(time_s)

    async def _set_rung(self, index: int | None) -> None:
        self._parts.controls.rung = index
        self._phase.set_rung(index)
        self._parts.monitor.update(rung_manual=index)

    async def _select_audio(self, track_id: str) -> None:
        await self._phase.choose_audio(track_id)

    async def _select_text(self, track_id: str | None) -> None:
        await self._phase.choose_text(track_id)

    async def _add_subtitles(self, path: Path) -> None:
        await self._phase.add_subtitles(path)

    async def _select_second_text(self, track_id: str | None) -> None:
        await self._phase.choose_second_text(track_id)

    async def _screenshot(self, path: Path) -> bool:
        if self._phase.is_protected:
            return False
        part = path.with_name(f".{path.stem}.part{path.suffix}")  # on a full disk libmpv leaves half of it
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            done = await self._phase.command("screenshot-to-file", str(part), "subtitles")
            done = await asyncio.to_thread(_settle, part, path if done else None)
        except OSError as error:
            _log.warning("the frame cannot be saved: %s", error.strerror)
            return False
        return done

    async def _exact_position(self) -> float:
        if self._parts.monitor.is_seeking:
            return self._parts.playhead.position_s  # where it leads
        at_s = await asyncio.to_thread(self._parts.player.read, "time-pos")
        return float(at_s) if isinstance(at_s, int | float) else self.state.position_s

    async def _audio_devices(self) -> tuple[AudioDevice, ...]:
        return audio_devices(await asyncio.to_thread(self._parts.player.read, "audio-device-list") or ())

    def _set_speed(self, speed: float) -> None:
        self._phase.set_speed(speed)

    # --- what libmpv tells

    def _on_event(self, name: str, data: Mapping[str, Any]) -> None:
        self._parts.monitor.handle_player_event(name, data)
        ending = self._parts.ending
        if name == "end-file" and data.get("reason") in ("error", b"error") and not self._closing:
            refusal = ending.failure or self._phase.refusal(data)
            if refusal is not None:
                ending.fail(refusal)
        self._phase.player_event(name)
        if name == "playback-restart":
            steps, self._steps = self._steps, []
            for command in steps:
                self._do(self._step_frame, command)

    def _on_property(self, name: str, value: Any) -> None:  # noqa: ANN401
        self._parts.monitor.handle_property(name, value)
        self._phase.player_property(name, value)


def _parts(
    source: PlaybackSource,
    player: MediaPlayer,
    services: PlaybackServices,
    settings: PlaybackSettings,
    on_state: Callable[[PlaybackState], None],
    commands: PlaybackCommands,
) -> PlaybackParts:
    clock, observe, playhead, paths = services.clock, EventHub(), Playhead(), Pathways(())
    throughput = Throughput(reported_recall(services.recall, clock, observe), lambda: paths.current)
    monitor = Monitor(playhead, clock, observe, on_state, lambda: throughput.mean_bps(clock.monotonic()))
    observe.add(monitor.handle_event)
    ending = PlaybackEnding(monitor, clock, observe)
    tasks = PlaybackTasks(services.loop, ending.report_side_failure)
    return PlaybackParts(
        source,
        player,
        services,
        settings,
        commands,
        observe,
        monitor,
        playhead,
        services.waiting(),
        KeyRing(),
        paths,
        throughput,
        Controls(tasks.call_soon, paused=settings.start_paused, rung=settings.rung),
        tasks,
        ending,
    )


def _settle(part: Path, path: Path | None) -> bool:
    """Give a written picture its name if it is whole, or remove what there is of it. Raises OSError."""
    try:
        if path is None or not part.read_bytes().endswith(_PNG_END):  # libmpv does not tell of a full disk
            return False
        part.replace(path)
        return True
    finally:
        part.unlink(missing_ok=True)
