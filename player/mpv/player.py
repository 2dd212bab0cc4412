"""libmpv as the decoder of one virtual stream. Only this module and :mod:`player.mpv.streams` call libmpv.

Everything here may be called from any thread but libmpv's own demuxer thread. Listeners are called on python-mpv's
event thread and must return at once.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, ClassVar

from player.base.apart import ApartWorker, begin_apart, hold
from player.base.errors import ComponentError, ErrorCode
from player.media.model import Interrupted
from player.mpv import drawing
from player.mpv.adjustments import MOST_VOLUME
from player.mpv.calls import Calls
from player.mpv.model import PlayerSample, Ranges
from player.mpv.readahead import FAR_S, ReadAhead
from player.mpv.streams import ByteStream, register_protocol

_log = logging.getLogger(__name__)

SCHEME = "matinee"

# libmpv's logger also speaks of things that the engine already handles and reports by itself.
_POSITION = "time-pos"
_CACHE = "demuxer-cache-state"
_PASSED = "audio-spdif"
_ENTRY = "playlist_entry_id"  # of each loaded file, counted by libmpv
_ERRORS = ("error", "fatal")
_DECODERS = ("ffmpeg/video", "ffmpeg/audio", "vd", "ad")  # names of libmpv's modules
_STARVING = "paused-for-cache"
_LOOK_S = 0.002
_left_behind: list[Any] = []  # python-mpv would free what is forgotten
# Each on a line of its own, empty where libmpv has none.
_MEASURED = "\n".join(
    f"${{={name}}}"
    for name in (_POSITION, "frame-drop-count", "decoder-frame-drop-count", "estimated-vf-fps", _CACHE)
)
_OBSERVED = (
    "pause",
    _STARVING,
    "eof-reached",
    "seeking",
    "idle-active",
    "volume",
    "mute",
    "speed",
)

_BASE_OPTIONS: dict[str, object] = {
    "config": False,
    "load_scripts": False,
    "terminal": False,
    "input_default_bindings": False,
    "idle": True,
    # Custom streams are not taken for network streams: without this there is no cache at all.
    "cache": "yes",
    "cache_pause_initial": "no",
    "cache_pause_wait": 0.5,
    "demuxer_readahead_secs": FAR_S,
    "cache_secs": FAR_S,
    "demuxer_max_bytes": "96MiB",
    # What has been shown stays in our own store. libmpv's cache would show it again after a jump back, in its old
    # quality, with all that was read behind it. A new choice of quality would show late. demuxer-seekable-cache=no
    # does not help: a jump during an audio switch then loses frames.
    "demuxer_max_back_bytes": 0,
    # Our timestamps are presentation time already.
    "rebase_start_time": "no",
    "demuxer_mkv_probe_start_time": "no",
    "hr_seek": "yes",
    "keep_open": "yes",
    "volume_max": MOST_VOLUME,
    "keep_open_pause": "no",
    "sub_auto": "no",
    # Captions inside the pictures are there to be chosen, and no subtitles are shown before they are.
    "sub_create_cc_track": True,
    "sid": "no",
    "audio_file_auto": "no",
    "audio_display": "no",
    # A picture is turned by a filter (player.mpv.adjustments): libmpv 0.35 aborts where the CPU draws it turned.
    "video_rotate": "no",
}

# The scripts that libmpv carries inside. Each would take a thread, megabytes and a share of every start.
_NO_SCRIPTS: dict[str, object] = {
    "osc": False,
    "ytdl": False,
    "load_stats_overlay": False,
    "load_osd_console": False,
    "load_auto_profiles": "no",
}


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where video and audio go. ``untimed`` plays as fast as decoding allows (null outputs only). With
    ``each_picture`` or ``untimed`` the position is reported with each frame. Otherwise it must be read, as reporting
    costs as much as all other work of the engine during playback."""

    video: str = "libmpv"
    audio: str | None = None
    untimed: bool = False
    each_picture: bool = False
    hardware_decoding: str = "no"
    extra: Mapping[str, object] = field(default_factory=dict)


