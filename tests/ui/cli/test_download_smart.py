"""``matinee download smart``: what was watched goes, what comes next is there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from backend_stub.server import ServerGroup
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from backend_stub.services.title_relations import EpisodeOf
from player.service.model import ProgressItem
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc
from tests.kit.playback import publish_media, signed_in_engine
from tests.kit.waiting import PATIENCE_S
from ui.cli.main import main

EPISODES = ("one", "two", "three")


def watch(profile: Path, group: ServerGroup, title_id: str, share: float) -> None:
    """The viewer watches so much of an episode."""
    with signed_in_engine(profile, group) as made:
        assert made.service is not None
        device = made.submit(made.device_id()).result(PATIENCE_S)
        item = ProgressItem(f"{title_id}-{share}", title_id, 24.0 * share, 24.0, time.time(), device or "")
        made.submit(made.service.progress([item])).result(PATIENCE_S)


def test_the_next_episode_comes_and_the_watched_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "profile"
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)

    def matinee(action: str, *words: str) -> Any:
        common = ["--profile-dir", str(profile), "--key-store", "file", "--service", group.api.url]
        assert main(["download", action, *words, *common, "--email", DEMO_EMAIL, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    with running_backend(tmp_path / "service") as group:
        for name in EPISODES:
            publish_media(group, packager_cenc(), name)
        series = group.context.titles.belongings.make_series("Numbers", "", 0, by=None)
        for number, name in enumerate(EPISODES):
            group.context.titles.belongings.set_place(name, EpisodeOf(series.id, 1, number), by=None)
        first = matinee("smart", *EPISODES)
        assert (first["downloads"], first["removed"]) == ([], [])  # nothing was begun
        watch(profile, group, "one", 0.5)
        (two,) = matinee("smart", *EPISODES, "--height", "180")["downloads"]
        assert (two["title_id"], two["state"]) == ("two", "complete")
        assert matinee("smart", *EPISODES)["downloads"] == []  # it is there
        play = ["play", two["id"], "--offline", "--headless", "--speed", "max", "--duration", "1"]
        assert main([*play, "--profile-dir", str(profile), "--key-store", "file"]) == 0
        assert "to start watching, then 2 days to finish" in capsys.readouterr().err
        watch(profile, group, "two", 1.0)
        step = matinee("smart", "--series", series.id, "--later")
        assert [item["title_id"] for item in step["downloads"]] == ["three"]
        assert step["removed"] == [two["id"]]
        assert [item["title_id"] for item in matinee("list")["downloads"]] == ["three"]
