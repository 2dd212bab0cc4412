"""A title that is there as a whole, as a playback asks it; :mod:`player.playback.live` answers for a live one."""

from __future__ import annotations

from player.net.suspend import Sleep


class RecordedPlayback:
    """Nothing is followed, and every time may be played. ``following`` is the MPD to go on with at the end."""

    is_live = False

    def __init__(self, following: str = "") -> None:
        self.following = following

    def follow(self, position_s: float) -> None:
        """Nothing changes."""

    def seek_target(self, target_s: float) -> float:
        """Where a jump to ``target_s`` leads: there."""
        return target_s

    def set_viewer_speed(self, speed: float) -> None:
        """No latency is kept."""

    def account_for_sleep(self, sleep: Sleep) -> None:
        """The title has not moved on."""

    async def close(self) -> None:
        """Nothing runs."""
