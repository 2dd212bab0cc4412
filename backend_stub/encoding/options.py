"""What is wanted of a title that is to be made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from backend_stub.encoding.ladder import TargetCodec
from backend_stub.encoding.package import SCHEMES, SYSTEMS
from backend_stub.services.title_relations import Belonging, read_belonging


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file of subtitles beside the film: SubRip, WebVTT, SubStation Alpha or TTML. ``language`` is ISO 639."""

    path: str
    language: str = "und"


@dataclass(frozen=True, slots=True)
class TitleOptions:
    """What a title is called and how it is made. ``title`` None means the file's name.

    ``preset`` is x264's: slower ones look better. ``open_licence`` lets every account play it. ``codecs`` are ladders
    besides H.264, ``scheme`` how it is encrypted, ``systems`` whose PSSH boxes it carries besides ClearKey's. With
    ``replace`` a title of this id gets a new version. ``belonging`` is what is said of it in the catalogue.
    ``sidecars`` are subtitles besides those in the film.
    """

    title: str | None = None
    synopsis: str = ""
    year: int = 0
    title_id: str | None = None
    clear: bool = False
    encrypted: bool = True
    open_licence: bool = False
    preset: str = "veryfast"
    codecs: tuple[str, ...] = ()
    scheme: str = "cbcs"
    systems: tuple[str, ...] = ()
    replace: bool = False
    belonging: Belonging = field(default_factory=Belonging)
    sidecars: tuple[Sidecar, ...] = ()

    def __post_init__(self) -> None:
        if not (self.clear or self.encrypted):
            raise ValueError("a title needs a clear or an encrypted variant")
        if (
            self.scheme not in SCHEMES
            or not set(self.systems) <= set(SYSTEMS)
            or not set(self.codecs) <= set(TargetCodec)
        ):
            raise ValueError("no such codec, scheme or key system")

    @property
    def variants(self) -> tuple[str, ...]:
        return (*(("encrypted",) if self.encrypted else ()), *(("clear",) if self.clear else ()))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job is asked for: the file and the options. ``lent`` says that the workers' storage has the files."""

    source: Path
    options: TitleOptions
    lent: bool = False

    @property
    def files(self) -> list[Path]:
        """The film and what is beside it, where they were when the job was asked for."""
        return [self.source, *(Path(sidecar.path) for sidecar in self.options.sidecars)]

    def lent_as(self, number: int) -> str:
        """Where a file of :attr:`files` is below the job's folder, once it is lent."""
        return f"source/{number}/{self.files[number].name}"


def spec_document(wanted: Wanted) -> dict[str, Any]:
    """JSON of what a job is asked for."""
    return {"source": str(wanted.source), "lent": wanted.lent, **asdict(wanted.options)}


def read_spec(spec: Mapping[str, Any]) -> Wanted:
    """What :func:`spec_document` wrote. Raises ValueError."""
    members = dict(spec)
    source, lent = Path(members.pop("source")), bool(members.pop("lent", False))
    members["codecs"], members["systems"] = tuple(members["codecs"]), tuple(members["systems"])
    members["belonging"] = read_belonging(members["belonging"])
    members["sidecars"] = tuple(Sidecar(**one) for one in members.get("sidecars", ()))
    return Wanted(source, TitleOptions(**members), lent)


def job_key(wanted: Wanted) -> str:
    """The same for the same content of the same files and the same options. Raises OSError."""
    facts = [file.stat() for file in wanted.files]
    told = [spec_document(wanted), *((one.st_size, one.st_mtime_ns) for one in facts)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def path_title(path: Path) -> str:
    """A title out of a file's name: ``my_summer-film.mp4`` gives ``My summer film``."""
    words = path.stem.replace("_", " ").replace("-", " ").split()
    name = " ".join(words) or path.name
    return name[:1].upper() + name[1:]
