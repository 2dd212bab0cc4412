"""A process that does tasks: some slots that each hold one, and one thread that tells the table that they live.

A worker asks the table whenever it is woken, and now and then unasked, so that a lost wake-up only costs time.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from backend_stub.db.database import cause_of
from backend_stub.jobs.model import Claim, NewTask
from backend_stub.jobs.states import LeaseLostError
from backend_stub.jobs.store import Jobs

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What a task came to, and the tasks that follow from it."""

    result: Mapping[str, Any]
    add: Sequence[NewTask] = ()


class TaskError(Exception):
    """A task failed. ``final`` says that trying again is useless; the message is one sentence for people."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


@dataclass(slots=True)
class Doing:
    """A task at work. Who does it stores in ``done`` how far it is (0 to 1) and ends soon once ``stop`` is set."""

    claim: Claim
    stop: threading.Event = field(default_factory=threading.Event)
    done: float = 0.0


@dataclass(frozen=True, slots=True)
class Hands:
    """How a worker works: tasks at once, seconds between looks at an idle table, the one job it is there for, and the
    kinds of tasks that it does (all when None)."""

    slots: int
    poll_s: float = 5.0
    job_id: str | None = None
    kinds: frozenset[str] | None = None


class Worker:
    """Takes tasks of ``jobs`` and hands each to ``run``, in threads between :meth:`start` and :meth:`stop`.

    ``run`` raises :class:`TaskError` for what may go wrong; another exception is a fault of the program, and fails
    the task all the same. ``ring`` is told how many tasks have become ready, to wake others; ``on_begin`` of each
    task begun, ``on_error`` of each failure, both from the worker's threads.
    """

    def __init__(
        self,
        jobs: Jobs,
        run: Callable[[Doing], TaskOutcome],
        hands: Hands,
        *,
        ring: Callable[[int], None] | None = None,
        on_begin: Callable[[Claim], None] | None = None,
        on_error: Callable[[Claim, BaseException], None] | None = None,
    ) -> None:
        self._jobs = jobs
        self._run = run
        self._hands = hands
        self._ring = ring or (lambda _ready: None)
        self._on_begin = on_begin or (lambda _claim: None)
        self._on_error = on_error or (lambda _claim, _error: None)
        self.host = socket.gethostname()
        self.name = f"{self.host}:{os.getpid()}:{secrets.token_hex(2)}"
        self._doing: dict[str, Doing] = {}
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._calls = 0
        self._begun = 0
        self._trouble: SQLAlchemyError | None = None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number in range(self._hands.slots):
            self._begin_thread(self._work, f"{self.name}/{number}")
        self._begin_thread(self._keep_alive)

    def stop(self) -> None:
        """End what runs and put it back for others; returns when all threads have ended."""
        self._stopping.set()
        with self._lock:
            for doing in self._doing.values():
                doing.stop.set()
        self.wake()
        for thread in self._threads:
            thread.join()

    @property
    def begun(self) -> int:
        """How many tasks it has begun so far."""
        return self._begun

    @property
    def trouble(self) -> SQLAlchemyError | None:
        """Why the job table could not be asked for a task; None when it could, the last time."""
        return self._trouble

    @property
    def busy(self) -> bool:
        """Whether a task is in its hands."""
        return bool(self._doing)

    def wake(self) -> None:
        """There may be something to do."""
        with self._news:
            self._calls += 1
            self._news.notify_all()

    def _begin_thread(self, target: Callable[..., None], *args: str) -> None:
        thread = threading.Thread(target=target, args=args, name="worker", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, owner: str) -> None:
        while not self._stopping.is_set():
            heard = self._calls
            try:
                hands = self._hands
                claim = self._jobs.claim(owner, host=self.host, job_id=hands.job_id, kinds=hands.kinds)
                self._trouble = None
            except SQLAlchemyError as error:
                _logger.error("the job table cannot be reached: %s", cause_of(error))
                claim, self._trouble = None, error
            if claim is not None:
                self._do(claim)
            else:
                with self._news:
                    self._news.wait_for(lambda heard=heard: self._calls != heard, self._hands.poll_s)  # type: ignore[misc]

    def _do(self, claim: Claim) -> None:
        doing = Doing(claim)
        with self._lock:
            self._doing[claim.owner] = doing
            self._begun += 1
        if self._stopping.is_set():
            doing.stop.set()
        try:
            self._on_begin(claim)
            outcome = self._run(doing)
            ready = self._jobs.finish(claim, outcome.result, outcome.add)
            if ready:
                self.wake()
                self._ring(ready)
        except LeaseLostError:
            _logger.warning("%s was taken away", claim.task_id)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it goes into the task's log
            self._failed(doing, error)
        finally:
            with self._lock:
                del self._doing[claim.owner]

    def _failed(self, doing: Doing, error: Exception) -> None:
        claim = doing.claim
        try:
            if doing.stop.is_set():
                self._jobs.release(claim)
                return
            if not isinstance(error, (TaskError, SQLAlchemyError)):
                _logger.error("%s failed", claim.task_id, exc_info=error)
            self._jobs.fail(
                claim, str(error) or type(error).__name__, final=isinstance(error, TaskError) and error.final
            )
        except LeaseLostError:
            return
        except SQLAlchemyError as untold:  # the lease runs out
            _logger.error("the failure of %s cannot be told: %s", claim.task_id, cause_of(untold))
        self._on_error(claim, error)

    def _keep_alive(self) -> None:
        pause_s = min(1.0, self._jobs.policy.lease_s / 4)
        while not self._stopping.wait(pause_s):
            with self._lock:
                current = list(self._doing.values())
            try:
                lost = set(self._jobs.beat({doing.claim: doing.done for doing in current}))
            except SQLAlchemyError as error:
                _logger.error("the job table cannot be reached: %s", cause_of(error))
                continue
            for doing in current:
                if doing.claim in lost:
                    doing.stop.set()
