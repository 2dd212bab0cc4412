"""Content steering at run time against a scripted server and a clock that is stepped."""

from __future__ import annotations

import asyncio
import json
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from player.base.errors import ErrorCode, NetError
from player.manifest import model, parse
from player.manifest.model import ManifestProtocol
from player.manifest.steering import MAX_CLONES, parse_steering
from player.net.gate import Gate
from player.net.model import RequestKind
from player.playback.steering import (
    SteeringClient,
    SteeringTerms,
    order_of,
    start_order,
    steering_of,
    steering_url,
    with_home,
)
from player.reporting.events import Event, Note
from player.transfer.loader import BytesSink, Loader, Resource
from player.transfer.pathways import Pathways
from tests.kit.clock import FakeClock
from tests.kit.transport import Act, ScriptedTransport

SERVER = "https://steer.test/s"
HLS, DASH = ManifestProtocol.HLS, ManifestProtocol.DASH


class Bench:
    """Three CDNs and a steering server."""

    def __init__(
        self, protocol: ManifestProtocol = HLS, url: str = SERVER, *defaults: str, early: bool = False
    ) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(self.clock)
        self.paths = Pathways(("a", "b", "c"))
        self.events: list[Event] = []
        self.gate = Gate(self.transport, self.clock)
        self.steering = SteeringClient(
            SteeringTerms(model.ContentSteering(url, defaults, early), protocol),
            self.paths,
            self.gate,
            self.clock,
            Random(1),
            throughput_bps=lambda: 5_000_000.4,
            observe=self.events.append,
        )

    def answers(self, *priority: str, **members: object) -> None:
        name = "PATHWAY-PRIORITY"
        self.transport.always("https://steer", Act(body=document(**{name: list(priority), **members})))

    async def ask(self) -> None:
        await self.clock.run(self.steering.ask())

    @property
    def asked(self) -> list[str]:
        return [request.url for request in self.transport.requests if request.kind is RequestKind.STEERING]

    @property
    def notes(self) -> list[str]:
        return [event.kind for event in self.events if isinstance(event, Note)]


def document(**members: object) -> bytes:
    return json.dumps({"VERSION": 1, "TTL": 10, **members}).encode()


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (HLS, {"k": ["1"], "_HLS_pathway": ["a"], "_HLS_throughput": ["5000000"]}),
        (DASH, {"k": ["1"], "_DASH_pathway": ['"a"'], "_DASH_throughput": ["5000000"]}),
    ],
)
def test_the_question_names_pathway_and_throughput(protocol: ManifestProtocol, expected: dict) -> None:
    asked = steering_url(f"{SERVER}?k=1", protocol, "a", 5_000_000.4)
    assert parse_qs(urlsplit(asked).query) == expected
    again = steering_url(asked, protocol, "a", None)
    assert again.count("pathway") == 1
    assert steering_url("data:application/json,x", protocol, "a", 1.0) == "data:application/json,x"
    assert steering_url(SERVER, protocol, "", None) == SERVER
    assert ("throughput" in steering_url(SERVER, protocol, "", 1.0)) is (protocol is HLS)


def test_the_order_has_only_what_there_is() -> None:
    assert start_order(("c", "x"), ("a", "b", "c")) == ("c", "a", "b")
    read = json.loads(document(**{"PATHWAY-PRIORITY": ["x", "b"]}))
    assert order_of(parse_steering(json.dumps(read), SERVER), ("a", "b")) == ("b",)


async def test_the_manifests_default_holds_until_the_server_has_answered() -> None:
    bench = Bench(HLS, SERVER, "b")
    bench.steering.begin()
    assert bench.paths.choose(0.0).pathway == "b"
    bench.answers("c", "a")
    await bench.ask()
    assert bench.paths.current == "c"
    assert bench.paths.pathways == ("c", "a")
    assert bench.notes == ["steering"]
    assert "_HLS_pathway=b" in bench.asked[0]


async def test_it_is_asked_again_when_the_answer_is_old_and_where_the_server_says() -> None:
    bench = Bench()
    bench.answers("b", **{"TTL": 30, "RELOAD-URI": "https://steer2.test/r?x=1"})
    task = asyncio.ensure_future(bench.steering.run())
    await bench.clock.advance(29)
    assert len(bench.asked) == 1
    await bench.clock.advance(2)
    assert len(bench.asked) == 2
    assert bench.asked[1].startswith("https://steer2.test/r?x=1&_HLS_pathway=")
    task.cancel()


