"""CDN comparison: fair turns, honest figures, wrong bytes found."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from player.base.errors import InputError
from player.manifest import parse
from player.qa.cdn.hosts import on_hosts, on_pathways, rendition_to_compare
from player.qa.cdn.probe import Probe, turns
from player.qa.cdn.verdict import by_chance, figure, verdict
from tests.kit import media
from tests.kit.fileserver import FileServer
from ui.cli.main import main

MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT40S">
<BaseURL serviceLocation="a">http://a.test/x/</BaseURL><BaseURL serviceLocation="b">http://b.test/y/</BaseURL>
<Period><AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.64001f">
<SegmentTemplate duration="4" media="$RepresentationID$-$Number$.m4s?t=1"/>
<Representation id="lo" bandwidth="100"/><Representation id="mid" bandwidth="200"/>
<Representation id="hi" bandwidth="300"/></AdaptationSet></Period></MPD>"""


def test_segments_are_spread_and_moved_to_other_hosts() -> None:
    rendition = rendition_to_compare(parse(MPD, "http://a.test/m.mpd"), None)
    assert rendition.id == "mid"
    places = on_hosts(rendition, ["c.test", "https://d.test:8443/pre"], 5)
    assert list(places) == ["c.test", "d.test:8443"]
    assert places["c.test"][1].url == "http://c.test/x/mid-3.m4s?t=1"
    assert places["d.test:8443"][0].url == "https://d.test:8443/pre/x/mid-1.m4s?t=1"
    assert {name: each[0].url for name, each in on_pathways(rendition, 1).items()} == {
        "a": "http://a.test/x/mid-1.m4s?t=1",
        "b": "http://b.test/y/mid-1.m4s?t=1",
    }
    with pytest.raises(InputError, match="only 3 rungs"):
        rendition_to_compare(parse(MPD, "http://a.test/m.mpd"), 3)
    with pytest.raises(InputError, match="is no host"):
        on_hosts(rendition, ["http://:x"], 1)


def test_everybody_is_first_as_often() -> None:
    rendition = rendition_to_compare(parse(MPD, "http://a.test/m.mpd"), 0)
    order = [(host, number) for host, number, _ in turns(on_pathways(rendition, 2), 2)]
    assert order == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("b", 0), ("a", 0), ("a", 1), ("b", 1)]


def test_intervals_hold_what_they_promise() -> None:
    rng = Random(5)
    inside = 0
    for _ in range(60):
        found = figure([rng.gauss(10, 2) for _ in range(25)])
        assert found is not None
        assert found.p5 < found.low <= found.median <= found.high < found.p95
        inside += found.low <= 10 <= found.high
    assert inside >= 52, "about 95 of 100"
    assert figure([]) is None
    alone = figure([3.0])
    assert alone is not None
    assert (alone.low, alone.high) == (3, 3)


def probes(host: str, bps: float, count: int = 20, **changes: object) -> list[Probe]:
    rng = Random(host)
    return [
        replace(
            Probe(
                host,
                n % 5,
                n % 2 == 0,
                1000,
                0.01,
                None,
                0.02,
                bps * rng.uniform(0.9, 1.1),
                f"digest-{n % 5}",
                "HTTP/2",
            ),
            **changes,  # type: ignore[arg-type]
        )
        for n in range(count)
    ]


def test_a_clear_difference_is_told_and_a_small_one_is_not() -> None:
    clear = verdict([*probes("a", 5e6), *probes("b", 20e6)])
    assert clear.good
    assert any(each.startswith("b is best in throughput") for each in clear.sentences)
    assert clear.sentences[0].startswith("Prefer b for throughput: "), clear.sentences
    assert clear.sentences[0].endswith(" of a; 0% failures each.")
    small = verdict([*probes("a", 10e6), *probes("b", 10.05e6)])
    assert small.sentences[0] == "No CDN is to be preferred: 0% failures each, and chance may explain the rest."
    assert any("cannot tell from chance" in each and "throughput" in each for each in small.sentences)
    few = verdict([*probes("a", 5e6, 5), *probes("b", 20e6, 5)])
    assert not any("is best" in each for each in few.sentences), "five values hold no interval of 95 %"


