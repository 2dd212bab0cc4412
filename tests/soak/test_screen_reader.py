"""What a screen reader hears over AT-SPI, in a process of its own, from the sign-in to the player."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.children import ends_with_us
from tests.kit.evenings import ROOT
from tests.kit.waiting import until
from tests.packaging.xvfb import VirtualScreen
from tests.soak.test_viewers_hour import Service, data

pytestmark = [pytest.mark.soak, pytest.mark.realtime]
__all__ = ["data"]

_SYSTEM_PYTHON, _BUS = Path("/usr/bin/python3"), Path("/usr/libexec/at-spi-bus-launcher")
_WORDS = {
    "sign-in": ("Email address", "Show password", "Sign in"),
    "home": ("Play|Resume",),
    "details": ("my list|From the start",),
    "player": ("Pause",),
    "back": ("my list|From the start",),
}


def _can_listen() -> bool:
    if not _BUS.exists() or shutil.which("dbus-run-session") is None or not _SYSTEM_PYTHON.exists():
        return False
    tried = subprocess.run([_SYSTEM_PYTHON, "-c", "import pyatspi"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not _can_listen(), reason="there is no AT-SPI here (at-spi2-core, python3-pyatspi)")
def test_every_step_is_said(tmp_path: Path, data: Path) -> None:
    service = Service(data)
    service.start()
    until(service.answers, "the service does not answer")
    script = f"""
        openbox 2>/dev/null & {_BUS} --launch-immediately & sleep 2
        {_SYSTEM_PYTHON} tests/soak/listener.py & sleep 3
        {sys.executable} -m tests.soak.heard_app {tmp_path / "profile"} {service.url}
        code=$?; kill $(jobs -p); exit $code
    """
    try:
        with VirtualScreen() as screen:
            environment = {"DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
            environment["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
            done = subprocess.run(
                ends_with_us("dbus-run-session", "--", "bash", "-c", script),
                cwd=ROOT,
                env={**os.environ, **environment},
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
    finally:
        service.kill()
    said: dict[str, list[tuple[str, str]]] = {}
    heard: list[tuple[str, str]] = []
    for line in done.stdout.splitlines():
        kind, _, rest = line.partition("|")
        if kind == "focus":
            role, name, _description = rest.split("|", 2)
            heard.append((role, name))
        elif kind == "step":
            said[rest] = heard
            heard = []
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    for step, words in _WORDS.items():
        names = [name for _role, name in said[step]]
        assert all(any(re.search(word, name) for name in names) for word in words), f"{step}: {names}"
    assert not [role for heard in said.values() for role, name in heard if not name and role != "password text"]
