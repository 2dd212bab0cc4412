"""The tracks of a media file that libmpv plays by itself: what there is, what is chosen, and what that teaches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from player.base.errors import ANY_ERROR
from player.base.languages import normal
from player.manifest.model import Track, TrackType
from player.mpv.control import MpvControl
from player.mpv.model import MediaPlayer
from player.playback.own_subtitles import OwnSubtitles, is_own
from player.playback.parts import PlaybackParts
from player.reporting.state import TrackChoice
from player.tracks.logical import LogicalTrack
from player.tracks.preferences import SubtitleMode, choose_audio, choose_text

_PROPERTY = {TrackType.AUDIO: "aid", TrackType.TEXT: "sid"}
_TYPES = {"audio": TrackType.AUDIO, "sub": TrackType.TEXT}
_OFF = "off"
_NO_DECODER = "This format cannot be decoded here."
_MOST_TRACKS = 200
_LONGEST = 200
_FRAME_S = 1.0  # few films show a frame for longer; before the first one libmpv tells where it was to begin


@dataclass(frozen=True, slots=True)
class FileTrack:
    """``number`` is libmpv's own for it."""

    number: int
    track: Track
    selected: bool
    channels: str | None
    unsupported: str | None

    def choice(self, *, selected: bool) -> TrackChoice:
        """A line of a menu."""
        track = self.track
        return TrackChoice(
            track.id,
            track.label or "",
            track.language,
            selected=selected,
            unsupported=self.unsupported,
            kinds=(*track.roles, *track.accessibility),
            channels=self.channels,
            forced=track.forced,
        )

    @property
    def logical(self) -> LogicalTrack:
        return LogicalTrack(self.track.id, self.track.label or "", (self.track,))


def tracks_of(track_list: Sequence[Mapping[str, Any]], decoders: Collection[str]) -> tuple[FileTrack, ...]:
    """The audio and subtitle tracks in libmpv's ``track-list`` (mpv's manual, "Property list"), in their order."""
    found = (_track(each, decoders) for each in track_list[:_MOST_TRACKS] if isinstance(each, Mapping))
    return tuple(track for track in found if track is not None)


def _track(listed: Mapping[str, Any], decoders: Collection[str]) -> FileTrack | None:
    kind = _TYPES.get(str(listed.get("type")))
    if kind is None or listed.get("external"):
        return None
    number = int(listed.get("id") or 0)
    title = str(listed.get("title") or "")[:_LONGEST]
    codec = str(listed.get("codec") or "")
    playable = kind is TrackType.TEXT or not codec or not decoders or codec in decoders
    channels = listed.get("demux-channel-count")
    track = Track(
        f"{kind}/{number}",
        kind,
        (),
        language="-".join(normal(str(listed.get("lang") or ""))) or None,
        label=title or None,
        roles=_roles(listed, title),
        default=bool(listed.get("default")),
        forced=bool(listed.get("forced")),
    )
    return FileTrack(
        number,
        track,
        bool(listed.get("selected")),
        str(channels) if channels else None,
        None if playable else _NO_DECODER,
    )


def _roles(listed: Mapping[str, Any], title: str) -> tuple[str, ...]:
    """In the words of manifests. Many files say it in the title only."""
    words = title.casefold()
    roles = []
    if listed.get("visual-impaired") or "audio description" in words or "descriptive" in words:
        roles.append("description")
    if listed.get("hearing-impaired") or "sdh" in words.split() or "hearing" in words:
        roles.append("caption")
    if "commentary" in words:
        roles.append("commentary")
    return tuple(roles)


