"""Content keys of a channel that change with each crypto period: made ahead, forgotten behind the window."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from backend_stub.broadcast.channel import BroadcastChannel
from backend_stub.encoding.ladder import KeyLabel
from backend_stub.encoding.package import generate_keys
from backend_stub.services.broadcasts import CataloguedBroadcast
from backend_stub.services.content_keys import PlainKey


class RotatingKeys:
    """A key for each label of the channel's tracks, in each epoch of each run. Thread-safe."""

    def __init__(self, catalogued: CataloguedBroadcast, channel: BroadcastChannel) -> None:
        self._catalogued = catalogued
        self._labels: Sequence[KeyLabel] = sorted({KeyLabel(track.label) for track in channel.tracks})
        self._made: dict[tuple[int, int], Mapping[str, PlainKey]] = {}
        self._lock = threading.Lock()

    def prepare(self, run: int, epoch: int) -> None:
        """See :class:`~backend_stub.broadcaster.packager.KeyStock`; what is there already stays."""
        if (run, epoch) not in self._made:
            made = generate_keys(self._labels)
            self._catalogued.add_keys(made)
            with self._lock:
                self._made.setdefault((run, epoch), {key.label: key for key in made})

    def keys(self, run: int, epoch: int) -> Mapping[str, PlainKey]:
        """See :class:`~backend_stub.broadcaster.packager.KeyStock`."""
        self.prepare(run, epoch)
        return self._made[run, epoch]

    def forget(self, kids: Collection[str]) -> None:
        """See :class:`~backend_stub.broadcaster.packager.KeyStock`; keys that are to be used soon stay."""
        with self._lock:
            self._made = {when: self._made[when] for when in sorted(self._made)[-2:]}
            coming = {key.kid.hex() for each in self._made.values() for key in each.values()}
        self._catalogued.keep_keys({*kids, *coming})
