"""The plans in ``docs/plans``: each is run as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.encoding.programme import PROGRAMME
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from backend_stub.titles import slug
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
        publish_media(group, media.packager_cenc(), "The First Ferry", clear=media.packager_clear())
        publish_media(group, media.packager_cenc(), "Quiet Places", clear=media.packager_clear())
        yield ["--service", group.api.url, "--email", DEMO_EMAIL]


def test_the_titles_of_plans_and_guides_are_those_of_the_demonstration() -> None:
    """Who follows a guide has what ``make demo`` made, and not the titles that tests publish."""
    drawn = {slug(feature.title) for feature in PROGRAMME}
    pages = [*FOLDER.glob("*.yaml"), *(FOLDER.parent / f"guide-{name}.md" for name in ("qa", "offline"))]
    in_plans = r"title: (?:\"\$\{TITLE:-)?([a-z-]+)"
    in_commands = r"matinee (?:download (?:\w+ )+|play --offline )([a-z]+(?:-[a-z]+)+)\b"
    named = {
        name for page in pages for kind in (in_plans, in_commands) for name in re.findall(kind, page.read_text())
    }
    assert len(named) >= 2
    assert named <= drawn


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
