"""Faults of the suite itself: what made it crash or hang."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import settings

from player.reporting.state import PlaybackFailure
from tests.faults.model import Fault
from tests.suite import test_symbols


def _load_for_all(patch: pytest.MonkeyPatch) -> None:
    """A library is loaded so that all others see it, as lupa's Lua was."""
    hidden = "import ctypes, ctypes.util\nctypes.CDLL(ctypes.util.find_library('avcodec'), mode=ctypes.RTLD_GLOBAL)\n"
    patch.setattr(test_symbols, "EVERYTHING", hidden + test_symbols.EVERYTHING)


def _stop_within_a_request(patch: pytest.MonkeyPatch) -> None:
    """The server of a share was stopped at any moment, and nobody could be ended who waited for its answer."""
    from tests.kit.hanging_share import HangingShare

    patch.setattr(HangingShare, "hang", lambda self: self._server.send_signal(signal.SIGSTOP))


def _end_before_the_beginning(patch: pytest.MonkeyPatch) -> None:
    """A playback for a time ended by libmpv's position alone, before anybody had heard that it had begun."""
    from player.playback.monitor import Monitor

    patch.setattr(Monitor, "has_reached", lambda self, stop_at_s: self._playhead.position_s >= stop_at_s)


def _slow_examples_fail(_patch: pytest.MonkeyPatch) -> None:
    """Examples that took long to make, beside other work, failed their test."""
    settings.register_profile("slow", deadline=None, suppress_health_check=())
    settings.load_profile("slow")


def _attach_after_the_end(patch: pytest.MonkeyPatch) -> None:
    """A player that was made while the window closed was still given to the video item, terminated."""
    from ui.app.video.output import VideoOutput

    shutdown = VideoOutput.shutdown

    def keep_the_item(self: VideoOutput) -> None:
        surface = self._surface
        shutdown(self)
        self._surface = surface

    patch.setattr(VideoOutput, "shutdown", keep_the_item)


def _fetch_a_third_time(patch: pytest.MonkeyPatch) -> None:
    """A damaged segment's next fetch was given up where it had begun before the loop was told of the damage."""
    from player.stream.lanes import Lane

    patch.setattr(Lane, "again", lambda self, position: self.want(position, lambda running: running != position))


def _make_a_second_context(patch: pytest.MonkeyPatch) -> None:
    """Nobody looked whether a libmpv is drawn from already."""
    from player.mpv import drawing

    patch.setattr(drawing, "begins", lambda handle: drawing._drawn_from.add(handle.value))


def _hear_no_wake_up(patch: pytest.MonkeyPatch) -> None:
    """The queue ended on a look that had begun before a download was queued."""
    from downloads.queue import Queue

    patch.setattr(Queue, "wake", lambda _self: None)


def _look_no_more_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    """One look at the downloads that failed was the last one."""
    from ui.app.viewmodels.downloads import DownloadsViewModel

    failed = DownloadsViewModel._failed

    def stop(self: DownloadsViewModel, failure: PlaybackFailure) -> None:
        failed(self, failure)
        self._timer.stop()

    patch.setattr(DownloadsViewModel, "_failed", stop)


def _hear_of_the_file_before(patch: pytest.MonkeyPatch) -> None:
    """The end of a file that libmpv told late was taken for that of the next one."""
    from player.mpv.player import MpvPlayer

    listen = MpvPlayer.listen

    def listen_to_all(self: MpvPlayer, *listeners: Any) -> None:
        listen(self, *listeners)
        self._entry_before = -1

    patch.setattr(MpvPlayer, "listen", listen_to_all)


def _be_certain_of_live(patch: pytest.MonkeyPatch) -> None:
    """A replay of a live session had to take every decision up to half a second before the end."""
    from player.qa.replay import run

    patch.setattr(run, "_live_wait_s", lambda _report: 0.0)


def _free_within_a_call(patch: pytest.MonkeyPatch) -> None:
    """libmpv was freed while another thread was in a call into it: the process ended with a crash."""
    from player.mpv.calls import Calls

    def close(self: Calls, patience_s: float = 0.0) -> bool:
        self._closed = True
        return True

    patch.setattr(Calls, "close", close)


def _read_no_comments(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tests.prose.of_comments", lambda _place, _text: iter(()))


FAULTS = [
    Fault(
        name="suite-libmpv-freed-within-a-call",
        test="tests/player/mpv/test_player.py::test_the_player_is_freed_when_the_last_call_has_ended",
        apply=_free_within_a_call,
    ),
    Fault(
        name="suite-live-replay-too-certain",
        test="tests/player/qa/test_recording.py::test_a_live_session_that_was_ended_is_certain_up_to_its_last_segment",
        apply=_be_certain_of_live,
    ),
    Fault(
        name="suite-end-of-the-file-before",
        test="tests/player/mpv/test_player.py::test_the_late_end_of_a_file_is_not_told_to_who_comes_after_it",
        apply=_hear_of_the_file_before,
    ),
    Fault(
        name="suite-queue-ends-on-an-old-look",
        test="tests/downloads/test_store.py::test_what_is_queued_while_the_queue_ends_is_downloaded",
        apply=_hear_no_wake_up,
    ),
    Fault(
        name="suite-downloads-looked-at-no-more",
        test="tests/ui/app/test_downloads_page.py::test_after_a_look_that_failed_the_list_is_looked_at_again",
        apply=_look_no_more_after_a_failure,
    ),
    Fault(
        name="suite-player-made-too-late",
        test="tests/ui/app/test_video.py::test_a_player_that_is_made_too_late_is_not_drawn_from",
        apply=_attach_after_the_end,
    ),
    Fault(
        name="suite-damaged-segment-thrice",
        test="tests/player/stream/test_streaming_rungs.py::"
        "test_a_damaged_segment_whose_next_fetch_has_begun_is_not_asked_for_a_third_time",
        apply=_fetch_a_third_time,
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
    Fault(
        name="suite-share-stops-within-a-request",
        test="tests/kit/test_hanging_share.py::test_who_waits_for_a_share_that_hangs_can_be_ended",
        apply=_stop_within_a_request,
    ),
    Fault(
        name="suite-end-before-the-beginning",
        test="tests/player/playback/test_monitor.py::"
        "test_it_has_not_come_as_far_as_asked_before_it_is_heard_of_that_it_began",
        apply=_end_before_the_beginning,
    ),
    Fault(
        name="suite-slow-examples-fail",
        test="tests/suite/test_examples.py::test_slow_examples_are_no_failure",
        apply=_slow_examples_fail,
    ),
    Fault(
        name="suite-prose-reads-no-comments",
        test="tests/suite/test_prose.py::test_comments_strings_and_both_languages_are_read",
        apply=_read_no_comments,
    ),
]