async def test_a_server_that_wants_to_be_asked_all_the_time_is_not() -> None:
    bench = Bench()
    bench.answers("b", TTL=0.001)
    task = asyncio.ensure_future(bench.steering.run())
    await bench.clock.advance(60)
    assert len(bench.asked) <= 61, "once a second at most"
    task.cancel()


async def test_a_server_is_asked_as_often_as_it_says() -> None:
    bench = Bench()
    bench.answers("b", TTL=2)
    task = asyncio.ensure_future(bench.steering.run())
    await bench.clock.advance(21)
    assert len(bench.asked) in (10, 11, 12), "each two seconds"
    task.cancel()


REFUSED = NetError(ErrorCode.NET_REFUSED, "refused", recoverable=True)


@pytest.mark.parametrize(
    "act",
    [
        Act(error=REFUSED),
        Act(status=500),
        Act(status=404),
        Act(status=429, headers={"retry-after": "100"}),
        Act(body=b"<html>"),
        Act(body=document(**{"PATHWAY-PRIORITY": ["x"]})),
        Act(body=document(**{"PATHWAY-PRIORITY": []})),
        Act(stall_after=3, body=b"0123456789"),
        Act(first_byte_s=600),
    ],
    ids=["refused", "500", "404", "429", "html", "unknown", "empty", "stalled", "timeout"],
)
async def test_a_failing_server_is_harmless_and_asked_again(act: Act) -> None:
    bench = Bench()
    bench.paths.choose(0.0)
    bench.transport.always("https://steer", act)
    await bench.ask()
    assert bench.paths.pathways == ("a", "b", "c")
    assert bench.paths.current == "a"
    assert set(bench.notes) == {"steering_failed"}
    assert len(bench.asked) <= 2
    assert not bench.steering.ended


async def test_a_server_that_is_gone_is_not_asked_again() -> None:
    bench = Bench()
    bench.transport.always("https://steer", Act(status=410))
    await bench.clock.run(bench.steering.run(), limit_s=1e6)
    assert len(bench.asked) == 1


async def test_a_data_address_is_an_answer_without_a_server() -> None:
    bench = Bench(HLS, "data:application/json,x")
    assert bench.steering.asks_before_start
    assert Bench(DASH, SERVER, early=True).steering.asks_before_start
    assert not Bench().steering.asks_before_start


@pytest.mark.parametrize(("protocol", "segment_query"), [(HLS, ""), (DASH, "t=9")])
async def test_a_cloned_pathway_is_used_with_its_host_and_parameters(
    protocol: ManifestProtocol, segment_query: str
) -> None:
    bench = Bench(protocol)
    clone = {"BASE-ID": "a", "ID": "d", "URI-REPLACEMENT": {"HOST": "d.test", "PARAMS": {"t": "9"}}}
    lost = {"BASE-ID": "nobody", "ID": "e", "URI-REPLACEMENT": {"HOST": "e.test"}}
    bench.answers("e", "d", "a", **{"PATHWAY-CLONES": [clone, lost]})
    await bench.ask()
    await bench.ask()
    assert bench.paths.pathways == ("d", "a")
    files = bench.transport.files
    files[f"https://d.test/s{'?' + segment_query if segment_query else ''}"] = b"segment"
    files["https://d.test/p?t=9"] = b"playlist"
    loader = Loader(bench.gate, bench.paths, bench.clock, Random(1))
    for kind, name in ((RequestKind.SEGMENT, "s"), (RequestKind.MANIFEST, "p")):
        sink = BytesSink()
        resource = Resource(kind, {"a": f"https://a.test/{name}", "b": f"https://b.test/{name}"})
        result = await bench.clock.run(loader.load(resource, sink))
        assert (result.pathway, bytes(sink.body)[:1].decode()) == ("d", name)


async def test_a_clone_of_a_clone_is_used_and_there_are_not_ever_more_of_them() -> None:
    bench = Bench(DASH)
    last = {"BASE-ID": "d", "ID": "e", "URI-REPLACEMENT": {"PARAMS": {"t": "9"}}}
    first = {"BASE-ID": "a", "ID": "d", "URI-REPLACEMENT": {"HOST": "d.test"}}
    bench.answers("e", "a", **{"PATHWAY-CLONES": [last, first]})
    await bench.ask()
    assert bench.paths.pathways == ("e", "a")
    found = bench.paths.addresses(RequestKind.SEGMENT, {"a": "https://a.test/s"})
    assert found == {"a": "https://a.test/s", "d": "https://d.test/s", "e": "https://d.test/s?t=9"}
    for turn in range(3):
        more = [{**first, "BASE-ID": "e", "ID": f"{turn}-{number}"} for number in range(50)]
        bench.answers("a", f"{turn}-0", **{"PATHWAY-CLONES": more})
        await bench.ask()
    assert len(bench.paths.clones) == MAX_CLONES
    assert len(bench.paths.addresses(RequestKind.SEGMENT, {"a": "https://a.test/s"})) == MAX_CLONES + 1


