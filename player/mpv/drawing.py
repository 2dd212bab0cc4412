"""Which libmpv instances are drawn from: a render context is freed before its instance is terminated, and made of one
that lives. libmpv itself does not look; it takes the process down (docs/ownership.md)."""

from __future__ import annotations

import ctypes

_drawn_from: set[int | None] = set()


def _place_of(handle: ctypes.c_void_p | None) -> int | None:
    """Where the ``mpv_handle`` lies. RuntimeError where its libmpv was terminated."""
    if handle is None:
        raise RuntimeError("this libmpv has been terminated")
    return handle.value


def begins(handle: ctypes.c_void_p | None) -> None:
    """A render context is about to be made for the ``mpv_handle``."""
    place = _place_of(handle)
    assert place not in _drawn_from, "libmpv has one render context at a time"
    _drawn_from.add(place)


def ends(handle: ctypes.c_void_p | None) -> None:
    """The render context has been freed, or could not be made."""
    _drawn_from.discard(_place_of(handle))


def is_drawn(handle: ctypes.c_void_p | None) -> bool:
    """Whether there is a render context."""
    return handle is not None and handle.value in _drawn_from
