"""Programmes of channels that profiles record: asked for, listed and removed. The recorder makes them."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from backend_stub.broadcast.channel import BroadcastChannel, JournalError
from backend_stub.broadcast.guide import Programme
from backend_stub.broadcast.journal import read_description
from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Recording, Title, TitleRights
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.catalog import WatchedTitle, watched
from backend_stub.services.entitlement import Viewing, entitled_title
from backend_stub.services.recorder import Recorder
from backend_stub.titles import LIVE, RECORDING

RecordingState = Literal["planned", "recording", "recorded", "failed"]
MOST = 500  # of an account: the list has no pages
_SAME_S = 0.5
_channel = aliased(Title)


@dataclass(frozen=True, slots=True)
class ListedRecording:
    """``watched`` is its title; it plays once it is recorded."""

    row: Recording
    watched: WatchedTitle
    channel: str
    state: RecordingState


@dataclass(frozen=True, slots=True)
class RecordingList:
    """The newest programme first. Sizes are bytes, of all profiles of the account."""

    items: Sequence[ListedRecording]
    used: int
    limit: int


class Recordings:
    """``programmes`` are those of a channel that its guide shows at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        recorder: Recorder,
        programmes: Callable[[Title, float], Sequence[Programme]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._recorder = recorder
        self._programmes = programmes

    def listed(self, viewing: Viewing) -> RecordingList:
        """The recordings of a profile, those that are to come and those that failed too."""
        now = self._clock.now()
        query = (
            select(Recording, Title, _channel.title)
            .join(Title, Title.id == Recording.title_id)
            .join(_channel, _channel.id == Recording.channel_id)
            .where(Recording.account_id == viewing.account_id, Recording.profile_id == viewing.profile_id)
            .order_by(Recording.starts_at.desc(), Recording.title_id)
        )
        with self._database.read() as session:
            found = session.execute(query).all()
            titles = watched(session, viewing, [title for _, title, _ in found])
            used, _ = _taken(session, viewing.account_id)
        items = [
            ListedRecording(row, title, channel, _state(row, title.title, now))
            for (row, _, channel), title in zip(found, titles, strict=True)
        ]
        return RecordingList(items, used, self._settings.recordings_bytes)

    def recordable(self, title_ids: Collection[str]) -> set[str]:
        """Those of these channels whose contracts let viewers record."""
        with self._database.read() as session:
            forbids = select(TitleRights.title_id).where(TitleRights.title_id.in_(title_ids), ~TitleRights.record)
            return set(title_ids) - set(session.scalars(forbids))

    def add(self, viewing: Viewing, channel_id: str, starts_at: float) -> str:
        """Record the programme that starts then, once for each profile: with what is still in the window of one that
        has started. The id of the recording.

        Raises :class:`ProblemError` as :func:`entitled_title`, 404 ``programme_not_found``, 403
        ``recording_forbidden`` or ``recording_limit``.
        """
        now = self._clock.now()
        with ExitStack() as undo:
            with self._database.write() as session:
                session.get_one(
                    Account, viewing.account_id, with_for_update=True
                )  # one after the other, for the limit
                entitled = entitled_title(session, viewing, channel_id, now, LIVE)
                programme, journal = self._programme(entitled.title, starts_at, now)
                if not (entitled.rights.record and programme.record):
                    raise ProblemError(403, "recording_forbidden", "This programme may not be recorded.")
                own = (Recording.account_id == viewing.account_id, Recording.profile_id == viewing.profile_id)
                same = func.abs(Recording.starts_at - programme.starts_at) < _SAME_S
                known = session.scalar(
                    select(Recording.title_id).where(*own, Recording.channel_id == channel_id, same)
                )
                if known is not None:
                    return known
                size = _estimate(journal, programme)
                self._check_room(session, viewing.account_id, size)
                title = _title_of(entitled.title, programme)
                session.add(title)
                session.flush()
                row = Recording(
                    title_id=title.id,
                    account_id=viewing.account_id,
                    profile_id=viewing.profile_id,
                    channel_id=channel_id,
                    starts_at=programme.starts_at,
                    ends_at=programme.ends_at,
                    size_bytes=size,
                    reason="",
                )
                session.add(row)
                account_id = viewing.account_id
                audit.record(
                    session, now, "recording.planned", account_id=account_id, subject=title.id, title=channel_id
                )
                undo.callback(shutil.rmtree, self._settings.media_dir / title.id, ignore_errors=True)
                self._copy_poster(channel_id, title.id)
            undo.pop_all()
        return title.id

    def remove(self, viewing: Viewing, title_id: str) -> None:
        """Record it no more, and delete what was recorded.

        Raises :class:`ProblemError` 404 ``recording_not_found``.
        """
        with self._database.write() as session:
            row = session.get(Recording, title_id)
            if row is None or (row.account_id, row.profile_id) != (viewing.account_id, viewing.profile_id):
                raise ProblemError(404, "recording_not_found", "There is no such recording.")
            session.get_one(Title, title_id).published_at = None
            session.delete(row)
            now, account_id = self._clock.now(), viewing.account_id
            audit.record(session, now, "recording.removed", account_id=account_id, subject=title_id)
        self._recorder.sweep()

    def _programme(self, title: Title, starts_at: float, now: float) -> tuple[Programme, BroadcastChannel]:
        programmes = self._programmes(title, now) if LIVE in title.variants else ()
        try:
            journal = read_description(self._settings.media_dir / title.id / LIVE)
            return next(one for one in programmes if abs(one.starts_at - starts_at) < _SAME_S), journal
        except (StopIteration, OSError, JournalError) as error:
            raise ProblemError(404, "programme_not_found", "There is no such programme on this channel.") from error

    def _check_room(self, session: Session, account_id: str, size: int) -> None:
        used, count = _taken(session, account_id)
        limit = self._settings.recordings_bytes
        if used + size > limit or count >= MOST:
            members = {"used_bytes": used, "needed_bytes": size, "limit_bytes": limit}
            raise ProblemError(403, "recording_limit", "The recordings take all their space.", members=members)

    def _copy_poster(self, channel_id: str, title_id: str) -> None:
        poster = self._settings.media_dir / channel_id / "poster.jpg"
        if poster.exists():
            home = self._settings.media_dir / title_id
            home.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(poster, home / poster.name)


def _taken(session: Session, account_id: str) -> tuple[int, int]:
    """The bytes and the number of an account's recordings, those that are to come included."""
    query = select(func.coalesce(func.sum(Recording.size_bytes), 0), func.count())
    size, count = session.execute(query.where(Recording.account_id == account_id)).one()
    return int(size), int(count)


def _estimate(channel: BroadcastChannel, programme: Programme) -> int:
    bits_per_s = sum(track.bandwidth for track in channel.tracks)
    return int(bits_per_s / 8 * (programme.ends_at - programme.starts_at))


def _state(row: Recording, title: Title, now: float) -> RecordingState:
    if row.finished_at is None:
        return "planned" if now < row.starts_at else "recording"
    return "failed" if title.published_at is None else "recorded"


def _title_of(channel: Title, programme: Programme) -> Title:
    return Title(
        id=f"rec-{secrets.token_hex(12)}",
        kind=RECORDING,
        title=programme.title or channel.title,
        synopsis=channel.synopsis,
        year=channel.year,
        duration_s=0.0,
        heights=channel.heights,
        variants=[LIVE],
        open_licence=False,
        maturity=channel.maturity,
        version=1,
    )
