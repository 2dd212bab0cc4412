"""Subtitles, of the source and of files beside it, as WebVTT files, which the packager cuts into segments."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.errors import BadInputError, ToolFailedError
from backend_stub.encoding.probe import SourceInfo, TextInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool
from backend_stub.encoding.ttml import TtmlError, to_webvtt

_LARGEST_BYTES = 16 << 20
_TTML = (".ttml", ".dfxp", ".xml")
#: What FFmpeg calls the forms of files beside the film.
_FORMS = {".srt": "srt", ".vtt": "webvtt", ".ass": "ass", ".ssa": "ass"}
SIDECAR_TYPES = (*_FORMS, *_TTML)


@dataclass(frozen=True, slots=True)
class TextRung:
    """One track of subtitles; ``name`` is that of its folder. ``position`` is that of the track in the source or,
    for one ``beside`` it, the number of its file, from 1."""

    name: str
    position: int
    language: str
    beside: bool = False


def text_rungs(tracks: Sequence[TextInfo], beside: Sequence[str] = ()) -> tuple[TextRung, ...]:
    """A name for each track, and for each file beside the film by its language: the language, and the position where
    a language comes again."""
    wanted = [(number, language, True) for number, language in enumerate(beside, 1)]
    names: set[str] = set()
    rungs = []
    for position, language, is_beside in [*((track.position, track.language, False) for track in tracks), *wanted]:
        name = language if language not in names else f"{language}-{position}{'b' * is_beside}"
        names.add(name)
        rungs.append(TextRung(name, position, language, is_beside))
    return tuple(rungs)


def write_subtitles(
    source: SourceInfo, rung: TextRung, target: Path, *, cancel: threading.Event | None = None
) -> bool:
    """Write a track of the source to ``target``; False where it has no cues or cannot be read, which is no reason to
    stop."""
    draft = target.with_name(f".{threading.get_ident()}-{target.name}")
    try:
        _convert(["-i", ffmpeg_url(source.path), "-map", f"0:s:{rung.position}"], draft, cancel)
        if not _has_cues(draft):
            return False
        draft.replace(target)
    except ToolFailedError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def write_sidecar(sidecar: Path, target: Path, *, cancel: threading.Event | None = None) -> None:
    """Write what a file beside the film says to ``target``.

    Raises :class:`BadInputError` where that is nothing, :class:`CancelledError`.
    """
    draft = target.with_name(f".{threading.get_ident()}-{target.name}")
    plain = draft.with_suffix(".text")
    try:
        data = _read(sidecar)
        if sidecar.suffix.lower() in _TTML:
            draft.write_text(to_webvtt(data), encoding="utf-8")
        else:
            plain.write_text(_decode(data), encoding="utf-8")
            _convert(["-f", _form(sidecar), "-i", ffmpeg_url(plain)], draft, cancel)
        if not _has_cues(draft):
            raise BadInputError(f"{sidecar.name} holds no subtitles.")
        draft.replace(target)
    except (ToolFailedError, TtmlError) as error:
        raise BadInputError(f"{sidecar.name} holds no subtitles that can be read ({error}).") from error
    finally:
        draft.unlink(missing_ok=True)
        plain.unlink(missing_ok=True)


def _convert(source: Sequence[str], target: Path, cancel: threading.Event | None) -> None:
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file"]
    run_tool([*command, *source, "-c:s", "webvtt", "-f", "webvtt", ffmpeg_url(target)], cancel=cancel)


def _has_cues(path: Path) -> bool:
    return "-->" in path.read_text(encoding="utf-8", errors="replace")


def _form(sidecar: Path) -> str:
    try:
        return _FORMS[sidecar.suffix.lower()]
    except KeyError:
        known = ", ".join(SIDECAR_TYPES)
        raise BadInputError(f"{sidecar.name} is of no kind of subtitles that is known here ({known}).") from None


def _read(sidecar: Path) -> bytes:
    try:
        with sidecar.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise BadInputError(f"{sidecar.name} cannot be read: {error.strerror}.") from error
    if len(data) > _LARGEST_BYTES:
        raise BadInputError(f"{sidecar.name} is too large for subtitles.")
    return data


def _decode(data: bytes) -> str:
    """UTF-8, UTF-16 where a mark says so, else the Western European encoding that old files are in."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
