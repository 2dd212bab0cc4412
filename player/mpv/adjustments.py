"""What a viewer adjusts while a title plays, as properties of libmpv (mpv's manual, "Property list"). Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

ASPECTS = ("", "16:9", "4:3", "2.35:1", "1:1")
CROPS = ("", "fill", "16:9", "4:3", "2.39:1")
ROTATIONS = (0, 90, 180, 270)
MOST_DELAY_S = 60.0
MOST_VOLUME = 200

# FFmpeg's filters. Night mode lifts what is quiet and holds what is loud; normalisation evens out whole scenes.
_NIGHT = "lavfi=[acompressor=threshold=0.05:ratio=8:attack=10:release=300:makeup=4]"
_NORMAL = "lavfi=[dynaudnorm=framelen=300:gausssize=15:maxgain=8]"
_STEREO = "format=channels=stereo"
# By a filter: libmpv 0.35 aborts where it has to turn a picture that is drawn by the CPU.
_TURNS = {90: "lavfi=[transpose=clock]", 180: "lavfi=[hflip,vflip]", 270: "lavfi=[transpose=cclock]"}


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Delays are seconds, later is more. ``subtitle_size`` and ``zoom`` (from 100 on) are per cent. ``subtitle_lift``
    is how far subtitles stand above their place, in per cent of the window's height. ``aspect`` is the shape that the
    picture is forced into, ``crop`` what is cut off: "fill" cuts until the window is full."""

    audio_delay_s: float = 0.0
    night: bool = False
    normalise: bool = False
    downmix: bool = False
    subtitle_delay_s: float = 0.0
    subtitle_size: int = 100
    subtitle_lift: int = 0
    own_style: bool = True  # that of the subtitles; else the viewer's
    zoom: int = 100
    aspect: str = ""
    crop: str = ""
    rotation: int = 0
    deinterlace: bool = False
    tone_mapping: str = ""


def properties(wanted: Adjustments) -> Mapping[str, object]:
    """All properties as they are to be; bounded whatever is asked for."""
    return {
        "audio-delay": bounded_delay(wanted.audio_delay_s),
        "af": ",".join(
            chain
            for on, chain in ((wanted.downmix, _STEREO), (wanted.night, _NIGHT), (wanted.normalise, _NORMAL))
            if on
        ),
        "sub-delay": bounded_delay(wanted.subtitle_delay_s),
        "sub-scale": max(25, min(400, wanted.subtitle_size)) / 100,
        "sub-ass-override": "yes" if wanted.own_style else "force",
        "video-zoom": math.log2(max(100, min(400, wanted.zoom)) / 100),
        "video-aspect-override": wanted.aspect if wanted.aspect in ASPECTS[1:] else "-1",
        "panscan": 1.0 if wanted.crop == "fill" else 0.0,
        "vf": ",".join(filter(None, (_cropped(wanted.crop), _TURNS.get(wanted.rotation, "")))),
        "deinterlace": wanted.deinterlace,
        **({"tone-mapping": wanted.tone_mapping} if wanted.tone_mapping else {}),
    }


def changed(before: Adjustments, after: Adjustments) -> Mapping[str, object]:
    """Only what is to be set."""
    old = properties(before)
    return {name: value for name, value in properties(after).items() if old.get(name) != value}


def bounded_delay(seconds: float) -> float:
    """The delay that libmpv is given for this one."""
    return round(max(-MOST_DELAY_S, min(MOST_DELAY_S, seconds)), 3)


def _cropped(crop: str) -> str:
    if crop not in CROPS[2:]:
        return ""
    wide, high = (float(part) for part in crop.split(":"))
    shape = wide / high
    return f"lavfi=[crop=w='min(iw,ih*{shape:.4f})':h='min(ih,iw/{shape:.4f})']"
