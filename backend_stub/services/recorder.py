"""Makes recordings: takes the segments of their programmes out of the channels' windows, again and again."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import delete, exists, select

from backend_stub.broadcast.channel import BroadcastChannel, InitFile, JournalError, Segment
from backend_stub.broadcast.journal import JOURNAL, Journal, read_channel, recovered
from backend_stub.broadcast.ownership import alone
from backend_stub.broadcast.recording import blank_recording, made_until, missing, records_of, segments_of
from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import ContentKey, Recording, Title
from backend_stub.services import audit
from backend_stub.services.content_keys import KeyVault
from backend_stub.services.entitlement import rights_of
from backend_stub.titles import LIVE, RECORDING

OFF_AIR, DISK_FULL, INCOMPLETE, FORBIDDEN = "off_air", "disk_full", "incomplete", "forbidden"  # why one is not whole
_LATE_S = 60.0  # so long after its end a programme is waited for whose channel is silent
_MISSING_SEGMENTS = 1.5  # so much less than the programme is whole still
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
_logger = logging.getLogger(__name__)


class Recorder:
    """All that it knows is in the journals of the recordings and in the database: it may be killed at any moment.
    Several processes may call it at once; each recording is one's at a time."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, vault: KeyVault) -> None:
        self._database = database
        self._clock = clock
        self._media_dir = settings.media_dir
        self._vault = vault

    def keep_up(self) -> None:
        """Take what there is of the programmes that are recorded now, and delete the files of removed recordings."""
        now = self._clock.now()
        running = select(Recording).where(Recording.finished_at.is_(None), Recording.starts_at <= now)
        with self._database.read() as session:
            rows = session.scalars(running.order_by(Recording.starts_at, Recording.title_id)).all()
        for row in rows:
            with suppress(OSError), alone(self._media_dir / row.title_id / LIVE) as mine:
                if mine:
                    self._record(row.title_id, now)
        self.sweep()

    def _record(self, title_id: str, now: float) -> None:
        home = self._media_dir / title_id / LIVE
        with self._database.read() as session:
            row = session.get(Recording, title_id)
            rights = None if row is None else rights_of(session, row.channel_id)
        if row is None or rights is None:  # another process has removed it since it was listed, and its title
            shutil.rmtree(home.parent)
            return
        if not rights.record or rights.revoked_at is not None:
            shutil.rmtree(home)
            self._finish(row, None, FORBIDDEN, now)
            return
        try:
            source = read_channel(self._media_dir / row.channel_id / LIVE)
        except (OSError, JournalError):
            source = None
        try:
            if source is not None:
                self._take(row, home, source)
        except (OSError, JournalError) as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                self._note(row, DISK_FULL)
            _logger.warning("%s is not recorded now: %s", row.title_id, error)
            if now < row.ends_at + _LATE_S:
                return
        silent = source is None or (source.ended_at is None and made_until(source) < row.ends_at)
        if now >= row.ends_at and (not silent or now >= row.ends_at + _LATE_S):
            self._end(row, home, now)

    def _take(self, row: Recording, home: Path, source: BroadcastChannel) -> None:
        """Take what is not recorded yet. Raises OSError, :class:`JournalError`."""
        known = recovered(home) if (home / JOURNAL).exists() else blank_recording(source, row.starts_at)
        numbers = missing(source, known, row.starts_at, row.ends_at)
        if not numbers or known.ended_at is not None:
            return
        for track in known.tracks:
            (home / track.name).mkdir(parents=True, exist_ok=True)
        journal = Journal(home, known)
        try:
            for number in numbers:
                pieces = segments_of(source, number)
                if self._have_keys(row, [init.kid for _, init in pieces]) and self._keep(row, home, source, pieces):
                    for record in list(records_of(source, journal.channel, number)):
                        journal.write(record)
        finally:
            journal.close()

    def _keep(
        self, row: Recording, home: Path, source: BroadcastChannel, pieces: Sequence[tuple[Segment, InitFile]]
    ) -> bool:
        """Keep the files of one segment in each track; False where one is gone."""
        folder = self._media_dir / row.channel_id / LIVE
        try:
            for track, (segment, init) in zip(source.tracks, pieces, strict=True):
                for name in (init.file, f"{segment.number}.m4s"):
                    _link(folder / track.name / name, home / track.name / name)
        except FileNotFoundError:
            return False
        return True

    def _have_keys(self, row: Recording, kids: Sequence[str]) -> bool:
        """Copy the keys that the title does not have yet; False where the channel has forgotten one."""
        wanted = {kid for kid in kids if kid}
        with self._database.read() as session:
            have = select(ContentKey.kid).where(ContentKey.title_id == row.title_id, ContentKey.kid.in_(wanted))
            wanted -= set(session.scalars(have))
        if not wanted:
            return True
        with self._database.write() as session:
            keys = self._vault.of_title(session, row.channel_id, wanted)
            if len(keys) < len(wanted) or session.get(Title, row.title_id) is None:
                return False
            self._vault.store(session, row.title_id, keys)
        return True

    def _note(self, row: Recording, reason: str) -> None:
        with self._database.write() as session:
            found = session.get(Recording, row.title_id)
            if found is not None:
                row.reason = found.reason = reason

    def _end(self, row: Recording, home: Path, now: float) -> None:
        """The programme is over. A disk that is full now is tried again."""
        if not (home / JOURNAL).exists():
            self._finish(row, None, row.reason or OFF_AIR, now)
            return
        try:
            channel = read_channel(home)
            if channel.ended_at is None:
                journal = Journal(home, recovered(home))
                journal.write({"is": "end", "at": round(now, 3)})
                journal.close()
                channel = journal.channel
        except (OSError, JournalError):
            _logger.exception("the recording %s cannot be ended now", row.title_id)
            return
        short = channel.length_s < row.ends_at - row.starts_at - _MISSING_SEGMENTS * channel.segment_s
        self._finish(row, channel, (row.reason or INCOMPLETE) if short else "", now)

    def _finish(self, row: Recording, channel: BroadcastChannel | None, reason: str, now: float) -> None:
        playable = channel is not None and channel.watchable
        with self._database.write() as session:
            found = session.get(Recording, row.title_id)
            if found is None or found.finished_at is not None:
                return
            title = session.get_one(Title, row.title_id)
            found.finished_at, found.reason, found.size_bytes = now, reason, 0
            if channel is not None and playable:
                found.size_bytes = sum(segment.size for track in channel.tracks for segment in track.segments)
                title.duration_s, title.published_at = max(0.001, channel.length_s), now
            action = "recording.made" if playable else "recording.failed"
            audit.record(session, now, action, account_id=row.account_id, subject=row.title_id, reason=reason)

    def sweep(self) -> None:
        """Delete what was kept of recordings that are nobody's any more: files, keys, title.

        What a disk refuses is tried again the next time, and holds no other back.
        """
        nobodys = select(Title.id).where(Title.kind == RECORDING, ~exists().where(Recording.title_id == Title.id))
        with self._database.read() as session:
            gone = session.scalars(nobodys).all()
        for title_id in gone:
            home = self._media_dir / title_id
            with alone(home / LIVE) as mine:
                if not mine:
                    continue
                try:
                    shutil.rmtree(home)
                except OSError as error:
                    _logger.warning("the recording %s cannot be deleted now: %s", title_id, error)
                    continue
                with self._database.write() as session:
                    session.execute(delete(Title).where(Title.id == title_id))


def _link(source: Path, kept: Path) -> None:
    """Keep a file under another name, as a copy where the folders are on two file systems. Raises OSError."""
    if kept.exists():
        return
    try:
        os.link(source, kept)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        draft = kept.with_name(f".{kept.name}")
        shutil.copyfile(source, draft)
        draft.replace(kept)
