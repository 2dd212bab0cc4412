"""The process that reads the subtitles inside a media file: ``python -m player.media.lines_worker PATH NUMBER``.

NUMBER is that of the subtitle track, from 0. The process is bounded as :mod:`player.media.bounded` says.

On stdout comes one line of JSON for each subtitle, ``[start_s, end_s, text]``, in the order of the file. PyAV
reads and decodes, pysubs2 takes the style out of the text.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import av  # all that is needed is loaded before the first byte of the film
import pysubs2

from player.media.bounded import LIMITS, bound, open_nothing_more, open_regular
from player.media.demuxers import DEMUXERS

MOST_LINES = 20_000
LONGEST = 2000
"""Characters of a line."""
_FIELDS = 8  # of FFmpeg's form of an ASS event, before its text: ReadOrder, Layer, Style, ...
_SOONER = 5  # the viewer waits for the answer, but the video that plays comes first


def main(arguments: list[str]) -> int:
    """Write the lines of a track. Exit code 1 if the file cannot be opened, or has no such track of text."""
    bound({**LIMITS, "RLIMIT_CPU": 60}, _SOONER)
    try:
        with os.fdopen(open_regular(arguments[0]), "rb") as file:
            doors = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
            with av.open(file, "r", options=doors) as container:
                open_nothing_more()
                _write_lines(container, int(arguments[1]))
    except (OSError, av.error.FFmpegError, IndexError, ValueError):
        return 1
    return 0


def _write_lines(container: av.container.InputContainer, number: int) -> None:
    stream = container.streams.subtitles[number]
    begin_s = (container.start_time or 0) / av.time_base
    count = 0
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        text = _text(packet)
        if text:
            start_s = max(0.0, float(packet.pts * packet.time_base) - begin_s)
            end_s = start_s + float((packet.duration or 0) * packet.time_base)
            sys.stdout.write(json.dumps([start_s, end_s, text]) + "\n")
            count += 1
        if count >= MOST_LINES:
            break


def _text(packet: Any) -> str:  # noqa: ANN401
    """What a packet says, in whatever text format; nothing for one that is damaged or is a picture."""
    try:
        decoded = packet.decode()
    except (av.error.FFmpegError, ValueError):
        return ""
    words = []
    for subtitle in decoded:
        raw = getattr(subtitle, "ass", b"") or getattr(subtitle, "text", b"")
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        event = pysubs2.SSAEvent(text=text.split(",", _FIELDS)[-1] if text.count(",") >= _FIELDS else text)
        words.append(event.plaintext)
    return " ".join(" ".join(words).split())[:LONGEST]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
