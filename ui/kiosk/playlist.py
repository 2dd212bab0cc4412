"""A playlist from the operator. It replaces the file's entries until those change. The one before it is kept until
the new one has played."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from player.base.files import is_newer, kept_json, write_whole
from ui.kiosk.commands import newer_file
from ui.kiosk.provisioning import PlaylistEntry, Provisioning, with_playlist
from ui.kiosk.toml_tables import TableError

_log = logging.getLogger(__name__)
_MAX_BYTES = 1_000_000
_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Sent:
    """``text`` has the entries, empty for the file's own; ``instead_of`` is the digest of the file's entries that it
    stands for. ``trial`` is the command that sent it, as long as it is tried, and ``before`` what stood before it."""

    text: str = ""
    instead_of: str = ""
    trial: str = ""
    before: str = ""


class PlaylistStore:
    """Keeps it in one small file of the kiosk's folder."""

    def __init__(self, state: Path) -> None:
        self._path = state / "playlist.json"

    def over(self, provisioning: Provisioning) -> Provisioning:
        """What the file says, with the entries that were sent in place of these."""
        sent = self._read()
        if not sent.text or sent.instead_of != _digest(provisioning.entries):
            return provisioning
        try:
            return with_playlist(provisioning, sent.text)
        except TableError as mistake:  # the rest of the file has changed, such as its hosts
            _log.warning("the playlist that was sent does not fit the file: %s", mistake)
            return provisioning

    @property
    def on_trial(self) -> str:
        """The command whose playlist is tried; empty for none."""
        return self._read().trial

    def begin_trial(self, command_id: str, text: str, of_file: Provisioning) -> None:
        """Put a playlist in place, which is known to have no mistake. Raises OSError and changes nothing."""
        instead_of = _digest(of_file.entries)
        standing = self._read()
        before = standing.text if standing.instead_of == instead_of else ""
        self._write(_Sent(text, instead_of, command_id, before))

    def keep(self) -> None:
        """It can play. Raises OSError."""
        self._write(replace(self._read(), trial="", before=""))

    def take_back(self) -> None:
        """It cannot: the one before it is in place again. Raises OSError."""
        sent = self._read()
        self._write(_Sent(sent.before, sent.instead_of))

    def _read(self) -> _Sent:
        members = kept_json(self._path, _MAX_BYTES)
        if not isinstance(members, dict) or members.get("version") != _VERSION:
            return _Sent()
        found = {name: members.get(name) for name in ("text", "instead_of", "trial", "before")}
        return _Sent(**{name: value for name, value in found.items() if isinstance(value, str)})

    def _write(self, sent: _Sent) -> None:
        if is_newer(kept_json(self._path, _MAX_BYTES), _VERSION):
            raise newer_file()
        write_whole(self._path, json.dumps({"version": _VERSION, **asdict(sent)}).encode())


def _digest(entries: Sequence[PlaylistEntry]) -> str:
    """Of what entries say, the same in every process."""

    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, frozenset) else str(value)

    text = json.dumps([asdict(entry) for entry in entries], default=plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
