"""How many play sessions an account runs at once: each says by heartbeats that it still plays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device, PlaySession, Title
from backend_stub.problems import ProblemError
from backend_stub.services.devices import usable_device
from backend_stub.services.entitlement import Viewing, entitled_title
from backend_stub.services.plans import Plan
from backend_stub.services.views import Views

BEAT_S = 30.0
SILENT_S = 90.0  # a session that was silent for so long is over: three heartbeats lost
AHEAD_S = 60.0  # what was fetched ahead of play is good for so long, unless a heartbeat claims a place
MOST_AHEAD = 4  # such sessions of a device at once
AHEAD_MEMORY_S, MOST_UNPLAYED = 3600.0, 8  # of one title on all devices of an account, within that time
GOES_ON_S = 90.0  # a session that another took the place of stays open for what is on its way
HANDOVER_S, MOST_HANDOVERS = 1800.0, 4  # so often within that time a place may go from one device to another


_HELD = select(Account.id).where(Account.id == bindparam("account_id")).with_for_update()
_RUNNING = (
    select(PlaySession)
    .where(PlaySession.account_id == bindparam("account_id"), PlaySession.ended_at.is_(None))
    .where(PlaySession.expires_at > bindparam("now"), PlaySession.beat_at > bindparam("silent_since"))
    .order_by(PlaySession.created_at)
)


class Streams:
    def __init__(self, database: Database, clock: Clock, views: Views) -> None:
        self._database = database
        self._clock = clock
        self._views = views

    def beat(
        self, viewing: Viewing, session_id: str, profile_id: str | None = None, *, playing: bool = True
    ) -> tuple[float, float]:
        """The session is still there: seconds until the next heartbeat, and when the session expires.

        One that fell silent takes its place again if there still is one. Raises :class:`ProblemError` 404
        ``session_not_found``, 409 ``session_ended``, 403 ``session_expired``, ``stream_limit`` or
        ``device_revoked``, and as :func:`entitled_title`: a session goes on only where it could begin.
        """
        now = self._clock.now()
        account_id = viewing.account_id
        with self._database.write() as session:
            hold_streams(session, account_id)
            play = play_session(session, account_id, session_id)
            if play.ended_at is not None:
                raise ended()
            if play.expires_at <= now:
                raise ProblemError(403, "session_expired", "The play session has expired.")
            plan = entitled_title(session, viewing, play.title_id, now).plan
            if play.beat_at <= now - SILENT_S:
                make_room(session, account_id, play.device_id, plan, now)
            else:
                _keep_place(session, play, plan, now)
            play.beat_at = now
            usable_device(session, account_id, play.device_id).last_seen_at = now
        if playing:
            self._views.playing(play, profile_id)
        return BEAT_S, play.expires_at

    def keep(self, session_id: str) -> None:
        """A player that sends no heartbeats was steered: the place that its session has is kept."""
        now = self._clock.now()
        has_it = and_(PlaySession.ended_at.is_(None), PlaySession.beat_at > now - SILENT_S)
        with self._database.write() as session:
            session.execute(update(PlaySession).where(PlaySession.id == session_id, has_it).values(beat_at=now))

    def running(self) -> int:
        """How many sessions play now, of all accounts."""
        now = self._clock.now()
        query = select(func.count()).select_from(PlaySession).where(*_alive(now))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def end(self, account_id: str, session_id: str) -> None:
        """The session gives its place up; ending it again changes nothing. Raises 404 ``session_not_found``."""
        with self._database.write() as session:
            play = play_session(session, account_id, session_id)
            play.ended_at = play.ended_at or self._clock.now()


def hold_streams(session: Session, account_id: str) -> None:
    """Until this transaction ends no other one counts the streams of the account."""
    session.execute(_HELD, {"account_id": account_id})


def play_session(session: Session, account_id: str, session_id: str) -> PlaySession:
    """The session of this account. Raises :class:`ProblemError` 404 ``session_not_found``."""
    play = session.get(PlaySession, session_id)
    if play is None or play.account_id != account_id:
        raise ProblemError(404, "session_not_found", "There is no such play session.")
    return play


def goes_on(session: Session, play: PlaySession, now: float) -> bool:
    """Whether the device just now began to play the same title in another session: it asked for new addresses, no
    more. For longer it would be two players with one device's key."""
    if play.ended_at is None or play.ended_at <= now - GOES_ON_S:
        return False
    query = select(PlaySession.id).where(
        PlaySession.account_id == play.account_id,
        PlaySession.device_id == play.device_id,
        PlaySession.title_id == play.title_id,
        PlaySession.ended_at.is_(None),
        PlaySession.expires_at > now,
        or_(PlaySession.beat_at > now - SILENT_S, PlaySession.created_at > now - AHEAD_S),
    )
    return session.scalar(query.limit(1)) is not None


