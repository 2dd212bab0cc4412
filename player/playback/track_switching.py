"""Choosing the sound and the subtitles while a title plays: carried out one after another, and learned from."""

from __future__ import annotations

import asyncio
import logging

from player.base.errors import ANY_ERROR
from player.mpv.control import MpvControl
from player.playback.parts import PlaybackParts
from player.playback.subtitles import SubtitleTracks
from player.stream.streaming import Streaming
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
        self._monitor.update(audio_tracks=sound, text_tracks=self._subtitles.choices())

    async def choose_audio(self, track_id: str) -> None:
        """The viewer chooses a sound; nothing for one that cannot be had."""
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
        """The viewer chooses subtitles, or none. Raises NetError or MediaError where they cannot be had."""
        track = next((track for track in self._selection.text if track.id == track_id), None)
        if track is not None or track_id is None:
            self._learning.learn_text(None if track is None else track.first)
        self._begun = True
        await self._show(track_id)

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
        """The same subtitles once more: libmpv forgets them with its file."""
        if self._subtitles.selected is not None:
            await self._show(self._subtitles.selected)

    async def follow(self) -> None:
        """Show the words that come, or that are still to be loaded; ends with the playback only."""
        while True:
            await self._clock.sleep(_FOLLOW_S)
            try:
                await self._subtitles.follow(self._control, self._one_at_a_time)
            except ANY_ERROR as error:
                _log.info("new subtitles cannot be had: %s", error.code)

    async def _show(self, track_id: str | None) -> None:
        self._text_wish += 1
        wish = self._text_wish
        async with self._one_at_a_time:
            if wish != self._text_wish:
                return  # there has been another choice meanwhile
            try:
                await self._subtitles.show(track_id, self._control)
            finally:
                self.publish()
