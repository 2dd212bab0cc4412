"""The shipped plans judge the same before and after an evening of watching, byte for byte.

The verdict is compared, and how much was played: what the service says of the account has another length afterwards,
which costs a thousandth of a second on a slow link.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.fileserver import FileServer
from tests.kit.playback import null_player, publish_media, signed_in_engine
from tests.kit.waiting import PATIENCE_S
from ui.cli.main import main

FOLDER = Path(__file__).parents[3] / "docs" / "plans"
IN_VIRTUAL_TIME = sorted(path.stem for path in FOLDER.glob("*.yaml") if "mode: real" not in path.read_text())
OF_AN_ADDRESS = ("third-party", "live-late", "wrong-bytes")
FEW = ("low-bandwidth", "bad-segment")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(FEW, id="few"),
        *(pytest.param((name,), id=name, marks=pytest.mark.soak) for name in IN_VIRTUAL_TIME if name not in FEW),
    ],
)
def test_the_plans_judge_the_same_after_an_evening_of_watching(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATINEE_PASSWORD", DEMO_PASSWORD)
    title = media.packager_cenc()
    with running_backend(tmp_path / "data") as group, FileServer(media.ffmpeg_dash().folder) as other:
        film = publish_media(group, title, "The First Ferry", clear=media.packager_clear())

        def verdicts() -> dict[str, str]:
            found = {}
            for name in names:
                words = ["qa", "run", str(FOLDER / f"{name}.yaml"), "--jobs", "1", "--out", str(tmp_path / "out")]
                words += ["--set", f"URL={other.url('manifest.mpd')}"] if name in OF_AN_ADDRESS else []
                main([*words, "--service", group.api.url, "--email", DEMO_EMAIL])
                document = json.loads((tmp_path / "out" / "report.json").read_text())
                runs = [[run["name"], run["passed"], run["broken"]] for run in document["runs"]]
                held = [[each["condition"], each["holds"]] for each in document["thresholds"]]
                played = [run["metrics"]["played_s"] for run in document["runs"]]
                found[name] = json.dumps([document["passed"], held, runs, played], indent=1)
            return found

        before = verdicts()
        with signed_in_engine(tmp_path / "profile", group) as viewer, null_player() as player:
            watching = PlaybackSettings(start_s=10.0, play_for_s=3.0)
            assert viewer.wait(viewer.open(PlaybackSource(title_id=film), player, Recorder().see, watching), 60)
            viewer.submit(viewer.send_positions()).result(PATIENCE_S)
        after = verdicts()
        for name in names:
            assert after[name].splitlines() == before[name].splitlines(), name
