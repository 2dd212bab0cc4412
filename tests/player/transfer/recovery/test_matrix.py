"""The matrix over the full product of kinds, troubles and situations, and the page that is made of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode
from player.net.model import RequestKind
from player.transfer.recovery import MATRIX, TROUBLE_BY_CODE, Action, Failure, Situation, Trouble, next_step
from player.transfer.recovery.table import markdown

PAGE = Path(__file__).resolve().parents[4] / "docs" / "error-matrix.md"
CODE_OF: dict[Trouble, ErrorCode | DrmErrorCode] = {trouble: code for code, trouble in TROUBLE_BY_CODE.items()}
CODE_OF[Trouble.FINAL] = ErrorCode.INTERNAL
NEEDED = {
    Action.OTHER_PATH: "pathways_left",
    Action.OTHER_RUNG: "rungs_left",
    Action.REFRESH_SESSION: "refreshes_left",
    Action.REFRESH_LICENCE: "refreshes_left",
}
DISPENSABLE = {
    RequestKind.STEERING,
    RequestKind.TIME,
    RequestKind.TEXT,
    RequestKind.IMAGE,
    RequestKind.TELEMETRY,
}


def situations() -> Iterator[Situation]:
    """Every mix of the alternatives, counts, times and buffers that the rules tell apart."""
    yield from itertools.starmap(
        Situation,
        itertools.product(
            (0, 1, 2, 4, 9), (0, 1), (0, 1), (0, 1), (0.0, 91.0, 901.0), (0.0, 20.0), (False, True), (False, True)
        ),
    )


@pytest.mark.parametrize("kind", RequestKind)
@pytest.mark.parametrize("trouble", Trouble)
def test_every_answer_is_the_first_possible_one_of_its_row(kind: RequestKind, trouble: Trouble) -> None:
    row = MATRIX[kind][trouble]
    failure = Failure(kind, CODE_OF[trouble])
    for situation in situations():
        action = next_step(failure, situation).action
        before = row.tries[: row.tries.index(action)] if action in row.tries else row.tries
        assert action in (*row.tries, row.last)
        for passed in before:
            if passed in NEEDED:
                assert getattr(situation, NEEDED[passed]) == 0, (passed, situation)
            elif passed is Action.WAIT_FOR_NETWORK:
                assert not situation.under_way or (situation.waited_s >= row.patience_s and not situation.patient)
            else:
                hurried = situation.under_way and situation.rungs_left and situation.buffer_s == 0
                assert situation.rounds >= (min(row.rounds, 1) if hurried else row.rounds)


def test_the_matrix_is_complete_and_sensible() -> None:
    assert set(MATRIX) == set(RequestKind)
    for kind, rows in MATRIX.items():
        assert set(rows) == set(Trouble)
        for trouble, row in rows.items():
            assert len(set(row.tries)) == len(row.tries)
            assert row.last in (Action.SKIP, Action.FAIL)
            assert (row.rounds > 0) == (Action.RETRY in row.tries)
            assert (row.patience_s > 0) == (Action.WAIT_FOR_NETWORK in row.tries)
            if kind in DISPENSABLE:
                assert row.last is Action.SKIP, trouble
                assert row.rounds <= 1
                assert Action.WAIT_FOR_NETWORK not in row.tries
            elif kind not in (RequestKind.SEGMENT, RequestKind.PART):
                assert row.last is Action.FAIL, "playback cannot go on without it"


def test_every_trouble_has_a_code() -> None:
    assert set(CODE_OF) == set(Trouble)
    assert Trouble.FINAL not in TROUBLE_BY_CODE.values()


def test_the_page_is_made_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "python -m player.transfer.recovery > docs/error-matrix.md"
