"""Errors of downloads, and what an error of the file system means to a viewer."""

from __future__ import annotations

import errno
from pathlib import Path

from player.base.errors import ErrorCode, MatineeError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DownloadError(MatineeError):
    """Something about what is kept on this machine: the code begins with ``download.`` or ``disk.``."""


def damaged(what: str, item: int | None = None) -> DownloadError:
    """``what`` is not as it was written; it is named and never played."""
    return DownloadError(ErrorCode.DOWNLOAD_DAMAGED, f"{what} was changed or is damaged.", part=what, item=item)


def not_found(name: str) -> DownloadError:
    return DownloadError(ErrorCode.DOWNLOAD_NOT_FOUND, f"There is no download {name!r} here.")


LACK_ROOM = frozenset({ErrorCode.DISK_FULL, ErrorCode.DISK_LIMIT})
"""What a download fails for that goes on when there is room."""


def store_gone(folder: Path, moved: str = "") -> DownloadError:
    """``moved``: the id of a download on another disk, whose folder may have another place now."""
    hint = (
        f" If it was moved, say where: `matinee download move {moved} FOLDER`. "
        f"If it is lost: `matinee download remove {moved}`."
        if moved
        else ""
    )
    return DownloadError(
        ErrorCode.DOWNLOAD_STORE_GONE,
        f"The downloads' folder {folder} is not there; is its disk connected?{hint}",
        recoverable=True,
    )


def disk_full(folder: Path, needed: int | None = None, free: int | None = None) -> DownloadError:
    """``needed`` and ``free`` are bytes."""
    sentence = "The disk is full: free some space, remove a download or move it to another disk, then resume."
    return DownloadError(
        ErrorCode.DISK_FULL, sentence, recoverable=True, folder=str(folder), needed=needed, free=free
    )


def over_limit(needed: int, room: int) -> DownloadError:
    """A download that is larger than its limit leaves. Bytes."""
    return DownloadError(
        ErrorCode.DISK_LIMIT,
        "The downloads have reached the limit that was set for them: remove one, or allow more "
        "(matinee download limit), then resume.",
        recoverable=True,
        needed=needed,
        free=room,
    )


def storage_error(error: OSError, folder: Path) -> DownloadError:
    """What an OSError while using ``folder`` means."""
    if error.errno in _FULL:
        return disk_full(folder)
    if error.errno == errno.EFBIG:
        return DownloadError(
            ErrorCode.DOWNLOAD_IMPOSSIBLE,
            "The disk takes no files as large as this title's (FAT ends at 4 GB); download it to another disk.",
        )
    if not folder.is_dir():
        return store_gone(folder)
    return DownloadError(
        ErrorCode.DOWNLOAD_STORE_GONE,
        f"The downloads' folder {folder} cannot be used: {error.strerror or error}.",
        recoverable=True,
    )
