"""Which of two positions stands: the rule of ``docs/resume.md``. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FINISHED_SHARE = 0.98
SAME_MOMENT_S = 5.0  # clocks agree no better: within this neither is later
WORTH_OFFERING_S = 30.0


@dataclass(frozen=True, slots=True)
class Watch:
    """How far one device got. ``watched_at`` is on the service's clock, seconds since 1970; ``credits_s`` is where
    the credits start, if that is known."""

    device_id: str
    position_s: float
    duration_s: float
    watched_at: float
    credits_s: float | None = None

    @property
    def finished(self) -> bool:
        return is_finished(self.position_s, self.duration_s, self.credits_s)


@dataclass(frozen=True, slots=True)
class Resume:
    """Where to go on. ``furthest_s`` is offered beside it where another device got further; a finished title begins
    again, at 0."""

    position_s: float = 0.0
    furthest_s: float | None = None
    finished: bool = False


def is_finished(position_s: float, duration_s: float, credits_s: float | None = None) -> bool:
    """Whether a title counts as seen: at 98 % of it, or where its credits start."""
    if duration_s <= 0:
        return False
    end_s = FINISHED_SHARE * duration_s
    return position_s >= (end_s if credits_s is None or credits_s <= 0 else min(end_s, credits_s))


def latest(watches: tuple[Watch, ...]) -> Watch | None:
    """The watch that stands: the later one; the further one where neither is later."""
    if not watches:
        return None
    newest_at = max(watch.watched_at for watch in watches)
    newest = [watch for watch in watches if newest_at - watch.watched_at <= SAME_MOMENT_S]
    return max(newest, key=lambda watch: (watch.position_s, watch.watched_at, watch.device_id))


def merge(*watches: Watch | None) -> Resume:
    """Where to go on, from what every device said; the order of the arguments does not matter."""
    known = tuple(watch for watch in watches if watch is not None)
    stands = latest(known)
    if stands is None:
        return Resume()
    if stands.finished:
        return Resume(finished=True)
    further = [
        watch.position_s
        for watch in known
        if watch.device_id != stands.device_id
        and not watch.finished
        and watch.position_s > stands.position_s + WORTH_OFFERING_S
    ]
    return Resume(stands.position_s, max(further, default=None))
