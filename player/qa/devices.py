"""Devices by name, for plans: what they show, decode and hold. Pure.

The figures are those of usual devices of their kind, not of one model: a plan that is about a certain device states
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SOUND = ("aac", "mp3", "ac3", "eac3", "opus", "flac")
_SMALL_SOUND = ("aac", "mp3", "opus")

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "tv-4k": {
        "display": "3840x2160",
        "codecs": ("h264", "hevc", "vp9", "av1", *_SOUND),
        "decode": {"max_height": 2160, "max_frame_rate": 60},
        "memory_mb": 160,
        "buffer_s": 30,
    },
    "tv-1080p-no-hevc": {
        "display": "1920x1080",
        "codecs": ("h264", "vp9", *_SOUND),
        "decode": {"max_height": 1080, "max_frame_rate": 60},
        "memory_mb": 64,
        "buffer_s": 20,
    },
    "box-720p": {
        "display": "1280x720",
        "codecs": ("h264", *_SMALL_SOUND),
        "decode": {"max_height": 720, "max_frame_rate": 30},
        "memory_mb": 24,
        "buffer_s": 12,
    },
    "phone": {
        "display": "2400x1080",
        "codecs": ("h264", "hevc", "vp9", "av1", *_SMALL_SOUND),
        "decode": {"max_height": 1440, "max_frame_rate": 60},
        "memory_mb": 48,
        "buffer_s": 20,
    },
    "phone-small": {
        "display": "1280x720",
        "codecs": ("h264", "vp9", *_SMALL_SOUND),
        "decode": {"max_height": 1080, "max_frame_rate": 30},
        "memory_mb": 32,
        "buffer_s": 15,
    },
    "laptop": {
        "display": "1920x1080",
        "codecs": ("h264", "hevc", "vp9", "av1", *_SOUND),
        "decode": {"max_height": 2160, "max_frame_rate": 60},
        "memory_mb": 160,
        "buffer_s": 30,
    },
}


def bounds_of(device: Mapping[str, Any]) -> dict[str, Any]:
    """What a device of a plan bounds: that of the profile that it names, with what it states itself on top."""
    profile = PROFILES.get(device.get("profile", ""), {})
    decode = {**profile.get("decode", {}), **device.get("decode", {})}
    return {**profile, **device, "decode": decode}


def display_height(bounds: Mapping[str, Any]) -> int | None:
    """The lines of the display, or what the plan says that is needed of them."""
    if "max_height" in bounds:
        return int(bounds["max_height"])
    if "display" not in bounds:
        return None
    return int(str(bounds["display"]).split("x")[1])
