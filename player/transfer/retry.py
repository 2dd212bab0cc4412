"""The one driver of the error matrix: an operation is tried, and each failure is answered as the matrix says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

from drm_client.errors import DrmError
from player.base.clock import Clock
from player.base.errors import MatineeError
from player.net.model import RequestKind
from player.transfer.model import RetryEvent
from player.transfer.recovery import Action, Failure, Situation, Step, next_step

_T = TypeVar("_T")
AnyError = MatineeError | DrmError


async def run(
    kind: RequestKind,
    operation: Callable[[], Awaitable[_T]],
    situation: Callable[[AnyError], Situation | None],
    take: Callable[[Step, AnyError], Awaitable[bool]],
    seed: Callable[[], int],
    errors: tuple[type[AnyError], ...] = (MatineeError,),
) -> _T:
    """Return the result of ``operation``, a request of ``kind`` that is repeated as the error matrix prescribes.

    After each of ``errors``, ``situation`` says what is left to try (None: nothing), and ``take`` carries out the
    matrix's step; it returns whether to try again. Otherwise the error is raised. ``seed`` gives the jitter.
    """
    while True:
        try:
            return await operation()
        except errors as error:
            left = situation(error)
            if left is None or not await take(next_step(Failure.of(kind, error), left, seed()), error):
                raise


def _ignore(_event: RetryEvent) -> None:
    """Nobody wants to know."""


async def retry(
    kind: RequestKind,
    operation: Callable[[], Awaitable[_T]],
    clock: Clock,
    rng: Random,
    *,
    report: Callable[[RetryEvent], None] = _ignore,
    under_way: bool = False,
) -> _T:
    """:func:`run` for requests that have no other CDN or rung: repeated while the matrix says RETRY.

    ``report`` hears of each repetition; ``under_way`` as in :class:`Situation`. Raises the last MatineeError.
    """
    rounds = 0

    def situation(_error: AnyError) -> Situation:
        return Situation(rounds=rounds, under_way=under_way)

    async def take(step: Step, error: AnyError) -> bool:
        nonlocal rounds
        if step.action is not Action.RETRY:
            return False
        report(RetryEvent(clock.monotonic(), kind, "", "", error, step))
        rounds += 1
        await clock.sleep(step.delay_s)
        return True

    return await run(kind, operation, situation, take, lambda: rng.getrandbits(32))


def pause_s(kind: RequestKind, error: AnyError, rounds: int, seed: int) -> float | None:
    """Seconds until a periodic request of ``kind`` is retried that has failed ``rounds`` times before; None where the
    matrix gives it up, so that its next regular time is early enough."""
    step = next_step(Failure.of(kind, error), Situation(rounds=rounds), seed)
    return step.delay_s if step.action is Action.RETRY else None
