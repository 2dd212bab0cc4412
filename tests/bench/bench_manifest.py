"""CPU time to parse ten hours of segments and expand all of them (url, start, duration), beside other parsers.

An MPD of 6 renditions x 9,000 S elements against a minimal expansion on plain lxml and against ``mpegdash``'s parsing
alone; a media playlist of 9,000 segments, plain and with byte ranges and dates, against ``m3u8``. Best of several
runs in one process. Run with ``python -m tests.bench.bench_manifest``; exit code 1 when a target is missed.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import m3u8
from lxml import etree
from mpegdash.parser import MPEGDASHParser

from player.manifest import parse
from player.manifest.edit import iter_renditions

SEGMENTS = 9_000
RENDITIONS = 6
RUNS = 9
URL = "https://example.org/title/manifest"
NAMESPACE = "{urn:mpeg:dash:schema:mpd:2011}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table, in CPU milliseconds; ``limit`` is the most that ours / theirs may be."""

    name: str
    ours_ms: float
    rival: str
    theirs_ms: float
    limit: float | None

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.theirs_ms

    @property
    def missed(self) -> bool:
        return self.limit is not None and self.ratio > self.limit


def mpd() -> str:
    """Ten hours in segments of about four seconds, each with a length of its own."""
    time_ticks, lines = 0, []
    for number in range(SEGMENTS):
        duration = 4_000 + number % 3
        lines.append(f'<S t="{time_ticks}" d="{duration}"/>')
        time_ticks += duration
    timeline = "".join(lines)
    sets = "".join(
        f'<AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1000" '
        'media="$RepresentationID$/$Time$.m4s" '
        f'initialization="$RepresentationID$/init.mp4"><SegmentTimeline>{timeline}</SegmentTimeline></SegmentTemplate>'
        f'<Representation id="v{number}" bandwidth="{1000 * (number + 1)}"/></AdaptationSet>'
        for number in range(RENDITIONS)
    )
    return (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011" '
        f'minBufferTime="PT4S" mediaPresentationDuration="PT{time_ticks / 1000}S"><Period>{sets}</Period></MPD>'
    )


def playlist(*, ranges_and_dates: bool) -> str:
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4"]
    for number in range(SEGMENTS):
        if ranges_and_dates:
            seconds = 4 * number
            moment = f"2024-01-01T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000Z"
            lines += [f"#EXT-X-PROGRAM-DATE-TIME:{moment}", f"#EXT-X-BYTERANGE:{1000 + number}@{number * 20000}"]
        lines += ["#EXTINF:4.000,", "all.ts" if ranges_and_dates else f"segment-{number}.ts"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def expand_ours(text: str) -> int:
    presentation = parse(text, URL)
    rows = [
        (segment.url, segment.start_s, segment.duration_s)
        for _, _, rendition in iter_renditions(presentation)
        for segment in rendition.segments
    ]
    return len(rows)


def expand_minimal(text: str) -> int:
    """The least that one can do on lxml: no inheritance, one template form, no checks."""
    return len(list(_minimal(text)))


def _minimal(text: str) -> Iterator[tuple[str, float, float]]:
    root = etree.fromstring(text.encode())
    folder = URL.rpartition("/")[0] + "/"
    for adaptation in root.iter(f"{NAMESPACE}AdaptationSet"):
        template = adaptation.find(f"{NAMESPACE}SegmentTemplate")
        representation = adaptation.find(f"{NAMESPACE}Representation")
        scale = int(template.get("timescale", "1"))
        media = folder + template.get("media").replace("$RepresentationID$", representation.get("id"))
        before, after = media.split("$Time$")
        ticks = 0
        for item in template.find(f"{NAMESPACE}SegmentTimeline"):
            start = item.get("t")
            ticks = ticks if start is None else int(start)
            duration = int(item.get("d"))
            for _ in range(int(item.get("r") or 0) + 1):
                yield f"{before}{ticks}{after}", ticks / scale, duration / scale
                ticks += duration


def expand_m3u8(text: str) -> int:
    start, rows = 0.0, []
    for segment in m3u8.loads(text, uri=URL).segments:
        rows.append((segment.absolute_uri, start, segment.duration))
        start += segment.duration
    return len(rows)


def best_ms(work: Callable[[], object], runs: int = RUNS) -> float:
    """CPU milliseconds of the quickest run."""
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1000


def measure() -> list[Figure]:
    """All figures; a rival is measured right after ours, so that both see the same machine."""
    document, plain, rich = mpd(), playlist(ranges_and_dates=False), playlist(ranges_and_dates=True)
    assert expand_ours(document) == expand_minimal(document) == RENDITIONS * SEGMENTS
    assert expand_ours(plain) == expand_m3u8(plain) == expand_ours(rich) == SEGMENTS
    ours = best_ms(lambda: expand_ours(document))
    return [
        Figure("MPD 9,000 S x 6", ours, "minimal lxml", best_ms(lambda: expand_minimal(document)), 1.5),
        Figure(
            "MPD 9,000 S x 6", ours, "mpegdash, parse only", best_ms(lambda: MPEGDASHParser.parse(document), 2), None
        ),
        Figure(
            "playlist of 9,000", best_ms(lambda: expand_ours(plain)), "m3u8", best_ms(lambda: expand_m3u8(plain)), 1.0
        ),
        Figure(
            "with ranges and dates",
            best_ms(lambda: expand_ours(rich)),
            "m3u8",
            best_ms(lambda: expand_m3u8(rich)),
            0.7,
        ),
    ]


def main() -> int:
    figures = measure()
    print(f"{'':24}{'ours ms':>9}  {'beside':22}{'ms':>9}{'ratio':>8}{'limit':>7}")
    for figure in figures:
        limit = "-" if figure.limit is None else f"{figure.limit:g}"
        note = "  missed" if figure.missed else ""
        ours = f"{figure.name:24}{figure.ours_ms:9.1f}"
        print(f"{ours}  {figure.rival:22}{figure.theirs_ms:9.1f}{figure.ratio:8.2f}{limit:>7}{note}")
    return int(any(figure.missed for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