def keys_until(play: PlaySession, now: float, licence_s: float) -> float:
    """Until when keys are given for a session that has its place; for one that has none, a moment that is past."""
    if play.beat_at == 0.0:
        return play.created_at + AHEAD_S
    return now + licence_s if play.ended_at is not None or play.beat_at > now - SILENT_S else now


def ended() -> ProblemError:
    return ProblemError(409, "session_ended", "This play session has ended.")


def make_room(session: Session, account_id: str, device_id: str, plan: Plan, now: float) -> None:
    """End what this device played before, and see whether the plan has a stream left for it.

    Raises :class:`ProblemError` 403 ``stream_limit``, naming what plays. The caller holds the account's row.
    """
    others = []
    for play in _running(session, account_id, now):
        if play.device_id == device_id:
            play.ended_at = now
        else:
            others.append(play)
    _check_limit(session, others, plan)
    _check_handovers(session, account_id, device_id, plan, len(others), now)


def make_room_ahead(session: Session, account_id: str, device_id: str, title_id: str, now: float) -> None:
    """Of what this device fetched ahead and has not played, end the oldest: so many it may have at once.

    Raises :class:`ProblemError` 403 ``stream_limit`` if the account prefetched this title repeatedly without playing
    it. Each prefetch is good for a minute, and a row of them would be an extra screen.
    """
    unclaimed = select(func.count()).where(
        PlaySession.account_id == account_id,
        PlaySession.title_id == title_id,
        PlaySession.beat_at == 0.0,
        PlaySession.created_at > now - AHEAD_MEMORY_S,
    )
    if (session.scalar(unclaimed) or 0) >= MOST_UNPLAYED:
        raise ProblemError(403, "stream_limit", "This title was fetched ahead too often; play it.")
    query = select(PlaySession).where(PlaySession.account_id == account_id, PlaySession.device_id == device_id)
    ahead = query.where(PlaySession.beat_at == 0.0, PlaySession.ended_at.is_(None), PlaySession.expires_at > now)
    for play in session.scalars(ahead.order_by(PlaySession.created_at.desc()).offset(MOST_AHEAD - 1)):
        play.ended_at = now


def _keep_place(session: Session, play: PlaySession, plan: Plan, now: float) -> None:
    """A plan may have become smaller: then those that began first go on. Raises 403 ``stream_limit``."""
    began = (play.created_at, play.id)
    _check_limit(
        session, [one for one in _running(session, play.account_id, now) if (one.created_at, one.id) < began], plan
    )


def _check_handovers(session: Session, account_id: str, device_id: str, plan: Plan, others: int, now: float) -> None:
    """Refuse devices that take turns, as both could play at the same time: a released stream is free at once, but its
    keys stay valid for a while. Raises 403 ``stream_limit``."""
    if plan.streams is None:
        return
    recent = session.execute(
        select(PlaySession.device_id, PlaySession.ended_at)
        .where(PlaySession.account_id == account_id, PlaySession.beat_at > 0.0)
        .where(PlaySession.created_at > now - HANDOVER_S)
        .order_by(PlaySession.created_at)
    ).all()
    left = {device for device, ended_at in recent if ended_at is not None and ended_at > now - SILENT_S}
    if others + len(left - {device_id}) < plan.streams:
        return
    devices = [*(device for device, _ in recent), device_id]
    if sum(one != following for one, following in pairwise(devices)) > MOST_HANDOVERS:
        raise ProblemError(403, "stream_limit", "Your plan's screens changed devices too often; wait a few minutes.")


def _check_limit(session: Session, others: Sequence[PlaySession], plan: Plan) -> None:
    if plan.streams is not None and len(others) >= plan.streams:
        raise ProblemError(
            403,
            "stream_limit",
            "Your plan plays no more at the same time.",
            members={"limit": plan.streams, "streams": _shown(session, others)},
        )


def _running(session: Session, account_id: str, now: float) -> Sequence[PlaySession]:
    values = {"account_id": account_id, "now": now, "silent_since": now - SILENT_S}
    return session.scalars(_RUNNING, values).all()


def _alive(now: float) -> tuple[ColumnElement[bool], ...]:
    return (PlaySession.ended_at.is_(None), PlaySession.expires_at > now, PlaySession.beat_at > now - SILENT_S)


def _shown(session: Session, plays: Sequence[PlaySession]) -> list[dict[str, object]]:
    query = (
        select(PlaySession, Device.name, Title.title)
        .join(Device, and_(Device.account_id == PlaySession.account_id, Device.id == PlaySession.device_id))
        .join(Title, Title.id == PlaySession.title_id)
        .where(PlaySession.id.in_([play.id for play in plays]))
        .order_by(PlaySession.created_at)
    )
    return [
        {"device_id": play.device_id, "name": name, "title": title, "since_at": play.created_at}
        for play, name, title in session.execute(query)
    ]
