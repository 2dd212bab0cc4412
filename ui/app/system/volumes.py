"""The disks of this machine that downloads may be kept on besides the profile's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStorageInfo

FOLDER = "Matinee"  # of ours, on each disk
_LEAST_BYTES = 1_000_000_000  # smaller ones are no disks for films
_OF_THE_SYSTEM = ("/boot", "/dev", "/proc", "/run/lock", "/run/user", "/snap", "/sys", "/var")


@dataclass(frozen=True, slots=True)
class Volume:
    """``folder`` is where downloads go on it; ``free`` bytes are left."""

    folder: Path
    name: str
    free: int


def volumes(profile: Path) -> Sequence[Volume]:
    """Disks that this user may write to, other than the one of ``profile``."""
    own = QStorageInfo(str(profile)).rootPath()
    found = []
    for disk in QStorageInfo.mountedVolumes():
        root = disk.rootPath()
        usable = disk.isValid() and disk.isReady() and not disk.isReadOnly() and os.access(root, os.W_OK)
        for_films = disk.bytesTotal() >= _LEAST_BYTES and not root.startswith(_OF_THE_SYSTEM)
        if usable and for_films and root not in (own, "/"):
            found.append(Volume(Path(root) / FOLDER, disk.displayName() or root, disk.bytesAvailable()))
    return found
