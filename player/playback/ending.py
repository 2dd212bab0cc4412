"""What goes wrong in a playback: what ends it, and what the viewer is only told. Runs on the engine's loop."""

from __future__ import annotations

from drm_client.errors import DrmError
from player.base.clock import Clock
from player.base.errors import ManifestError, MatineeError, MediaError, NetError
from player.playback.monitor import Monitor
from player.reporting.events import ErrorRaised, Observer
from player.reporting.state import PlaybackStatus
from player.title.opening import failure_of


class PlaybackEnding:
    """One for each playback. ``failure`` is what it ends with, or what it will end with when everything before has
    been shown."""

    def __init__(self, monitor: Monitor, clock: Clock, observe: Observer) -> None:
        self._monitor = monitor
        self._clock = clock
        self._observe = observe
        self.failure: BaseException | None = None
        self.following: tuple[str, ...] = ()
        """The addresses of presentations that this one has led on to, of which the first one that works is played;
        none while it plays, and where it ends."""
        self.fallbacks: tuple[str, ...] = ()
        """Those to go on with where this one fails."""

    def fail_after_buffer(self, error: MatineeError | DrmError) -> None:
        """Reading ended with an error: what libmpv still has is played, then the playback fails with it."""
        self.failure = error
        self._observe(ErrorRaised(self._clock.monotonic(), str(error.code), error.sentence, fatal=True))
        if not self._monitor.first_frame_shown:
            self.fail(error)

    def go_on(self, *addresses: str) -> None:
        """This presentation is over, and another one follows."""
        self.following = addresses
        self._monitor.update(status=PlaybackStatus.LOADING)

    def fail(self, error: BaseException) -> None:
        """The playback is over."""
        if self._monitor.ended or self.following:
            return
        failure = failure_of(error)
        if error is not self.failure:
            self._observe(ErrorRaised(self._clock.monotonic(), failure.code, failure.sentence, fatal=True))
        self.failure = error
        if self.fallbacks and isinstance(error, NetError | ManifestError | MediaError):
            self.go_on(*self.fallbacks)
        else:
            self._monitor.fail(failure)

    def report_side_failure(self, error: MatineeError | DrmError) -> None:
        """Something on the side did not work out; playback goes on."""
        self._observe(ErrorRaised(self._clock.monotonic(), str(error.code), error.sentence, fatal=False))
        self._monitor.show_side_failure(error.sentence)
