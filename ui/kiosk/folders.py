"""Where a kiosk finds what it is told, and where it keeps what it needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from player.base.errors import InputError
from player.base.files import write_whole
from ui.kiosk import provisioning as files
from ui.kiosk.playlist import PlaylistStore
from ui.kiosk.process import own_command
from ui.kiosk.provisioning import Provisioning

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KioskFolders:
    """The provisioning file, and the folder for everything that the kiosk keeps."""

    file: Path
    state: Path

    @property
    def profile(self) -> Path:
        """The folder of the client: its identity, its sign-in, what it has downloaded."""
        return self.state / "profile"

    def command(self, part: str, entry: int) -> list[str]:
        """The words that begin a part (``screen`` or ``fallback``) with an entry."""
        words = ["kiosk", str(self.file), "--state", str(self.state), "--part", part, "--begin", str(entry)]
        return [*own_command(), *words]


def read_or_last_good(place: KioskFolders) -> Provisioning:
    """Return the kiosk's file, or the last good one if the file has a mistake. A playlist from the operator replaces
    the entries.

    Raises InputError where there is no file without a mistake.
    """
    return PlaylistStore(place.state).over(of_file(place))


def of_file(place: KioskFolders) -> Provisioning:
    """As :func:`read_or_last_good`, without what was sent."""
    try:
        found = files.load(place.file)
    except InputError as error:
        kept = _kept(place)
        if not kept.exists():
            raise
        _log.warning("the last good file is taken: %s", error.sentence)
        return files.load(kept)
    keep_good(place)
    return found


def keep_good(place: KioskFolders) -> None:
    """Keep a copy of the file, which is known to be good."""
    try:
        write_whole(_kept(place), place.file.read_bytes())  # for this user alone: it may hold addresses with tokens
    except OSError as error:
        _log.warning("the file cannot be kept: %s", error.strerror)


def _kept(place: KioskFolders) -> Path:
    return place.state / "last-good.toml"
