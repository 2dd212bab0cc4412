"""How much downloads may take, whole seasons and next episodes, and what the account's devices keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from backend_stub.services.title_relations import EpisodeOf
from tests.kit.backend import running_backend
from tests.kit.downloads import noise_title
from tests.kit.fileserver import FileServer
from tests.kit.media import packager_cenc
from tests.kit.playback import publish_media
from tests.ui.cli.test_download_smart import watch
from ui.cli.main import main

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def matinee(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json", "--profile-dir", str(tmp_path / "profile"), "--key-store", "file"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_downloads_stay_within_the_limits_that_were_set(
    matinee: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        noise_title(tmp_path / name, 5)
    with FileServer(tmp_path) as server:
        one, two = server.url("one/media.m3u8"), server.url("two/media.m3u8")
        matinee("download", "limit", "1G")
        assert matinee("download", "add", one, "--for", "Ann")[0] == 0
        used = matinee("download", "limit")[1]["used"]
        assert used > 20_000
        assert matinee("download", "limit", str(used + 1000), "--for", "Ann")[1]["profiles"]["Ann"]["used"] == used
        code, _ = matinee("download", "add", two, "--for", "Ann")
        assert code == 5
        refused = matinee("download", "list")[1]["downloads"][-1]
        assert refused["code"] == "disk.limit"
        assert "limit" in refused["sentence"]
        assert matinee("download", "limit")[1]["used"] == used, "nothing of it is on the disk"
        assert matinee("download", "add", two, "--for", "Ben")[0] == 0, "another profile has room"
        matinee("download", "limit", "none", "--for", "Ann")
        matinee("download", "limit", str(used))
        assert matinee("download", "resume", refused["id"])[0] == 5, "all together have none"
        assert matinee("download", "limit", "none")[1]["limit"] is None
        assert matinee("download", "resume", refused["id"])[0] == 0
    matinee("download", "limit", "1M")
    capsys.readouterr()
    common = ["--profile-dir", str(tmp_path / "profile"), "--key-store", "file"]
    assert main(["download", "list", *common]) == 0
    assert "of 1.0 MB  all" in capsys.readouterr().out
    assert main(["download", "limit", "much", *common]) == 2


def test_a_season_comes_as_a_whole_and_is_given_back_from_another_device(
    matinee: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    with running_backend(tmp_path / "service") as group:
        for name in ("one", "two", "three", "other"):
            publish_media(group, packager_cenc(), name)
        series = group.context.titles.belongings.make_series("Numbers", "", 0, by=None)
        for number, name in enumerate(("one", "two", "three")):
            group.context.titles.belongings.set_place(name, EpisodeOf(series.id, 1, number), by=None)
        group.context.titles.belongings.set_place("other", EpisodeOf(series.id, 2, 1), by=None)
        service = ["--service", group.api.url]
        common = [*service, "--email", DEMO_EMAIL, "--height", "180"]

        def titles(*words: str) -> list[str]:
            code, answer = matinee("download", "season", series.id, *words, "--later", *common)
            assert code == 0
            return [item["title_id"] for item in answer["downloads"]]

        watch(tmp_path / "profile", group, "one", 1.0)
        assert titles("--next", "1") == ["two"]
        assert titles() == ["one", "three"]
        assert titles() == [], "they are here"
        assert titles("--season", "2") == ["other"]
        code, answer = matinee("download", "season", series.id, "--season", "7", *common)
        assert (code, answer["error"]["code"]) == (2, "input.usage")

        (two,) = [one for one in matinee("download", "list")[1]["downloads"] if one["title_id"] == "two"]
        assert matinee("download", "resume", two["id"], *service)[0] == 0
        kept = matinee("devices", "--downloads", *service)[1]["downloads"]
        assert [item["title"] for item in kept["items"]] == ["two"]
        for words in (("--give-back", "nonsense"), ("--give-back", "0" * 32), ("--remove", "../downloads")):
            code, answer = matinee("devices", *words, *service)
            assert (code, answer["error"]["code"]) == (2, "input.usage")
            assert "`matinee devices --downloads` lists" in answer["error"]["sentence"]
        after = matinee("devices", "--give-back", kept["items"][0]["id"], *service)[1]["downloads"]
        assert after["items"] == []
        matinee("download", "renew", "--all", *service)
        standing = matinee("download", "list")[1]["downloads"]
        (gone,) = [one for one in standing if one["title_id"] == "two"]
        assert gone["rights"]["may_start"] is False


def test_a_season_that_reaches_the_limit_halfway_goes_on_where_it_stopped(
    matinee: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fits is here, the gauge says so, a second try makes no second downloads, and more room brings the rest."""
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    with running_backend(tmp_path / "service") as group:
        names = ("one", "two", "three")
        for name in names:
            publish_media(group, packager_cenc(), name)
        series = group.context.titles.belongings.make_series("Numbers", "", 0, by=None)
        for number, name in enumerate(names):
            group.context.titles.belongings.set_place(name, EpisodeOf(series.id, 1, number), by=None)
        service = ["--service", group.api.url]
        common = [*service, "--email", DEMO_EMAIL, "--height", "180"]
        assert matinee("download", "season", series.id, "--next", "1", *common)[0] == 0
        one = matinee("download", "limit")[1]["used"]
        limit = int(one * 2.5)
        matinee("download", "limit", str(limit))
        code, answer = matinee("download", "season", series.id, *common)
        assert (code, len(answer["downloads"])) == (5, 2)
        listed = matinee("download", "list")[1]
        states = sorted((item["state"], item["code"]) for item in listed["downloads"])
        assert states == [("complete", ""), ("complete", ""), ("failed", "disk.limit")]
        assert one < listed["storage"]["used"] <= limit
        code, answer = matinee("download", "season", series.id, *common)
        assert (code, answer["downloads"]) == (0, []), "they are here already"
        matinee("download", "limit", "none")
        assert matinee("download", "resume", *service)[0] == 0
        done = matinee("download", "list")[1]
        assert [item["state"] for item in done["downloads"]] == ["complete"] * 3
        assert done["storage"]["used"] == sum(item["fetched"] for item in done["downloads"])
