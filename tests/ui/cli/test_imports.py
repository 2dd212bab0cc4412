"""Commands pull in only what they need: that is what keeps their start quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEDIA_PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n"
MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S"><Period>
<AdaptationSet contentType="video"><Representation id="v" bandwidth="1000" mimeType="video/mp4" codecs="avc1.4d400c">
<SegmentTemplate media="$Number$.m4s" initialization="init.mp4" duration="4"/>
</Representation></AdaptationSet></Period></MPD>"""
SHOW_MODULES = """
import json, sys
from ui.cli.main import main
code = 0
try:
    code = main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code or 0
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def imported(*words: str) -> set[str]:
    """Top-level modules that a process has imported when its command is over."""
    ran = subprocess.run([sys.executable, "-c", SHOW_MODULES, *words], capture_output=True, text=True, check=True)
    code, modules = json.loads(ran.stderr.splitlines()[-1])
    assert code == 0, ran.stderr
    return set(modules)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("play", "--help"), ("inspect", "--help")])
def test_help_needs_next_to_nothing(words: tuple[str, ...]) -> None:
    assert not imported(*words) & {"PySide6", "mpv", "httpx", "lxml", "numpy", "av", "cryptography", "fastapi"}


@pytest.mark.parametrize(("name", "text"), [("index.m3u8", MEDIA_PLAYLIST), ("manifest.mpd", MPD)])
def test_inspect_needs_no_screen(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    modules = imported("inspect", str(tmp_path / name))
    assert not modules & {"PySide6", "mpv", "numpy", "av", "fastapi", "sqlalchemy"}


def test_the_headless_player_needs_no_qt(tmp_path: Path) -> None:
    """The base installation has the headless player; Qt is an extra."""
    modules = "sys, ui.cli.play, player.engine, player.playback.session, player.reporting.report"
    code = f"import {modules}; print('PySide6' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=None)
    assert ran.stdout.strip() == "False"
