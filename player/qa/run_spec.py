"""One run of a plan as a value: what is played over which network, with which faults, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from player.net.faults import FaultPlan
from player.net.shaping import LinkTrace
from player.net.web_options import WebOptions
from player.playback.settings import PlaybackSettings
from player.qa.broadcast.recorded import RecordedBroadcast
from player.qa.broadcast.script import BroadcastScript
from player.qa.script import ScriptStep
from player.title.opening import PlaybackSource

_OURS = ("", "matinee")  # as --player names it


@dataclass(frozen=True, slots=True)
class Labels:
    """Where a run stands in its plan: the names of what was combined. ``not_applied`` are the plan's members that its
    player has no form for."""

    source: str
    network: str = ""
    faults: str = ""
    policy: str = ""
    device: str = ""
    seed: int = 0
    repeat: int = 1
    cdns: str = ""
    cmcd: str = ""
    player: str = ""
    not_applied: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether our player plays it, and no browser's."""
        return self.player in _OURS

    @property
    def text(self) -> str:
        """One line for people."""
        told = [self.source, self.cdns, self.network, self.faults, self.policy, self.device, self.cmcd, self.player]
        parts = [*told, f"seed {self.seed}"]
        again = [f"repeat {self.repeat}"] if self.repeat > 1 else []
        return " / ".join([part for part in parts if part] + again)


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One run of a plan.

    ``limit_s`` ends a run that does not end by itself, in seconds on its own clock. ``record`` is the file for the
    session. ``media`` is the folder for findings in video and audio, if those are judged, and
    ``reference`` what they are compared with (None: the source itself, undisturbed). ``live`` sends the source as a
    live programme, or a recorded one again (virtual time only).
    """

    labels: Labels
    source: PlaybackSource
    settings: PlaybackSettings = field(default_factory=PlaybackSettings)
    network: LinkTrace | None = None
    faults: FaultPlan | None = None
    script: tuple[ScriptStep, ...] = ()
    limit_s: float = 600.0
    record: Path | None = None
    media: Path | None = None
    reference: PlaybackSource | None = None
    live: BroadcastScript | RecordedBroadcast | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Where runs take place: the service of titles, and what the client keeps. The password never shows."""

    profile: Path
    service_url: str | None = None
    email: str | None = None
    password: str = field(default="", repr=False)
    key_store: str = "file"
    ca_file: Path | None = None
    web: WebOptions = field(default_factory=WebOptions)
    local_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run. ``report`` is the document of ``docs/report.md``; ``memory_bytes`` the most that the
    process held (0 where it was not measured)."""

    labels: Labels
    report: dict[str, Any]
    memory_bytes: int = 0
    seconds: float = 0.0
