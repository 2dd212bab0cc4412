"""From a file to a title in the catalogue, or to nothing at all.

Everything is made in a folder of its own under the data folder's staging folder; the last step moves the finished
title into the catalogue. Whatever ends the work earlier (bad input, a failed check, Ctrl-C) removes that folder.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend_stub.config import Settings
from backend_stub.encoding.encode import Encoded, encode
from backend_stub.encoding.errors import CancelledError
from backend_stub.encoding.ladder import build_ladder
from backend_stub.encoding.package import generate_keys, package
from backend_stub.encoding.poster import make_poster
from backend_stub.encoding.probe import SourceInfo, probe
from backend_stub.encoding.staging import staging_folder
from backend_stub.encoding.verify import Expected, verify_variant
from backend_stub.services.content_keys import PlainKey
from backend_stub.services.publishing import PublishedTitle, publish

# (what is being done, the fraction of the whole work that is done)
Progress = Callable[[str, float], None]
Publisher = Callable[[Settings, PublishedTitle], str]

# The share of the whole work at which each stage begins.
_ENCODING_AT = 0.01
_PACKAGING_AT = 0.90
_CHECKING_AT = 0.95
_POSTER_AT = 0.98


@dataclass(frozen=True, slots=True)
class TitleOptions:
    """What a title is called and how it is made. ``title`` None means the file's name.

    ``preset`` is x264's: slower ones look better. ``open_licence`` lets every account play it.
    """

    title: str | None = None
    synopsis: str = ""
    year: int = 0
    title_id: str | None = None
    clear: bool = True
    encrypted: bool = True
    open_licence: bool = False
    preset: str = "veryfast"


def publish_file(
    settings: Settings,
    path: Path,
    options: TitleOptions | None = None,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    publisher: Publisher = publish,
) -> str:
    """Encode, package, check and publish ``path``; the id of the new title.

    Raises an :class:`EncodingError` or the publisher's error; nothing is left behind then.
    """
    options = options or TitleOptions()
    if not (options.clear or options.encrypted):
        raise ValueError("a title needs a clear or an encrypted variant")
    report = progress or _silent
    report("looking into the file", 0.0)
    source = probe(path)
    settings.make_folders()
    with staging_folder(settings.staging_dir) as staging:
        finished = _make(source, options, staging, report, cancel)
        if cancel is not None and cancel.is_set():
            raise CancelledError
        title_id = publisher(settings, finished)
    report("published", 1.0)
    return title_id


def _make(
    source: SourceInfo, options: TitleOptions, staging: Path, report: Progress, cancel: threading.Event | None
) -> PublishedTitle:
    """The finished title in ``staging/title``."""
    work, finished = staging / "work", staging / "title"
    work.mkdir()
    finished.mkdir()
    ladder = build_ladder(source)

    def encoding(done: float) -> None:
        report("encoding", _ENCODING_AT + done * (_PACKAGING_AT - _ENCODING_AT))

    encoding(0.0)
    encoded = encode(source, ladder, work, preset=options.preset, progress=encoding, cancel=cancel)
    report("packaging", _PACKAGING_AT)
    keys = generate_keys(ladder.labels) if options.encrypted else ()
    variants = [("encrypted", keys)] if options.encrypted else []
    variants += [("clear", ())] if options.clear else []
    for name, variant_keys in variants:
        package(encoded, finished / name, variant_keys, cancel=cancel)
    report("checking every segment", _CHECKING_AT)
    for name, variant_keys in variants:
        verify_variant(finished / name, _expected(source, encoded, variant_keys))
    report("making the poster", _POSTER_AT)
    title = options.title or path_title(source.path)
    make_poster(source, title, finished / "poster.jpg", work, cancel=cancel)
    return PublishedTitle(
        title=title,
        folder=finished,
        duration_s=encoded.duration_s,
        heights=[rung.height for rung in ladder.video],
        keys=keys,
        synopsis=options.synopsis,
        year=options.year,
        title_id=options.title_id,
        open_licence=options.open_licence,
    )


def _expected(source: SourceInfo, encoded: Encoded, keys: Sequence[PlainKey]) -> Expected:
    return Expected(
        duration_s=source.duration_s,
        heights=[item.rung.height for item in encoded.video],
        audio_tracks=len(encoded.audio),
        kids=[key.kid for key in keys],
        frame_s=float(1 / encoded.ladder.fps),
    )


def path_title(path: Path) -> str:
    """A title out of a file's name: ``my_summer-film.mp4`` gives ``My summer film``."""
    words = path.stem.replace("_", " ").replace("-", " ").split()
    name = " ".join(words) or path.name
    return name[:1].upper() + name[1:]


def _silent(_stage: str, _done: float) -> None:
    return
