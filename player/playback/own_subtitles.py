"""Subtitle files of the viewer's own, beside a film or dropped onto it, for any playback. For the engine's loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from player.base.apart import apart
from player.base.file_names import readable
from player.mpv.control import MpvControl
from player.mpv.model import MediaPlayer
from player.reporting.state import TrackChoice
from player.text.subtitle_files import SubtitleLine, SubtitlePlace, SubtitleText, load, named

_PREFIX = "own/"
_MOST = 60


@dataclass(slots=True)
class _Own:
    """``text`` is there once it was shown, ``number`` is libmpv's while it has it."""

    place: SubtitlePlace
    text: SubtitleText | None = None
    number: int | None = None


def is_own(track_id: str | None) -> bool:
    """Whether this is the id of a subtitle file of the viewer's."""
    return track_id is not None and track_id.startswith(_PREFIX)


class OwnSubtitles:
    """Those of one playback."""

    def __init__(self, fps: float | None = None) -> None:
        self._fps = fps
        self._files: dict[str, _Own] = {}

    def add(self, place: SubtitlePlace) -> str:
        """Know of a file; its id. One that is known already keeps its own."""
        known = next((id_ for id_, own in self._files.items() if own.place.path == place.path), None)
        if known is None and len(self._files) < _MOST:
            known = f"{_PREFIX}{len(self._files)}"
            self._files[known] = _Own(place)
        return known or ""

    def add_path(self, path: Path, film_stem: str = "") -> str:
        """Know of a file that the viewer chose; its id."""
        return self.add(named(path, film_stem))

    def choices(self, selected: str | None) -> tuple[TrackChoice, ...]:
        """The lines of a menu."""
        return tuple(
            TrackChoice(
                id_,
                readable(own.place.path.name),
                own.place.language,
                selected=id_ == selected,
                kinds=("caption",) if own.place.hard_of_hearing else (),
                forced=own.place.forced,
            )
            for id_, own in self._files.items()
        )

    def language(self, id_: str) -> str | None:
        """The language of a file, where its name says it."""
        return self._files[id_].place.language

    async def number(self, id_: str, control: MpvControl) -> int | None:
        """libmpv's number for a file, which it is given now where it does not have it. Raises InputError or
        MediaError for a file that cannot be read."""
        own = self._files.get(id_)
        if own is None:
            return None
        if own.text is None:
            own.text = await apart(load, own.place.path, self._fps, own.place.language)
        if own.number is None:
            own.number = await control.run(_add, control.player, own.text.document, readable(own.place.path.name))
        return own.number

    def lines(self, id_: str) -> tuple[SubtitleLine, ...]:
        """What is said in a file that was shown."""
        own = self._files.get(id_)
        return () if own is None or own.text is None else own.text.lines

    def forgotten(self) -> None:
        """libmpv has loaded another file, and has none of these any more."""
        for own in self._files.values():
            own.number = None


def _add(player: MediaPlayer, document: str, name: str) -> int | None:
    """Give libmpv a document; its number, None where libmpv refuses it."""
    if not player.command("sub-add", f"memory://{document}", "auto", name):
        return None
    listed = player.read("track-list") or ()
    return max((int(track["id"]) for track in listed if track.get("type") == "sub"), default=None)
