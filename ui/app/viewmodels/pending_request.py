"""What a page asks the service: one question at a time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from player.base.errors import ErrorCode
from player.reporting.state import PlaybackFailure
from ui.app.viewmodels.tasks import ClientTask, Tasks

T = TypeVar("T")
# The service wants a new sign-in.
SIGNED_OUT = frozenset({ErrorCode.SERVICE_EXPIRED, ErrorCode.SERVICE_SIGN_IN})


class PendingRequest(Generic[T]):
    """``arrived`` gets the answer and ``failed`` what went wrong; where the service takes the viewer for signed out,
    ``signed_out`` is told why instead."""

    def __init__(
        self,
        tasks: Tasks,
        arrived: Callable[[T], None],
        failed: Callable[[PlaybackFailure], None],
        signed_out: Callable[[str], None],
    ) -> None:
        self._tasks = tasks
        self._arrived, self._failed, self._signed_out = arrived, failed, signed_out
        self._task: ClientTask[T] | None = None

    @property
    def waiting(self) -> bool:
        """Whether there is no answer yet."""
        return self._task is not None

    def ask(self, work: Coroutine[Any, Any, T]) -> None:
        """Ask this, in place of what is still asked."""
        self.stop()
        self._task = self._tasks.run(work, self._answered, self._refused)

    def stop(self) -> None:
        """The answer is not wanted any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _answered(self, answer: T) -> None:
        self._task = None
        self._arrived(answer)

    def _refused(self, failure: PlaybackFailure) -> None:
        self._task = None
        if failure.code in SIGNED_OUT:
            self._signed_out(failure.sentence)
        else:
            self._failed(failure)
