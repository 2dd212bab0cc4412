"""Subtitles in fMP4 as Shaka Packager makes them."""

from __future__ import annotations

from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from tests.kit import media


def spoken(count: int) -> Path:
    """A folder with ``wvtt-$Number$.m4s`` and ``stpp-$Number$.m4s`` from 1, and their ``-init.mp4``.

    Segments last four seconds; number n+1 says "word n" one second after its start, for two.
    """

    def make(folder: Path) -> None:
        cues = (f"{_clock(4 * n + 1)} --> {_clock(4 * n + 3)}\nword {n}\n" for n in range(count))
        (folder / "words.vtt").write_text("\n".join(["WEBVTT", "", *cues]))
        for codec, form in (("wvtt", "vtt+mp4"), ("stpp", "ttml+mp4")):
            names = f"init_segment={codec}-init.mp4,segment_template={codec}-$Number$.m4s"
            stream = f"in=words.vtt,stream=text,lang=en,{names},format={form}"
            manifest = ["--generate_static_live_mpd", "--mpd_output", f"{codec}.mpd"]
            packager = tools.locate().packager
            run_tool([packager, "--quiet", "--segment_duration", "4", *manifest, stream], cwd=folder)

    return media.cached("spoken", {"count": count}, make)


def _clock(time_s: int) -> str:
    return f"{time_s // 60:02d}:{time_s % 60:02d}.000"
