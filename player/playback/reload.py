"""Going on in another file: where the media needs decoders that libmpv's open file does not have, and where libmpv
has come to a stop. Runs on the loop.

In the course of playing, the next file is appended to libmpv's own list and opened ahead, so that no picture is late.
Where a jump leads into such media, the next file is loaded at the place of the jump.

libmpv asks for the place of a jump only as long as it has not read up to the end of its file. From then on it takes
all that lies behind for cached, shows the last picture and goes on in the next file. So it is made to forget both.
"""

from __future__ import annotations

from dataclasses import replace

from player.base.clock import Clock
from player.base.errors import ErrorCode
from player.mpv.control import MpvControl
from player.mpv.model import PlayerSample
from player.playback.monitor import Monitor
from player.reporting.events import Note, Observer
from player.stream.files import Following

KIND = "reload"
"""Kind of the notes about other media."""
RESTART = "restart"
"""Kind of the notes about a decoder that had stopped."""
_OTHER_MEDIA = "The source goes on with media that needs other decoders, so libmpv loaded another file."
_STOPPED = "No more pictures came although media was there, so libmpv was restarted at the same place."


class Reloads:
    """One for each playback. ``pending`` counts the files that follow the open one. ``jumping`` says that a file is
    being loaded for a seek. No file is played beyond ``end_s``."""

    def __init__(self, control: MpvControl, monitor: Monitor, clock: Clock, observe: Observer) -> None:
        self.control = control
        self._player = control.player
        self._monitor = monitor
        self._clock = clock
        self._observe = observe
        self._urls: list[str] = []
        self._restarting = False
        self._entered = False  # libmpv has begun with one of them
        self._dropped = 0  # frames, in the files before
        self._last_dropped = 0
        self._loaded = self._closed = False
        self.pending = 0
        self.jumping = False
        self.end_s: float | None = None
        control.post(self._player.set, "prefetch-playlist", True)

    @property
    def can_seek(self) -> bool:
        """Whether libmpv has a file and loads no other one in its place."""
        return self._loaded and not self.jumping

    def change(self, following: Following | None) -> None:
        """The file read last ends, and ``following`` must go on; with None it goes on itself after all. Nothing is
        done after :meth:`close`: libmpv's thread may still have been reading then."""
        if self._closed:
            return
        post, player = self.control.post, self._player
        if following is None:
            post(player.command, "playlist-clear")
            self._withdraw()
            self.pending = 0
            return
        url = player.offer(following.open)
        self._urls.append(url)
        if following.jumped:
            self.pending, self.jumping = 1, True
            post(player.load, url, self._monitor.state.position_s, self._options())
        else:
            self.pending += 1
            options = {"start": f"{following.start_s:.6f}", **self._options()}
            told = ",".join(f"{name}={value}" for name, value in options.items())
            post(player.command, "loadfile", url, "append", told)

    def jump(self) -> bool:
        """Before libmpv is told to jump: whether it has to begin afresh, and finds out again what follows."""
        if not self.pending:
            return False
        self.change(None)
        return True

    def restart(self, following: Following) -> None:
        """libmpv has come to a stop: load its file again in the same place, without the graphics card's decoder."""
        url = self._player.offer(following.open)
        self._urls.append(url)
        self.pending, self.jumping, self._restarting = 1, True, True
        self.control.post(self._player.load, url, following.start_s, {"hwdec": "no", **self._options()})

    def event(self, name: str) -> bool:
        """An event of libmpv's; whether it says that a file is loaded which follows another one."""
        if name == "start-file":
            self._entered = self.pending > 0
        if name == "file-loaded":
            self._loaded = True
        if name != "file-loaded" or not self._entered:
            return False
        self.pending = max(0, self.pending - 1)
        self.jumping = self._entered = False
        if self._restarting:
            self._observe(Note(self._clock.monotonic(), RESTART, _STOPPED, code=str(ErrorCode.MEDIA_DECODER)))
        else:
            self._monitor.update(reloads=self._monitor.state.reloads + 1)
            self._observe(Note(self._clock.monotonic(), KIND, _OTHER_MEDIA))
        self._restarting = False
        return True

    def measure(self) -> PlayerSample:
        """As the player's own ``measure``, with the dropped frames of all files; on libmpv's worker."""
        found = self._player.measure()
        if found.dropped < self._last_dropped:
            self._dropped += self._last_dropped
        self._last_dropped = found.dropped
        return replace(found, dropped=self._dropped + found.dropped)

    def close(self) -> None:
        """No further file is to be opened."""
        self._closed = True
        self._withdraw()

    def _options(self) -> dict[str, str]:
        return {} if self.end_s is None else {"end": f"{self.end_s:.6f}"}

    def _withdraw(self) -> None:
        for url in self._urls:
            self._player.withdraw(url)
        self._urls.clear()
