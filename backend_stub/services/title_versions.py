"""Versions of titles: which there are, showing another one, and deleting."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import ContentKey, KeyEnvelope, Title, TitleVersion
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.publishing import mark_shown, show, version_folders
from backend_stub.services.title_relations import follow_series_of, withdraw
from backend_stub.titles import VERSION_PATTERN

_QUALITIES = select(TitleVersion.qualities).where(
    TitleVersion.title_id == bindparam("title_id"), TitleVersion.version == bindparam("version")
)


class TitleVersions:
    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    def list(self, title_id: str) -> tuple[int, Sequence[TitleVersion]]:
        """The version that is shown, and all there are, newest first. Raises KeyError for an unknown title."""
        with self._database.read() as session:
            return _title(session, title_id).version, _versions(session, title_id)

    def select(self, title_id: str, version: int, *, by: str | None) -> None:
        """Show this version from now on; playbacks that run stay with theirs.

        Raises KeyError for an unknown title, :class:`ProblemError` 404 ``version_not_found``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            title = _title(session, title_id)
            show(title, _version(session, title_id, version), now)
            follow_series_of(session, title_id)
            mark_shown(self._settings, title_id, version)
            audit.record(session, now, "title.version", account_id=by, subject=title_id, version=version)

    def delete_version(self, title_id: str, version: int, *, by: str | None) -> None:
        """Take a version's files away. Raises KeyError, :class:`ProblemError` 404 ``version_not_found``, 409
        ``version_shown``."""
        now = self._clock.now()
        with self._database.write() as session:
            title = _title(session, title_id)
            found = _version(session, title_id, version)
            if title.version == version and title.published_at is not None:
                raise ProblemError(409, "version_shown", "This version is the one that is shown.")
            session.delete(found)
            audit.record(session, now, "title.version_deleted", account_id=by, subject=title_id, version=version)
        self._remove(title_id, version)

    def delete(self, title_id: str, *, by: str | None) -> None:
        """Take a title out of the catalogue for good, with its media and its keys; a series with its episodes. What
        viewers did with it stays.

        Raises KeyError for an unknown title.
        """
        now = self._clock.now()
        with self._database.write() as session:
            _title(session, title_id)
            gone = withdraw(session, title_id)
            for one in gone:
                session.get_one(Title, one).variants = []
                for table in (ContentKey, KeyEnvelope, TitleVersion):
                    session.execute(delete(table).where(table.title_id == one))
                audit.record(session, now, "title.deleted", account_id=by, subject=one)
        for one in gone:
            shutil.rmtree(self._settings.media_dir / one, ignore_errors=True)

    def _remove(self, title_id: str, version: int) -> None:
        for folder in version_folders(self._settings, title_id, version).values():
            if version > 1:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for path in folder.iterdir() if folder.is_dir() else ():
                if re.fullmatch(VERSION_PATTERN, path.name):
                    continue  # another version lives there
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def qualities_of(session: Session, title: Title) -> list[dict[str, Any]]:
    """How good the rungs of the version look that is shown, as publishing found it."""
    return list(session.scalar(_QUALITIES, {"title_id": title.id, "version": title.version}) or [])


def _title(session: Session, title_id: str) -> Title:
    title = session.get(Title, title_id, with_for_update=True)
    if title is None:
        raise KeyError(title_id)
    return title


def _versions(session: Session, title_id: str) -> Sequence[TitleVersion]:
    query = select(TitleVersion).where(TitleVersion.title_id == title_id).order_by(TitleVersion.version.desc())
    return session.scalars(query).all()


def _version(session: Session, title_id: str, version: int) -> TitleVersion:
    found = session.get(TitleVersion, (title_id, version))
    if found is None:
        raise ProblemError(404, "version_not_found", "The title has no such version.")
    return found
