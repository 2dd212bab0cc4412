"""Choosing the sound and the subtitles while a title plays: carried out one after another, and learned from."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from player.base.errors import ANY_ERROR
from player.mpv.control import MpvControl
from player.playback.own_subtitles import OwnSubtitles, is_own
from player.playback.parts import PlaybackParts
from player.playback.subtitles import SubtitleTracks
from player.stream.streaming import Streaming
from player.text.subtitle_files import SubtitleLine
from player.tracks.menus import audio_choices
from player.tracks.selection import Selection

_log = logging.getLogger(__name__)

_FOLLOW_S = 3.0  # between two looks for more words
_SWITCH_S = 0.02  # so long libmpv takes to queue the seek that an audio switch means


class TrackSwitch:
    """The tracks of one playback. For the engine's loop; ``control`` may be used once libmpv has a file."""

    def __init__(
        self,
        parts: PlaybackParts,
        selection: Selection,
        streaming: Streaming,
        subtitles: SubtitleTracks,
        control: MpvControl,
    ) -> None:
        self._selection = selection
        self._streaming = streaming
        self._subtitles = subtitles
        self._control = control
        self._waiting = parts.waiting
        self._monitor = parts.monitor
        self._learning = parts.services.learning
        self._clock = parts.clock
        self._own = OwnSubtitles()
        self._own_chosen: str | None = None
        self._one_at_a_time = asyncio.Lock()
        self._text_wish = 0
        self._begun = False

    def select(self, selection: Selection) -> None:
        """A live title has more periods: the same subtitles with all of them."""
        self._subtitles.select(selection)

    def publish(self) -> None:
        """Tell what there is to choose from, and what is chosen."""
        streaming = self._streaming
        sound = audio_choices(self._selection, streaming.audio_chosen, changeable=streaming.audio_can_change)
        text = (*self._subtitles.choices(), *self._own.choices(self._own_chosen))
        self._monitor.update(audio_tracks=sound, text_tracks=text)

    async def choose_audio(self, track_id: str) -> None:
        """The viewer chooses a sound; nothing for one that is not available."""
        streaming, sounds = self._streaming, self._selection.audio
        index = next((n for n, track in enumerate(sounds) if track.id == track_id), None)
        if index is None or not streaming.audio_can_change:
            return
        self._learning.learn_audio(sounds[index].first)
        async with self._one_at_a_time:
            if index == streaming.audio_chosen:
                return
            await streaming.choose_audio(index)
            generation = self._waiting.generation
            await self._control.run(self._control.player.set, "aid", streaming.audio_chosen + 1)
            await self._clock.sleep(_SWITCH_S)
            self._waiting.interrupt(generation)
            self.publish()

    async def choose_text(self, track_id: str | None) -> None:
        """The viewer chooses subtitles, or none. Raises NetError or MediaError where they are not available."""
        track = next((track for track in self._selection.text if track.id == track_id), None)
        if track is not None or track_id is None:
            self._learning.learn_text(None if track is None else track.first)
        self._begun = True
        await self._show(track_id)

    async def choose_second_text(self, track_id: str | None) -> None:
        """Show a subtitle file of the viewer's at the top, beside the chosen subtitles; None for none. Raises
        InputError or MediaError."""
        if track_id is not None and track_id == self._own_chosen:
            return  # libmpv shows none of them twice
        number = (
            await self._own.number(track_id, self._control) if track_id is not None and is_own(track_id) else None
        )
        await self._control.run(self._control.player.set, "secondary-sid", "no" if number is None else number)
        self._monitor.update(second_text="" if number is None else track_id)

    async def add_subtitles(self, path: Path) -> None:
        """Show a subtitle file of the viewer's. Raises InputError or MediaError."""
        self._begun = True
        await self._show(self._own.add_path(path))

    def lines(self) -> tuple[SubtitleLine, ...]:
        """What is said in the subtitles that are shown, as far as they are loaded."""
        return self._subtitles.lines() if self._own_chosen is None else self._own.lines(self._own_chosen)

    async def show_preferred_text(self) -> None:
        """The subtitles that the viewer's preferences ask for, if nothing has been chosen yet."""
        if self._begun:
            return
        self._begun = True
        sounds = self._selection.audio
        spoken = sounds[self._streaming.audio_chosen].language if sounds else None
        wanted = self._subtitles.wanted(spoken, self._learning.preferences)
        if wanted is not None:
            await self._show(wanted)

    async def restore_text(self) -> None:
        """Load the same subtitles again: libmpv forgets them with its file."""
        self._own.forgotten()
        if self._own_chosen is not None:
            await self._show(self._own_chosen)
        if self._subtitles.selected is not None:
            await self._show(self._subtitles.selected)
        if self._monitor.state.second_text:
            await self.choose_second_text(self._monitor.state.second_text)

    async def follow(self) -> None:
        """Show the words that come, or that are still to be loaded; ends with the playback only."""
        try:
            while True:
                await self._clock.sleep(_FOLLOW_S)
                try:
                    await self._subtitles.follow(self._control, self._one_at_a_time)
                except ANY_ERROR as error:
                    _log.info("new subtitles are not available: %s", error.code)
        finally:
            self._subtitles.end()

    async def _show(self, track_id: str | None) -> None:
        self._text_wish += 1
        wish = self._text_wish
        async with self._one_at_a_time:
            if wish != self._text_wish:
                return  # there has been another choice meanwhile
            try:
                if is_own(track_id):
                    await self._show_own(track_id or "")
                else:
                    if self._own_chosen is not None:
                        self._own_chosen = None
                        await self._control.run(self._control.player.set, "sid", "no")
                    await self._subtitles.show(track_id, self._control)
            finally:
                self.publish()

    async def _show_own(self, track_id: str) -> None:
        number = await self._own.number(track_id, self._control)
        if number is not None:
            if track_id == self._monitor.state.second_text:
                await self.choose_second_text(None)
            await self._subtitles.show(None, self._control)
            await self._control.run(self._control.player.set, "sid", number)
            self._own_chosen = track_id
