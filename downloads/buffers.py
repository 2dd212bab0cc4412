"""Memory for what arrives, used again: fresh pages for each segment cost more than writing it to the disk."""

from __future__ import annotations

from dataclasses import dataclass, field

_IN_ADVANCE_BYTES = 64 << 20  # a length that a server announces is believed so far
_KEPT_BYTES = 32 << 20  # larger buffers are not kept for the next one


class BodyBuffer:
    """A sink that gathers one body. The memory keeps its size when :meth:`begin_anew` empties it."""

    def __init__(self) -> None:
        self._memory = bytearray()
        self._received = 0

    @property
    def received(self) -> int:
        return self._received

    @property
    def capacity(self) -> int:
        """Bytes of memory it holds."""
        return len(self._memory)

    def begin(self, total: int | None) -> None:
        """Make room for ``total`` bytes at once."""
        if total is not None:
            self._grow(min(total, _IN_ADVANCE_BYTES))

    def write(self, chunk: bytes) -> None:
        end = self._received + len(chunk)
        if end > len(self._memory):
            self._grow(max(end, 2 * len(self._memory)))
        self._memory[self._received : end] = chunk
        self._received = end

    def view(self) -> memoryview:
        """What has arrived. Release it before anything is written again."""
        return memoryview(self._memory)[: self._received]

    def begin_anew(self) -> None:
        """Empty, for another body."""
        self._received = 0

    def _grow(self, capacity: int) -> None:
        if capacity > len(self._memory):
            self._memory.extend(bytes(capacity - len(self._memory)))


@dataclass(slots=True)
class Buffers:
    """The buffers that nobody uses now."""

    _free: list[BodyBuffer] = field(default_factory=list, repr=False)

    def take(self) -> BodyBuffer:
        """An empty one."""
        buffer = self._free.pop() if self._free else BodyBuffer()
        buffer.begin_anew()
        return buffer

    def give_back(self, buffer: BodyBuffer) -> None:
        if buffer.capacity <= _KEPT_BYTES:
            self._free.append(buffer)
