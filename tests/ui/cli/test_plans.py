"""The plans in ``docs/plans``: each is run as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.fileserver import FileServer
from tests.kit.playback import publish_media
from ui.cli.main import main

FOLDER = Path(__file__).parents[3] / "docs" / "plans"
PLANS = sorted(path.stem for path in FOLDER.glob("*.yaml") if not path.stem.startswith("players-"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The words that lead to a bundled service with the sample title; some seconds of it."""
    with running_backend(tmp_path_factory.mktemp("data")) as group:
        publish_media(group, media.packager_cenc(), "Seahorse Valley", clear=media.packager_clear())
        yield ["--service", group.api.url, "--email", DEMO_EMAIL]


def test_there_are_thirteen_plans_and_two_for_other_players() -> None:
    assert (len(PLANS), len(list(FOLDER.glob("players-*.yaml")))) == (13, 2)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_the_documentation_passes(
    name: str, service: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    words = ["qa", "run", str(FOLDER / f"{name}.yaml"), "--jobs", "1", "--out", str(tmp_path)]
    if name in ("third-party", "live-late", "wrong-bytes"):
        with FileServer(media.ffmpeg_dash().folder) as server:
            code = main([*words, "--set", f"URL={server.url('manifest.mpd')}"])
    else:
        code = main([*words, *service])
    document = json.loads((tmp_path / "report.json").read_text())
    broken = [each["sentence"] for each in document["thresholds"] if not each["holds"]]
    assert (code, broken) == (0, [])
    assert all(run["report"]["decisions"] for run in document["runs"]), "each run has played something"
