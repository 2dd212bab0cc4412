"""What to do after a failure: one table for playback and downloads.

Everything here is pure. A failure's code says what sort of :class:`Trouble` it is; :data:`MATRIX` names, for each
kind of request and each trouble, the answers worth trying in order; :func:`next_step` takes the first one that the
situation still allows. Every row has a last resort, so there is an answer to everything, and every answer is bounded.
``docs/error-matrix.md`` is made of the table (``python -m player.transfer.recovery``).
"""

from __future__ import annotations

from player.transfer.recovery.matrix import MATRIX, TROUBLE_BY_CODE, MatrixRow, trouble_of
from player.transfer.recovery.model import Action, Failure, Situation, Step, Trouble, retry_after_s
from player.transfer.recovery.steps import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    LONGEST_RETRY_AFTER_S,
    next_step,
)

__all__ = [
    "FIRST_DELAY_S",
    "LONGEST_DELAY_S",
    "LONGEST_RETRY_AFTER_S",
    "MATRIX",
    "TROUBLE_BY_CODE",
    "Action",
    "Failure",
    "MatrixRow",
    "Situation",
    "Step",
    "Trouble",
    "next_step",
    "retry_after_s",
    "trouble_of",
]
