"""A playback over the network tells the downloads of this user, in whatever process they run, to step back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from drm_client.locks import held, is_held

_LOCK = "playing.lock"


@contextlib.contextmanager
def playing(root: Path) -> Iterator[None]:
    """While a playback runs. ``root`` is the store's folder; without one there is nobody to tell."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a disk that is not there holds no downloads that run
            stack.enter_context(held(root / _LOCK, shared=True))
        yield


def somebody_plays(root: Path) -> bool:
    """Whether a playback runs now."""
    return is_held(root / _LOCK)
