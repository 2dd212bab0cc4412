"""What is wanted of a title that is to be made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from backend_stub.encoding.ladder import Codec
from backend_stub.encoding.package import SCHEMES, SYSTEMS
from backend_stub.services.belonging import Belonging, read_belonging


@dataclass(frozen=True, slots=True)
class TitleOptions:
    """What a title is called and how it is made. ``title`` None means the file's name.

    ``preset`` is x264's: slower ones look better. ``open_licence`` lets every account play it. ``codecs`` are ladders
    besides H.264, ``scheme`` how it is encrypted, ``systems`` whose PSSH boxes it carries besides ClearKey's. With
    ``replace`` a title of this id gets a new version. ``belonging`` is what is said of it in the catalogue.
    """

    title: str | None = None
    synopsis: str = ""
    year: int = 0
    title_id: str | None = None
    clear: bool = True
    encrypted: bool = True
    open_licence: bool = False
    preset: str = "veryfast"
    codecs: tuple[str, ...] = ()
    scheme: str = "cbcs"
    systems: tuple[str, ...] = ()
    replace: bool = False
    belonging: Belonging = field(default_factory=Belonging)

    def __post_init__(self) -> None:
        if not (self.clear or self.encrypted):
            raise ValueError("a title needs a clear or an encrypted variant")
        if self.scheme not in SCHEMES or not set(self.systems) <= set(SYSTEMS) or not set(self.codecs) <= set(Codec):
            raise ValueError("no such codec, scheme or key system")

    @property
    def variants(self) -> tuple[str, ...]:
        return (*(("encrypted",) if self.encrypted else ()), *(("clear",) if self.clear else ()))


def spec_document(source: Path, options: TitleOptions) -> dict[str, Any]:
    """What a job is asked for: the file and the wishes."""
    return {"source": str(source), **asdict(options)}


def read_spec(spec: Mapping[str, Any]) -> tuple[Path, TitleOptions]:
    """What :func:`spec_document` wrote. Raises ValueError."""
    members = dict(spec)
    source = Path(members.pop("source"))
    members["codecs"], members["systems"] = tuple(members["codecs"]), tuple(members["systems"])
    members["belonging"] = read_belonging(members["belonging"])
    return source, TitleOptions(**members)


def job_key(source: Path, options: TitleOptions) -> str:
    """The same for the same content of the same file and the same wishes. Raises OSError."""
    facts = source.stat()
    told = [spec_document(source, options), facts.st_size, facts.st_mtime_ns]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def path_title(path: Path) -> str:
    """A title out of a file's name: ``my_summer-film.mp4`` gives ``My summer film``."""
    words = path.stem.replace("_", " ").replace("-", " ").split()
    name = " ".join(words) or path.name
    return name[:1].upper() + name[1:]
