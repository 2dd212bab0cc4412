"""The whole of the app in the hands of a viewer who has keys only: sign in, choose who watches, search, play, seek,
change the language, download, lose the network, play on, renew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.kit.backend import running_backend, signed_in_viewer
from tests.kit.media import packager_cenc
from tests.kit.playback import publish_media
from tests.ui.journey import PIN, TITLE

ROOT = Path(__file__).parents[2]


@pytest.mark.realtime
@pytest.mark.parametrize("tv", [False, True], ids=["desk", "tv"])
def test_an_evening_by_keys_only(tmp_path, tv):
    media = packager_cenc()
    with running_backend(tmp_path / "data") as group:
        publish_media(group, media, TITLE)
        with signed_in_viewer(group) as viewer:
            household(viewer.client)
            token = str(viewer.tokens["access_token"])
        done = subprocess.run(
            [
                *(sys.executable, "-X", "faulthandler", "-m", "tests.ui.journey"),
                *(str(tmp_path / "profile"), group.api.url, f"{group.api_url}/auth/device/approval"),
                *(["--tv"] if tv else []),
            ],
            input=token + "\n",
            cwd=ROOT,
            env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
            capture_output=True,
            text=True,
            timeout=220,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = done.stdout.splitlines()
    assert seen[-3:] == ["playing without a network", "back at the downloads", "renewed"]
    assert "Traceback" not in done.stderr


def household(client: httpx.Client) -> None:
    """Somebody grown up behind a PIN, and a child."""
    for profile in (
        {"name": "Ada", "maturity": 18, "pin": PIN},
        {"name": "Ben", "maturity": 6, "pin": None},
    ):
        client.post("/profiles", json=profile).raise_for_status()
