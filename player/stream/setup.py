"""Which decoders a stretch of a playback needs, and whether those of a file that libmpv has open will do. Pure.

libmpv sets up one decoder for each track of a file. It follows a change of size or bitrate by itself; a change of
codec, of dynamic range or of the layout of the sound needs another file, with another header. Auto never makes such a
change, but a source may: in another period, or behind a discontinuity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from player.media.model import StreamConfig
from player.stream.timeline import Slot

SDR = "SDR"


@dataclass(frozen=True, slots=True)
class Setup:
    """What the tracks of a file are declared as, or what has been found in a segment. ``audio`` is by the number of
    the audio track in the file; a track that is not there, or is not known, is left out."""

    video: StreamConfig | None = None
    video_range: str = SDR  # the manifest's: SDR, PQ or HLG
    audio: Mapping[int, StreamConfig] = field(default_factory=dict)

    def takes(self, found: Setup) -> bool:
        """Whether a file with this setup can hold what has been found."""
        if found.video is not None:
            if self.video is None or self.video.codec is not found.video.codec:
                return False
            if self.video_range != found.video_range:
                return False
        return all(
            number in self.audio and _same_sound(self.audio[number], config) for number, config in found.audio.items()
        )

    def changed_to(self, found: Setup) -> Setup:
        """The setup for what has been found; what was not looked at stays."""
        if found.video is None:
            return Setup(self.video, self.video_range, {**self.audio, **found.audio})
        return Setup(found.video, found.video_range, {**self.audio, **found.audio})


class AnotherSetup(Exception):  # noqa: N818  (not an error: the file ends here, and another one goes on)
    """A slot needs other decoders than the file that is being written has."""

    def __init__(self, slot: Slot, found: Setup) -> None:
        super().__init__(slot.number)
        self.slot = slot
        self.found = found


def _same_sound(declared: StreamConfig, found: StreamConfig) -> bool:
    return declared.codec is found.codec and all(
        one == other or 0 in (one, other)  # 0 is not known
        for one, other in ((declared.sample_rate, found.sample_rate), (declared.channels, found.channels))
    )