async def test_a_steered_cdn_that_fails_is_left_and_the_order_comes_back_when_it_works() -> None:
    bench = Bench()
    bench.answers("b", "c")
    await bench.ask()
    now = bench.clock.monotonic()
    assert bench.paths.choose(now).pathway == "b"
    bench.paths.failed("b", now, ErrorCode.NET_REFUSED)
    assert bench.paths.choose(now).pathway == "c", "the unlisted one is not used"
    await bench.clock.advance(60)
    probe = bench.paths.choose(bench.clock.monotonic())
    assert probe.probe
    assert probe.pathway == "b"


@pytest.mark.parametrize("late", [False, True])
async def test_an_answer_is_waited_for_before_the_start_but_not_for_long(late: bool) -> None:
    bench = Bench()
    bench.answers("b", "a")
    if late:
        bench.transport.plan(steering_url(SERVER, DASH, "c", None), Act(first_byte_s=60))
    wanted = model.Presentation(
        DASH, "mpd", "https://a.test/m.mpd", (), steering=model.ContentSteering(SERVER, ("c",), True)
    )
    began = bench.clock.monotonic()
    made = await bench.clock.run(
        steering_of(
            wanted,
            bench.paths,
            bench.gate,
            bench.clock,
            lambda: None,
            bench.events.append,
        )
    )
    assert made is not None
    assert bench.clock.monotonic() - began == (2.0 if late else 0.0)
    assert bench.paths.pathways == (("c", "a", "b") if late else ("b", "a"))


def test_the_pathway_without_a_name_may_be_preferred_and_cloned() -> None:
    clone = {"BASE-ID": ".", "ID": "d", "URI-REPLACEMENT": {"HOST": "d.test"}}
    read = parse_steering(document(**{"PATHWAY-PRIORITY": ["d", "."], "PATHWAY-CLONES": [clone]}), SERVER)
    assert order_of(with_home(read, "a"), ("a",)) == ("d", "a")


async def test_the_server_is_told_of_the_pathway_without_a_name_by_its_own_name_for_it() -> None:
    bench = Bench()
    bench.answers(".")
    bench.paths.start_over(("cdn.test:8443",))
    wanted = model.Presentation(
        HLS, "m3u8", "https://cdn.test:8443/m", (), steering=model.ContentSteering(SERVER, (), True)
    )
    await bench.clock.run(
        steering_of(wanted, bench.paths, bench.gate, bench.clock, lambda: None, bench.events.append)
    )
    assert parse_qs(urlsplit(bench.asked[0]).query)["_HLS_pathway"] == ["."]
    assert bench.paths.pathways == ("cdn.test:8443",)


@pytest.mark.parametrize("name", ["", "cdn.test", "alpha"])
async def test_a_dash_server_is_told_of_service_locations_and_of_no_names_of_ours(name: str) -> None:
    bench = Bench()
    bench.answers("cdn.test")
    location = f' serviceLocation="{name}"' if name else ""
    mpd = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S">'
        f"<BaseURL{location}>https://cdn.test/</BaseURL>"
        f'<ContentSteering queryBeforeStart="true">{SERVER}</ContentSteering><Period><AdaptationSet><Representation'
        ' id="v" bandwidth="1" mimeType="video/mp4"><SegmentTemplate media="$Number$" duration="4"/>'
        "</Representation></AdaptationSet></Period></MPD>"
    )
    bench.paths.start_over((name or "cdn.test",))
    work = steering_of(
        parse(mpd, "https://mpd.test/m"), bench.paths, bench.gate, bench.clock, lambda: 5e6, bench.events.append
    )
    await bench.clock.run(work)
    told = {"_DASH_pathway": [f'"{name}"'], "_DASH_throughput": ["5000000"]} if name else {}
    assert parse_qs(urlsplit(bench.asked[0]).query) == told
