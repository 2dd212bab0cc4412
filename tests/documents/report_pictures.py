"""The QA guide's pictures: its two plans are run, and their reports drawn by Chromium.

``python -m tests.documents.report_pictures FOLDER``, which ``make screenshots`` calls. Virtual time, a service of its
own on this machine. Exit code 3 without Chromium.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.documents.blocks import ROOT, blocks
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.chromium import PROGRAM
from tests.kit.playback import publish_media

GUIDE = "docs/guide-qa.md"
TITLE, SECONDS = "The First Ferry", 60
REPORTS = {"first.yaml": ("qa-failed", 1), "second.yaml": ("qa-passed", 0)}  # plan: picture, exit code
_CHROMIUM = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,1400")


def plans(page: str) -> dict[str, str]:
    """Return the plans that the page shows, by their names."""
    return {block.name: block.text for block in blocks(page) if block.name in REPORTS}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.documents.report_pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    if PROGRAM is None:
        print("This needs Chromium.", file=sys.stderr)
        return 3
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, running_backend(Path(scratch) / "data") as group:
        publish_media(group, media.packager_cenc(SECONDS), TITLE, clear=media.packager_clear(SECONDS))
        variables = os.environ | {"MATINEE_SERVICE": group.api_url, "MATINEE_PASSWORD": "demo", "HOME": scratch}
        for name, text in plans((ROOT / GUIDE).read_text(encoding="utf-8")).items():
            picture, expected = REPORTS[name]
            (Path(scratch) / name).write_text(text, encoding="utf-8")
            words = ["qa", "run", name, "--email", "demo@matinee.local", "--out", picture]
            command = [sys.executable, "-c", "from ui.cli.main import entry; entry()", *words]
            done = subprocess.run(command, cwd=scratch, env=variables | {"PYTHONPATH": str(ROOT)}, check=False)
            if done.returncode != expected:
                raise RuntimeError(f"{name} ended with {done.returncode}, not {expected}")
            report = (Path(scratch) / picture / "report.html").as_uri()
            drawn = [PROGRAM, *_CHROMIUM, f"--screenshot={folder / picture}.png", report]
            subprocess.run(drawn, env=variables, stderr=subprocess.DEVNULL, check=True)
            print(f"{picture}.png", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
