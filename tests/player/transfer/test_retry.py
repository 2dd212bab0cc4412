"""What is done again after a failure that may pass."""

from __future__ import annotations

from random import Random

import pytest

from player.base.errors import ErrorCode, MatineeError, NetError, ServiceError
from player.net.model import RequestKind
from player.transfer.model import RetryEvent
from player.transfer.retry import retry
from tests.kit.clock import FakeClock

CUT = NetError(ErrorCode.NET_CUT, "The connection broke.", recoverable=True)
BUSY = ServiceError(ErrorCode.HTTP_RATE_LIMITED, "Later.", retry_after_s=7.0)
NO = ServiceError(ErrorCode.SERVICE_NOT_ENTITLED, "No.")


@pytest.mark.parametrize(
    ("errors", "calls", "least_s", "ends_well"),
    [
        ([], 1, 0.0, True),
        ([CUT], 2, 0.1, True),
        ([CUT, CUT, CUT], 4, 0.8, True),
        ([CUT, CUT, CUT, CUT], 4, 0.8, False),
        ([BUSY], 2, 7.0, True),
        ([NO], 1, 0.0, False),
    ],
)
async def test_the_service_is_asked_again_as_the_matrix_has_it(
    errors: list[MatineeError], calls: int, least_s: float, ends_well: bool
) -> None:
    clock, left, told = FakeClock(), list(errors), list[RetryEvent]()
    begin_s, done = clock.monotonic(), 0

    async def work() -> str:
        nonlocal done
        done += 1
        if left:
            raise left.pop(0)
        return "play session"

    asked = retry(RequestKind.API, work, clock, Random(1), report=told.append)
    if ends_well:
        assert await clock.run(asked) == "play session"
    else:
        with pytest.raises(type(errors[-1])):
            await clock.run(asked)
    assert (done, len(told)) == (calls, calls - 1)
    assert least_s <= clock.monotonic() - begin_s < least_s + 3.0
