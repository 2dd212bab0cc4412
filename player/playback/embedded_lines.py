"""What is said in subtitles inside a media file of this machine, for searching. Blocks for the disk and reads the
whole file, which takes a while; for a worker thread. PyAV does the work, behind the same doors as libmpv."""

from __future__ import annotations

import time
from pathlib import Path

from player.media.demuxers import DEMUXERS
from player.text.subtitle_files import SubtitleLine

_MOST_LINES = 20_000
_MOST_S = 60.0
_LONGEST = 2000


def embedded_lines(path: Path, number: int) -> tuple[SubtitleLine, ...]:
    """The lines of the subtitle track with this number (from 0), as far as they are text and were found in time."""
    import av

    lines: list[SubtitleLine] = []
    end_s = time.monotonic() + _MOST_S
    doors = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=doors) as container:
            stream = container.streams.subtitles[number]
            begin_s = (container.start_time or 0) / av.time_base
            for packet in container.demux(stream):
                if time.monotonic() > end_s or len(lines) >= _MOST_LINES:
                    break
                if packet.pts is None:
                    continue
                start_s = float(packet.pts * packet.time_base) - begin_s
                length_s = float((packet.duration or 0) * packet.time_base)
                text = _plain(packet)
                if text:
                    lines.append(SubtitleLine(max(0.0, start_s), start_s + length_s, text))
    except (av.error.FFmpegError, IndexError, ValueError):
        return tuple(lines)
    return tuple(lines)


def _plain(packet: object) -> str:
    """The words of a packet, whatever text format it has."""
    import av
    import pysubs2

    assert isinstance(packet, av.Packet)
    words = []
    for subtitle in packet.decode():
        raw = getattr(subtitle, "ass", b"") or getattr(subtitle, "text", b"")
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        # FFmpeg's form of an event: eight fields before the text (ReadOrder, Layer, Style, ...)
        event = pysubs2.SSAEvent(text=text.split(",", 8)[-1] if text.count(",") >= 8 else text)
        words.append(event.plaintext)
    return " ".join(" ".join(words).split())[:_LONGEST]
