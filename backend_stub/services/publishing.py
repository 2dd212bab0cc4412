"""Putting a finished title into the catalogue: one rename, one commit."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend_stub.clock import SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.db.models import Title, TitleVersion
from backend_stub.master_keys import MasterKeys
from backend_stub.services import audit
from backend_stub.services.artwork import ArtworkKind, artwork_name, store_artwork
from backend_stub.services.content_keys import KeyVault, PlainKey
from backend_stub.services.title_relations import (
    Belonging,
    BelongingError,
    free_id,
    give_pictures,
    give_poster,
    settle,
    withdraw,
)
from backend_stub.titles import ENCRYPTED, SHOWN_MARK, TITLE_ID_PATTERN, VARIANTS, place_of, slug

_MADE_OF_FILM: tuple[ArtworkKind, ...] = ("backdrop", "still")
_MAX_TITLE_CHARS = 300
_MAX_SYNOPSIS_CHARS = 4000


class PublishError(Exception):
    """The title cannot be published; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class PublishedTitle:
    """A finished title in ``folder``, a staging folder that :func:`publish` moves.

    The folder holds ``poster.jpg``, may hold ``backdrop.jpg`` and ``still.jpg``, and holds ``encrypted/`` and/or
    ``clear/``, each with ``manifest.mpd``, ``master.m3u8`` and what they name. ``keys`` are the content keys by label
    (AUDIO, SD, HD, UHD). Without a ``title_id`` one is made from the title's name. ``maturity`` is the age rating.
    ``qualities`` say of each rung how good it looks. Publishing for the same ``job_id`` again changes nothing. With
    ``replace`` the title may be there already. ``belonging`` is what is said of it in the catalogue besides,
    ``audio`` and ``text`` the languages of its tracks.
    """

    title: str
    folder: Path
    duration_s: float
    heights: Sequence[int]
    keys: Sequence[PlainKey] = field(default=(), repr=False)
    synopsis: str = ""
    year: int = 0
    title_id: str | None = None
    open_licence: bool = False
    maturity: int = 0
    qualities: Sequence[Mapping[str, Any]] = ()
    job_id: str | None = None
    replace: bool = False
    belonging: Belonging = field(default_factory=Belonging)
    audio: Sequence[str] = ()
    text: Sequence[str] = ()


def publish(settings: Settings, published: PublishedTitle) -> str:
    """Move the title's folder into the media folder, add it to the catalogue and return its id.

    Whoever lists the catalogue sees the whole title or nothing. After an error the staging folder is where it was.

    Raises :class:`PublishError` when the folder is incomplete, the id or the place in the series is taken.
    """
    settings.make_folders()
    database = Database(settings.database)
    try:
        upgrade(database)
        done = _published_before(database, published.job_id)
        if done is not None:
            return done
        variants = _check(published)
        return _move_and_commit(settings, database, KeyVault(MasterKeys(settings.secrets_dir)), published, variants)
    finally:
        database.close()


def published_by(settings: Settings, job_id: str) -> str | None:
    """The title that this job has published already, in a process that was killed before it could say so."""
    database = Database(settings.database)
    try:
        upgrade(database)
        return _published_before(database, job_id)
    finally:
        database.close()


def unpublish(settings: Settings, title_id: str, by: str | None = None) -> None:
    """Take a title out of the catalogue, a series with its episodes; files and keys stay.

    Raises :class:`PublishError` for an unknown one.
    """
    database = Database(settings.database)
    try:
        upgrade(database)
        now = SystemClock().now()
        with database.write() as session:
            title = session.get(Title, title_id)
            if title is None:
                raise PublishError(f"There is no title {title_id}.")
            withdraw(session, title_id)
            audit.record(session, now, "title.unpublished", account_id=by, subject=title_id)
    finally:
        database.close()


def is_published(settings: Settings, title_id: str) -> bool:
    """Whether the catalogue shows this title; a data folder that does not exist yet shows none."""
    if not settings.data_dir.exists():
        return False
    database = Database(settings.database)
    try:
        upgrade(database)
        with database.read() as session:
            title = session.get(Title, title_id)
            return title is not None and title.published_at is not None
    finally:
        database.close()


def _check(published: PublishedTitle) -> list[str]:
    """The variants in the folder. Raises :class:`PublishError`."""
    if published.title_id is not None and not re.fullmatch(TITLE_ID_PATTERN, published.title_id):
        raise PublishError(f"{published.title_id!r} is no title id: small letters, digits and hyphens only.")
    if not 0 < len(published.title) <= _MAX_TITLE_CHARS or len(published.synopsis) > _MAX_SYNOPSIS_CHARS:
        raise PublishError(
            f"A title has 1 to {_MAX_TITLE_CHARS} characters and its synopsis at most {_MAX_SYNOPSIS_CHARS}."
        )
    variants = [variant for variant in VARIANTS if (published.folder / variant).is_dir()]
    if not variants:
        raise PublishError("The folder holds neither an encrypted nor a clear variant.")
    needed = [f"{variant}/{name}" for variant in variants for name in ("manifest.mpd", "master.m3u8")]
    for name in (*needed, "poster.jpg"):
        if not (published.folder / name).is_file():
            raise PublishError(f"The folder lacks {name}.")
    if ENCRYPTED in variants and not published.keys:
        raise PublishError("An encrypted variant needs its keys.")
    return variants


