"""Downloads and a profile for their whole life on mounted file systems: ``python -m tests.soak.disks FOLDER ...``.

Each folder is a mount point that may be filled: a tmpfs, an image of ext4, FAT or exFAT. On it a title of a real
service is downloaded, played, renewed, verified, damaged, repaired, moved, and removed by the real commands; then the
cases of :mod:`tests.kit.full_disk` run there. For example, as root:

``truncate -s 600M /tmp/disk.img && mkfs.ext4 -q /tmp/disk.img && mount -o loop /tmp/disk.img /mnt``
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from tests.kit import full_disk
from tests.kit.backend import running_backend
from tests.kit.media import packager_cenc
from tests.kit.playback import publish_media
from ui.cli.main import main as matinee

Call = Callable[..., tuple[int, Any, str]]


def calling(profile: Path) -> Call:
    """``matinee`` with this profile: its exit code, its JSON and what it tells."""

    def call(*words: str) -> tuple[int, Any, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = matinee([*words, "--json", "--profile-dir", str(profile), "--key-store", "file"])
        text = out.getvalue()
        return code, json.loads(text) if text.startswith("{") else text, err.getvalue()

    return call


def whole_life(place: Path) -> None:
    """Everything that a viewer does with a download, the profile and the downloads on this disk."""
    os.environ["MATINEE_PASSWORD"] = DEMO_PASSWORD
    with tempfile.TemporaryDirectory() as elsewhere, running_backend(Path(elsewhere) / "service") as group:
        for name in ("film", "second"):
            publish_media(group, packager_cenc(), name)
        call = calling(place / "profile")
        service = ["--service", group.api.url, "--email", DEMO_EMAIL]

        def good(*words: str) -> Any:
            code, answer, told = call(*words)
            assert code == 0, (words, code, answer, told)
            return answer

        def play(name: str) -> None:
            good("play", name, "--offline", "--headless", "--speed", "max", "--duration", "1", *service)

        film = good("download", "add", "film", "--height", "180", *service)["downloads"][0]["id"]
        play(film)
        good("download", "renew", "--all", *service)
        assert good("download", "verify", film)["sound"]
        part = max((place / "profile" / "downloads" / film / "items").iterdir(), key=lambda one: one.stat().st_size)
        body = bytearray(part.read_bytes())
        body[len(body) // 2] ^= 1
        part.write_bytes(body)
        assert call("download", "verify", film)[0] == 1
        good("download", "repair", film, *service)
        assert good("download", "verify", film)["sound"]
        good("download", "move", film, str(Path(elsewhere) / "other"))
        play(film)
        good("download", "move", film, str(place / "profile" / "downloads"))
        play(film)
        good("doctor")
        free = full_disk.fill(place)
        code, answer, told = call("download", "add", "second", "--height", "180", *service)
        assert code in (1, 5), (code, answer, told)
        assert "disk" in told + json.dumps(answer), (answer, told)
        assert {one["id"]: one["state"] for one in good("download", "list")["downloads"]}[film] == "complete"
        play_code, _, play_told = call("play", film, "--offline", "--headless", "--speed", "max", "--duration", "1")
        assert play_code == 0 or "disk" in play_told, play_told
        assert free.exists()
        full_disk.has_room_again(place)
        for one in good("download", "list")["downloads"]:
            if one["state"] != "complete":
                good("download", "remove", one["id"], *service)
        good("download", "add", "second", "--height", "180", *service)
        play(film)
        full_disk.fill(place)
        code, answer, told = call("download", "remove", film, *service)
        assert code == 0 or "disk" in told, (answer, told)
        full_disk.has_room_again(place)
        left = good("download", "list")["downloads"]
        for one in left:
            good("download", "remove", one["id"], *service)
        kept = good("devices", "--downloads", *service[:2])["downloads"]
        assert kept["items"] == [], kept
        good("doctor")


def main(*places: str) -> None:
    for name in places:
        place = Path(name)
        print(f"{place}: {os.statvfs(place).f_bavail * os.statvfs(place).f_frsize >> 20} MB are free")
        with tempfile.TemporaryDirectory(dir=place) as folder:
            (Path(folder) / "life").mkdir()
            whole_life(Path(folder) / "life")
            print("whole life: as everywhere")
            (Path(folder) / "full").mkdir()
            full_disk.main(Path(folder) / "full")


if __name__ == "__main__":
    main(*sys.argv[1:])
