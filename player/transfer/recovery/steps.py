"""From a failure and a situation to the next step: the one function that playback and downloads ask."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from player.transfer.recovery.matrix import MATRIX, MatrixRow, trouble_of
from player.transfer.recovery.model import Action, Failure, Situation, Step, Trouble

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
LONGEST_RETRY_AFTER_S = 30.0
_LOOK_S = 1.0  # an outage is not worth more than a look a second
_HURRY_S = 4.0  # with less than this in hand another quality is tried before a second retry
_LATE_ROUNDS = 8  # tries for what may not have been published yet

_WORDS: Mapping[Action, str] = {
    Action.RETRY: "trying again",
    Action.OTHER_PATH: "trying another CDN",
    Action.OTHER_RUNG: "trying another quality",
    Action.REFRESH_SESSION: "asking for new addresses",
    Action.REFRESH_LICENCE: "asking for a new licence",
    Action.WAIT_FOR_NETWORK: "waiting for the network",
    Action.SKIP: "going on without it",
    Action.FAIL: "nothing is left to try",
}


def next_step(failure: Failure, situation: Situation, seed: int = 0) -> Step:
    """The answer to ``failure``. ``seed`` makes the jitter; the same arguments give the same step."""
    trouble = trouble_of(failure.code)
    row = MATRIX[failure.kind][trouble]
    for action in row.tries:
        if _possible(action, row, failure, situation, trouble):
            return _step(action, _delay(action, failure, situation, seed), failure)
    skip = row.last is Action.SKIP and situation.may_skip
    return _step(Action.SKIP if skip else Action.FAIL, 0.0, failure)


def _possible(action: Action, row: MatrixRow, failure: Failure, situation: Situation, trouble: Trouble) -> bool:
    match action:
        case Action.OTHER_PATH:
            return situation.pathways_left > 0
        case Action.OTHER_RUNG:
            return situation.rungs_left > 0
        case Action.REFRESH_SESSION | Action.REFRESH_LICENCE:
            return situation.refreshes_left > 0
        case Action.WAIT_FOR_NETWORK:
            return situation.under_way and (situation.patient or situation.waited_s < row.patience_s)
        case _:
            return _may_retry(row, failure, situation, trouble)


def _may_retry(row: MatrixRow, failure: Failure, situation: Situation, trouble: Trouble) -> bool:
    if (failure.retry_after_s or 0.0) > LONGEST_RETRY_AFTER_S:
        return False
    if situation.may_come and trouble is Trouble.NOT_FOUND:
        return situation.rounds < _LATE_ROUNDS
    other_rung = Action.OTHER_RUNG in row.tries and situation.rungs_left > 0
    hurried = situation.under_way and situation.buffer_s < _HURRY_S
    return situation.rounds < (min(row.rounds, 1) if other_rung and hurried else row.rounds)


def _delay(action: Action, failure: Failure, situation: Situation, seed: int) -> float:
    """Exponential back-off with jitter (half to all of the step), shorter while the buffer runs dry."""
    if action not in (Action.RETRY, Action.WAIT_FOR_NETWORK):
        return 0.0
    step = min(FIRST_DELAY_S * 2.0 ** min(situation.rounds, 16), LONGEST_DELAY_S)
    if situation.under_way:
        step = min(step, max(situation.buffer_s / 2, 2 * FIRST_DELAY_S))
    if action is Action.WAIT_FOR_NETWORK:
        # Of a live programme there is never much in hand, and what comes late may come too late.
        step = _LOOK_S if situation.may_come else max(step, _LOOK_S)
    jittered = step * (0.5 + 0.5 * Random(f"{seed}/{situation.rounds}").random())
    return max(jittered, min(failure.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))


def _step(action: Action, delay_s: float, failure: Failure) -> Step:
    after = f" in {delay_s:.1f} s" if delay_s else ""
    return Step(action, delay_s, f"{failure.kind} failed ({failure.code}): {_WORDS[action]}{after}.")
