"""Coroutines of the client, started from the Qt thread, with results that come back to it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from player.base.errors import ANY_ERROR
from player.reporting.state import PlaybackFailure
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.sentences import service_sentence
from ui.app.viewmodels.text import tr

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class ClientTask(Generic[T]):
    """A coroutine on its way. After :meth:`cancel` neither of its callbacks is called any more."""

    done: Callable[[T], None]
    failed: Callable[[PlaybackFailure], None]
    future: Future[T] | None = None
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True
        if self.future is not None:
            self.future.cancel()


class Tasks(QObject):
    """Runs coroutines on the client's own thread. Callbacks are called on the Qt thread, never within
    :meth:`run`."""

    _finished = Signal(object, object)

    def __init__(self, client: ClientPort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._closed = False
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Coroutine[Any, Any, T],
        done: Callable[[T], None],
        failed: Callable[[PlaybackFailure], None],
    ) -> ClientTask[T]:
        """Start ``work``; ``done`` gets its value, or ``failed`` what went wrong in words for the viewer."""
        task = ClientTask(done, failed, cancelled=self._closed)
        if self._closed:
            work.close()
            return task
        task.future = self._client.submit(work)
        task.future.add_done_callback(lambda future: self._finished.emit(task, future))
        return task

    def close(self) -> None:
        """Start nothing and report nothing any more; for the end of the application."""
        self._closed = True

    def _deliver(self, task: ClientTask[T], future: Future[T]) -> None:
        if task.cancelled or self._closed:
            return
        try:
            value = future.result()
        except (Exception, CancelledError) as error:  # noqa: BLE001 - shown to the viewer, unknown ones are logged
            task.failed(failure_of(error))
        else:
            task.done(value)


def failure_of(error: BaseException) -> PlaybackFailure:
    """An error as the viewer sees it. Errors outside the family are faults of ours and go to the log."""
    if isinstance(error, ANY_ERROR):
        failure = PlaybackFailure.of(error)
        return replace(failure, sentence=service_sentence(failure))
    _log.error("unexpected error", exc_info=error)
    return PlaybackFailure("internal", tr("Something went wrong inside Matinee."))
