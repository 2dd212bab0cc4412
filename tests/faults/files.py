"""Faults of playing the viewer's own files."""

from __future__ import annotations

import pytest

from player.playback import session, steps
from tests.faults.model import Fault


def _pause_unknown(patch: pytest.MonkeyPatch) -> None:
    def begin(parts: steps.PlaybackParts, control: steps.MpvControl) -> None:
        parts.controls.attach(control)

    patch.setattr(session, "begin", begin)


FAULTS = [
    Fault(
        name="files-next-file-in-a-paused-player-moves",
        test="tests/e2e/test_film_pictures.py::test_a_film_has_pictures_for_scrubbing_and_music_has_none",
        apply=_pause_unknown,
    ),
]
