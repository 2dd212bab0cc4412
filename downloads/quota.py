"""How much downloads may take on this machine: all together, and each profile's. Kept beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from downloads import request
from downloads.errors import DownloadError
from downloads.model import DownloadSummary
from downloads.reading import read_kept
from downloads.store import Store, free_bytes
from drm_client.whole_files import write_whole
from player.base.errors import ErrorCode

_NAME = "limits.json"
_FORMAT = 1
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class StorageLimits:
    """Bytes; None and what is not named: no limit. ``profiles`` are by the ids of the service's profiles, or by any
    name that was given with a download."""

    total: int | None = None
    profiles: Mapping[str, int] = field(default_factory=dict)

    def with_limit(self, profile: str, limit: int | None) -> StorageLimits:
        """Another limit for a profile, or for all together (empty)."""
        if not profile:
            return replace(self, total=limit)
        others = {name: value for name, value in self.profiles.items() if name != profile}
        return replace(self, profiles=others if limit is None else {**others, profile: limit})

    def within(self, own: int | None) -> StorageLimits:
        """The same where a program has a limit of its own for all together."""
        known = [limit for limit in (self.total, own) if limit is not None]
        return replace(self, total=min(known, default=None))


@dataclass(frozen=True, slots=True)
class Taken:
    """What one download takes (bytes, the whole of it where its size is known), and for whom."""

    profile: str
    size: int


def read(root: Path) -> StorageLimits:
    """The limits of the downloads in ``root``. Raises DownloadError ``download.newer`` for those of a newer version;
    a damaged file, or one that may not be read, holds none."""
    try:
        document = json.loads(read_kept(root / _NAME, _LONGEST, "The file of limits"))
        if document.get("format", 0) > _FORMAT:
            raise DownloadError(
                ErrorCode.DOWNLOAD_NEWER, "The limits of downloads were set by a newer version; please update."
            )
        total = document.get("total")
        profiles = {str(name): int(value) for name, value in document.get("profiles", {}).items()}
        return StorageLimits(None if total is None else int(total), profiles)
    except DownloadError as error:
        if error.code is ErrorCode.DOWNLOAD_NEWER:
            raise
    except (OSError, ValueError, OverflowError, TypeError, AttributeError, RecursionError):
        pass
    return StorageLimits()


def write(root: Path, limits: StorageLimits) -> None:
    """Keep the limits. Raises OSError."""
    document = {"format": _FORMAT, "total": limits.total, "profiles": dict(limits.profiles)}
    write_whole(root / _NAME, json.dumps(document).encode())


def room_of(limits: StorageLimits, others: Iterable[Taken], profile: str) -> int | None:
    """Bytes that one more download of a profile may take beside ``others``; None for any number."""
    taken = list(others)
    rooms = []
    if limits.total is not None:
        rooms.append(limits.total - sum(one.size for one in taken))
    if profile in limits.profiles:
        rooms.append(limits.profiles[profile] - sum(one.size for one in taken if one.profile == profile))
    return max(0, min(rooms)) if rooms else None


def room_for(store: Store, download_id: str, own: int | None = None) -> int | None:
    """Bytes that a download may take under the limits of its store, and the program's ``own``; None for any number.
    Those that were asked for earlier go first."""
    limits = read(store.root).within(own)
    if limits == StorageLimits():
        return None
    listed = store.list()
    mine = next((item for item in listed if item.id == download_id), None)
    if mine is None:
        return None
    others = [taken_by(store, item, before=mine) for item in listed if item.id != download_id]
    return room_of(limits, others, profile_of(store, mine))


def has_room(store: Store, item: DownloadSummary, reserve: int, own: int | None = None) -> bool:
    """Whether a download that failed for want of room would have it now. ``reserve`` bytes of the disk stay free."""
    folder = store.find(item.id)
    if item.size - item.fetched > free_bytes(folder.path) - reserve:
        return False
    room = room_for(store, item.id, own)
    return room is None or max(item.size, item.fetched) <= room


def taken_by(store: Store, item: DownloadSummary, *, before: DownloadSummary | None = None) -> Taken:
    """What a download takes; one that was asked for after ``before`` only what is there of it."""
    earlier = before is None or (item.created_at, item.id) < (before.created_at, before.id)
    return Taken(profile_of(store, item), max(item.size, item.fetched) if earlier else item.fetched)


def profile_of(store: Store, item: DownloadSummary) -> str:
    """For whom a download was made; empty where that is not known."""
    try:
        return request.read(store.find(item.id)).profile
    except DownloadError:
        return ""
