"""Whether what an edge token was given for still stands: edges ask, so that what is over stops within seconds."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import ColumnElement, Float, String, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend_stub.clock import Clock
from backend_stub.db import patience
from backend_stub.db.database import AWAY, Database
from backend_stub.db.models import Account, Device, Download, PlaySession, Recording, RefreshToken, Title, TitleRights
from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import check_offer, terms_of
from backend_stub.services.plans import plan_at
from backend_stub.services.streams import AHEAD_S, GOES_ON_S, SILENT_S
from backend_stub.signing import EdgeGrant
from backend_stub.titles import TRAILER

_Given = tuple[str, int | None]  # by which sign-in, and up to which height
KEPT_S = 5.0  # what stands is not asked about again for so long
_MOST_KEPT = 10_000
_QUESTIONS = 8  # at once
_ANSWER_S = 2.0  # a viewer waits for it
AWAY_S = 3.0  # the database is not asked again so soon after it did not answer
REMEMBERED_S = 600.0  # what stood when it was asked about goes on for so long without an answer, as its token does

_NOW = bindparam("now", type_=Float)
_SESSION = bindparam("session_id", type_=String)


def _runs(play: type[PlaySession]) -> ColumnElement[bool]:
    """It has its place, or was fetched ahead a moment ago."""
    ahead = and_(play.beat_at == 0.0, play.created_at > _NOW - AHEAD_S)
    return and_(play.ended_at.is_(None), play.expires_at > _NOW, or_(play.beat_at > _NOW - SILENT_S, ahead))


_next = aliased(PlaySession)
_GOES_ON = exists().where(  # the device plays the title on in a newer session: it asked for new addresses, no more
    _next.account_id == PlaySession.account_id,
    _next.device_id == PlaySession.device_id,
    _next.title_id == PlaySession.title_id,
    _next.created_at >= PlaySession.created_at,
    _runs(_next),
)
_JUST_ENDED = and_(PlaySession.ended_at > _NOW - GOES_ON_S, PlaySession.expires_at > _NOW)
_PLAYS = or_(_runs(PlaySession), and_(_JUST_ENDED, _GOES_ON))
_KEEPS = and_(Download.closed_at.is_(None), Download.holds_until > _NOW)
_STANDS = [
    select(Account.id, Title.kind, TitleRights)
    .select_from(Account)
    .join(row, row.account_id == Account.id)
    .join(Device, and_(Device.account_id == row.account_id, Device.id == row.device_id))
    .join(Title, Title.id == row.title_id)
    .outerjoin(Recording, Recording.title_id == row.title_id)
    .outerjoin(TitleRights, TitleRights.title_id == func.coalesce(Recording.channel_id, row.title_id))
    .where(row.id == _SESSION, rule, Account.active, Device.revoked_at.is_(None))
    .where(Title.published_at.is_not(None))
    for row, rule in ((PlaySession, _PLAYS), (Download, _KEEPS))
]
_SIGNED_IN = select(RefreshToken.family).where(
    RefreshToken.family == bindparam("family"), RefreshToken.revoked_at.is_(None)
)


class EdgeGate:
    """Thread-safe. What stands is kept for :data:`KEPT_S`, or until somebody takes it back. While the database cannot
    be asked, what stood before goes on for :data:`REMEMBERED_S`, and nothing else."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._standing: OrderedDict[str, dict[_Given, float]] = OrderedDict()  # by session, then when it was asked
        self._lock = threading.Lock()
        self._forgotten = 0  # so often something was
        self._away_until = float("-inf")
        self._threads = ThreadPoolExecutor(_QUESTIONS, "edge-gate")  # its own: others may all wait for the database
        database.taken_back.listen(self.forget)

    def forget(self, session_id: str) -> None:
        """Ask again about this session or download, or about all for an empty name: it may be over."""
        with self._lock:
            self._forgotten += 1
            if session_id:
                self._standing.pop(session_id, None)
            else:
                self._standing.clear()

    def at_once(self, grant: EdgeGrant) -> bool:
        """Whether it stands without the database being asked; does not block. False says that it has to be.

        Raises :class:`ProblemError` 503 ``database_unavailable`` for what cannot be known while the database is away.
        """
        if not grant.session_id or self._stood(grant, KEPT_S):
            return True
        return self._clock.monotonic() < self._away_until and self._without_answer(grant)

    async def answer(self, grant: EdgeGrant) -> bool:
        """What :meth:`stands` says, without blocking the loop."""
        return self.at_once(grant) or await asyncio.get_running_loop().run_in_executor(
            self._threads, self.stands, grant
        )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def stands(self, grant: EdgeGrant) -> bool:
        """Whether files may be given for it; asks the database where :meth:`at_once` does not know. Raises as it."""
        if self.at_once(grant):
            return True
        before = self._forgotten
        if self._away_until > float("-inf"):
            self._away_until = self._clock.monotonic() + AWAY_S  # one asks, the others do not wait with it
        try:
            with patience.waiting(_ANSWER_S):
                stands = self._ask(grant)
        except AWAY:
            self._away_until = self._clock.monotonic() + AWAY_S
            return self._without_answer(grant)
        self._away_until = float("-inf")
        with self._lock:
            if stands and before == self._forgotten:  # else the answer may be from before
                self._standing.setdefault(grant.session_id, {})[_given(grant)] = self._clock.monotonic()
                self._standing.move_to_end(grant.session_id)
                while len(self._standing) > _MOST_KEPT:
                    self._standing.popitem(last=False)
            elif not stands:
                self._standing.pop(grant.session_id, None)
        return stands

    def _stood(self, grant: EdgeGrant, within_s: float) -> bool:
        with self._lock:
            asked_at = self._standing.get(grant.session_id, {}).get(_given(grant))
        return asked_at is not None and self._clock.monotonic() - asked_at < within_s

    def _without_answer(self, grant: EdgeGrant) -> bool:
        if not self._stood(grant, REMEMBERED_S):
            raise unanswered()
        return True

    def _ask(self, grant: EdgeGrant) -> bool:
        now = self._clock.now()
        values = {"session_id": grant.session_id, "now": now}
        with self._database.read() as session:
            if grant.family and session.execute(_SIGNED_IN, {"family": grant.family}).first() is None:
                return False
            found = next(filter(None, (session.execute(query, values).first() for query in _STANDS)), None)
            return found is not None and _still_offered(session, *found, grant, now)


def unanswered() -> ProblemError:
    """The refusal for what nobody can be asked about now."""
    title = "The service cannot say now whether this may be played; try again soon."
    return ProblemError(503, "database_unavailable", title, {"Retry-After": f"{AWAY_S:.0f}"})


def _given(grant: EdgeGrant) -> _Given:
    return grant.family, grant.max_height


def _still_offered(
    session: Session, account_id: str, kind: str, row: TitleRights | None, grant: EdgeGrant, now: float
) -> bool:
    """Whether contract and plan still permit what the token does: addresses for steered players outlive both."""
    rights = terms_of(row)
    try:
        check_offer(replace(rights, countries=frozenset()), None, now)  # the country was judged by the play call
    except ProblemError:
        return False
    if kind == TRAILER:
        return True
    plan, _ = plan_at(session, account_id, now)
    most = plan.max_height
    return (rights.free or plan.paid) and (
        most is None or (grant.max_height is not None and grant.max_height <= most)
    )
