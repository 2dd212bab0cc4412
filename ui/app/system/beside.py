"""Questions that may take seconds, asked beside Qt's loop before there is an engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal

T = TypeVar("T")


class _Waiting(QObject):
    answered = Signal()


def answer_beside(question: Callable[[], T]) -> T | None:
    """The answer of a question that is asked on a thread of its own, while Qt's loop goes on. Raises what it raises;
    None where the program is told to end before."""
    answer: Future[T] = Future()
    loop, waiting = QEventLoop(), _Waiting()
    waiting.answered.connect(loop.quit, Qt.ConnectionType.QueuedConnection)

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:  # noqa: BLE001  (it is the caller's)
            answer.set_exception(error)
        waiting.answered.emit()

    threading.Thread(target=ask, name="beside Qt", daemon=True).start()
    loop.exec()
    return answer.result() if answer.done() else None
