"""Which of several devices' positions stands: the rule of ``docs/resume.md``, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

FINISHED_SHARE = 0.98  # of its length: a title watched so far is seen
_SAME_MOMENT_S = 5.0  # clocks agree no better
_WORTH_OFFERING_S = 30.0


class Watch(Protocol):
    """How far one device got; ``watched_at`` is on the service's clock."""

    device_id: str
    position_s: float
    duration_s: float
    watched_at: float


@dataclass(frozen=True, slots=True)
class Resume:
    """Where to go on; ``furthest_s`` is where another device got further by so much that it is worth offering."""

    position_s: float = 0.0
    furthest_s: float | None = None


FROM_THE_BEGIN = Resume()


def standing(watches: Sequence[Watch]) -> Watch | None:
    """The watch that stands: the later one, and the further one where neither is later."""
    if not watches:
        return None
    newest_at = max(watch.watched_at for watch in watches)
    newest = [watch for watch in watches if newest_at - watch.watched_at <= _SAME_MOMENT_S]
    return max(newest, key=lambda watch: (watch.position_s, watch.watched_at, watch.device_id))


def resume(watches: Sequence[Watch], credits_s: float | None = None) -> Resume:
    """Where to go on, whatever order the watches come in; at 0 for a title that was seen. ``credits_s`` is where its
    credits start, if that is known."""
    stands = standing(watches)
    if stands is None or is_seen(stands, credits_s):
        return FROM_THE_BEGIN
    further = [
        watch.position_s
        for watch in watches
        if watch.device_id != stands.device_id
        and not is_seen(watch, credits_s)
        and watch.position_s > stands.position_s + _WORTH_OFFERING_S
    ]
    return Resume(stands.position_s, max(further, default=None))


def is_seen(watch: Watch, credits_s: float | None = None) -> bool:
    """Whether it was watched to 98 % of its length, or to its credits."""
    end_s = FINISHED_SHARE * watch.duration_s
    return watch.position_s >= (end_s if credits_s is None else min(end_s, credits_s))
