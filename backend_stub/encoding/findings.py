"""What people should know of a source, as sentences. None of it keeps a title from being published. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend_stub.encoding.audio import HIGHEST_PEAK_DB, TARGET_LUFS
from backend_stub.encoding.black_frames import Intervals, merge
from backend_stub.encoding.ladder import TargetCodec
from backend_stub.encoding.probe import SourceInfo

_NOTICEABLE_OFFSET_S = 0.045  # ITU-R BT.1359: sound that is early by more than this is noticed
_OFF_TARGET_LU = 1.0
_MOST_STRETCHES = 20


def findings_of(source: SourceInfo, results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Sentences about a source, out of what was read of its head and what the tasks by these names have found."""
    found = []
    if not source.audio:
        found.append("There is no sound.")
    found += [
        f"Sound track {track.position + 1} begins {track.offset_s:+.3f} s from the pictures."
        for track in source.audio
        if abs(track.offset_s) > _NOTICEABLE_OFFSET_S
    ]
    watched = results.get(f"join/{TargetCodec.H264}", {})
    found += _stretches("black", merge(_pairs(watched, "black")))
    found += _stretches("frozen", merge(_pairs(watched, "frozen")))
    for name, result in results.items():
        if name.startswith("audio/"):
            found += _loudness(name.removeprefix("audio/"), result)
    found += [f"The subtitles {name} have no cues." for name in results.get("subtitles", {}).get("left_out", [])]
    return found


def _pairs(watched: Mapping[str, Any], kind: str) -> list[tuple[float, float]]:
    return [(float(begin), float(end)) for begin, end in watched.get(kind, [])]


def _stretches(word: str, stretches: Intervals) -> list[str]:
    told = [f"The picture is {word} from {begin:.1f} s to {end:.1f} s." for begin, end in stretches[:_MOST_STRETCHES]]
    more = len(stretches) - len(told)
    return [*told, f"The picture is {word} {more} times more."] if more else told


def _loudness(name: str, result: Mapping[str, Any]) -> list[str]:
    lufs, gain_db = result["lufs"], result["gain_db"]
    if lufs is None:
        return [f"The sound {name} is silent."]
    if abs(lufs + gain_db - TARGET_LUFS) > _OFF_TARGET_LU:
        reached = f"has {lufs:.1f} LUFS and stays at {lufs + gain_db:.1f}"
        return [f"The sound {name} {reached}: its peaks may not go above {HIGHEST_PEAK_DB:g} dBTP."]
    return []
