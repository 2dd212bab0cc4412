"""How a viewer wants picture and sound put out, as options of libmpv (mpv's manual, "Options"). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEFAULT_DEVICE = "auto"
_MOST_DEVICES = 100
_LONGEST = 300


class ToneMapping(StrEnum):
    """How the brightness of HDR is brought to a screen that has less of it; libmpv does the work."""

    AUTO = "auto"
    NATURAL = "bt.2390"
    DETAILED = "hable"
    SOFT = "mobius"
    CLIPPED = "clip"


class Speakers(StrEnum):
    """What the sound is mixed to."""

    AUTO = "auto"  # what the device says it has
    STEREO = "stereo"
    SURROUND = "surround"  # 5.1 and 7.1 as they are, whatever the device says


_CHANNELS = {Speakers.AUTO: "auto-safe", Speakers.STEREO: "stereo", Speakers.SURROUND: "7.1,5.1,stereo"}
PASSED_THROUGH = ("ac3", "eac3")
"""What goes undecoded to a receiver: the coded sound that titles have and that S/PDIF or HDMI carries."""

LOW_LATENCY = {
    "video-latency-hacks": "yes",  # no frame is held back to tell the rate of the others
    "vd-lavc-o": "thread_type=slice",  # each frame thread beyond the first holds one frame back
    "cache-pause-wait": "0.05",  # the next part is played as soon as it is there
}
"""Options of a file that is played near the edge of a live programme; what each gains is in docs/live.md."""

FALLBACK_FRAMES = 1
"""So many frames that the hardware could not decode make libmpv go on in software."""


@dataclass(frozen=True, slots=True)
class OutputWishes:
    """``hardware`` lets a decoder in hardware do the work where there is one; libmpv takes software where it cannot
    follow. ``passthrough`` gives AC-3 and E-AC-3 undecoded to a receiver that takes them; at another speed
    they are decoded here, until the next title."""

    hardware: bool = True
    tone_mapping: ToneMapping = ToneMapping.AUTO
    speakers: Speakers = Speakers.AUTO
    passthrough: bool = False


def output_options(wishes: OutputWishes, *, in_memory: bool) -> dict[str, object]:
    """The options; all of them can be set while libmpv runs. ``in_memory``: pictures are drawn by the CPU, so that
    decoded ones must come back from the hardware."""
    decoder = "auto-copy-safe" if in_memory else "auto-safe"
    return {
        "hwdec": decoder if wishes.hardware else "no",
        "vd_lavc_software_fallback": FALLBACK_FRAMES,
        "tone_mapping": wishes.tone_mapping.value,
        "audio_channels": _CHANNELS[wishes.speakers],
        "audio_spdif": ",".join(PASSED_THROUGH) if wishes.passthrough else "",
    }


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """Where sound can go: libmpv's name for it, and what people call it."""

    name: str
    description: str


def audio_devices(listed: Sequence[Mapping[str, Any]]) -> tuple[AudioDevice, ...]:
    """The devices in libmpv's ``audio-device-list`` (mpv's manual, "Property list"), the system's default first."""
    found = [
        AudioDevice(str(each["name"])[:_LONGEST], " ".join(str(each.get("description") or each["name"]).split()))
        for each in listed[:_MOST_DEVICES]
        if isinstance(each, Mapping) and each.get("name")
    ]
    return tuple(sorted(found, key=lambda device: device.name != DEFAULT_DEVICE))


def device_or_default(name: str, devices: Sequence[AudioDevice]) -> str:
    """The device with this name where it is there now, else the system's default."""
    return name if any(device.name == name for device in devices) else DEFAULT_DEVICE
