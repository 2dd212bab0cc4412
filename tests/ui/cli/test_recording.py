"""``--record``, ``--har``, ``--replay`` as one calls them; nothing secret in anything that a playback leaves."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from player.mpv.player import MpvPlayer
from player.net.model import Request
from player.playback.parts import PendingStream
from player.qa.recording.archive import Exchange
from player.qa.recording.recorder import SessionRecorder
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.channel import Channel
from tests.kit.fileserver import FileServer
from tests.kit.playback import publish_media
from tests.kit.waiting import PATIENCE_S
from ui.cli.main import main

PLANTED = ("planted-in-a-header", "planted-in-a-cookie", "planted-in-a-query", DEMO_PASSWORD)


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Channel]:
    with Channel(tmp_path_factory.mktemp("channel")) as running:
        yield running


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Request, bytes]]:
    """What really went over the network."""
    found: list[tuple[Request, bytes]] = []
    keep = SessionRecorder.keep

    def keep_and_tell(self: SessionRecorder, exchange: Exchange, request: Request, body: bytes) -> None:
        found.append((request, body))
        keep(self, exchange, request, body)

    monkeypatch.setattr(SessionRecorder, "keep", keep_and_tell)
    return found


def contents(path: Path) -> bytes:
    """Everything in a file, unpacked."""
    if path.suffix != ".mrec":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def secrets_of(seen: list[tuple[Request, bytes]]) -> set[str]:
    """Signatures, tokens and whatever else the service gave that opens a door."""
    found: set[str] = set()
    for request, body in seen:
        found |= set(re.findall(r"/s/([^/]+)/", request.url))
        found |= {value.split()[-1] for name, value in request.headers.items() if name.lower() == "authorization"}
        if request.kind in ("api", "licence"):
            text = body.decode("utf-8", "replace")
            found |= set(re.findall(r'"(?:\w*token|session_id|ticket)":\s*"([^"]+)"', text))
            found |= set(re.findall(r"/s/([^/\"]+)/", text))
            found |= set(re.findall(r"[\w-]{30,}\.[\w-]*\.[\w.-]{30,}", text))
    return found


def test_nothing_secret_is_in_what_a_playback_leaves(
    tmp_path: Path,
    seen: list[tuple[Request, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    title = media.packager_cenc()
    files = {name: tmp_path / name for name in ("session.mrec", "session.har", "report.json")}
    with running_backend(tmp_path / "data") as group:
        name = publish_media(group, title, "film")
        words = ["play", name, "--headless", "--speed", "max", "--duration", "5"]
        words += ["--service", group.api.url, "--email", DEMO_EMAIL, "--profile-dir", str(tmp_path / "one")]
        words += ["--header", f"X-Token: {PLANTED[0]}", "--cookie", f"a={PLANTED[1]}", "--key-store", "file"]
        words += ["--record", str(files["session.mrec"]), "--har", str(files["session.har"]), "--cmcd", "query"]
        assert main([*words, "--report", str(files["report.json"]), "--log", "debug", "--log-json"]) == 0
    printed = capsys.readouterr()
    told = {name: contents(path) for name, path in files.items()}
    told |= {"printed": (printed.out + printed.err).encode(), "log": caplog.text.encode()}
    found = secrets_of(seen)
    assert len(found) >= 4
    keys = [part for kid_and_key in title.keys.values() for part in (kid_and_key[1],)]
    for secret in [*found, *PLANTED, *keys]:
        for place, content in told.items():
            assert secret.encode() not in content, f"a secret is in {place}"
    for key in keys:
        assert bytes.fromhex(key) not in told["session.mrec"]

    # elsewhere, without the service, the account and the keys
    replaying = ["play", str(files["session.mrec"]), "--replay"]
    again = ["--report", str(tmp_path / "again.json"), "--har", str(tmp_path / "again.har")]
    assert main([*replaying, *again]) == 0
    assert exchanges(tmp_path / "again.har") == exchanges(files["session.har"])
    assert main([*replaying, "--record", str(tmp_path / "again.mrec")]) == 2
    before, after = (json.loads(path.read_text()) for path in (files["report.json"], tmp_path / "again.json"))
    assert decisions(before) == decisions(after)
    assert set(after["paths"]) <= {"edge-a", "edge-b"}


def exchanges(har: Path) -> list[dict[str, Any]]:
    """What was exchanged and when, less the headers of requests: a replay has no sign-in and no cookies to send."""
    entries: list[dict[str, Any]] = json.loads(har.read_text())["log"]["entries"]
    return [{**entry, "request": {**entry["request"], "headers": []}} for entry in entries]


def decisions(report: dict[str, Any]) -> list[tuple[float, int, str]]:
    return [(row["media_s"], row["rung"], row["sentence"]) for row in report["decisions"]]


def test_queries_are_scrubbed_and_a_session_at_real_speed_is_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trace.json").write_text('[{"duration_ms": 9000, "bandwidth_kbps": 2500, "latency_ms": 20}]')
    file = tmp_path / "session.mrec"
    with FileServer(media.ffmpeg_dash().folder) as server:
        words = ["play", server.url(f"manifest.mpd?token={PLANTED[2]}"), "--headless", "--duration", "2"]
        words += [
            "--trace",
            str(tmp_path / "trace.json"),
            "--record",
            str(file),
            "--report",
            str(tmp_path / "a.json"),
        ]
        assert main(words) == 0
    assert PLANTED[2].encode() not in contents(file) + (tmp_path / "a.json").read_bytes()
    capsys.readouterr()
    assert main(["play", str(file), "--replay", "--json", "--fail-on", "stalls>0"]) == 0
    printed = capsys.readouterr()
    assert decisions(json.loads(printed.out)) == decisions(json.loads((tmp_path / "a.json").read_text()))
    assert "taken again from their inputs" in printed.err
    assert main(["play", str(file), "--replay", "--free"]) == 0
    assert "decided again with the same result" in capsys.readouterr().err
    for action in ("explain", "replay"):
        assert main(["abr", action, str(file), "--json"]) == 0


@pytest.mark.parametrize("manifest", ["hls", "dash"])
def test_a_live_session_is_replayed_at_its_own_date(manifest: str, tmp_path: Path, channel: Channel) -> None:
    """A free replay needs what the machine did between two decisions for nothing, and may choose better than then:
    there is one rung to choose. :func:`test_queries_are_scrubbed_and_a_session_at_real_speed_is_replayed` has all."""
    file, words = tmp_path / "live.mrec", ["--headless", "--duration", "1.5", "--profile-dir", str(tmp_path)]
    words += ["--max-height", "180"]
    reports = [tmp_path / name for name in ("then.json", "again.json")]
    assert main(["play", getattr(channel, manifest), *words, "--record", str(file), "--report", str(reports[0])]) == 0
    assert main(["play", str(file), "--replay", "--report", str(reports[1])]) == 0
    then, again = (json.loads(path.read_text()) for path in reports)
    assert decisions(again)[:2]
    assert set(decisions(again)[:2]) <= set(decisions(then)), "a later one may come at the very end"
    assert again["live"]["target_s"] == then["live"]["target_s"]
    assert again["live"]["mean_s"] == pytest.approx(then["live"]["mean_s"], abs=2.0), "it goes by the date of then"
    assert main(["play", str(file), "--replay", "--free"]) == 0


def without_decisions(file: Path, other: Path) -> None:
    """The recording again, of a session in which nothing was decided."""
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(other, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "session.json":
                head = json.loads(content)
                head["report"]["decisions"] = []
                content = json.dumps(head).encode()
            copy.writestr(name, content)


def test_a_short_session_without_waits_is_compared_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "session.mrec"
    with FileServer(media.ffmpeg_dash().folder) as server:
        words = ["play", server.url("manifest.mpd"), "--headless", "--speed", "max", "--duration", "1"]
        assert main([*words, "--record", str(file), "--report", str(tmp_path / "then.json")]) == 0
    then = json.loads((tmp_path / "then.json").read_text())
    assert then["statuses"][-1]["at_s"] < 5
    capsys.readouterr()
    assert main(["play", str(file), "--replay"]) == 0
    found = re.search(r"(\d+) of them taken in the replay", capsys.readouterr().err)
    assert found is not None
    assert int(found[1]) > 0


def test_digests_instead_of_bytes_and_what_cannot_be_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "session.mrec"
    with FileServer(media.ffmpeg_dash().folder) as server:
        words = ["play", server.url("manifest.mpd"), "--headless", "--speed", "max", "--duration", "4"]
        assert main([*words, "--record", str(file), "--record-media", "digests"]) == 0
    assert file.stat().st_size < 60_000
    capsys.readouterr()
    assert main(["play", str(file), "--replay"]) == 0
    assert "only the decisions" in capsys.readouterr().err
    assert main(["play", str(file), "--replay", "--free"]) == 2
    assert main(["play", str(file), "--replay", "--free", "--policy", "unheard"]) == 2
    without_decisions(file, tmp_path / "idle.mrec")
    capsys.readouterr()
    assert main(["play", str(tmp_path / "idle.mrec"), "--replay"]) == 1
    assert "Nothing was compared" in capsys.readouterr().err
    assert main(["play", str(tmp_path / "nothing.mrec"), "--replay"]) == 2
    assert main([*words[:2], "--record", str(tmp_path / "no" / "folder.mrec")]) == 2


def test_the_runs_of_a_plan_can_be_kept(tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        (tmp_path / "plan.yaml").write_text(
            f'version: 1\nname: K\nsources: [{{name: d, url: "{server.url("manifest.mpd")}"}}]\n'
        )
        words = ["qa", "run", str(tmp_path / "plan.yaml")]
        assert main([*words, "--record"]) == 2
        assert main([*words, "--record", "--out", str(tmp_path)]) == 0
    assert main(["play", str(tmp_path / "run-1.mrec"), "--replay"]) == 0


def test_a_duration_is_kept_where_libmpv_begins_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does on a busy machine: it refuses the options of a file that it has not begun with."""
    load, set_, asked = MpvPlayer.load, MpvPlayer.set, PendingStream.asked
    begins = threading.Event()
    loading: list[threading.Thread] = []

    def begin(*values: Any) -> None:
        begins.wait(PATIENCE_S)
        load(*values)

    def load_later(*values: Any) -> None:
        loading.append(threading.Thread(target=begin, args=values))
        loading[-1].start()

    def set_first(player: MpvPlayer, name: str, value: Any) -> None:
        set_(player, name, value)
        if name.startswith("file-local-options/"):
            begins.set()

    async def ask(stream: PendingStream) -> None:
        begins.set()
        await asked(stream)

    monkeypatch.setattr(MpvPlayer, "load", load_later)
    monkeypatch.setattr(MpvPlayer, "set", set_first)
    monkeypatch.setattr(PendingStream, "asked", ask)
    test_at_the_highest_speed_a_duration_is_kept_as_well(tmp_path)
    for thread in loading:
        thread.join()


def test_at_the_highest_speed_a_duration_is_kept_as_well(tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        words = ["play", server.url("manifest.mpd"), "--headless", "--speed", "max", "--duration", "3"]
        assert main([*words, "--report", str(tmp_path / "report.json")]) == 0
    result = json.loads((tmp_path / "report.json").read_text())["result"]
    assert result["position_s"] == pytest.approx(3.0, abs=0.1)
    assert (result["status"], result["played_to_end"]) == ("ended", False)
