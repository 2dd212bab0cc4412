"""Going on where a title was left: a journal on this machine, the service for all, a rule that merges."""

from __future__ import annotations

from player.resume.journal import ProgressJournal, Watched
from player.resume.merge import Resume, Watch, is_finished, merge
from player.resume.sync import ResumeSync
from player.resume.tracker import ProgressTracker

__all__ = [
    "ProgressJournal",
    "ProgressTracker",
    "Resume",
    "ResumeSync",
    "Watch",
    "Watched",
    "is_finished",
    "merge",
]
