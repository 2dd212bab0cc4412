"""The guide for QA: each command in it is run, in the order in which it stands there."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.kit import media
from tests.kit.backend import running_backend, signed_in_viewer
from tests.kit.children import ends_with_us
from tests.kit.fileserver import FileServer
from tests.kit.playback import publish_media
from ui.cli.main import main

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guide-qa.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{0}\n#EXTINF:4,\n{0}.ts\n#EXTINF:4,\n{1}.ts\n"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the guide takes for granted: a service with a title, other streams, a few files; an empty folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "first.m3u8").write_text(PLAYLIST.format(1, 2))
    (tmp_path / "later.m3u8").write_text(PLAYLIST.format(2, 3))
    (tmp_path / "trace.json").write_text('[{"duration_ms": 1000, "bandwidth_kbps": 90000, "latency_ms": 1}]')
    for language, text in BLOCKS:
        name = re.match(r"# ([\w-]+\.yaml)\n", text)
        if language == "yaml" and name is not None:
            (tmp_path / name[1]).write_text(text)
    title = media.ffmpeg_dash()
    with (
        running_backend(tmp_path / "data") as group,
        FileServer(title.folder) as one,
        FileServer(title.folder) as two,
    ):
        film = publish_media(group, media.packager_cenc(), "The First Ferry", clear=media.packager_clear())
        with signed_in_viewer(group) as viewer:
            live = viewer.play(film, "live")["manifests"][0]["dash"]  # type: ignore[index]
        values = {
            "MATINEE_SERVICE": group.api.url,
            "MATINEE_PASSWORD": DEMO_PASSWORD,
            "URL": one.url("manifest.mpd"),
            "LIVE_URL": live,
            "CDN_A": f"127.0.0.1:{one.port}",
            "CDN_B": f"127.0.0.1:{two.port}",
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        yield


def commands() -> list[str]:
    """Every ``matinee`` line of the guide."""
    lines = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
    steps = re.findall(r"run: (matinee .*)", GUIDE)
    return [line for line in [*lines, *steps] if line.startswith("matinee ")]


def test_each_command_of_the_guide_does_what_it_says(bench: None, capsys: pytest.CaptureFixture[str]) -> None:
    del bench
    found = commands()
    assert len(found) >= 18
    for line in found:
        told = re.search(r"# exit code (\d+)", line)
        words = [os.path.expandvars(word) for word in shlex.split(line, comments=True)][1:]
        if words == ["serve"]:
            continue  # see below
        assert main(words) == (int(told[1]) if told else 0), f"{line}: {capsys.readouterr().err}"
    assert {"junit.xml", "report.html", "report.json", "run-1.mrec"} <= {
        path.name for path in Path("evidence").iterdir()
    }


def test_the_service_of_the_guide_starts_and_ends(tmp_path: Path) -> None:
    words = ends_with_us(sys.executable, "-m", "ui.cli.main", "serve", "--port", 0, "--data", tmp_path, by="KILL")
    serving = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    assert "http://127.0.0.1:" in serving.stdout.readline()
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=60)
    assert serving.returncode == 0


def test_the_guide_speaks_of_the_demo_viewer_and_shows_its_pictures() -> None:
    assert f"--email {DEMO_EMAIL}" in GUIDE
    assert f"MATINEE_PASSWORD={DEMO_PASSWORD}" in GUIDE
    pictures = re.findall(r"!\[[^]]+\]\((pictures/[\w.-]+)\)", GUIDE)
    assert len(pictures) == 2
    assert all((ROOT / "docs" / name).stat().st_size > 10_000 for name in pictures)


def test_every_action_stands_in_the_guide_and_every_metric_in_the_reference() -> None:
    from player.qa.ladder.rules import LadderRule
    from player.qa.thresholds import PLAIN
    from ui.cli.qa import ACTIONS

    assert [name for name in ACTIONS if f"matinee qa {name}" not in GUIDE] == []
    reference = GUIDE + (ROOT / "docs" / "qa-plans.md").read_text(encoding="utf-8")
    assert [name for name in [*PLAIN, *LadderRule] if f"`{name}`" not in reference] == []
