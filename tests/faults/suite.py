"""Faults of the suite itself: what made it crash or hang."""

from __future__ import annotations

import pytest

from tests.faults.model import Fault
from tests.suite import test_symbols


def _load_for_all(patch: pytest.MonkeyPatch) -> None:
    """A library is loaded so that all others see it, as lupa's Lua was."""
    hidden = "import ctypes, ctypes.util\nctypes.CDLL(ctypes.util.find_library('avcodec'), mode=ctypes.RTLD_GLOBAL)\n"
    patch.setattr(test_symbols, "EVERYTHING", hidden + test_symbols.EVERYTHING)


def _attach_after_the_end(patch: pytest.MonkeyPatch) -> None:
    """A player that was made while the window closed was still given to the video item, terminated."""
    from ui.app.video.output import VideoOutput

    shutdown = VideoOutput.shutdown

    def keep_the_item(self: VideoOutput) -> None:
        surface = self._surface
        shutdown(self)
        self._surface = surface

    patch.setattr(VideoOutput, "shutdown", keep_the_item)


def _make_a_second_context(patch: pytest.MonkeyPatch) -> None:
    """Nobody looked whether a libmpv is drawn from already."""
    from player.mpv import drawing

    patch.setattr(drawing, "begins", lambda handle: drawing._drawn_from.add(handle.value))


FAULTS = [
    Fault(
        name="suite-player-made-too-late",
        test="tests/ui/app/test_video.py::test_a_player_that_is_made_too_late_is_not_drawn_from",
        apply=_attach_after_the_end,
    ),
    Fault(
        name="suite-two-render-contexts",
        test="tests/ui/app/test_video.py::test_libmpv_is_not_freed_while_it_is_drawn_from",
        apply=_make_a_second_context,
    ),
    Fault(
        name="suite-library-in-the-way-of-libmpv",
        test="tests/suite/test_symbols.py::test_nothing_that_we_load_lies_where_libmpv_looks_for_its_own",
        apply=_load_for_all,
    ),
]
