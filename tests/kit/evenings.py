"""The viewer's evenings of :mod:`tests.ui.journey` at a service of their own, and a screen for them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import httpx

from backend_stub import context
from backend_stub.clock import SystemClock
from backend_stub.server import ServerGroup
from backend_stub.services.rights.time_guard import BootClock, read_boot_clock
from tests.kit.backend import running_backend, signed_in_viewer
from tests.kit.children import ends_with_us
from tests.kit.media import packager_cenc
from tests.kit.playback import publish_media
from tests.kit.waiting import PATIENCE_S, until
from tests.ui.journey import DAY_S, DAYS_S, PIN, TITLE

ROOT = Path(__file__).parents[2]
LAST = ["playing without a network", "the licence has run out", "and where it is renewed", "back at the downloads"]
RENEWED = ["it does not play", "renewed", "it plays again", "playing with the new licence"]


class Calendar:
    """The service's clocks, of the day and since boot; days may pass there."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> float:
        return time.time() + self.passed_s

    def since_boot(self) -> BootClock:
        boot = read_boot_clock()
        return replace(boot, boottime_s=boot.boottime_s + self.passed_s)


@dataclass(frozen=True, slots=True)
class Service:
    """``token`` is that of the viewer's telephone."""

    group: ServerGroup
    calendar: Calendar
    token: str


@contextmanager
def household_service(folder: Path) -> Iterator[Service]:
    """A running service with one title, the licence of which lasts a day, and a household."""
    calendar = Calendar()
    with (
        patch.object(SystemClock, "now", lambda _self: calendar.now()),
        patch.object(context, "read_boot_clock", calendar.since_boot),
        running_backend(folder) as group,
    ):
        title_id = publish_media(group, packager_cenc(), TITLE)
        contracts = group.context.rights.contracts
        contracts.set(title_id, replace(contracts.get(title_id), licence_s=DAY_S, grace_s=0.0), by=None)
        with signed_in_viewer(group) as viewer:
            household(viewer.client)
            yield Service(group, calendar, str(viewer.tokens["access_token"]))


def household(client: httpx.Client) -> None:
    """Somebody grown up behind a PIN, and a child."""
    for profile in (
        {"name": "Ada", "maturity": 18, "pin": PIN},
        {"name": "Ben", "maturity": 6, "pin": None},
    ):
        client.post("/profiles", json=profile).raise_for_status()


def journey(service: Service, profile: Path, environment: Mapping[str, str], *, tv: bool) -> None:
    """In a process of its own. When days have passed for the viewer, they have for the service."""
    group = service.group
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            ends_with_us(
                *(sys.executable, "-X", "faulthandler", "-m", "tests.ui.journey"),
                *(profile, group.api.url, f"{group.api_url}/auth/device/approval"),
                *(["--tv"] if tv else []),
                by="KILL",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        seen = []
        with process:
            process.stdin.write(service.token + "\n")
            process.stdin.flush()
            for line in process.stdout:
                seen.append(line.strip())
                if seen[-1] == "the licence has run out":
                    service.calendar.passed_s = DAYS_S
        errors.seek(0)
        said = errors.read()
    assert process.returncode == 0, "\n".join(seen) + said
    assert seen[-8:] == LAST + RENEWED
    assert "Traceback" not in said


@contextmanager
def wayland() -> Iterator[Mapping[str, str]]:
    """A compositor without a screen; what an app needs of its environment to be on it."""
    with tempfile.TemporaryDirectory(prefix="matinee-") as runtime:  # a socket's path is short
        environment = {"XDG_RUNTIME_DIR": runtime, "WAYLAND_DISPLAY": "wayland-test", "QT_QPA_PLATFORM": "wayland"}
        with (Path(runtime) / "weston.log").open("w") as log:
            words = ["--backend=headless-backend.so", "--width=1280", "--height=720", "--idle-time=0", "--no-config"]
            process = subprocess.Popen(
                ends_with_us("weston", *words, "--socket=wayland-test"),
                env={**os.environ, "XDG_RUNTIME_DIR": runtime},
                stdout=log,
                stderr=log,
            )
            try:
                socket = Path(runtime) / "wayland-test"

                def is_up() -> bool:
                    assert process.poll() is None, (Path(runtime) / "weston.log").read_text()
                    return socket.exists()

                until(is_up, "the compositor does not come up")
                yield environment
            finally:
                process.terminate()
                process.wait(PATIENCE_S)
