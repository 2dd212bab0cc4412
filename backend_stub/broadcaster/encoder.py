"""FFmpeg's part: the inputs, the test picture with its clock, and the renditions that it writes into pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backend_stub.broadcast.channel import Track
from backend_stub.encoding import tools
from backend_stub.encoding.errors import BadInputError, ToolMissingError
from backend_stub.encoding.process import confined_live

TEST = "test"
SEGMENT_S = 2.0
_PART_S = 1 / 3
_FRAGMENT_FRAMES = 2  # of audio: segments of it are cut so near to those of video
_AUDIO_HZ, _AAC_SAMPLES, _AUDIO_BITRATE = 48000, 1024, 128_000
#: What is sent is looked at for half a second before it is encoded; FFmpeg's own five would be latency.
_AT_ONCE = ("-analyzeduration", "500000", "-probesize", "1000000")
_PEAK = 1.25  # of the bit rate
_FULL_HD, _FULL_HD_BITRATE, _LEAST_BITRATE = 1080, 5_000_000, 100_000
_CLOCK_CELLS, _CLOCK_BITS = 20, 12
#: What a seven-segment digit shows where: (left, top, width, height) in a box of 4 by 7, and for which digits.
_STROKES = (
    ((0, 0, 4, 1), "02356789"),
    ((0, 0, 1, 4), "045689"),
    ((3, 0, 1, 4), "01234789"),
    ((0, 3, 4, 1), "2345689"),
    ((0, 3, 1, 4), "0268"),
    ((3, 3, 1, 4), "013456789"),
    ((0, 6, 4, 1), "0235689"),
)
#: Seconds since 1970 to the digits of HH:MM:SS.
_DIGITS = (
    "floor(mod(t,86400)/36000)",
    "mod(floor(mod(t,86400)/3600),10)",
    "floor(mod(t,3600)/600)",
    "mod(floor(t/60),10)",
    "floor(mod(t,60)/10)",
    "mod(floor(t),10)",
)


@dataclass(frozen=True, slots=True)
class EncoderInput:
    """What is broadcast: ``test``, a file, a device, or an address to listen on (``rtmp://``, ``srt://``).

    ``once``: a file ends the event when it ends; else it begins again.
    """

    name: str
    once: bool = False
    audio: bool = True

    @property
    def scheme(self) -> str:
        return self.name.partition("://")[0] if "://" in self.name else ""

    @property
    def listens(self) -> bool:
        return bool(self.scheme)

    def program(self) -> Path:
        """The FFmpeg that can read it. Raises :class:`ToolMissingError`, :class:`BadInputError`."""
        if self.name != TEST and not self.listens and not Path(self.name).exists():
            raise BadInputError(f"{self.name} is no file, device or address.")
        ffmpeg = tools.locate().ffmpeg
        if not self.listens:
            return ffmpeg
        if self.scheme not in {"rtmp", "srt"}:
            raise BadInputError(f"Nothing is received by {self.scheme}://; rtmp:// and srt:// can be.")
        found = next((one for one in (ffmpeg, tools.measuring()) if self.scheme in _protocols(one)), None)
        if found is None:
            raise ToolMissingError(
                f"No FFmpeg here receives {self.scheme}://: install the Python package imageio-ffmpeg."
            )
        return found

    def options(self, fps: int, width: int, height: int) -> list[str]:
        """FFmpeg's options for the input, or the two of the test picture."""
        if self.name == TEST:
            picture = f"testsrc2=size={width}x{height}:rate={fps}"
            tone = f"sine=frequency=880:sample_rate={_AUDIO_HZ}:samples_per_frame=480"
            return ["-re", "-f", "lavfi", "-i", picture, "-re", "-f", "lavfi", "-i", tone]
        if self.scheme == "rtmp":
            return [*_AT_ONCE, "-listen", "1", "-i", self.name]
        if self.scheme == "srt":
            listening = (
                self.name if "mode=" in self.name else f"{self.name}{'&' if '?' in self.name else '?'}mode=listener"
            )
            return [*_AT_ONCE, "-i", listening]
        if Path(self.name).is_char_device():
            return ["-f", "v4l2" if sys.platform == "linux" else "avfoundation", "-i", self.name]
        return ["-re", *([] if self.once else ["-stream_loop", "-1"]), "-i", f"file:{self.name}"]


@cache
def _protocols(program: Path) -> frozenset[str]:
    found = subprocess.run([program, "-hide_banner", "-protocols"], capture_output=True, text=True, check=False)
    return frozenset(found.stdout.partition("Output:")[0].split())


def tracks_of(heights: Sequence[int], fps: int, *, audio: bool = True) -> list[Track]:
    """The tracks of a channel with rungs of these heights, ascending."""
    frames = max(1, round(_PART_S * fps))
    made = [
        Track(
            name=f"video/{height}p",
            kind="video",
            bandwidth=round(_bitrate(height) * _PEAK),
            part_s=round(frames / fps, 6),
            width=_width(height),
            height=height,
            fps=fps,
            label="SD" if height <= 576 else "HD" if height <= _FULL_HD else "UHD",
        )
        for height in sorted(set(heights))
    ]
    if audio:
        part_s = round(_audio_frames() * _AAC_SAMPLES / _AUDIO_HZ, 6)
        made.append(Track("audio/main", "audio", _AUDIO_BITRATE, part_s, sample_rate=_AUDIO_HZ, label="AUDIO"))
    return made


def command(source: EncoderInput, tracks: Sequence[Track], pipes: Sequence[int]) -> list[str]:
    """FFmpeg's command line: each track goes as fragmented MP4 into its pipe.

    Raises as :meth:`EncoderInput.program`.
    """
    video = [track for track in tracks if track.kind == "video"]
    largest = video[-1]
    graph = _picture(source) + f"fps={largest.fps},split={len(video)}"
    graph += "".join(f"[s{number}]" for number in range(len(video)))
    for number, track in enumerate(video):
        size = f"{track.width}:{track.height}"
        graph += f";[s{number}]scale={size}:force_original_aspect_ratio=decrease,"
        graph += f"pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p[v{number}]"
    if len(video) < len(tracks):
        graph += ";" + _sound(source)
    words = [str(source.program()), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
    words += [*source.options(largest.fps, largest.width, largest.height), "-filter_complex", graph]
    for number, (track, pipe) in enumerate(zip(tracks, pipes, strict=True)):
        words += _video_output(number, track) if track.kind == "video" else _audio_output()
        # A part ends half a frame early, so that rounding adds no frame to it.
        frame_s = 1 / track.fps if track.fps else _AAC_SAMPLES / _AUDIO_HZ
        length_s = track.part_s if track.fps else _FRAGMENT_FRAMES * frame_s  # the packager makes parts of the latter
        words += ["-frag_duration", str(round((length_s - frame_s / 2) * 1e6))]
        words += ["-movflags", "+empty_moov+default_base_moof+frag_keyframe+skip_trailer"]
        words += ["-flush_packets", "1", "-muxdelay", "0", "-f", "mp4", f"pipe:{pipe}"]
    return words


def _video_output(number: int, track: Track) -> list[str]:
    bitrate, keys = str(_bitrate(track.height)), str(round(SEGMENT_S * track.fps))
    words = ["-map", f"[v{number}]", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency"]
    words += ["-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate, "-g", keys, "-keyint_min", keys]
    words += ["-sc_threshold", "0", "-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S:g})"]
    return [*words, "-video_track_timescale", "90000"]


def _audio_output() -> list[str]:
    return ["-map", "[a]", "-c:a", "aac", "-b:a", str(_AUDIO_BITRATE), "-ar", str(_AUDIO_HZ), "-ac", "2"]


def _picture(source: EncoderInput) -> str:
    if source.name != TEST:
        return "[0:v:0]"
    # The frames carry the date at which they are drawn, until the clock and its bars are on them.
    drawn = ["settb=1/1000000", "setpts=RTCTIME", *_bars(), *_clock(), "setpts=PTS-STARTPTS"]
    return f"[0:v]{','.join(drawn)},"


def _sound(source: EncoderInput) -> str:
    if source.name == TEST:
        beep = "volume=volume='lt(mod(t,1),0.1)':eval=frame"
        return f"[1:a]asettb=1/1000000,asetpts=RTCTIME,{beep},asetpts=N/SR/TB[a]"
    return f"[0:a:0]aresample={_AUDIO_HZ}:async=1:first_pts=0[a]"


def _bars() -> list[str]:
    """The date in hundredths of a second, modulo 4096, as bars that a program can read: 20 cells along the top."""
    hundredths = "floor(t*100)"
    lit = {0: "1", _CLOCK_CELLS - 1: "1"}
    bits = [f"mod(floor({hundredths}/{1 << bit}),2)" for bit in range(_CLOCK_BITS)]
    lit |= {2 + bit: bits[bit] for bit in range(_CLOCK_BITS)}
    lit[_CLOCK_CELLS - 3] = f"mod({'+'.join(bits)},2)"  # parity
    black = "drawbox=x=0:y=0:w=iw:h=ih/8:color=black:t=fill"
    cell = f"w=iw/{_CLOCK_CELLS}:h=ih/8:color=white:t=fill"
    return [
        black,
        *(f"drawbox=x=iw*{place}/{_CLOCK_CELLS}:y=0:{cell}:enable='{when}'" for place, when in sorted(lit.items())),
    ]


def _clock() -> list[str]:
    """The time of day (UTC) in seven-segment digits: this needs no font, which FFmpeg may not have."""
    unit = "iw/64"
    drawn = [f"drawbox=x={unit}*10:y=ih*0.4:w={unit}*44:h={unit}*11:color=black:t=fill"]
    for place, digit in enumerate(_DIGITS):
        left = 12 + place * 6 + place // 2 * 3
        for (x, y, width, height), shown in _STROKES:
            when = "+".join(f"eq({digit},{one})" for one in shown)
            box = f"x={unit}*{left + x}:y=ih*0.4+{unit}*{y + 2}:w={unit}*{width}:h={unit}*{height}"
            drawn.append(f"drawbox={box}:color=white:t=fill:enable='{when}'")
    return drawn


def _bitrate(height: int) -> int:
    part: float = (height / _FULL_HD) ** 1.5
    return max(_LEAST_BITRATE, round(_FULL_HD_BITRATE * part))


def _width(height: int) -> int:
    return 2 * round(height * 8 / 9)


def _audio_frames() -> int:
    return round(_PART_S * _AUDIO_HZ / _AAC_SAMPLES)


class Encoder:
    """One FFmpeg that runs, with a pipe for each track. It ends with the process that started it."""

    def __init__(self, source: EncoderInput, tracks: Sequence[Track]) -> None:
        if sys.platform == "win32":
            raise ToolMissingError("Broadcasting needs Linux or macOS: FFmpeg writes into several pipes.")
        pairs = [os.pipe() for _ in tracks]
        try:
            self._process = subprocess.Popen(
                command(source, tracks, [write for _, write in pairs]),
                pass_fds=[write for _, write in pairs],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=confined_live(os.getpid()),  # noqa: PLW1509  (two system calls)
            )
        except BaseException:
            for read, _ in pairs:
                os.close(read)
            raise
        finally:
            for _, write in pairs:
                os.close(write)
        self.pipes = [read for read, _ in pairs]

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """Let it finish what it has, or end it where it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> tuple[int, str]:
        """Its exit status, and its last words. All pipes have ended."""
        complaints = self._process.stderr
        said = complaints.read().decode("utf-8", "replace") if complaints is not None else ""
        if complaints is not None:
            complaints.close()
        for pipe in self.pipes:
            os.close(pipe)
        lines = [line for line in said.splitlines() if line.strip()]
        return self._process.wait(), lines[-1] if lines else ""
