"""``matinee download`` and ``matinee play --offline`` as a user calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from downloads.presence import playing
from downloads.settings import DownloadSettings
from tests.kit.downloads import noise_title
from tests.kit.fileserver import FileServer
from tests.kit.media import packager_clear
from ui.cli.main import main

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def matinee(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call a command; its exit code and the JSON document it printed."""

    def call(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json", "--profile-dir", str(tmp_path / "profile"), "--key-store", "file"])
        return code, json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    noise_title(tmp_path / "title", 5)
    with FileServer(tmp_path / "title") as running:
        yield running


def test_the_life_of_a_download(matinee: Call, server: FileServer, tmp_path: Path) -> None:
    code, estimate = matinee("download", "estimate", server.url("media.m3u8"))
    assert (code, estimate["items"], estimate["fits"]) == (0, 6, True)
    code, added = matinee("download", "add", server.url("media.m3u8"), "--later", "--priority", "3")
    (made,) = added["downloads"]
    assert (code, made["state"], made["items"], made["priority"]) == (0, "queued", 0, 3)
    name = made["id"]
    assert matinee("download", "pause", name)[1]["downloads"][0]["state"] == "paused"
    code, resumed = matinee("download", "resume", name[:6])
    assert (code, resumed["downloads"][0]["state"], resumed["downloads"][0]["fraction"]) == (0, "complete", 1.0)
    assert matinee("download", "verify", name) == (
        0,
        {"findings": [], "checked": 6, "left": 0, "missing": 0, "sound": True, "rights": None},
    )
    code, rights = matinee("download", "simulate-rights", name, "--at", "+5")
    assert (code, rights["licence"]) == (0, None)
    (tmp_path / "profile" / "downloads" / name / "items" / "000002").write_bytes(b"other")
    code, verdict = matinee("download", "verify", name)
    assert (code, verdict["findings"]) == (1, [{"what": "Part 2 of the download", "item": 2}])
    asked = len(server.requests)
    assert matinee("download", "repair", name)[0] == 0
    assert [request.path for request in server.requests[asked:]] == ["/1.ts"]
    code, moved = matinee("download", "move", name, str(tmp_path / "disk"))
    assert (code, Path(moved["folder"]).parent) == (0, tmp_path / "disk")
    assert matinee("download", "priority", name, "8")[1]["downloads"][0]["priority"] == 8
    assert matinee("download", "list", "--rebuild")[1]["downloads"][0]["folder"] == moved["folder"]
    assert matinee("download", "remove", name) == (0, {"removed": name, "receipts_sent": 0})
    assert matinee("download", "list")[1]["downloads"] == []


def test_a_title_without_a_service_is_refused_and_leaves_nothing(
    matinee: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MATINEE_SERVICE", raising=False)
    for later in ((), ("--later",)):
        code, told = matinee("download", "add", "the-first-ferry", *later)
        assert (code, told["error"]["code"]) == (2, "input.usage")
    assert matinee("download", "list")[1]["downloads"] == []


def test_a_cancelled_download_leaves_nothing(matinee: Call, server: FileServer, tmp_path: Path) -> None:
    name = matinee("download", "add", server.url("media.m3u8"), "--later")[1]["downloads"][0]["id"]
    assert matinee("download", "cancel", name)[0] == 0
    assert matinee("download", "list")[1]["downloads"] == []
    assert not (tmp_path / "profile" / "downloads" / name).exists()


def test_failures_have_their_codes(matinee: Call, server: FileServer) -> None:
    code, failed = matinee("download", "add", server.url("nothing.m3u8"))
    assert (code, failed["downloads"][0]["state"], failed["downloads"][0]["code"]) == (4, "failed", "http.not_found")
    assert matinee("download", "verify", "ffffffffffff")[1]["error"]["code"] == "download.not_found"
    assert matinee("download", "add", "some-title")[0] == 2  # no service was named
    assert matinee("download", "renew")[1]["error"]["code"] == "input.usage"


def test_a_damaged_download_is_a_failure_whatever_was_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file"]
    media = packager_clear()
    with FileServer(media.folder) as running:
        assert main(["download", "add", running.url("manifest.mpd"), "--height", "180", *profile]) == 0
    main(["download", "list", "--json", *profile])
    name = json.loads(capsys.readouterr().out)["downloads"][0]["id"]
    main(["download", "list", *profile])
    assert " of " not in capsys.readouterr().out  # what it was expected to take is of no interest any more
    offline = ["play", "--offline", name, "--headless", "--speed", "max", *profile]
    with playing(tmp_path / "profile" / "downloads"):
        assert main(offline) == 0
    items = tmp_path / "profile" / "downloads" / name / "items"
    last = max(items.iterdir())
    last.write_bytes(last.read_bytes()[:-1])
    assert main(offline) == 1
    assert f"Part {int(last.name)} of the download was changed or is damaged. (download.damaged)" in (
        capsys.readouterr().err
    )


def test_a_full_disk_names_what_could_go(
    matinee: Call,
    server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    name = matinee("download", "add", server.url("media.m3u8"))[1]["downloads"][0]["id"]
    monkeypatch.setattr("downloads.downloader.free_bytes", lambda _folder: DownloadSettings().reserve_bytes + 310_000)
    profile = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file"]
    assert main(["download", "add", server.url("media.m3u8"), *profile]) == 5
    told = capsys.readouterr().err
    assert "(disk.full)" in told
    assert f"removing {name}" in told
    assert "free 0 MB" not in told
