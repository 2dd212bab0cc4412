"""Subtitle files that people have: SubRip, ASS and SSA, WebVTT, MicroDVD and others, in any encoding. Pure but for
:func:`beside`, which lists a folder.

pysubs2 reads the formats; what comes out is one ASS document for libmpv, and
the lines in plain text for searching.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from player.base.errors import ErrorCode, InputError, MatineeError, MediaError
from player.base.file_names import shortened
from player.base.files import open_regular
from player.base.languages import normal
from player.text.ass import FONT_SIZE, HEIGHT, STYLE, WIDTH, to_ass
from player.text.ass_columns import in_usual_order
from player.text.charsets import decoded
from player.text.webvtt import parse_webvtt

_log = logging.getLogger(__name__)

SUFFIXES = frozenset({".srt", ".ass", ".ssa", ".vtt", ".sub", ".txt", ".smi", ".mpl"})
"""Names of subtitle files. Of ".sub" only the text form: the other one is pictures."""
_BESIDE = SUFFIXES - {".txt"}
_PICTURES_INDEX = ".idx"  # VobSub: the .sub beside it has pictures
MAX_BYTES = 8 << 20
_MOST_LINES = 50_000
_MOST_FILES = 40
_LONGEST_LINE = 2000
_SUB_FOLDERS = ("Subs", "subs", "Subtitles", "subtitles")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_FORCED = frozenset({"forced", "foreign"})
_HEARING = frozenset({"sdh", "hi", "cc"})


@dataclass(frozen=True, slots=True)
class SubtitleLine:
    """What is said from ``start_s`` to ``end_s``, without its style."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class SubtitleText:
    """``document`` is ASS. ``lines`` are in the order of their times."""

    document: str = field(repr=False)
    lines: tuple[SubtitleLine, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SubtitlePlace:
    """A subtitle file and what its name says of it. ``same_name``: it is called exactly as the film beside it."""

    path: Path
    language: str | None = None
    forced: bool = False
    hard_of_hearing: bool = False
    same_name: bool = False


def is_subtitle_name(name: str) -> bool:
    """Whether a file is called as subtitle files are."""
    return Path(name).suffix.casefold() in SUFFIXES


def beside(film: Path) -> tuple[SubtitlePlace, ...]:
    """The subtitle files that belong to a film by their name ("film.de.srt" to "film.mkv"), beside it and in a folder
    for subtitles. Blocks for the disk."""
    folders = [film.parent, *(film.parent / name for name in _SUB_FOLDERS)]
    found: dict[Path, SubtitlePlace] = {}
    for folder in folders:
        try:
            listed = sorted(folder.iterdir())
        except OSError:
            continue
        indices = {path.stem for path in listed if path.suffix.casefold() == _PICTURES_INDEX}
        for path in listed:
            if path.suffix.casefold() in _BESIDE and _belongs(path.stem, film.stem) and path.is_file():
                if path.suffix.casefold() == ".sub" and path.stem in indices:
                    continue
                place = named(path, film.stem)
                same = folder == film.parent and path.stem.casefold() == film.stem.casefold()
                found.setdefault(path.resolve(), replace(place, same_name=same))
    return tuple(found.values())[:_MOST_FILES]


def named(path: Path, film_stem: str = "") -> SubtitlePlace:
    """What the name of a subtitle file says: its language, and what it is for."""
    rest = path.stem[len(film_stem) :] if film_stem and _belongs(path.stem, film_stem) else path.stem
    words = [word for word in re.split(r"[._ \[\]()]+", rest) if word]
    lowered = {word.casefold() for word in words}
    known = (word for word in reversed(words) if _TAG.fullmatch(word) and word.casefold() not in _FORCED | _HEARING)
    language = next((word for word in known if film_stem or len(words) > 1), None)
    return SubtitlePlace(
        path,
        "-".join(normal(language)) or None,
        bool(lowered & _FORCED),
        bool(lowered & _HEARING),
    )


def load(path: Path, fps: float | None = None, language: str | None = None) -> SubtitleText:
    """A subtitle file, read from the disk. Raises InputError or MediaError."""
    return read(content_of(path), fps, language)


def content_of(path: Path) -> bytes:
    """The bytes of a subtitle file, at most one more than it may have. Blocks for the disk. Raises InputError."""
    try:
        with open(path, "rb", opener=open_regular) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        sentence = f"{shortened(path.name)}: {error.strerror or 'it cannot be read'}."
        raise InputError(ErrorCode.INPUT_FILE, sentence) from error


def read(data: bytes, fps: float | None = None, language: str | None = None) -> SubtitleText:
    """Subtitles from the bytes of a file. ``fps`` is the film's, for formats that count frames; ``language`` is what
    the name says. Raises MediaError, whatever a library raises for it."""
    if len(data) > MAX_BYTES:
        raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "This subtitle file is too large to be one.")
    try:
        found = _read(data, fps, language)
    except Exception as error:
        _log.info("a subtitle file cannot be read: %s", type(error).__name__)
        raise _unreadable() from error
    if found is None:
        raise _unreadable()
    return found