def _move_and_commit(
    settings: Settings, database: Database, vault: KeyVault, published: PublishedTitle, variants: list[str]
) -> str:
    now = SystemClock().now()
    moved: list[tuple[Path, Path]] = []
    try:
        # The rows are written before the rename and committed after it. Another publisher of this id waits or fails.
        with database.write() as session:
            title_id = published.title_id or free_id(session, slug(published.title))
            title = session.get(Title, title_id, with_for_update=True)
            if title is not None and not published.replace:
                raise PublishError(f"There is a title {title_id} already.")
            number = _next_version(session, title_id)
            version = _version(title_id, number, published, variants, now)
            if title is None:
                title = _row(title_id, published, variants, now)
                session.add(title)
            else:
                show(title, version, now)
            title.languages = {"audio": list(published.audio), "text": list(published.text)}
            pictures = _pictures(published.folder, title)
            focal = _focal(published.folder)
            if any(name.startswith("backdrop") for name in pictures):
                title.focal = focal
            session.flush()
            session.add(version)
            series_id = settle(session, title, published.belonging)
            vault.store(session, title_id, published.keys)
            audit.record(session, now, "title.published", account_id=None, subject=title_id, version=number)
            session.flush()
            _move(settings, published.folder, title_id, number, variants, moved)
            for name, data in pictures.items():
                store_artwork(settings.media_dir, title_id, name, data)
            if series_id is not None:
                give_poster(settings.media_dir, series_id, title_id)
                give_pictures(settings.media_dir, session.get_one(Title, series_id), title)
    except BelongingError as error:
        raise PublishError(str(error)) from error
    except BaseException:
        for come_from, gone_to in reversed(moved):
            gone_to.rename(come_from)
        raise
    for kind in _MADE_OF_FILM:
        (settings.media_dir / title_id / f"{kind}.jpg").unlink(missing_ok=True)  # it is among the artwork now
    if number > 1:
        shutil.copyfile(published.folder / "poster.jpg", settings.media_dir / title_id / "poster.jpg")
        shutil.rmtree(published.folder)
    mark_shown(settings, title_id, number)
    return title_id


def _pictures(folder: Path, title: Title) -> dict[str, bytes]:
    """The pictures that were made of the film, by their names; those that the title has already stay."""
    made: dict[str, bytes] = {}
    for kind in _MADE_OF_FILM:
        path = folder / f"{kind}.jpg"
        if path.is_file() and kind not in (title.artwork or {}):
            data = path.read_bytes()
            name = artwork_name(kind, data)
            title.artwork = {**(title.artwork or {}), kind: name}
            made[name] = data
    return made


def _focal(folder: Path) -> list[float] | None:
    """What the eye is drawn to in the backdrop that was made of the film; the file goes."""
    path = folder / "focal.json"
    if not path.is_file():
        return None
    across, down = json.loads(path.read_text(encoding="ascii"))
    path.unlink()
    return [float(across), float(down)]


def version_folders(settings: Settings, title_id: str, version: int) -> dict[str, Path]:
    """Where the files of a version are, by variant."""
    return {variant: settings.media_dir / title_id / place_of(variant, version) for variant in VARIANTS}


def mark_shown(settings: Settings, title_id: str, version: int) -> None:
    """Tell those who have the files alone which version is shown; the first is where nothing is told."""
    mark = settings.media_dir / title_id / SHOWN_MARK
    if version == 1:
        mark.unlink(missing_ok=True)
        return
    draft = mark.with_name(f".{SHOWN_MARK}.{version}")
    draft.write_text(str(version), encoding="ascii")
    draft.replace(mark)


def _move(
    settings: Settings, folder: Path, title_id: str, version: int, variants: list[str], moved: list[tuple[Path, Path]]
) -> None:
    """Move the title to where viewers find it; ``moved`` is what to take back after an error."""
    home = settings.media_dir / title_id
    pairs = [(folder, home)]
    if version > 1:
        targets = version_folders(settings, title_id, version)
        pairs = [(folder / variant, targets[variant]) for variant in variants]
    for come_from, go_to in pairs:
        if go_to.exists():
            shutil.rmtree(go_to)  # left over from a publish that was killed before its commit
        go_to.parent.mkdir(parents=True, exist_ok=True)
        come_from.rename(go_to)
        moved.append((come_from, go_to))


def show(title: Title, version: TitleVersion, now: float) -> None:
    """Let viewers have this version of a title."""
    title.version = version.version
    title.duration_s, title.heights, title.variants = version.duration_s, version.heights, version.variants
    title.published_at = title.published_at or now


def _next_version(session: Session, title_id: str) -> int:
    newest = session.scalar(select(func.max(TitleVersion.version)).where(TitleVersion.title_id == title_id))
    return (newest or 0) + 1


def _version(title_id: str, number: int, published: PublishedTitle, variants: list[str], now: float) -> TitleVersion:
    return TitleVersion(
        title_id=title_id,
        version=number,
        job_id=published.job_id,
        published_at=now,
        duration_s=published.duration_s,
        heights=sorted(published.heights),
        variants=variants,
        qualities=[dict(one) for one in published.qualities],
    )


def _published_before(database: Database, job_id: str | None) -> str | None:
    if job_id is None:
        return None
    with database.read() as session:
        return session.scalar(select(TitleVersion.title_id).where(TitleVersion.job_id == job_id))


def _row(title_id: str, published: PublishedTitle, variants: list[str], now: float) -> Title:
    return Title(
        id=title_id,
        title=published.title,
        synopsis=published.synopsis,
        year=published.year,
        duration_s=published.duration_s,
        heights=sorted(published.heights),
        variants=variants,
        open_licence=published.open_licence,
        maturity=published.maturity,
        published_at=now,
        version=1,
    )
