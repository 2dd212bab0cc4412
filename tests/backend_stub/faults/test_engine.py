from __future__ import annotations

import pytest

from backend_stub.faults.document import (
    Bandwidth,
    Corrupt,
    Cut,
    Delay,
    FaultDocument,
    FaultRule,
    Kill,
    Match,
    Refuse,
    Stall,
    StatusFault,
    TraceEntry,
    Truncate,
)
from backend_stub.faults.engine import FaultEngine, RequestFacts, TakenFault
from backend_stub.faults.plan import BodyEnding, plan_of

STARTED = 100.0
SEGMENT = RequestFacts("/film/clear/video/1.m4s", ("edge-a", "127.0.0.1:8001"), "segment")


def taken(
    rule: FaultRule, requests: int = 1, facts: RequestFacts = SEGMENT, now: float = STARTED, seed: int = 0
) -> list[int]:
    """Which of so many equal requests take the rule."""
    engine = FaultEngine(FaultDocument((rule,), seed), STARTED)
    return [number for number in range(requests) if engine.take(facts, now)]


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        (Match(), True),
        (Match(path="*.m4s"), True),
        (Match(path="/film/*/1.m4?"), True),
        (Match(path="/film/clear/video/[!2].m4s"), True),
        (Match(path="/film"), False),
        (Match(path="*.M4S"), False),
        (Match(pathway="edge-a"), True),
        (Match(pathway="127.0.0.1:8001"), True),
        (Match(pathway="edge-b"), False),
        (Match(kind="segment"), True),
        (Match(kind="manifest"), False),
        (Match(path="*.m4s", pathway="edge-a", kind="init"), False),
    ],
)
def test_every_member_of_a_match_must_hold(match: Match, hit: bool) -> None:
    assert bool(taken(FaultRule(Refuse(), match=match))) == hit


def test_skip_and_count() -> None:
    assert taken(FaultRule(Refuse(), skip=2, count=3), requests=10) == [2, 3, 4]


def test_requests_of_others_do_not_count() -> None:
    engine = FaultEngine(FaultDocument((FaultRule(Refuse(), match=Match(kind="init"), skip=1),)), STARTED)
    init = RequestFacts("/x", (), "init")
    assert [bool(engine.take(facts, STARTED)) for facts in (init, SEGMENT, SEGMENT, init)] == [
        False,
        False,
        False,
        True,
    ]


def test_time_window() -> None:
    rule = FaultRule(Refuse(), from_s=5, until_s=10)
    assert [bool(taken(rule, now=STARTED + since)) for since in (4.9, 5, 9.9, 10)] == [False, True, True, False]


def test_chance_is_repeatable_and_counts_only_what_is_taken() -> None:
    rule = FaultRule(Refuse(), probability=0.3)
    first = taken(rule, requests=1000, seed=1)
    assert first == taken(rule, requests=1000, seed=1)
    assert first != taken(rule, requests=1000, seed=2)
    assert 230 < len(first) < 370
    assert taken(FaultRule(Refuse(), probability=0.3, count=5), requests=1000, seed=1) == first[:5]
    assert taken(FaultRule(Refuse(), probability=0.0), requests=100) == []


def test_a_request_takes_every_rule_that_matches() -> None:
    trace = (TraceEntry(1000, 500, 0),)
    engine = FaultEngine(
        FaultDocument((FaultRule(Delay(1)), FaultRule(Bandwidth(trace)), FaultRule(Cut(3)))), STARTED
    )
    first, second = engine.take(SEGMENT, STARTED), engine.take(SEGMENT, STARTED)
    assert [one.fault for one in first] == [Delay(1), Bandwidth(trace), Cut(3)]
    assert first[1].link is not None
    assert first[1].link is second[1].link


def test_delays_add_up_and_the_first_status_and_the_earliest_ending_win() -> None:
    plan = plan_of(
        [
            TakenFault(fault)
            for fault in (
                Delay(1),
                StatusFault(503, None),
                Delay(0.5),
                Cut(10),
                Stall(4),
                StatusFault(404, None),
                Truncate(8),
            )
        ]
    )
    assert (plan.delay_s, plan.status, plan.ending, plan.end_after) == (
        1.5,
        StatusFault(503, None),
        BodyEnding.STALL,
        4,
    )
    assert not plan.refuse
    assert plan_of([TakenFault(Kill(0)), TakenFault(Refuse())]).refuse


def test_corrupted_bytes_are_found_across_pieces() -> None:
    plan = plan_of([TakenFault(Corrupt(at_byte=3, length=4)), TakenFault(Corrupt(at_byte=8, length=100))])
    body = bytes(range(10))
    expected = bytes([0, 1, 2, 252, 251, 250, 249, 7, 247, 246])
    assert plan.corrupted(body, 0) == expected
    assert plan.corrupted(body[:5], 0) + plan.corrupted(body[5:], 5) == expected
