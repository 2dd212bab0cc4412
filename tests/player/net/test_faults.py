"""The fault document of docs/faults.md: reading, matching and carrying out."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from player.base.errors import ErrorCode, InputError, NetError
from player.manifest.model import ByteRange
from player.net.faults import Fault, FaultPlan, FaultRule, FaultRules, FaultType, FaultyTransport, load_faults
from player.net.gate import Gate
from player.net.lies import other_url
from player.net.model import Request, RequestKind, Response
from tests.kit.clock import FakeClock
from tests.kit.transport import ScriptedTransport

URL = "http://edge.test:8001/s/TOKEN/title/video/5.m4s?x=1"
CONTENT = bytes(range(200)) * 100
DOC = Path(__file__).parents[3] / "docs" / "faults.md"


def plan(*faults: dict, **members) -> FaultPlan:
    return FaultPlan.parse({"version": 1, "rules": [{"fault": fault, **members} for fault in faults]})


class Bench:
    def __init__(self, faults: FaultPlan) -> None:
        self.clock = FakeClock()
        self.inner = ScriptedTransport(self.clock, {URL: CONTENT})
        self.gate = Gate(FaultyTransport(self.inner, self.clock, faults), self.clock)

    async def get(self, **changes) -> Response:
        options = {"kind": RequestKind.SEGMENT, "url": URL}
        return await self.clock.run(self.gate.fetch(Request(**(options | changes))))

    async def error(self) -> NetError:
        with pytest.raises(NetError) as caught:
            await self.get()
        assert self.inner.open_now == 0
        return caught.value


def test_the_example_of_the_documentation_is_read() -> None:
    match = re.search(r"```json\n(.*?)```", DOC.read_text(), re.DOTALL)
    assert match is not None
    read = FaultPlan.parse(json.loads(match[1]))
    assert read.seed == 7
    assert read.rules == (
        FaultRule(
            fault=Fault(FaultType.CUT, after_bytes=20000),
            name="edge A dies in the middle of the fifth segment",
            path="*/video/*.m4s",
            pathway="edge-a",
            kind=RequestKind.SEGMENT,
            skip=4,
            count=1,
            until_s=60,
        ),
    )


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ([], "fault document"),
        ({"rules": []}, '"version"'),
        ({"version": 2, "rules": []}, '"version"'),
        ({"version": 1, "rules": [], "speed": 1}, '"speed"'),
        ({"version": 1, "rules": {}}, '"rules"'),
        ({"version": 1, "rules": [{"fault": {"type": "refuse"}, "when": 1}]}, '"when"'),
        ({"version": 1, "rules": [{"match": {"host": "x"}, "fault": {"type": "refuse"}}]}, '"host"'),
        ({"version": 1, "rules": [{"match": {"kind": "film"}, "fault": {"type": "refuse"}}]}, '"film"'),
        ({"version": 1, "rules": [{"match": {"path": 1}, "fault": {"type": "refuse"}}]}, '"path"'),
        ({"version": 1, "rules": [{"fault": {"type": "explode"}}]}, '"explode"'),
        ({"version": 1, "rules": [{"fault": {"type": "kill"}}]}, "kill"),
        ({"version": 1, "rules": [{"fault": {"type": "delay"}}]}, '"seconds"'),
        ({"version": 1, "rules": [{"fault": {"type": "delay", "seconds": -1}}]}, '"seconds"'),
        ({"version": 1, "rules": [{"fault": {"type": "delay", "seconds": True}}]}, '"seconds"'),
        ({"version": 1, "rules": [{"fault": {"type": "refuse", "status": 1}}]}, '"status"'),
        ({"version": 1, "rules": [{"fault": {"type": "status", "status": 20}}]}, '"status"'),
        ({"version": 1, "rules": [{"fault": {"type": "bandwidth"}}]}, '"kbps"'),
        ({"version": 1, "rules": [{"fault": {"type": "bandwidth", "kbps": 0}}]}, '"kbps"'),
        ({"version": 1, "rules": [{"fault": {"type": "bandwidth", "trace": []}}]}, '"trace"'),
        ({"version": 1, "rules": [{"fault": {"type": "cut", "after_bytes": 1.5}}]}, '"after_bytes"'),
        ({"version": 1, "rules": [{"name": "big one", "probability": 2, "fault": {"type": "refuse"}}]}, "big one"),
    ],
)
def test_what_is_wrong_in_a_document_is_named(document: object, named: str) -> None:
    with pytest.raises(InputError) as caught:
        FaultPlan.parse(document)
    assert caught.value.code is ErrorCode.INPUT_FILE
    assert named in caught.value.sentence


def test_a_file_that_is_no_document(tmp_path: Path) -> None:
    for content in (b"{", b"\xff\xfe", b"[" * 100_000):
        (tmp_path / "f.json").write_bytes(content)
        with pytest.raises(InputError, match=r"f\.json"):
            load_faults(tmp_path / "f.json")
    with pytest.raises(InputError, match=r"none\.json"):
        load_faults(tmp_path / "none.json")


# Which requests take a fault


def taken(rules: FaultRules, url: str = URL, since_s: float = 0.0, **changes) -> bool:
    return bool(rules.take(Request(RequestKind.SEGMENT, url, **changes), since_s))


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"path": "*/video/*.m4s"}, True),
        ({"path": "/title/video/?.m4s"}, True),
        ({"path": "/s/*"}, False),
        ({"path": "*.mp4"}, False),
        ({"pathway": "edge-a"}, True),
        ({"pathway": "edge.test:8001"}, True),
        ({"pathway": "edge-b"}, False),
        ({"kind": "segment"}, True),
        ({"kind": "init"}, False),
        ({"kind": "segment", "pathway": "edge-b"}, False),
        ({}, True),
    ],
)
def test_matching(match: dict, hit: bool) -> None:
    assert taken(FaultRules(plan({"type": "refuse"}, match=match)), pathway="edge-a") is hit


def test_skip_count_and_time() -> None:
    rules = FaultRules(plan({"type": "refuse"}, skip=2, count=2, from_s=10, until_s=20))
    assert [taken(rules, since_s=s) for s in (5, 10, 11, 12, 13, 14)] == [False, False, False, True, True, False]
    rules = FaultRules(plan({"type": "refuse"}, until_s=20))
    assert [taken(rules, since_s=s) for s in (0, 19.9, 20, 100)] == [True, True, False, False]


def test_probability_is_seeded() -> None:
    runs = []
    for _ in range(2):
        rules = FaultRules(plan({"type": "refuse"}, probability=0.3))
        runs.append([taken(rules) for _ in range(1000)])
    assert runs[0] == runs[1]
    assert 240 < sum(runs[0]) < 360


# What the faults do


async def test_delay() -> None:
    bench = Bench(plan({"type": "delay", "seconds": 2.5}))
    response = await bench.get()
    assert response.body == CONTENT
    assert response.transfer.first_byte_s - response.transfer.start_s == pytest.approx(2.5)


async def test_bandwidth_is_shared_by_all_that_match() -> None:
    bench = Bench(plan({"type": "bandwidth", "kbps": len(CONTENT) * 8 / 1000}))

    async def both() -> None:
        await asyncio.gather(*(bench.gate.fetch(Request(RequestKind.SEGMENT, URL)) for _ in range(2)))

    start = bench.clock.monotonic()
    await bench.clock.run(both())
    assert bench.clock.monotonic() - start == pytest.approx(2.0, abs=0.01)


async def test_status() -> None:
    error = await Bench(plan({"type": "status", "status": 503, "retry_after_s": 4})).error()
    assert error.code is ErrorCode.HTTP_SERVER
    assert error.fields["retry_after_s"] == 4.0


@pytest.mark.parametrize("after", [0, 1, 5000])
async def test_cut(after: int) -> None:
    bench = Bench(plan({"type": "cut", "after_bytes": after}))
    assert (await bench.error()).code is ErrorCode.NET_CUT
    assert bool(bench.inner.requests) is bool(after)


async def test_truncate_is_well_formed() -> None:
    response = await Bench(plan({"type": "truncate", "after_bytes": 500})).get()
    assert response.body == CONTENT[:500]
    assert response.headers["content-length"] == "500"


async def test_corrupt_inverts_the_bytes_of_the_body() -> None:
    response = await Bench(plan({"type": "corrupt", "at_byte": 16380, "length": 8})).get()
    wrong = [place for place, (a, b) in enumerate(zip(response.body, CONTENT, strict=True)) if a != b]
    assert wrong == list(range(16380, 16388))
    assert all(response.body[place] == CONTENT[place] ^ 0xFF for place in wrong)


async def test_stall() -> None:
    assert (await Bench(plan({"type": "stall", "after_bytes": 100})).error()).code is ErrorCode.NET_STALLED


async def test_refuse() -> None:
    bench = Bench(plan({"type": "refuse"}))
    assert (await bench.error()).code is ErrorCode.NET_REFUSED
    assert bench.inner.requests == []


async def test_faults_come_together_and_the_first_end_counts() -> None:
    bench = Bench(
        plan(
            {"type": "delay", "seconds": 1},
            {"type": "corrupt", "at_byte": 0, "length": 1},
            {"type": "truncate", "after_bytes": 10},
            {"type": "cut", "after_bytes": 20},
        )
    )
    response = await bench.get(byte_range=ByteRange(0, 10))
    assert response.body == bytes([0xFF]) + CONTENT[1:10]
    assert response.transfer.first_byte_s - response.transfer.start_s == pytest.approx(1.0)


async def test_a_fault_behind_the_end_of_the_body_does_nothing() -> None:
    assert (await Bench(plan({"type": "cut", "after_bytes": 10**6})).get()).body == CONTENT


class Lies(Bench):
    """Two segments with numbers in their names, and a fault on the first."""

    ONE, TWO = "http://edge.test/film/1080p/seg-007.m4s", "http://edge.test/film/1080p/seg-008.m4s"
    LOW = "http://edge.test/film/360p/seg-007.m4s"

    def __init__(self, **fault: object) -> None:
        self.clock = FakeClock()
        files = {self.ONE: CONTENT, self.TWO: b"two" * 900, self.LOW: b"low" * 300}
        self.inner = ScriptedTransport(self.clock, files)
        faults = plan(dict(fault), match={"path": "*1080p/seg-007*"})
        self.gate = Gate(FaultyTransport(self.inner, self.clock, faults), self.clock)

    async def one(self, **changes) -> Response:
        return await self.get(url=self.ONE, **changes)

    async def refused(self, **changes) -> ErrorCode:
        with pytest.raises(NetError) as caught:
            await self.one(**changes)
        assert self.inner.open_now == 0
        return caught.value.code


async def test_another_segment_is_served_by_its_number_or_its_path() -> None:
    assert (await Lies(type="other", offset=1).one()).body == b"two" * 900
    assert (await Lies(type="other", **{"from": "1080p", "to": "360p"}).one()).body == b"low" * 300
    assert await Lies(type="other", offset=-1).refused() is ErrorCode.HTTP_NOT_FOUND


@pytest.mark.parametrize(
    ("url", "offset", "expected"),
    [
        ("http://a.test/v/seg-0-003.m4s?x=9", -1, "http://a.test/v/seg-0-002.m4s?x=9"),
        ("http://a.test/v/1.m4s", 1, "http://a.test/v/2.m4s"),
        ("http://a.test/v/099.ts", 1, "http://a.test/v/100.ts"),
        ("http://a.test/v/0.m4s", -1, "http://a.test/v/0.m4s"),
        ("http://a.test/v1/only.mp4", 1, "http://a.test/v1/only.mp4"),
    ],
)
def test_the_neighbour_of_a_file(url: str, offset: int, expected: str) -> None:
    assert other_url(url, offset, None) == expected


async def test_a_web_page_in_the_place_of_a_segment() -> None:
    response = await Lies(type="body").one()
    assert (response.status, response.headers["content-type"]) == (200, "text/html")
    assert response.body.startswith(b"<!doctype html>")


async def test_flipped_bytes_are_as_many_as_asked_for_and_the_same_each_time() -> None:
    first, second = [(await Lies(type="flip", count=20).one()).body for _ in range(2)]
    wrong = [place for place, (was, is_) in enumerate(zip(CONTENT, first, strict=True)) if was != is_]
    assert first == second
    assert len(wrong) == 20
    assert min(wrong) >= len(CONTENT) // 10


async def test_a_trickle_is_given_up() -> None:
    bench = Lies(type="trickle", after_bytes=100, bytes_per_s=4)
    assert await bench.refused() is ErrorCode.NET_TRICKLE
    assert bench.clock.monotonic() - 1000 < 60


async def test_lying_headers_are_what_the_client_sees() -> None:
    change = {"set": {"Content-Type": "text/plain"}, "remove": ["Content-Length"]}
    headers = (await Lies(type="headers", **change).one()).headers
    assert headers["content-type"] == "text/plain"
    assert "content-length" not in headers


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"type": "gzip"}, ErrorCode.NET_PROTOCOL),
        ({"type": "range", "shift": 100}, ErrorCode.NET_PROTOCOL),
        ({"type": "reset"}, ErrorCode.NET_CUT),
        ({"type": "reset", "after_bytes": 500}, ErrorCode.NET_CUT),
        ({"type": "goaway"}, ErrorCode.NET_CUT),
        ({"type": "dns"}, ErrorCode.NET_DNS),
        ({"type": "tls"}, ErrorCode.NET_TLS),
    ],
)
async def test_what_cannot_be_used_is_an_error(fault: dict, code: ErrorCode) -> None:
    assert await Lies(**fault).refused() is code


async def test_a_range_that_is_another_one_is_refused() -> None:
    assert await Lies(type="range", shift=100).refused(byte_range=ByteRange(500, 200)) is ErrorCode.NET_PROTOCOL


def test_every_type_is_in_the_documentation() -> None:
    told = set(re.findall(r"^\| `([a-z]+)` \|", DOC.read_text(), re.MULTILINE))
    assert {str(each) for each in FaultType} <= told


@pytest.mark.parametrize(
    "fault",
    [
        {"type": "other"},
        {"type": "other", "offset": 1.5},
        {"type": "other", "offset": 1, "from": "a", "to": "b"},
        {"type": "other", "from": "a"},
        {"type": "body", "status": 99},
        {"type": "trickle", "bytes_per_s": 0},
        {"type": "headers", "set": {"a": 1}},
        {"type": "headers", "remove": "a"},
        {"type": "gzip", "more": 1},
    ],
)
def test_a_lie_that_is_not_well_formed_is_refused(fault: dict) -> None:
    with pytest.raises(InputError):
        plan(fault)