def load_binding() -> Any:  # noqa: ANN401  (python-mpv is untyped)
    """The python-mpv module; raises :class:`ComponentError` where libmpv is not installed."""
    try:
        import mpv  # loading it loads libmpv
    except (OSError, ImportError) as error:
        raise ComponentError(
            ErrorCode.COMPONENT_LIBMPV,
            "libmpv, which decodes the video, is not installed here. On Debian or Ubuntu: apt install libmpv2.",
        ) from error
    return mpv


class MpvPlayer:
    """One libmpv instance. ``handle`` is the ``mpv.MPV`` object; a video surface attaches its render context to
    it."""

    # The same for all instances of one library. Only the first instance asks, as the answer takes milliseconds. It
    # asks before anything plays, as libmpv does not answer while it waits for a file.
    _decoders: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, output: OutputOptions | None = None) -> None:
        binding = load_binding()
        output = output or OutputOptions()
        options = dict(_BASE_OPTIONS)
        options["vo"] = output.video
        options["hwdec"] = output.hardware_decoding
        if output.audio is not None:
            options["ao"] = output.audio
        if output.untimed:
            options.update(untimed=True, ao_null_untimed=True, video_sync="display-desync")
        options.update(output.extra)
        self._passed = str(options.get("audio_spdif", ""))  # codecs that go undecoded to a receiver
        self._decode = False  # none of them does: not at normal speed
        self._reading = ReadAhead(paced=not output.untimed)
        self._withheld = False  # it says that it lacks media, and has been let read on
        self._log_lines: list[tuple[str, str]] = []
        self.decode_errors = 0
        """How often libmpv's decoders complained of what they were given, since this player was made."""
        self._complaints_before = 0  # the last load
        self._openers: dict[str, Callable[[], ByteStream]] = {}
        self._names = itertools.count(1)
        self.handle = self._create(binding, options)
        self._properties: dict[str, Any] = {}
        self._property_listener: Callable[[str, Any], None] | None = None
        self._event_listener: Callable[[str, Mapping[str, Any]], None] | None = None
        self._entry = self._entry_before = 0  # what was loaded last, and last before the present listeners came
        self._seek_event = threading.Event()
        self._property_change = binding.MpvEventID.PROPERTY_CHANGE
        self._calls = Calls()
        self.is_lost = False
        """Whether it has been left behind: it does nothing any more, and another one is to take its place."""
        self.tells_position = output.untimed or output.each_picture
        for name in (*_OBSERVED, _POSITION) if self.tells_position else _OBSERVED:
            self.handle.observe_property(name, self._on_property)
        self.handle.register_event_callback(self._on_event)
        register_protocol(self.handle, SCHEME, self._open_stream, self._reading)
        if not MpvPlayer._decoders:
            answer = self.read("decoder-list")
            MpvPlayer._decoders = frozenset(str(item["codec"]) for item in answer or ())

    def _create(self, binding: Any, options: Mapping[str, object]) -> Any:  # noqa: ANN401
        try:
            return binding.MPV(log_handler=self._on_log, loglevel="warn", **options, **_NO_SCRIPTS)
        except AttributeError:  # built without scripts, or of a version that names them otherwise
            return binding.MPV(log_handler=self._on_log, loglevel="warn", **options)

    def worker(self) -> Executor:
        """A thread for calls that may wait for libmpv's core, in order."""
        return ApartWorker("mpv-control")

    # --- what it says

    def listen(
        self,
        on_property: Callable[[str, Any], None] | None,
        on_event: Callable[[str, Mapping[str, Any]], None] | None,
    ) -> None:
        """Listeners for property changes and for events (``playback-restart``, ``end-file``, ``seek``, ...).

        The end of a file that was loaded before is not theirs, however late libmpv tells it.
        """
        self._entry_before = self._entry
        self._property_listener = on_property
        self._event_listener = on_event

    def latest(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """The last observed value of a property; never blocks."""
        value = self._properties.get(name)
        return default if value is None else value

    def read(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """A property asked for now; ``default`` where libmpv has none."""
        with self._calls.call() as allowed:
            try:
                value = self.handle._get_property(name) if allowed else None  # noqa: SLF001
            except (AttributeError, RuntimeError, SystemError, TypeError, ValueError, OSError):
                value = None
        return default if value is None else value

    def decoders(self) -> frozenset[str]:
        """The codecs that libmpv decodes here, in FFmpeg's names (``h264``, ``aac``); never blocks."""
        return self._decoders

    def cached_ranges(self) -> Ranges:
        """What libmpv can seek in without reading."""
        return _ranges(self.read(_CACHE) or {})

    def measure(self) -> PlayerSample:
        """How things stand, asked for in as few calls as can be: each wakes libmpv's core. What it holds also decides
        whether it reads on until the next look.

        Where there is sound as well, ``time-pos`` may follow the sound; the distance between sound and picture is
        measured again with each picture, and with nothing else. It is asked for by itself, since as text it has too
        few digits to be another one each time.
        """
        answer = self.ask("expand-text", _MEASURED)
        place, late, lost, rate, cache = answer.split("\n") if answer else [""] * 5
        position_s = float(place) if place else None
        distance = self.read("avsync")
        held = json.loads(cache) if cache else {}
        held_s = 0.0 if held.get("underrun") else held.get("cache-duration", 0.0)
        self._reading.look(held_s, self._properties.get("speed") or 1.0)
        if self._withheld:
            self._on_property(_STARVING, True)
        return PlayerSample(
            position_s,
            _ranges(held),
            int(late or 0) + int(lost or 0),
            position_s if distance is None else ("avsync", distance),
            1.0 / float(rate) if rate and float(rate) > 0 else 0.0,
            held_s,
            self.decode_errors - self._complaints_before,
            held.get("fw-bytes", 0),
            held.get("reader-pts"),
        )

    @property
    def recent_log(self) -> tuple[tuple[str, str], ...]:
        """The last warnings and errors of libmpv's as (level, text)."""
        return tuple(self._log_lines)

    # --- what it does

    def offer(self, open_stream: Callable[[], ByteStream]) -> str:
        """An address under which libmpv can open a stream of ours, any number of times, until :meth:`withdraw`."""
        url = f"{SCHEME}://{next(self._names)}.mkv"
        self._openers[url] = open_stream
        return url

    def withdraw(self, url: str) -> None:
        """The address is not valid any more; streams that are open stay so."""
        self._openers.pop(url, None)

    def load(self, url: str, start_s: float | None, options: Mapping[str, str] | None = None) -> None:
        """Open ``url`` at ``start_s``; None is its start.

        In the middle of a title a start is required: without one libmpv takes the first cached time for the file's
        start. At the start of the title it only costs time, since libmpv then seeks to where it already is.
        """
        if self._decode and self.read("speed") == 1.0:
            self._decode = False
            self._set(_PASSED, self._passed)
        self._complaints_before = self.decode_errors
        parts = [] if start_s is None else [f"start={start_s:.6f}"]
        parts += [f"{name}={value}" for name, value in (options or {}).items()]
        _, answer = self._run("loadfile", url, "replace", ",".join(parts))
        if isinstance(answer, dict):
            self._entry = int(answer.get(_ENTRY, 0))

    def command(self, *words: str) -> bool:
        """Run a command; False where libmpv refuses it (nothing is loaded, or it is shutting down)."""
        return self._run(*words)[0]

    def ask(self, *words: str) -> str:
        """The answer of a command that gives a text; none where libmpv refuses it."""
        answer = self._run(*words)[1]
        return answer if isinstance(answer, str) else ""

    def _run(self, *words: str) -> tuple[bool, object]:
        with self._calls.call() as allowed:
            if not allowed:
                return False, None
            if words[0] != "expand-text":
                self._reading.hurry()
            try:
                return True, self.handle.command(*(word.encode(errors="surrogateescape") for word in words))
            except (SystemError, ValueError, RuntimeError, OSError) as error:
                _log.debug("libmpv refused %s: %s", words[0], error)
                return False, None

    def seek(self, position_s: float, *, exact: bool = True) -> bool:
        """Seek and wait until libmpv has queued it on its demuxer (``seek`` event, at most half a second)."""
        self._seek_event.clear()
        if not self.command("seek", f"{position_s:.6f}", "absolute+exact" if exact else "absolute+keyframes"):
            return False
        return self._seek_event.wait(0.5)

    def seek_afresh(self, position_s: float) -> bool:
        """As :meth:`seek`, where libmpv has read its file to the end and would take all behind for cached. It forgets
        what it holds, and reads nothing before it seeks: it would only meet the end again, and go there."""
        self._reading.hold()
        try:
            self.command("drop-buffers")
            return self.seek(position_s)
        finally:
            self._reading.release()

    def set(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Set a property. Sound that goes undecoded to a receiver cannot be played slower or faster: from the first
        other ``speed`` on it is decoded here, until the next :meth:`load` at normal speed."""
        if name == _PASSED:
            self._passed = str(value)
            value = "" if self._decode else value
        self._set(name, value)
        if name == "speed" and value != 1.0 and self._passed and not self._decode:
            self._decode = True
            self._set(_PASSED, "")
            track = self.read("aid")
            form = self.read("audio-out-params/format", "spdif")  # at the end of a loop libmpv has none for a moment
            if track and str(form).startswith("spdif"):
                self._set("aid", "no")
                self._set("aid", track)

    def _set(self, name: str, value: Any) -> None:  # noqa: ANN401
        with self._calls.call() as allowed:
            if not allowed:
                return
            self._reading.hurry()
            try:
                self.handle._set_property(name, value)  # noqa: SLF001
            except (AttributeError, RuntimeError, SystemError, TypeError, ValueError, OSError) as error:
                _log.debug("libmpv refused %s: %s", name, error)

    def terminate(self) -> None:
        """Free libmpv, once the calls of other threads have ended. A render context made on ``handle`` must have been
        freed before."""
        if self._calls.closed:
            return  # also one that was left behind
        assert not drawing.is_drawn(self.handle.handle), "a render context is freed before its libmpv"
        self.listen(None, None)
        self._reading.hurry()
        if self._calls.close():
            self.handle.terminate()
        else:  # what is in use is not freed: rather memory is lost than the process
            _log.warning("libmpv is kept: a call into it does not end")

    def stop(self) -> None:
        """End what plays, and wait until libmpv has closed it, or was left behind."""
        if self.command("stop"):
            while self.read("path") is not None:
                time.sleep(_LOOK_S)

    def leave_behind(self) -> None:
        """libmpv does not answer: a read of its demuxer does not end, and nothing can end it. It is never called
        again, and neither it nor its render context is freed. Should it ever answer, it stops what it plays."""
        if self.is_lost:
            return
        self.is_lost = True
        _log.warning("libmpv is left behind: it does not answer")
        self.listen(None, None)
        self._calls.close(patience_s=0.0)
        _left_behind.append(self.handle)
        hold()
        begin_apart(self.handle.command, "stop")

    def _open_stream(self, url: str) -> ByteStream:
        opener = self._openers.get(url)
        if opener is None:  # the playback ended before libmpv came to open it
            raise Interrupted
        return opener()

    # --- on python-mpv's event thread

    def _on_property(self, name: str, value: Any) -> None:  # noqa: ANN401
        if name == _STARVING:
            # A decoder that swallows pictures has used up early what libmpv holds. The next look tells if it lasts.
            self._withheld = bool(value) and self._reading.hurry()
            if self._withheld:
                return
        self._properties[name] = value
        if self._property_listener is not None:
            self._property_listener(name, value)

    def _on_event(self, event: Any) -> None:  # noqa: ANN401
        if event.event_id.value == self._property_change:
            return  # most events are these, and _on_property hears of them
        data = event.as_dict()
        name = _text(data.get("event", ""))
        if name == "seek":
            self._seek_event.set()
        if name == "end-file" and data.get(_ENTRY, math.inf) <= self._entry_before:
            return
        if self._event_listener is not None:
            self._event_listener(name, data)

    def _on_log(self, level: str, component: str, text: str) -> None:
        self._log_lines = [*self._log_lines[-49:], (level, f"{component}: {text.strip()}")]
        if level in _ERRORS and component.startswith(_DECODERS):
            self.decode_errors += 1
        _log.debug("libmpv %s %s: %s", level, component, text.strip())


def _ranges(state: Mapping[str, Any]) -> Ranges:
    """The stretches that libmpv can seek in without reading, out of its ``demuxer-cache-state``."""
    return tuple((each["start"], each["end"]) for each in state.get("seekable-ranges", ()))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
