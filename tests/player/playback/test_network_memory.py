"""What is remembered of networks: by network and CDN, with its age, in a file that may be damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from abr.model import NetworkMemory, Reason
from player.playback.network_memory import UNKNOWN, NetworkStore, network_id
from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.clearkey import ClearKeyServer
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine, null_player

FAST = NetworkMemory(20e6, 0.3, 0.04, outages=1.5, transfers=30.0)
ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
wlan0 00000000 0101A8C0 0003 0 0 600 00000000 0 0 0
eth0 00000000 0102A8C0 0003 0 0 100 00000000 0 0 0
eth0 0002A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0
"""
NEIGHBOURS = """IP address HW type Flags HW address Mask Device
192.168.2.1 0x1 0x2 aa:bb:cc:dd:ee:ff * eth0
"""


class World:
    """A wall clock and a network that the test sets."""

    def __init__(self, path: Path) -> None:
        self.now_s = 1e9
        self.network = "home"
        self.networks = NetworkStore(path / "networks.json", lambda: self.now_s, lambda: self.network)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_is_kept_comes_back_with_its_age(world: World) -> None:
    world.networks.current().keep({"cdn.example": FAST})
    world.now_s += 3600
    found = world.networks.current().recall("cdn.example")
    assert found == NetworkMemory(20e6, 0.3, 0.04, 3600.0, 1.5, 30.0)


def test_each_network_and_each_cdn_by_itself(world: World) -> None:
    world.networks.current().keep({"a": FAST})
    assert world.networks.current().recall("b") is None
    world.network = "train"
    assert world.networks.current().recall("a") is None
    world.networks.current().keep({"a": NetworkMemory(1e6)})
    world.network = "home"
    found = world.networks.current().recall("a")
    assert found is not None
    assert found.mean_bps == 20e6


def test_nothing_is_kept_of_a_playback_that_changed_networks(world: World) -> None:
    visit = world.networks.current()
    world.network = "train"
    visit.keep({"a": FAST})
    assert world.networks.current().recall("a") is None


def test_the_file_names_nothing_and_stays_small(world: World, tmp_path: Path) -> None:
    for number in range(80):
        world.now_s += 60
        world.networks.current().keep({f"cdn{number}.example": FAST})
    text = (tmp_path / "networks.json").read_text()
    assert "example" not in text
    assert "home" not in text
    assert len(json.loads(text)["networks"]) == 64
    assert world.networks.current().recall("cdn0.example") is None
    assert world.networks.current().recall("cdn79.example") is not None
    assert [each.name for each in tmp_path.iterdir()] == ["networks.json"]


def test_very_old_knowledge_is_none(world: World) -> None:
    world.networks.current().keep({"a": FAST})
    world.now_s += 90 * 86400
    assert world.networks.current().recall("a") is None


@pytest.mark.parametrize(
    "content",
    ["", "[", "[1]", "null", "[" * 5000, '{"version":0,"salt":"0123456789abcdef","networks":{}}', "x" * 100_000],
)
def test_a_damaged_file_is_begun_anew(world: World, tmp_path: Path, content: str) -> None:
    (tmp_path / "networks.json").write_text(content)
    assert world.networks.current().recall("a") is None
    world.networks.current().keep({"a": FAST})
    assert world.networks.current().recall("a") is not None


def test_what_a_newer_version_wrote_is_left_alone(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "networks.json").write_text('{"version": 2}')
    world.networks.current().keep({"a": FAST})
    assert world.networks.current().recall("a") is None
    assert (tmp_path / "networks.json").read_text() == '{"version": 2}'
    assert "newer version" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [("mean_bps", 0), ("mean_bps", "NaN"), ("rel_error", -1), ("ttfb_s", 1e9), ("outages", None), ("at_s", "x")],
)
def test_a_damaged_entry_is_left_out(world: World, tmp_path: Path, name: str, value: object) -> None:
    world.networks.current().keep({"a": FAST})
    path = tmp_path / "networks.json"
    content = json.loads(path.read_text())
    for entry in content["networks"].values():
        entry[name] = value
    path.write_text(json.dumps(content))
    assert world.networks.current().recall("a") is None


def test_where_nothing_can_be_written_playback_does_not_mind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    world = World(tmp_path / "file")
    world.networks.current().keep({"a": FAST})
    assert world.networks.current().recall("a") is None


def test_a_network_is_its_gateway(tmp_path: Path) -> None:
    routes, neighbours = tmp_path / "route", tmp_path / "arp"
    assert network_id(routes, neighbours) == UNKNOWN
    routes.write_text(ROUTES)
    neighbours.write_text(NEIGHBOURS)
    assert network_id(routes, neighbours) == "eth0/192.168.2.1/aa:bb:cc:dd:ee:ff"
    routes.write_text("Iface\neth0 00000000 what 0003 0 0 x 0\n")
    assert network_id(routes, neighbours) == UNKNOWN


def test_the_second_playback_begins_with_what_the_first_learned(tmp_path: Path) -> None:
    title = media.packager_cenc()
    with (
        FileServer(title.folder) as server,
        ClearKeyServer(media.KEYS) as licences,
        null_player(untimed=True) as player,
        engine(tmp_path) as made,
    ):
        source = PlaybackSource(url=server.url(title.dash or ""), licence_url=licences.url)
        reasons = []
        for _ in range(2):
            recorder = Recorder()
            session = made.open(source, player, recorder.see, PlaybackSettings(play_for_s=2.0), recorder)
            assert made.wait(session, 60.0)
            report = recorder.report(source="", policy="")
            reasons.append((report["decisions"][0]["reason"], report["decisions"][0]["rung"]))
    assert reasons[0] == (Reason.START_DEFAULT, 0)
    assert reasons[1][0] == Reason.START_REMEMBERED
    assert reasons[1][1] > 0
