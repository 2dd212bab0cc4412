"""What manifests, playlists, indexes and init segments show of the link before any media has come.

They are too small for the estimator: a few round trips and the buffers on the way decide how fast they seem. So they
serve for the first rung alone. What they show is held low on purpose. Times are seconds, sizes bytes.
"""

from __future__ import annotations

ENOUGH_BYTES = 16 * 1024  # fewer say nothing: they come as one burst at any rate
BURST_S = 0.01  # so much longer they are taken to have needed: a buffer on the way hands on several packets at once


class FirstLook:
    """A fold over the finished exchanges of a start on one CDN."""

    def __init__(self) -> None:
        self._size = 0
        self._body_s = 0.0

    def add(self, size: int, body_s: float) -> None:
        """A body of ``size`` has come in ``body_s``. Bodies beside each other count one after the other, so that the
        link never looks faster than it is."""
        self._size += size
        self._body_s += max(body_s, 0.0)

    @property
    def bps(self) -> float | None:
        """Bits per second that the link has shown; None while too little has come."""
        return self._size * 8 / (self._body_s + BURST_S) if self._size >= ENOUGH_BYTES else None
