"""Runs a kiosk on this machine and disturbs it: kills and stops the player, cuts the network, fills the disk, moves
the clock to when the screen is off. After each, video must be back in time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from player.base.errors import ComponentError, ErrorCode
from ui.kiosk.process import own_command, own_environment
from ui.kiosk.selftest.clip import MASTER, make
from ui.kiosk.selftest.site import LocalSite
from ui.kiosk.selftest.troubles import Kind, StagedTrouble, troubles
from ui.kiosk.trusted_date import OFFSET_VARIABLE

BACK_WITHIN_S = 15.0
CLIP_S = 20
CLOCK_FILE = "clock-offset"
_FIRST_PICTURE_S = 60.0
_LOOK_S = 0.2
_PATIENCE_S = 120.0
_GROWTH = 1.5  # the player's memory at the end, in terms of what it was after its first minute
_SMALL_DISK = 256_000_000
_ASK_S = 5.0
_NOTICED_S = 2.0  # the kiosk has looked at its clock since
_DAY_MIN = 24 * 60
_SPARE_MIN = 60  # that the screen is on before and after
_FILE = """format = 1
name = "Self-test"
[screen]
volume = 20
on = {{ from = "{begin}", to = "{end}" }}
[health]
port = {port}
[limits]
logs_mb = 1
[network]
hosts = ["127.0.0.1"]
[[entry]]
url = "{url}"
loops = 3
[[entry]]
url = "{url}"
name = "Again"
"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A trouble, and how many seconds after it (or after its end) the picture moved again."""

    trouble: StagedTrouble
    back_s: float

    @property
    def in_time(self) -> bool:
        return self.back_s <= BACK_WITHIN_S


@dataclass(slots=True)
class SelfTestVerdict:
    """What the run has shown. Sizes are bytes."""

    minutes: float
    recoveries: list[Recovery] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    disk: int = 0
    unasked: int = 0  # new players that no trouble called for

    @property
    def good(self) -> bool:
        """Everything in time, nothing that grows."""
        grown = len(self.memory) > 1 and self.memory[-1] > _GROWTH * self.memory[0]
        return all(each.in_time for each in self.recoveries) and not grown and not self.unasked

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "good": self.good,
            "minutes": self.minutes,
            "troubles": [
                {"kind": str(each.trouble.kind), "at_s": round(each.trouble.at_s, 1), "back_s": round(each.back_s, 1)}
                for each in self.recoveries
            ],
            "memory_first": self.memory[0] if self.memory else 0,
            "memory_last": self.memory[-1] if self.memory else 0,
            "disk": self.disk,
            "unasked_restarts": self.unasked,
        }


