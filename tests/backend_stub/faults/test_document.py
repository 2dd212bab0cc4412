from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.faults.document import (
    Bandwidth,
    Corrupt,
    Cut,
    Delay,
    FaultDocument,
    FaultDocumentError,
    FaultRule,
    Kill,
    Match,
    Refuse,
    Stall,
    StatusFault,
    TraceEntry,
    Truncate,
    parse_faults,
)


def parse_fault(fault: object) -> object:
    return parse_faults(json.dumps({"version": 1, "rules": [{"fault": fault}]})).rules[0].fault


def complaint(document: object) -> str:
    with pytest.raises(FaultDocumentError) as caught:
        parse_faults(json.dumps(document))
    return str(caught.value)


def rule_complaint(**members: object) -> str:
    return complaint({"version": 1, "rules": [{"fault": {"type": "refuse"}, **members}]})


def fault_complaint(**members: object) -> str:
    return complaint({"version": 1, "rules": [{"fault": members}]})


def test_a_whole_rule() -> None:
    text = """{"version": 1, "seed": 7, "rules": [{
        "name": "edge A dies", "match": {"path": "*/video/*.m4s", "pathway": "edge-a", "kind": "segment"},
        "skip": 4, "count": 1, "from_s": 0, "until_s": 60, "probability": 0.5,
        "fault": {"type": "cut", "after_bytes": 20000}}]}"""
    rule = FaultRule(
        name="edge A dies",
        match=Match("*/video/*.m4s", "edge-a", "segment"),
        skip=4,
        count=1,
        from_s=0.0,
        until_s=60.0,
        probability=0.5,
        fault=Cut(20000),
    )
    assert parse_faults(text) == FaultDocument(rules=(rule,), seed=7)


def test_defaults() -> None:
    document = parse_faults('{"version": 1, "rules": [{"fault": {"type": "refuse"}}]}')
    assert document == FaultDocument(rules=(FaultRule(fault=Refuse()),))
    assert document.rules[0].until_s == math.inf
    assert document.rules[0].count is None


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"type": "delay", "seconds": 0.25}, Delay(0.25)),
        ({"type": "bandwidth", "kbps": 500}, Bandwidth((TraceEntry(1000, 500, 0),))),
        (
            {"type": "bandwidth", "trace": [{"duration_ms": 10, "bandwidth_kbps": 0, "latency_ms": 5},
                                            {"duration_ms": 20, "bandwidth_kbps": 7}]},
            Bandwidth((TraceEntry(10, 0, 5), TraceEntry(20, 7, 0))),
        ),
        ({"type": "status", "status": 503, "retry_after_s": 2}, StatusFault(503, 2.0)),
        ({"type": "status", "status": 404}, StatusFault(404, None)),
        ({"type": "cut", "after_bytes": 0}, Cut(0)),
        ({"type": "truncate", "after_bytes": 9}, Truncate(9)),
        ({"type": "corrupt", "at_byte": 3}, Corrupt(3, 16)),
        ({"type": "corrupt", "at_byte": 3, "length": 1}, Corrupt(3, 1)),
        ({"type": "stall", "after_bytes": 1}, Stall(1)),
        ({"type": "refuse"}, Refuse()),
        ({"type": "kill", "after_bytes": 5}, Kill(5)),
    ],
)  # fmt: skip
def test_each_type(fault: object, expected: object) -> None:
    assert parse_fault(fault) == expected


def test_every_type_of_the_guide_is_known() -> None:
    assert "delay, bandwidth, status, cut, truncate, corrupt, stall, refuse, kill" in fault_complaint(type="explode")


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000])
def test_not_json(text: str) -> None:
    with pytest.raises(FaultDocumentError, match="not JSON"):
        parse_faults(text)


def test_too_large() -> None:
    with pytest.raises(FaultDocumentError, match="larger than"):
        parse_faults(" " * (5 << 20))


def test_the_sentence_names_the_place_and_the_member() -> None:
    assert complaint([]) == "the document must be a JSON object."
    assert 'the document has an unknown member "rule"' in complaint({"version": 1, "rules": [], "rule": 1})
    assert '"version": 1' in complaint({"version": 2, "rules": []})
    assert complaint({"version": 1}) == 'the document needs "rules".'
    assert rule_complaint(skp=1).startswith('rules[0] has an unknown member "skp"')
    assert rule_complaint(match={"pth": "*"}).startswith('rules[0].match has an unknown member "pth"')
    assert 'unknown kind "film"' in rule_complaint(match={"kind": "film"})
    assert rule_complaint(probability=1.5) == ('rules[0]: "probability" must be a number of 0 or more and at most 1.')
    assert '"skip" must be a whole number' in rule_complaint(skip=-1)
    assert '"count" must be a whole number' in rule_complaint(count=True)
    assert '"until_s" must be later' in rule_complaint(from_s=5, until_s=5)
    assert '"name" must be text' in rule_complaint(name=5)
    assert 'rules[0].fault: unknown type "explode"' in fault_complaint(type="explode")
    assert "rules[0].fault: unknown type null" in fault_complaint()
    assert fault_complaint(type="cut") == 'rules[0].fault needs "after_bytes".'
    assert 'rules[0].fault has an unknown member "seconds"' in fault_complaint(type="cut", seconds=1)
    assert '"kbps" or "trace"' in fault_complaint(type="bandwidth")
    assert '"kbps" or "trace"' in fault_complaint(type="bandwidth", kbps=1, trace=[])
    assert '"kbps" must be above 0' in fault_complaint(type="bandwidth", kbps=0)
    assert "must carry something" in fault_complaint(type="bandwidth", trace=[])
    assert "trace[0] must be a JSON object" in fault_complaint(type="bandwidth", trace=[1])
    assert '"status" must be between' in fault_complaint(type="status", status=99)
    assert complaint({"version": 1, "rules": [{}]}) == 'rules[0].fault must be an object with a "type".'


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["version", "rules", "fault", "type", "match", "path", "kbps", "trace", "count", "x"]
                ),
                inner | st.sampled_from([1, "cut", "bandwidth", "status"]),
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_anything_else_is_refused_with_a_sentence(value: object) -> None:
    try:
        sentence = "" if parse_faults(json.dumps(value)) else "."
    except FaultDocumentError as error:
        sentence = str(error)
    assert sentence == "" or sentence.endswith(".")