def test_wrong_bytes_errors_and_caches_are_told() -> None:
    wrong = [replace(each, sha256="other") if each.segment == 2 else each for each in probes("c", 5e6)]
    failing = probes("d", 5e6, 2, error="net.timeout", sha256="")
    cached = [
        replace(each, cache={"x-cache": "HIT from x"} if each.cold else {"age": "0"}) for each in probes("a", 5e6)
    ]
    found = verdict([*cached, *probes("b", 5e6), *wrong, *failing])
    by_host = {each.host: each for each in found.standings}
    assert not found.good
    assert "The caches of a did not have 10 of 20 answers." in found.sentences
    assert verdict([*wrong, *cached]).sentences[0].endswith("of two nobody knows which is right.")
    assert verdict([*cached, *wrong, *probes("b", 1e6)]).sentences[0].startswith("Prefer a for throughput: ")
    assert verdict([*probes("c", 5e6), *failing]).sentences[0] == (
        "Prefer c: c failed 0 of 20 times and gave wrong bytes of 0 segments; "
        "d failed 2 of 2 times and gave wrong bytes of 0 segments."
    )
    assert (by_host["c"].wrong, by_host["a"].wrong) == ((3,), ())
    assert by_host["d"].errors == {"net.timeout": 2}
    assert by_host["d"].bps is None
    assert (by_host["a"].hits, by_host["a"].misses) == (10, 10)
    assert "c gives other bytes than most for segment 3." in found.sentences
    assert "d failed 2 of 2 times (2 x net.timeout)." in found.sentences


def test_failures_count_only_where_they_are_more_than_chance() -> None:
    assert by_chance((1, 20), (0, 20)) == pytest.approx(1.0)
    assert by_chance((3, 10), (0, 10)) == pytest.approx(0.2105, abs=1e-4)
    assert by_chance((8, 10), (1, 6)) == pytest.approx(0.0350, abs=1e-4)
    assert by_chance((0, 20), (0, 0)) == 1.0
    once = [*probes("a", 5e6), *probes("b", 20e6, 19), *probes("b", 1, 1, error="net.cut", sha256="")]
    assert verdict(once).sentences[0].startswith("Prefer b for throughput: ")
    assert verdict(once).sentences[0].endswith("; 0% to 5% failures may be chance.")
    often = [*probes("a", 5e6), *probes("b", 20e6, 14), *probes("b", 1, 6, error="net.cut", sha256="")]
    assert verdict(often).sentences[0].startswith("Prefer a: a failed 0 of 20 times and ")


def test_servers_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    title = media.ffmpeg_dash()
    shutil.copytree(title.folder, tmp_path / "copy")
    with FileServer(title.folder) as one, FileServer(tmp_path / "copy", latency_ms=300) as two:
        hosts = f"127.0.0.1:{one.port},127.0.0.1:{two.port}"
        words = ["qa", "cdn", one.url("manifest.mpd"), "--hosts", hosts, "--segments", "6", "--rung", "0"]
        assert main([*words, "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        fast, slow = document["hosts"]
        assert (fast["probes"], fast["errors"], fast["wrong"]) == (12, {}, [])
        assert slow["cold_first_byte_s"]["median"] > slow["warm_first_byte_s"]["median"] >= 0.3
        assert fast["tcp_s"]["count"] == 6, "each cold one made a connection"
        assert any("is best in the first byte" in each for each in document["sentences"])
        assert main([*words, "--fail-on", "first_byte_ms>250"]) == 1
        assert "matinee: first_byte_ms is" in capsys.readouterr().err
        with (tmp_path / "copy" / "seg-0-001.m4s").open("r+b") as file:
            file.write(b"damaged!")
        assert main(words) == 1
        assert re.search(r"gives other bytes than 127.0.0.1:\d+ for segment 1", capsys.readouterr().out)
        assert main([*words[:3]]) == 2, "one host is nothing to compare"