def run(minutes: float, seed: int, state: Path, say: Callable[[str], None]) -> SelfTestVerdict:
    """Trouble a kiosk for so long. ``state`` is its folder; where that is on a small disk of its own, the disk is
    filled too. Raises ComponentError where no picture comes at all."""
    title, state = state / "title", state / "kiosk"
    title.mkdir(parents=True, exist_ok=True)
    state.mkdir(exist_ok=True)
    make(title, CLIP_S)
    with LocalSite(title) as site:
        port = _free_port()
        file = state.parent / "kiosk.toml"
        begin, end = _hours(minutes)
        file.write_text(_FILE.format(port=port, url=site.url(MASTER), begin=begin, end=end), encoding="utf-8")
        words = [*own_command(), "kiosk", str(file), "--state", str(state)]
        environment = own_environment() | {OFFSET_VARIABLE: str(state / CLOCK_FILE)}
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
        try:
            return _TrialRun(process, port, site, state, say).for_minutes(minutes, seed)
        finally:
            site.mend()
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class _TrialRun:
    def __init__(
        self, process: subprocess.Popen[bytes], port: int, site: LocalSite, state: Path, say: Callable[[str], None]
    ) -> None:
        self._process, self._port, self._site, self._state, self._say = process, port, site, state, say
        self._ballast = state / "ballast"

    def for_minutes(self, minutes: float, seed: int) -> SelfTestVerdict:
        verdict = SelfTestVerdict(minutes)
        if self._until_picture(0, _FIRST_PICTURE_S) is None:
            raise ComponentError(
                ErrorCode.COMPONENT_DISPLAY, "The kiosk shows no picture here; see “matinee doctor”."
            )
        began = time.monotonic()
        small = shutil.disk_usage(self._state).total < _SMALL_DISK
        for trouble in troubles(seed, minutes * 60, can_fill=small):
            self._wait(began + trouble.at_s)
            verdict.memory.append(int(self._health().get("memory", 0)))
            back_s = self._meet(trouble)
            verdict.recoveries.append(Recovery(trouble, back_s))
            self._say(f"{trouble.at_s:7.0f} s  {trouble.kind:<7} picture back after {back_s:.1f} s")
        self._wait(began + minutes * 60)
        restarts = sum(self._health().get("restarts", {}).values())
        asked = sum(each.trouble.kind in (Kind.KILL, Kind.FREEZE) for each in verdict.recoveries)
        verdict.unasked = max(0, restarts - asked)
        verdict.disk = sum(path.stat().st_size for path in self._state.rglob("*") if path.is_file())
        return verdict

    def _meet(self, trouble: StagedTrouble) -> float:
        """Make the trouble; how long there was no picture after it."""
        restarts = sum(self._health().get("restarts", {}).values())
        at = time.monotonic()
        match trouble.kind:
            case Kind.KILL | Kind.FREEZE:
                os.kill(self._player(), signal.SIGKILL if trouble.kind is Kind.KILL else signal.SIGSTOP)
                restarts += 1
            case Kind.CUT:
                self._site.cut()
                time.sleep(trouble.lasts_s)
                self._site.mend()
                at = time.monotonic()
            case Kind.FILL:
                self._fill()
                time.sleep(trouble.lasts_s)
                at = time.monotonic()  # it is still full
            case Kind.CLOCK:
                (self._state / CLOCK_FILE).write_text(str(trouble.moves_s), encoding="ascii")
                time.sleep(_NOTICED_S)
        try:
            back = self._until_picture(restarts, _PATIENCE_S)
        finally:
            self._ballast.unlink(missing_ok=True)
        return _PATIENCE_S if back is None else max(0.0, back - at)

    def _fill(self) -> None:
        block = bytes(65_536)
        try:
            with self._ballast.open("wb", buffering=0) as file:
                while file.write(block):
                    pass
        except OSError:
            return  # it is full

    def _player(self) -> int:
        """The process that draws: the kiosk's own child."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii")
        for child in children.split():
            if b"screen" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                return int(child)
        raise ComponentError(ErrorCode.COMPONENT_DISPLAY, "The kiosk's player has gone.")

    def _until_picture(self, restarts: int, timeout_s: float) -> float | None:
        """When the picture moved, with so many new players at least; None where it does not."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end and self._process.poll() is None:
            health = self._health()
            enough = sum(health.get("restarts", {}).values()) >= restarts
            if health.get("healthy") and enough and health["frames"] > 2 and health["without_picture_s"] < 1.0:
                return time.monotonic() - float(health["without_picture_s"])
            time.sleep(_LOOK_S)
        return None

    def _wait(self, until: float) -> None:
        time.sleep(max(0.0, until - time.monotonic()))

    def _health(self) -> Mapping[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=_ASK_S) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _hours(minutes: float) -> tuple[str, str]:
    """When the screen is on: as long as the run takes, with some time around it; at the most the whole day."""
    now, spare = datetime.now().astimezone(), timedelta(minutes=_SPARE_MIN)
    whole = minutes + 2 * _SPARE_MIN >= _DAY_MIN
    end = now - spare if whole else now + spare + timedelta(minutes=minutes)
    return f"{now - spare:%H:%M}", f"{end:%H:%M}"


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_possible() -> bool:
    """Whether this system has what the troubles need (Linux: signals, /proc)."""
    return sys.platform == "linux"
