"""CPU time to parse ten hours of segments and expand all of them (url, start, duration), beside other parsers.

An MPD of 6 renditions x 9,000 S elements against lxml's parsing alone, a minimal expansion on lxml and ``mpegdash``;
a media playlist of 9,000 segments, plain and with byte ranges and dates, against ``m3u8``. Best of several runs in
one process, and of one process of Node for mpd-parser and m3u8-parser where these are installed
(``npm install --prefix .cache/npm mpd-parser m3u8-parser``). Run with ``python -m tests.bench.bench_manifest``; exit
code 1 when a target is missed.
"""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import m3u8
from lxml import etree
from mpegdash.parser import MPEGDASHParser

from player.manifest import parse, refresh
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


def unlike() -> str:
    """As :func:`mpd`, with a timeline of its own in each set."""
    parts = mpd().split('<AdaptationSet mimeType="video/mp4">')
    return "<AdaptationSet>".join(
        part.replace('<S t="0" d="4000"/>', f'<S t="{number}" d="{4000 - number}"/>', 1)
        for number, part in enumerate(parts)
    ).replace("<AdaptationSet>", '<AdaptationSet mimeType="video/mp4">')


def window(first: int) -> str:
    """A live playlist of ten hours from this segment on."""
    names = (f"#EXTINF:4.000,\nsegment-{number}.ts\n" for number in range(first, first + SEGMENTS))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n" + "".join(names)


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


NODE_PACKAGES = Path(__file__).resolve().parents[2] / ".cache" / "npm" / "node_modules"
NODE_SCRIPT = """
const fs = require('fs'), folder = process.argv[1];
const mpd = fs.readFileSync(process.argv[2], 'utf8'), playlist = fs.readFileSync(process.argv[3], 'utf8');
const {parse} = require(folder + '/mpd-parser'), {Parser} = require(folder + '/m3u8-parser');
const best = (work) => {
  let found = Infinity;
  for (let run = 0; run < 9; run++) {
    const start = process.cpuUsage();
    work();
    const used = process.cpuUsage(start);
    found = Math.min(found, (used.user + used.system) / 1000);
  }
  return found;
};
const hls = () => { const one = new Parser(); one.push(playlist); one.end(); };
console.log(best(() => parse(mpd, {manifestUri: 'https://example.org/a.mpd'})), best(hls));
"""


def node_ms(document: str, plain: str) -> tuple[float, float] | None:
    """CPU milliseconds of mpd-parser and m3u8-parser; None, and why, where they are not installed."""
    node = shutil.which("node")
    if node is None or not (NODE_PACKAGES / "mpd-parser").is_dir():
        print("mpd-parser and m3u8-parser are left out: they are not installed in .cache/npm")
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, "a.mpd"), Path(folder, "a.m3u8")]
        for path, text in zip(files, (document, plain), strict=True):
            path.write_text(text, encoding="utf-8")
        command = [node, "-e", NODE_SCRIPT, str(NODE_PACKAGES), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    mpd_ms, hls_ms = map(float, done.stdout.split())
    return mpd_ms, hls_ms


def measure() -> list[Figure]:
    """All figures; a rival is measured right after ours, so that both see the same machine."""
    document, plain, rich = mpd(), playlist(ranges_and_dates=False), playlist(ranges_and_dates=True)
    assert expand_ours(document) == expand_minimal(document) == RENDITIONS * SEGMENTS
    assert expand_ours(plain) == expand_m3u8(plain) == expand_ours(rich) == SEGMENTS
    ours = best_ms(lambda: expand_ours(document))
    read, plain_ms = best_ms(lambda: parse(document, URL)), best_ms(lambda: parse(plain, URL))
    node = node_ms(document, plain)
    beside = (
        []
        if node is None
        else [
            Figure("MPD, read", read, "mpd-parser", node[0], None),
            Figure("playlist, read", plain_ms, "m3u8-parser", node[1], None),
        ]
    )
    different, before, after = unlike(), parse(window(0), URL), window(1)
    one_new = best_ms(lambda: refresh(before, after, URL))
    if node is not None:
        beside.append(Figure("playlist, one new", one_new, "m3u8-parser, all of it", node[1], None))
    return [
        Figure("MPD, read", read, "lxml, parse only", best_ms(lambda: etree.fromstring(document.encode())), 2.5),
        Figure(
            "MPD, six timelines",
            best_ms(lambda: parse(different, URL)),
            "lxml, parse only",
            best_ms(lambda: etree.fromstring(different.encode())),
            2.5,
        ),
        Figure("playlist, one new", one_new, "ours, as a whole", plain_ms, 0.2),
        Figure("playlist, one new", one_new, "m3u8, all of it", best_ms(lambda: m3u8.loads(after, uri=URL)), None),
        *beside,
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


def versions() -> str:
    """What is measured beside ours."""
    found = [f"{name} {metadata.version(name)}" for name in ("lxml", "m3u8", "mpegdash")]
    for name in ("mpd-parser", "m3u8-parser"):
        package = NODE_PACKAGES / name / "package.json"
        if package.is_file():
            found.append(f"{name} {json.loads(package.read_text(encoding='utf-8'))['version']}")
    return ", ".join(found)


def main() -> int:
    figures = measure()
    print(versions())
    print(f"{'':24}{'ours ms':>9}  {'beside':22}{'ms':>9}{'ratio':>8}{'limit':>7}")
    for figure in figures:
        limit = "-" if figure.limit is None else f"{figure.limit:g}"
        note = "  missed" if figure.missed else ""
        ours = f"{figure.name:24}{figure.ours_ms:9.1f}"
        print(f"{ours}  {figure.rival:22}{figure.theirs_ms:9.1f}{figure.ratio:8.2f}{limit:>7}{note}")
    return int(any(figure.missed for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
