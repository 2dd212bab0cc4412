"""What an initialisation segment says about its tracks. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from drm_client.mp4_protection import NO_GROUPS, SampleGroups
from player.media.model import StreamConfig, StreamKind
from player.media.sample_entry import SampleEntry


@dataclass(frozen=True, slots=True)
class Fmp4Track:
    """One track. ``shift`` is what its edit list adds to media times, in ticks of ``timescale``; the defaults are
    those of trex, ``default_entry`` counts from 1. ``groups`` are its sample groups of encryption."""

    id: int
    timescale: int
    shift: int
    entries: tuple[SampleEntry, ...]
    default_entry: int = 1
    default_duration: int = 0
    default_size: int = 0
    default_flags: int = 0
    groups: SampleGroups = NO_GROUPS
    language: str = ""

    @property
    def config(self) -> StreamConfig:
        return self.entries[0].config

    @property
    def kind(self) -> StreamKind:
        return self.entries[0].config.kind

    @property
    def protected(self) -> SampleEntry | None:
        """The first protected sample entry, or None for a clear track."""
        return next((entry for entry in self.entries if entry.encryption is not None), None)


@dataclass(frozen=True, slots=True)
class Fmp4Init:
    """A whole initialisation segment: its tracks by id, and the pssh boxes in it (each a whole box)."""

    tracks: dict[int, Fmp4Track]
    pssh: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def default_kids(self) -> tuple[bytes, ...]:
        """Key ids (16 bytes) of all protected entries, each once."""
        items = [
            entry.encryption.kid
            for track in self.tracks.values()
            for entry in track.entries
            if entry.encryption is not None and entry.encryption.protected
        ]
        return tuple(dict.fromkeys(items))