def _read(data: bytes, fps: float | None, language: str | None) -> SubtitleText | None:
    """None where nothing is said."""
    text = decoded(data, language).replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith("WEBVTT"):
        cues = parse_webvtt(text)[:_MOST_LINES]
        lines = tuple(SubtitleLine(cue.start_s, cue.end_s, _flat(cue.text)) for cue in cues)
        return SubtitleText(to_ass(cues), _in_order(lines))
    return _with_pysubs2(text, fps)


def _with_pysubs2(text: str, fps: float | None) -> SubtitleText | None:
    import pysubs2

    if "[Events]" in text:
        text = in_usual_order(text)
    try:
        subtitles = pysubs2.SSAFile.from_string(text, fps=fps or None)
    except pysubs2.exceptions.UnknownFPSError:
        subtitles = pysubs2.SSAFile.from_string(text, fps=25.0)
    subtitles.events = [event for event in subtitles.events if not event.is_comment][:_MOST_LINES]
    if not subtitles.events:
        return None
    if subtitles.format not in ("ass", "ssa"):
        _dress(subtitles)
    lines = (
        SubtitleLine(max(0.0, event.start / 1000), event.end / 1000, _flat(event.plaintext))
        for event in subtitles.events
    )
    return SubtitleText(subtitles.to_string("ass"), _in_order(tuple(line for line in lines if line.text)))


def _dress(subtitles: object) -> None:
    """Give what has no style of its own ours."""
    import pysubs2

    assert isinstance(subtitles, pysubs2.SSAFile)
    subtitles.info = {"ScriptType": "v4.00+", "PlayResX": str(WIDTH), "PlayResY": str(HEIGHT)}
    subtitles.info["ScaledBorderAndShadow"] = "yes"
    subtitles.styles = {
        STYLE: pysubs2.SSAStyle(
            fontname="sans-serif", fontsize=FONT_SIZE, outline=3, shadow=1, marginl=96, marginr=96, marginv=54
        )
    }
    for event in subtitles.events:
        event.style = STYLE


def _in_order(lines: Sequence[SubtitleLine]) -> tuple[SubtitleLine, ...]:
    return tuple(sorted(lines, key=lambda line: line.start_s))


def _flat(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_LINE]


def _belongs(stem: str, film_stem: str) -> bool:
    """ "film" and "film.de" are of "film", and "film 2" is not."""
    low, film = stem.casefold(), film_stem.casefold()
    return low == film or (
        low.startswith(film) and low[len(film)] in "._-[( " and not low[len(film) + 1 :][:1].isdigit()
    )


def _unreadable() -> MatineeError:
    return MediaError(ErrorCode.MEDIA_UNSUPPORTED, "This file has no readable subtitles.")
