"""Subtitles of the source as WebVTT files, which the packager cuts into segments."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.errors import ToolFailedError
from backend_stub.encoding.probe import SourceInfo, TextInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool


@dataclass(frozen=True, slots=True)
class TextRung:
    """One track of subtitles; ``name`` is that of its folder."""

    name: str
    position: int
    language: str


def text_rungs(tracks: tuple[TextInfo, ...]) -> tuple[TextRung, ...]:
    """A name for each track: its language, and its position where a language comes again."""
    names: set[str] = set()
    rungs = []
    for track in tracks:
        name = track.language if track.language not in names else f"{track.language}-{track.position}"
        names.add(name)
        rungs.append(TextRung(name, track.position, track.language))
    return tuple(rungs)


def write_subtitles(
    source: SourceInfo, rung: TextRung, target: Path, *, cancel: threading.Event | None = None
) -> bool:
    """Write a track to ``target``; False where it has no cues or cannot be read, which is no reason to stop."""
    draft = target.with_name(f".{threading.get_ident()}-{target.name}")
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file"]
    command += ["-i", ffmpeg_url(source.path), "-map", f"0:s:{rung.position}", "-c:s", "webvtt", "-f", "webvtt"]
    try:
        run_tool([*command, ffmpeg_url(draft)], cancel=cancel)
        if "-->" not in draft.read_text(encoding="utf-8"):
            return False
        draft.replace(target)
    except (ToolFailedError, UnicodeDecodeError):
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
