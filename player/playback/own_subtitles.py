"""Subtitle files of the viewer's own, beside a film or dropped onto it, for any playback. For the engine's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from player.base.apart import apart
from player.base.errors import ErrorCode, InputError, MediaError
from player.base.file_names import readable, shortened
from player.mpv.control import MpvControl
from player.mpv.model import MediaPlayer
from player.reporting.state import TrackChoice
from player.text.subtitle_files import SubtitleLine, SubtitlePlace, SubtitleText, content_of, named, read

T = TypeVar("T")

_PREFIX = "own/"
_MOST = 60
_LONGEST_KEY = 4096  # as a list of files takes it
_DISK_S = 5.0  # most disks that were asleep have answered by then; a film does not wait longer for its subtitles


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
    """Those of one playback, of the local file ``film`` where one plays."""

    def __init__(self, film: Path | None = None, fps: float | None = None) -> None:
        self._film = film
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

    def key(self, id_: str) -> str:
        """What to remember a file by: what its name adds to that of the film that it lies beside, else its path.
        Empty for one that cannot be remembered."""
        own = self._files.get(id_)
        key = "" if own is None else _PREFIX + _key(own.place.path, self._film)
        return key if len(key) <= _LONGEST_KEY else ""

    async def known_by(self, key: str) -> str:
        """The id of the file with this key, which becomes known again where it is still there. Empty for none."""
        found = next((id_ for id_ in self._files if self.key(id_) == key), "")
        path = _path(key.removeprefix(_PREFIX), self._film)
        if found or path is None or not await _in_time(path, Path.is_file):
            return found
        return self.add_path(path, "" if self._film is None else self._film.stem)

    def named_as_film(self) -> list[str]:
        """The ids of the files that are called exactly as the film."""
        return [id_ for id_, own in self._files.items() if own.place.same_name]

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
        MediaError for a file that cannot be shown."""
        own = self._files.get(id_)
        if own is None:
            return None
        name = readable(own.place.path.name)
        if own.text is None:
            content = await _in_time(own.place.path, content_of)
            try:
                own.text = await apart(read, content, self._fps, own.place.language)
            except MediaError as error:
                raise MediaError(error.code, f"{shortened(own.place.path.name)}: {error.sentence}") from error
        if own.number is None:
            own.number = await control.run(_add, control.player, own.text.document, name)
        if own.number is None:
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, f"{shortened(name)}: it cannot be shown.")
        return own.number

    def lines(self, id_: str) -> tuple[SubtitleLine, ...]:
        """What is said in a file that was shown."""
        own = self._files.get(id_)
        return () if own is None or own.text is None else own.text.lines

    def forgotten(self) -> None:
        """libmpv has loaded another file, and has none of these any more."""
        for own in self._files.values():
            own.number = None


async def _in_time(path: Path, look: Callable[[Path], T]) -> T:
    """What the disk says of a file. Raises InputError where it does not answer."""
    try:
        async with asyncio.timeout(_DISK_S):
            return await apart(look, path)
    except TimeoutError:
        sentence = f"{shortened(path.name)}: its disk or share does not answer."
        raise InputError(ErrorCode.INPUT_FILE, sentence) from None


def _key(path: Path, film: Path | None) -> str:
    """As :meth:`OwnSubtitles.key` has it: ``./.de.srt`` for "film.de.srt" beside "film.mkv", so that it is found
    under whatever name the two are the next time."""
    folder = None if film is None else film.absolute().parent
    path = path.absolute()
    if film is None or folder is None or not path.is_relative_to(folder):
        return str(path)
    if not path.name.casefold().startswith(film.stem.casefold()):
        return str(path)
    return f"./{path.parent.relative_to(folder)}/{path.name[len(film.stem) :]}"


def _path(key: str, film: Path | None) -> Path | None:
    """Where the file with this key is now; None where the key says nothing."""
    if Path(key).is_absolute():
        return Path(key)
    folder, _, rest = key.rpartition("/")
    return film.absolute().parent / folder / f"{film.stem}{rest}" if film is not None and folder else None


def _add(player: MediaPlayer, document: str, name: str) -> int | None:
    """Give libmpv a document; its number, None where libmpv refuses it."""
    if not player.command("sub-add", f"memory://{document}", "auto", name):
        return None
    listed = player.read("track-list") or ()
    return max((int(track["id"]) for track in listed if track.get("type") == "sub"), default=None)
