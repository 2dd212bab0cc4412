"""What a viewer does during a run: seek, pause, play, stop, a change of quality, each at its second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from player.base.clock import Clock
from player.playback.session import Session


class Do(StrEnum):
    SEEK = "seek"
    PAUSE = "pause"
    PLAY = "play"
    STOP = "stop"
    RUNG = "rung"


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """``at_s`` seconds after the playback was asked for. ``value`` is the position of a seek, or the rung (None:
    Auto)."""

    at_s: float
    do: Do
    value: float | None = None


async def follow(script: Sequence[ScriptStep], session: Session, clock: Clock, done: list[ScriptStep]) -> None:
    """Do what the script says, when it says it; ``done`` gets each step when it was."""
    began_s = clock.monotonic()
    for step in sorted(script, key=lambda each: each.at_s):
        await clock.sleep(max(0.0, began_s + step.at_s - clock.monotonic()))
        match step.do:
            case Do.SEEK:
                session.seek(step.value or 0.0)
            case Do.PAUSE:
                session.pause()
            case Do.PLAY:
                session.play()
            case Do.STOP:
                session.stop()
            case Do.RUNG:
                session.set_rung(None if step.value is None else int(step.value))
        done.append(step)
