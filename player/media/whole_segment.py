"""A segment that is wholly there, as a :class:`~player.media.model.ByteSource`."""

from __future__ import annotations


class WholeSource:
    """All bytes of one segment in memory: downloads, whole-file decryption, tests."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data)

    def wait(self, length: int) -> int:  # noqa: ARG002  (nothing to wait for)
        return len(self._data)

    def view(self, start: int, stop: int) -> bytearray:
        return bytearray(self._data[start:stop])
