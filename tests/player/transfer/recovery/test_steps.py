"""The recovery table: complete, bounded, and what it says in the cases that matter."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode
from player.net.model import RequestKind
from player.transfer.recovery import (
    LONGEST_DELAY_S,
    LONGEST_RETRY_AFTER_S,
    MATRIX,
    Action,
    Failure,
    Situation,
    Trouble,
    next_step,
    trouble_of,
)

CODES: list[ErrorCode | DrmErrorCode] = [*ErrorCode, *DrmErrorCode]
SITUATIONS = st.builds(
    Situation,
    rounds=st.integers(0, 20),
    refreshes_left=st.integers(0, 2),
    pathways_left=st.integers(0, 3),
    rungs_left=st.integers(0, 3),
    waited_s=st.floats(0, 2000),
    buffer_s=st.floats(0, 100),
    under_way=st.booleans(),
    patient=st.booleans(),
    may_skip=st.booleans(),
    may_come=st.booleans(),
)
FAILURES = st.builds(
    Failure, st.sampled_from(RequestKind), st.sampled_from(CODES), st.one_of(st.none(), st.floats(0, 4000))
)


@given(FAILURES, SITUATIONS, st.integers(0, 2**32))
def test_there_is_an_answer_to_everything_and_only_a_possible_one(
    failure: Failure, situation: Situation, seed: int
) -> None:
    step = next_step(failure, situation, seed)
    assert step == next_step(failure, situation, seed)
    assert step.reason
    assert 0 <= step.delay_s <= max(LONGEST_DELAY_S, LONGEST_RETRY_AFTER_S)
    if step.action in (Action.RETRY, Action.WAIT_FOR_NETWORK):
        assert step.delay_s >= 0.1, "never a busy loop"
    if step.action is Action.OTHER_PATH:
        assert situation.pathways_left
    if step.action is Action.OTHER_RUNG:
        assert situation.rungs_left
    if step.action in (Action.REFRESH_SESSION, Action.REFRESH_LICENCE):
        assert situation.refreshes_left
    if step.action is Action.SKIP:
        assert situation.may_skip


@pytest.mark.parametrize("kind", RequestKind)
def test_every_failure_that_never_ends_is_given_up_in_bounded_time_and_tries(kind: RequestKind) -> None:
    for code in CODES:
        last, waited_s = _answers_until_the_end(Failure(kind, code))
        row = MATRIX[kind][trouble_of(code)]
        assert last is row.last, code
        assert waited_s <= row.patience_s + (row.rounds + 1) * LONGEST_DELAY_S, code


def _answers_until_the_end(failure: Failure) -> tuple[Action, float]:
    """Follow the answers while the failure goes on: the last one, and the time waited in all."""
    rounds, refreshes, pathways, waited_s = 0, 2, 1, 0.0
    for number in range(2000):
        situation = Situation(rounds, refreshes, pathways, 0, waited_s, 10.0, under_way=True)
        step = next_step(failure, situation, number)
        waited_s += step.delay_s
        match step.action:
            case Action.OTHER_PATH:
                pathways -= 1
            case Action.RETRY | Action.WAIT_FOR_NETWORK:
                rounds, pathways = rounds + 1, 1
            case Action.REFRESH_SESSION | Action.REFRESH_LICENCE:
                refreshes, pathways = refreshes - 1, 1
            case _:
                return step.action, waited_s
    raise AssertionError("it never gives up")


def answer(kind: RequestKind, code: ErrorCode | DrmErrorCode, **situation) -> Action:
    return next_step(Failure(kind, code), Situation(**situation)).action


SEGMENT, LICENCE = RequestKind.SEGMENT, RequestKind.LICENCE


@pytest.mark.parametrize(
    ("kind", "code", "situation", "action"),
    [
        (SEGMENT, ErrorCode.NET_CUT, {"pathways_left": 1}, Action.OTHER_PATH),
        (SEGMENT, ErrorCode.NET_CUT, {}, Action.RETRY),
        (SEGMENT, ErrorCode.NET_DNS, {"rounds": 5, "under_way": True}, Action.WAIT_FOR_NETWORK),
        (SEGMENT, ErrorCode.NET_DNS, {"rounds": 5}, Action.FAIL),
        (SEGMENT, ErrorCode.NET_DNS, {"rounds": 5, "under_way": True, "waited_s": 901}, Action.FAIL),
        (
            SEGMENT,
            ErrorCode.NET_DNS,
            {"rounds": 5, "under_way": True, "waited_s": 901, "patient": True},
            Action.WAIT_FOR_NETWORK,
        ),
        (SEGMENT, ErrorCode.NET_REFUSED, {"rounds": 5, "under_way": True, "waited_s": 91}, Action.FAIL),
        (SEGMENT, ErrorCode.HTTP_NOT_FOUND, {"rounds": 5, "may_come": True}, Action.RETRY),
        (SEGMENT, ErrorCode.HTTP_NOT_FOUND, {"rounds": 1, "may_skip": False}, Action.FAIL),
        (
            SEGMENT,
            ErrorCode.HTTP_SERVER,
            {"rounds": 1, "under_way": True, "rungs_left": 1, "buffer_s": 2.0},
            Action.OTHER_RUNG,
        ),
        (
            SEGMENT,
            ErrorCode.HTTP_SERVER,
            {"rounds": 1, "under_way": True, "rungs_left": 1, "buffer_s": 20.0},
            Action.RETRY,
        ),
        (SEGMENT, ErrorCode.CLOCK_SKEW, {"refreshes_left": 1}, Action.REFRESH_SESSION),
        (SEGMENT, ErrorCode.DISK_FULL, {"pathways_left": 1, "rungs_left": 1}, Action.FAIL),
        (RequestKind.TELEMETRY, ErrorCode.DISK_FULL, {}, Action.SKIP),
        (SEGMENT, ErrorCode.HTTP_FORBIDDEN, {"refreshes_left": 1, "pathways_left": 1}, Action.REFRESH_SESSION),
        (SEGMENT, ErrorCode.HTTP_FORBIDDEN, {"pathways_left": 1}, Action.OTHER_PATH),
        (SEGMENT, ErrorCode.HTTP_FORBIDDEN, {}, Action.FAIL),
        (SEGMENT, ErrorCode.HTTP_NOT_FOUND, {"rounds": 1, "rungs_left": 2}, Action.OTHER_RUNG),
        (SEGMENT, ErrorCode.HTTP_NOT_FOUND, {"rounds": 1}, Action.SKIP),
        (SEGMENT, ErrorCode.HTTP_GONE, {}, Action.SKIP),
        (SEGMENT, ErrorCode.MEDIA_DAMAGED, {"pathways_left": 1}, Action.OTHER_PATH),
        (SEGMENT, ErrorCode.MEDIA_DECODER, {"rungs_left": 1}, Action.OTHER_RUNG),
        (SEGMENT, DrmErrorCode.NO_KEY, {"refreshes_left": 1}, Action.REFRESH_LICENCE),
        (SEGMENT, DrmErrorCode.NO_KEY, {"rungs_left": 1}, Action.OTHER_RUNG),
        (SEGMENT, DrmErrorCode.DECRYPT_FAILED, {"refreshes_left": 1, "pathways_left": 1}, Action.OTHER_PATH),
        (SEGMENT, DrmErrorCode.DECRYPT_FAILED, {"rounds": 1, "rungs_left": 1}, Action.FAIL),
        (SEGMENT, ErrorCode.NET_TLS, {}, Action.RETRY),
        (SEGMENT, ErrorCode.NET_FORBIDDEN_URL, {}, Action.FAIL),
        (SEGMENT, ErrorCode.INTERNAL, {"pathways_left": 1}, Action.FAIL),
        (LICENCE, ErrorCode.HTTP_SERVER, {}, Action.RETRY),
        (LICENCE, ErrorCode.HTTP_FORBIDDEN, {"refreshes_left": 1}, Action.REFRESH_SESSION),
        (RequestKind.STEERING, ErrorCode.NET_DNS, {"rounds": 1}, Action.SKIP),
        (RequestKind.TELEMETRY, ErrorCode.HTTP_FORBIDDEN, {"refreshes_left": 1}, Action.SKIP),
        (RequestKind.MANIFEST, ErrorCode.MANIFEST_HTML, {"pathways_left": 1}, Action.OTHER_PATH),
        (RequestKind.API, ErrorCode.NET_TIMEOUT, {"rounds": 9, "under_way": True}, Action.FAIL),
    ],
)
def test_named_cases(kind, code, situation, action) -> None:
    assert answer(kind, code, **situation) is action


def test_a_live_programme_is_looked_for_every_second() -> None:
    failure = Failure(RequestKind.MANIFEST, ErrorCode.NET_REFUSED)
    for rounds in range(5, 12):
        situation = Situation(rounds, under_way=True, buffer_s=8.0, may_come=True)
        step = next_step(failure, situation, seed=rounds)
        assert (step.action, 0.5 <= step.delay_s <= 1.0) == (Action.WAIT_FOR_NETWORK, True)


def test_delays_grow_are_jittered_and_shorten_with_the_buffer() -> None:
    failure = Failure(SEGMENT, ErrorCode.NET_CUT)
    delays = [[next_step(failure, Situation(rounds=n), seed).delay_s for seed in range(50)] for n in range(3)]
    for shorter, longer in itertools.pairwise(delays):
        assert max(longer) == pytest.approx(2 * max(shorter), rel=0.15)
    assert len({round(delay, 6) for delay in delays[0]}) > 40
    patient = Situation(rounds=2, buffer_s=60, under_way=True)
    hurried = Situation(rounds=2, buffer_s=1, under_way=True)
    assert next_step(failure, hurried).delay_s < next_step(failure, patient).delay_s


def test_retry_after_is_kept_and_too_long_a_one_is_not_waited_for() -> None:
    assert next_step(Failure(SEGMENT, ErrorCode.HTTP_RATE_LIMITED, 20.0), Situation()).delay_s == 20.0
    step = next_step(Failure(SEGMENT, ErrorCode.HTTP_RATE_LIMITED, 600.0), Situation(rungs_left=1))
    assert step.action is Action.OTHER_RUNG


def test_network_codes_are_all_sorted() -> None:
    for code in ErrorCode:
        if code.startswith(("net.", "http.")):
            assert trouble_of(code) is not Trouble.FINAL
