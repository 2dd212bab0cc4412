"""Work that is done again after a failure, as the error matrix has it, where there is nothing to choose meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

from player.clock import Clock
from player.errors import MatineeError
from player.loads import RetryEvent
from player.net.model import RequestKind
from player.recovery import Action, Failure, Situation, next_step

_T = TypeVar("_T")


def _nobody(_event: RetryEvent) -> None:
    """Nobody wants to know."""


async def again(
    kind: RequestKind,
    work: Callable[[], Awaitable[_T]],
    clock: Clock,
    rng: Random,
    *,
    tell: Callable[[RetryEvent], None] = _nobody,
    under_way: bool = False,
) -> _T:
    """The result of ``work``, which is done anew while the matrix says RETRY to a failed request of ``kind``.

    ``tell`` hears of each time; ``under_way`` as in :class:`Situation`. Raises the MatineeError of the last time.
    """
    rounds = 0
    while True:
        try:
            return await work()
        except MatineeError as error:
            situation = Situation(rounds=rounds, under_way=under_way)
            step = next_step(Failure.of(kind, error), situation, rng.getrandbits(32))
            if step.action is not Action.RETRY:
                raise
            tell(RetryEvent(clock.monotonic(), kind, "", "", error, step))
        rounds += 1
        await clock.sleep(step.delay_s)
