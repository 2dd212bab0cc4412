"""Broadcast channels in the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import delete

from backend_stub.clock import SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.db.models import ContentKey, Title, TitleVersion
from backend_stub.master_keys import MasterKeys
from backend_stub.services import audit
from backend_stub.services.content_keys import KeyVault, PlainKey
from backend_stub.services.publishing import PublishError
from backend_stub.titles import CHANNEL, FILM, LIVE


class CataloguedBroadcast:
    """A channel that viewers find while it is on air, and as a recording afterwards: it has a length then."""

    def __init__(self, settings: Settings, title_id: str) -> None:
        settings.make_folders()
        self._settings = settings
        self._id = title_id
        self._vault = KeyVault(MasterKeys(settings.secrets_dir))
        self._database = Database(settings.database)
        upgrade(self._database)

    @property
    def folder(self) -> Path:
        """Where its journal and segments are."""
        return self._settings.media_dir / self._id / LIVE

    @property
    def poster(self) -> Path:
        return self._settings.media_dir / self._id / "poster.jpg"

    def check(self) -> None:
        """Raises :class:`PublishError` when the id belongs to another kind of title."""
        with self._database.read() as session:
            title = session.get(Title, self._id)
            if title is not None and LIVE not in title.variants:
                raise PublishError(f"{self._id} is a title of another kind.")

    def on_air(self, name: str, heights: Sequence[int]) -> None:
        """Show it from now on; one that is there already is shown again."""
        now = SystemClock().now()
        with self._database.write() as session:
            title = session.get(Title, self._id, with_for_update=True)
            if title is None:
                title = Title(
                    id=self._id,
                    title=name,
                    synopsis="",
                    year=0,
                    duration_s=0.0,
                    heights=sorted(heights),
                    variants=[LIVE],
                    open_licence=False,
                    maturity=0,
                    published_at=now,
                    version=1,
                )
                session.add(title)
                session.flush()
                session.add(
                    TitleVersion(
                        title_id=self._id,
                        version=1,
                        published_at=now,
                        duration_s=0.0,
                        heights=sorted(heights),
                        variants=[LIVE],
                        qualities=[],
                    )
                )
            title.kind = CHANNEL
            title.published_at = title.published_at or now
            audit.record(session, now, "broadcast.started", account_id=None, subject=self._id)

    def off(self) -> None:
        """Nothing was broadcast: nobody finds it."""
        with self._database.write() as session:
            session.get_one(Title, self._id).published_at = None

    def over(self, duration_s: float) -> None:
        """The event has ended: what there is of it is a recording of so many seconds."""
        now = SystemClock().now()
        with self._database.write() as session:
            title = session.get_one(Title, self._id)
            title.duration_s = max(0.001, duration_s)
            title.kind = FILM
            audit.record(session, now, "broadcast.ended", account_id=None, subject=self._id)

    def add_keys(self, keys: Sequence[PlainKey]) -> None:
        """Let viewers have these keys."""
        with self._database.write() as session:
            self._vault.store(session, self._id, keys)

    def keep_keys(self, kids: Collection[str]) -> None:
        """Delete all keys but these (ids in hex)."""
        with self._database.write() as session:
            gone = ContentKey.kid.not_in(kids)
            session.execute(delete(ContentKey).where(ContentKey.title_id == self._id, gone))

    def close(self) -> None:
        self._database.close()
