"""Pictures of titles besides what is in the film: poster, backdrop, logo, a still, and a short clip without audio.

A picture's file is named after what it holds, so that its address can be kept for ever and changes with the picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Title
from backend_stub.problems import ProblemError
from backend_stub.services import audit

ArtworkKind = Literal["poster", "backdrop", "logo", "still", "clip"]
KINDS: tuple[ArtworkKind, ...] = get_args(ArtworkKind)
NAME_PATTERN = r"^((poster|backdrop|logo|still)-[0-9a-f]{16}\.(jpg|png)|clip-[0-9a-f]{16}\.mp4)$"
MEDIA_TYPES: Mapping[str, str] = {".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}
_SIGNATURES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}
_CLIP = "clip"
_FOLDER = "art"


class ArtworkFiles:
    def __init__(self, database: Database, clock: Clock, media_dir: Path) -> None:
        self._database = database
        self._clock = clock
        self._media_dir = media_dir

    def path(self, title_id: str, name: str) -> Path:
        """Where a picture is, if it is there; the name is one of :data:`NAME_PATTERN`."""
        return artwork_path(self._media_dir, title_id, name)

    def put(self, title_id: str, kind: ArtworkKind, data: bytes, by: str | None) -> Title:
        """Take a picture in place of the one before.

        Raises LookupError for an unknown title, :class:`ProblemError` 422 ``bad_picture`` for what is neither JPEG
        nor PNG, or no MP4 where it is to be a clip.
        """
        name = artwork_name(kind, data)
        with self._database.write() as session:
            title = session.get(Title, title_id, with_for_update=True)
            if title is None:
                raise LookupError(title_id)
            store_artwork(self._media_dir, title_id, name, data)
            before = title.artwork.get(kind)
            title.artwork = {**title.artwork, kind: name}
            if kind == "backdrop":
                title.focal = None  # it was that of the picture before
            audit.record(session, self._clock.now(), "title.artwork_set", account_id=by, subject=title_id, kind=kind)
        self._remove(title_id, before, name)
        return title

    def remove(self, title_id: str, kind: ArtworkKind, by: str | None) -> Title:
        """Have the title without such a picture; a poster is then the one that was made of the film. Raises
        LookupError."""
        with self._database.write() as session:
            title = session.get(Title, title_id, with_for_update=True)
            if title is None:
                raise LookupError(title_id)
            before = title.artwork.get(kind)
            title.artwork = {key: value for key, value in title.artwork.items() if key != kind}
            audit.record(
                session, self._clock.now(), "title.artwork_removed", account_id=by, subject=title_id, kind=kind
            )
        self._remove(title_id, before, None)
        return title

    def _remove(self, title_id: str, before: str | None, now: str | None) -> None:
        if before is not None and before != now:
            self.path(title_id, before).unlink(missing_ok=True)


def artwork_name(kind: ArtworkKind, data: bytes) -> str:
    """The name of a picture's file. Raises :class:`ProblemError` 422 ``bad_picture``."""
    suffix = next((suffix for signature, suffix in _SIGNATURES.items() if data.startswith(signature)), None)
    if kind == _CLIP:
        suffix = ".mp4" if data[4:8] == b"ftyp" else None
    if suffix is None:
        raise ProblemError(422, "bad_picture", "A picture is a JPEG or a PNG, a clip an MP4.")
    return f"{kind}-{hashlib.sha256(data).hexdigest()[:16]}{suffix}"


def artwork_path(media_dir: Path, title_id: str, name: str) -> Path:
    return media_dir / title_id / _FOLDER / name


def store_artwork(media_dir: Path, title_id: str, name: str, data: bytes) -> None:
    """Write a picture whole or not at all."""
    path = artwork_path(media_dir, title_id, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{name}")
    draft.write_bytes(data)
    draft.replace(path)
