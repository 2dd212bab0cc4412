"""What was given is taken back: whoever remembers that it stood is told when the transaction commits.

On PostgreSQL all processes over the database are told (NOTIFY), else this one alone: others look again within
seconds. A notice is the id of a play session or a download; the empty one says that anything may be over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event, func, inspect, make_url, select
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from backend_stub.db.models import (
    Account,
    Device,
    Download,
    PlaySession,
    RefreshToken,
    Subscription,
    Title,
    TitleRights,
)
from backend_stub.db.patience import CONNECTION, connection_class
from backend_stub.db.title_changes import WritingSession

Heard = Callable[[str], object]
ANYTHING = ""
_CHANNEL = "matinee_taken_back"
_NOTICES, _LISTENERS = "matinee_notices", "matinee_listeners"
_MOST_NAMED = 20  # in one transaction; more are told of as one
_AGAIN_S = 2.0
#: What makes a token stand no more when it is set, or its row goes.
_ENDS: dict[type[Any], tuple[str, ...]] = {
    PlaySession: ("ended_at",),
    Download: ("closed_at", "holds_until"),
    RefreshToken: ("revoked_at",),
    Device: ("revoked_at",),
    Account: ("active",),
    Subscription: (),
    Title: ("published_at",),
    TitleRights: ("revoked_at",),
}
_logger = logging.getLogger(__name__)


@event.listens_for(WritingSession, "after_flush")
def _changed(session: Session, _context: UOWTransaction) -> None:
    for row in {*session.dirty, *session.deleted}:
        ends = _ENDS.get(type(row))
        if ends is None:
            continue
        state = inspect(row)
        if row in session.deleted or any(state.attrs[name].history.has_changes() for name in ends):
            _note(session, row.id if isinstance(row, PlaySession | Download) else ANYTHING)


@event.listens_for(WritingSession, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete):
        return
    mapper = state.bind_mapper
    ends = _ENDS.get(mapper.class_) if mapper is not None else None
    if ends is None:
        return
    values = getattr(state.statement, "_values", None) or {}
    if state.is_delete or any(getattr(column, "name", column) in ends for column in values):
        _note(state.session, ANYTHING)


def _note(session: Session, notice: str) -> None:
    session.info.setdefault(_NOTICES, set()).add(notice)


@event.listens_for(WritingSession, "before_commit")
def _tell_others(session: Session) -> None:
    session.flush()
    notices: set[str] = session.info.get(_NOTICES, set())
    if ANYTHING in notices or len(notices) > _MOST_NAMED:
        notices = session.info[_NOTICES] = {ANYTHING}
    if session.get_bind().dialect.name == "postgresql":
        for notice in sorted(notices):
            session.execute(select(func.pg_notify(_CHANNEL, notice)))


@event.listens_for(WritingSession, "after_commit")
def _tell_own(session: Session) -> None:
    for notice in session.info.pop(_NOTICES, ()):
        for heard in session.info[_LISTENERS]:
            heard(notice)


class TakenBack:
    """Tells listeners of this process what any process took back. ``heard`` may be called by any thread, and must
    not block."""

    def __init__(self) -> None:
        self._listeners: list[Heard] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def listen(self, heard: Heard) -> None:
        self._listeners.append(heard)

    def session(self, engine: Engine) -> Session:
        """A session for a transaction that writes."""
        return WritingSession(engine, expire_on_commit=False, info={_LISTENERS: self._listeners})

    def start(self, url: str) -> None:
        """Hear of other processes too, until :meth:`stop`, where the database tells."""
        if self._thread is None and url.startswith("postgres"):
            self._thread = threading.Thread(target=self._hear, args=(url,), name="taken-back", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _hear(self, url: str) -> None:
        import psycopg

        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stop.is_set():
            try:
                with connection_class().connect(address, autocommit=True, **CONNECTION) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    self._tell(ANYTHING)  # what was said before this
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=0.5):
                            self._tell(notice.payload)
            except psycopg.Error as error:
                _logger.warning("the database does not tell what was taken back: %s", type(error).__name__)
                self._stop.wait(_AGAIN_S)

    def _tell(self, notice: str) -> None:
        for heard in self._listeners:
            heard(notice)
