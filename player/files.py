"""Writing small files so that they are never half there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace ``path`` at once by a file that only this user may read. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def is_newer(content: object, version: int) -> bool:
    """Whether what a JSON file holds says that a later version than this one wrote it: then it is left alone."""
    found = content.get("version") if isinstance(content, dict) else None
    return isinstance(found, int) and found > version