class FileTracks:
    """Those of one playback. For the engine's loop; ``control`` may be used once libmpv has its file."""

    def __init__(self, parts: PlaybackParts, control: MpvControl, own: OwnSubtitles) -> None:
        self._parts = parts
        self._own = own
        self._second: str | None = None
        self._control = control
        self._tracks: tuple[FileTrack, ...] = ()
        self._chosen: dict[TrackType, str | None] = {TrackType.AUDIO: None, TrackType.TEXT: None}
        self._lock = asyncio.Lock()
        self._chosen_at_s: float | None = None  # where libmpv was when a track was chosen that it may not have read
        self.count = 0
        """How many tracks of all kinds libmpv has."""

    async def read(self) -> None:
        """Look at what libmpv has now, and publish it."""
        listed = await self._control.run(self._control.player.read, "track-list") or ()
        self.count = len(listed)
        self._tracks = tracks_of(listed, self._control.player.decoders())
        for kind in self._chosen:
            if kind is TrackType.TEXT and is_own(self._chosen[kind]):
                continue  # libmpv's list has it as an external one
            selected = (one.track.id for one in self._tracks if one.selected and one.track.type is kind)
            self._chosen[kind] = next(selected, None)
        self.publish()

    def publish(self) -> None:
        """Report what there is to choose from, and what is chosen."""
        audio, text = (
            tuple(one.choice(selected=one.track.id == self._chosen[kind]) for one in self._of(kind))
            for kind in (TrackType.AUDIO, TrackType.TEXT)
        )
        own = self._own.choices(self._chosen[TrackType.TEXT])
        self._parts.monitor.update(audio_tracks=audio, text_tracks=(*text, *own))

    async def begin(self, audio: str = "", text: str = "") -> None:
        """Choose what the viewer likes: what was chosen in this file, else by the preferences, else subtitles that
        are called as the film. ``text`` is what :meth:`key` gave. What cannot be shown is reported, and the next best
        is shown."""
        preferences = self._parts.services.learning.preferences
        sounds = [one for one in self._of(TrackType.AUDIO) if one.unsupported is None]
        wanted = next((one for one in sounds if one.track.id == audio), None)
        if wanted is None and sounds:
            wanted = sounds[choose_audio([one.logical for one in sounds], preferences)]
        if wanted is not None and self._chosen[TrackType.AUDIO] != wanted.track.id:
            await self._select(TrackType.AUDIO, wanted)
        if text != _OFF and not await self._show_if_readable(self._show_again(text)):
            await self._show_preferred(None if wanted is None else wanted.track.language)

    async def _show_again(self, key: str) -> bool:
        return bool(key) and await self._show(await self._own.known_by(key) if is_own(key) else key)

    async def _show_preferred(self, spoken: str | None) -> None:
        failed: set[str] = set()
        while (choice := self._preferred(spoken, failed)) is not None:
            if await self._show_if_readable(self._show(choice)):
                return
            failed.add(choice)

    def _preferred(self, spoken: str | None, failed: Collection[str]) -> str | None:
        """The subtitles to start with. As mpv does, those in a file of exactly the film's name are shown where the
        preferences name no others, unless the viewer has turned subtitles off."""
        preferences = self._parts.services.learning.preferences
        texts = [*(one.logical for one in self._of(TrackType.TEXT)), *self._own_tracks()]
        choice = choose_text(texts, spoken, preferences, failed)
        if choice is not None and not next(one.first.forced for one in texts if one.id == choice):
            return choice
        if preferences.subtitles is not SubtitleMode.NEVER:
            named = (id_ for id_ in self._own.named_as_film() if id_ not in failed)
            choice = next(named, choice)
        return choice

    def key(self, text_id: str | None) -> str:
        """What to remember chosen subtitles by: another list may have them in another place."""
        return _OFF if text_id is None else self._own.key(text_id) if is_own(text_id) else text_id

    async def choose_audio(self, track_id: str) -> None:
        """The viewer chooses an audio track; nothing for one that is not available."""
        found = next((one for one in self._of(TrackType.AUDIO) if one.track.id == track_id), None)
        if found is not None and found.unsupported is None:
            self._parts.services.learning.learn_audio(found.track)
            await self._select(TrackType.AUDIO, found)

    async def choose_text(self, track_id: str | None) -> None:
        """The viewer chooses subtitles, or none."""
        all_texts = (*(one.track for one in self._of(TrackType.TEXT)), *(one.first for one in self._own_tracks()))
        found = next((track for track in all_texts if track.id == track_id), None)
        if found is not None or track_id is None:
            self._parts.services.learning.learn_text(found)
        await self._show(track_id)

    async def choose_second(self, track_id: str | None) -> None:
        """Show other subtitles at the top, beside the chosen ones; None for none. libmpv shows none of them twice.
        Raises as :meth:`choose_text`."""
        number = await self._number(track_id)
        async with self._lock:
            if number is None or track_id != self._chosen[TrackType.TEXT]:
                await self._set_second(track_id, number)

    async def _set_second(self, track_id: str | None, number: int | None) -> None:
        """With the lock held."""
        await self._set("secondary-sid", number)
        self._second = None if number is None else track_id
        self._parts.monitor.update(second_text=self._second or "")

    async def add_all(self, paths: Sequence[Path]) -> bool:
        """Show the subtitle files that came with the film, the last one that can be read; False where there is none.
        The others are reported."""
        return any([await self._show_if_readable(self.add(path)) for path in paths])

    async def add(self, path: Path) -> bool:
        """Show a subtitle file of the viewer's. Raises InputError or MediaError where it cannot be read."""
        media = self._parts.source.media
        return await self._show(self._own.add_path(path, "" if media is None else Path(media.name).stem))

    async def chosen_text(self) -> str:
        """The id of the subtitles that are shown, once a choice under way is done; empty for none."""
        async with self._lock:
            return self._chosen[TrackType.TEXT] or ""

    @property
    def chosen(self) -> tuple[str | None, str | None, str | None]:
        """The ids of the audio, the subtitles and the second subtitles that are chosen."""
        return self._chosen[TrackType.AUDIO], self._chosen[TrackType.TEXT], self._second

    async def choose_again(self, audio: str | None, text: str | None, second: str | None) -> None:
        """Choose what was chosen, after libmpv has loaded the same file again."""
        found = next((one for one in self._of(TrackType.AUDIO) if one.track.id == audio), None)
        if found is not None and self._chosen[TrackType.AUDIO] != audio:
            await self._select(TrackType.AUDIO, found)
        await self._show_if_readable(self._show(text))
        if second is not None:
            await self.choose_second(second)

    async def _show_if_readable(self, shown: Awaitable[bool]) -> bool:
        """The viewer asked for the film, which plays without subtitles too."""
        try:
            return await shown
        except ANY_ERROR as error:
            self._parts.ending.report_side_failure(error)
            return False

    async def _show(self, track_id: str | None) -> bool:
        """False where there is no such track."""
        number = await self._number(track_id)
        if track_id is not None and number is None:
            return False
        async with self._lock:
            if track_id is not None and track_id == self._second:
                await self._set_second(None, None)
            await self._set("sid", number)
            self._chosen[TrackType.TEXT] = track_id
            self.publish()
        return True

    async def _number(self, track_id: str | None) -> int | None:
        if track_id is not None and is_own(track_id):
            return await self._own.number(track_id, self._control)
        return next((one.number for one in self._of(TrackType.TEXT) if one.track.id == track_id), None)

    def _own_tracks(self) -> list[LogicalTrack]:
        return [LogicalTrack(one.id, one.label, (_own_track(one),)) for one in self._own.choices(None)]

    async def _select(self, kind: TrackType, one: FileTrack | None) -> None:
        async with self._lock:
            await self._set(_PROPERTY[kind], None if one is None else one.number)
            self._chosen[kind] = None if one is None else one.track.id
            self.publish()

    async def _set(self, name: str, number: int | None) -> None:
        """Choose a track. While paused libmpv would read none of it before playback goes on, so the file is
        read again from here."""
        player = self._control.player
        await self._control.run(player.set, name, "no" if number is None else number)
        if number is None or self._parts.monitor.ended:
            return
        paused, at_s = await self._control.run(_stand, player)
        self._chosen_at_s = None if paused else at_s
        if paused and at_s is not None:
            await self._control.run(player.seek_afresh, at_s)

    async def read_if_unread(self) -> None:
        """libmpv has paused. If it has hardly played since a track was chosen, it may have read nothing of it, so the
        file is read again from here."""
        chosen_at_s, self._chosen_at_s = self._chosen_at_s, None
        monitor, player = self._parts.monitor, self._control.player
        if chosen_at_s is None or monitor.ended or monitor.is_seeking:
            return
        at_s = await self._control.run(player.read, "time-pos")
        if at_s is not None and abs(at_s - chosen_at_s) < _FRAME_S:
            await self._control.run(player.seek_afresh, at_s)

    def _of(self, kind: TrackType) -> list[FileTrack]:
        return [one for one in self._tracks if one.track.type is kind]


def _stand(player: MediaPlayer) -> tuple[bool, float | None]:
    """Whether libmpv is paused, and where it is."""
    return bool(player.read("pause")), player.read("time-pos")


def _own_track(choice: TrackChoice) -> Track:
    """A subtitle file of the viewer's, for the rules of preference."""
    return Track(
        choice.id,
        TrackType.TEXT,
        (),
        language=choice.language,
        label=choice.label,
        roles=choice.kinds,
        forced=choice.forced,
    )
