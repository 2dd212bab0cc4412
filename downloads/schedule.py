"""The queue's one rule: what may run now, and why the rest waits. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from downloads.model import DownloadSummary, State
from downloads.settings import DownloadSettings, Metered

FIRST_RETRY_S, LONGEST_RETRY_S = 10.0, 600.0
_LOOK_AGAIN_S = 2.0


class WaitReason(StrEnum):
    """Why nothing runs, or one download does not."""

    WINDOW = "window"
    METERED = "metered"
    PLAYBACK = "playback"
    TURN = "turn"
    RETRY = "retry"
    ROOM = "room"
    ELSEWHERE = "elsewhere"  # another program works on it


@dataclass(frozen=True, slots=True)
class QueueConditions:
    """The world at one moment. ``minute`` counts from local midnight; ``metered`` is None where nobody knows."""

    now_s: float
    minute: int
    metered: bool | None = None
    playing: bool = False


@dataclass(frozen=True, slots=True)
class QueueDecision:
    """``run`` lists the downloads that may run now, in order. ``waiting`` has the reason of each other queued one.
    ``again_s`` is the longest time until the next decision, in seconds."""

    run: tuple[str, ...] = ()
    waiting: Mapping[str, WaitReason] = field(default_factory=dict)
    again_s: float = _LOOK_AGAIN_S


def decide(
    downloads: Iterable[DownloadSummary],
    settings: DownloadSettings,
    conditions: QueueConditions,
    *,
    mine: Iterable[str] = (),
    not_before: Mapping[str, float] | None = None,
) -> QueueDecision:
    """What may run. ``mine`` are the downloads this process is running; ``not_before`` the times (on the clock of
    ``now_s``) at which failed ones are tried again."""
    mine = frozenset(mine)
    queued = sorted(
        (item for item in downloads if item.state is State.QUEUED),
        key=lambda item: (-item.priority, item.created_at, item.id),
    )
    held = _held_back(settings, conditions)
    if held is not None:
        again_s = _LOOK_AGAIN_S
        if held is WaitReason.WINDOW:
            again_s = max(1.0, min(60.0, settings.window.wait_s(conditions.minute)))
        return QueueDecision(waiting={item.id: held for item in queued}, again_s=again_s)
    run: list[str] = []
    waiting: dict[str, WaitReason] = {}
    again_s = _LOOK_AGAIN_S
    for item in queued:
        due_s = (not_before or {}).get(item.id, 0.0) - conditions.now_s
        if item.running and item.id not in mine:
            waiting[item.id] = WaitReason.ELSEWHERE
        elif due_s > 0:
            waiting[item.id] = WaitReason.RETRY
            again_s = min(again_s, due_s)
        elif len(run) >= settings.titles:
            waiting[item.id] = WaitReason.TURN
        else:
            run.append(item.id)
    return QueueDecision(tuple(run), waiting, again_s)


def retry_delay_s(failures: float) -> float:
    """How long to wait after so many failures in succession."""
    return min(FIRST_RETRY_S * math.pow(2.0, min(max(failures - 1, 0), 16)), LONGEST_RETRY_S)


def _held_back(settings: DownloadSettings, conditions: QueueConditions) -> WaitReason | None:
    """Why nothing at all may run now."""
    if not settings.window.holds(conditions.minute):
        return WaitReason.WINDOW
    if conditions.metered and settings.metered is Metered.WAIT:
        return WaitReason.METERED
    if conditions.playing and settings.yield_to_playback:
        return WaitReason.PLAYBACK
    return None
