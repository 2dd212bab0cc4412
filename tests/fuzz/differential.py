"""Differential fuzzing: the same made-up manifests read by us and by independent readers, segment by segment.

``python -m tests.fuzz.differential [--cases 10000] [--seed 1]`` makes valid manifests with whatever the standards
allow in them and compares addresses, lengths and byte ranges with ``m3u8`` and ``mpegdash`` (Python) and with
``m3u8-parser`` and ``mpd-parser`` (npm, where ``.cache/npm`` has them). Differences that are explained stand in
:data:`KNOWN`; any other one is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import m3u8
from mpegdash.parser import MPEGDASHParser

from player.manifest import parse
from player.manifest.edit import iter_renditions
from player.manifest.model import Segment, loaded_segments

URL = "https://example.org/title/deep/manifest"
NPM = Path(__file__).resolve().parents[2] / ".cache" / "npm" / "node_modules"
_DIGITS = 3  # of seconds: readers add up floats each in its own order

Row = tuple[str, float, str]
"""A segment: address, seconds, byte range as ``first-last`` (empty for none)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One manifest. ``traits`` are what it has in it, by which known differences are told."""

    protocol: str
    text: str
    traits: frozenset[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two readers that do not agree."""

    reader: str
    case: Case
    ours: object
    theirs: object


# What is explained: the reader, the trait of the manifests on which it differs, and why ours is right.
KNOWN = {
    ("m3u8", "range-without-offset"): "m3u8 leaves the offset out; RFC 8216bis 4.4.4.2 has it counted on.",
    ("m3u8-parser", "extinf-0"): "m3u8-parser takes a length of 0 for none: it puts 0.01 s there.",
    ("mpd-parser", "repeat-to-end"): "mpd-parser counts r=-1 to @mediaPresentationDuration, not to the period's end.",
    ("mpd-parser", "end-number"): "mpd-parser does not know @endNumber (5.3.9.5.3).",
    ("mpd-parser", "last-short"): "mpd-parser rounds the length of the last segment with the period's start.",
}


# -- making ---------------------------------------------------------------------------------------------------------


def playlist(chance: random.Random) -> Case:
    """A media playlist."""
    traits: set[str] = set()
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{chance.randint(3, 9)}", "#EXT-X-TARGETDURATION:11"]
    if chance.random() < 0.5:
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{chance.randint(0, 10**6)}")
    if chance.random() < 0.2:
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{chance.randint(0, 99)}")
    ranged, place = chance.random() < 0.3, 0
    for number in range(chance.randint(1, 12)):
        if chance.random() < 0.15 and number:
            lines.append("#EXT-X-DISCONTINUITY")
        if chance.random() < 0.2:
            lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="key-{number}",IV=0x{number:032x}')
        if chance.random() < 0.1:
            lines.append(f'#EXT-X-MAP:URI="init-{number}.mp4"')
        if chance.random() < 0.1:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:2024-01-0{chance.randint(1, 9)}T00:00:00.000Z")
        if chance.random() < 0.1:
            lines.append(chance.choice(["# a comment", "", "#EXT-X-OWN-TAG:1", "#EXT-X-GAP", "#EXT-X-CUE-OUT:3"]))
        if ranged:
            length = chance.randint(1, 10**6)
            if number and chance.random() < 0.4:
                traits.add("range-without-offset")
                lines.append(f"#EXT-X-BYTERANGE:{length}")
            else:
                place = chance.randint(0, 10**6)
                lines.append(f"#EXT-X-BYTERANGE:{length}@{place}")
        seconds = chance.choice(["10", "9.009", "2.5", "0.04", "10.0", "3.003003"])
        seconds = "0" if chance.random() < 0.01 else seconds
        if seconds == "0":
            traits.add("extinf-0")
        lines.append(f"#EXTINF:{seconds},{chance.choice(['', 'title', 'a, b'])}")
        names = [f"seg{number}.ts", f"../up/{number}.ts?a=b&c", f"https://cdn.test/{number}.m4s", f"/r/{number}"]
        name = chance.choice(names)
        lines.append("all.mp4" if ranged else name)
    if chance.random() < 0.7:
        lines.append("#EXT-X-ENDLIST")
    return Case("hls", "\n".join(lines) + "\n", frozenset(traits))


def mpd(chance: random.Random) -> Case:
    """A static MPD of one or two periods with one set each."""
    traits: set[str] = set()
    periods = []
    for number in range(chance.randint(1, 2)):
        seconds = chance.choice([8, 10, 20])
        addressing = _addressing(chance, seconds, traits)
        base = chance.choice(["", "<BaseURL>media/</BaseURL>", "<BaseURL>https://cdn.test/v/</BaseURL>"])
        outside = chance.random() < 0.5
        representation = '<Representation id="v1" bandwidth="90000" width="640" height="360" codecs="avc1.4d401f">'
        representation += ("" if outside else addressing) + "</Representation>"
        periods.append(
            f'<Period id="p{number}" duration="PT{seconds}S">{base}<AdaptationSet mimeType="video/mp4" '
            f'contentType="video">{addressing if outside else ""}{representation}</AdaptationSet></Period>'
        )
    total = "".join(periods)
    if total.count("<SegmentTimeline>") == len(periods):
        traits.add("timelines-only")
    text = f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="p" minBufferTime="PT2S">{total}</MPD>'
    return Case("dash", text, frozenset(traits))


def _addressing(chance: random.Random, seconds: int, traits: set[str]) -> str:
    scale = chance.choice([1, 1000, 90000])
    offset = chance.choice([0, 0, 5 * scale])
    more = f' presentationTimeOffset="{offset}"' if offset else ""
    first = chance.choice([0, 1, 7])
    form = chance.choice(["number", "timeline", "timeline", "list"])
    if form == "list":
        length = chance.choice([2, 4])
        count = -(-seconds // length)
        entries = "".join(f'<SegmentURL media="s{number}.m4s"/>' for number in range(count))
        if seconds % length:
            traits.add("last-short")
        return f'<SegmentList timescale="{scale}" duration="{length * scale}">{entries}</SegmentList>'
    width = chance.choice(["", "%05d"])
    media = f"$RepresentationID$-$Number{width}$.m4s" if form == "number" or chance.random() < 0.5 else "$Time$.m4s"
    attributes = f'timescale="{scale}" media="{media}" initialization="init.mp4" startNumber="{first}"{more}'
    if form == "number":
        length = chance.choice([2, 4, 3])
        if seconds % length:
            traits.add("last-short")
        if chance.random() < 0.2:
            traits.add("end-number")
            attributes += f' endNumber="{first + 1}"'
        return f'<SegmentTemplate {attributes} duration="{length * scale}"/>'
    rows, time = [], offset
    left = seconds * scale
    while left > 0:
        length = min(chance.choice([2, 4]) * scale, left)
        repeat = min(chance.randint(0, 2), left // length - 1)
        start = f't="{time}" ' if not rows or chance.random() < 0.3 else ""
        again = f' r="{repeat}"' if repeat else ""
        if repeat == 0 and left == length and chance.random() < 0.2:
            again = ' r="-1"'
            traits.add("repeat-to-end")
        rows.append(f'<S {start}d="{length}"{again}/>')
        time += length * (repeat + 1)
        left -= length * (repeat + 1)
    return f"<SegmentTemplate {attributes}><SegmentTimeline>{''.join(rows)}</SegmentTimeline></SegmentTemplate>"


def cases(count: int, seed: int) -> list[Case]:
    """Made-up manifests of both protocols in turn; the same for the same seed."""
    chance = random.Random(seed)
    return [(playlist if number % 2 else mpd)(chance) for number in range(count)]


# -- reading --------------------------------------------------------------------------------------------------------


def ours(case: Case) -> list[Row]:
    """Every segment, period by period."""
    rows: list[Row] = []
    for _, _, rendition in iter_renditions(parse(case.text, URL)):
        index = loaded_segments(rendition.segments)
        rows += [(segment.url, round(segment.duration_s, _DIGITS), _range(segment)) for segment in index or ()]
    return rows


def _range(segment: Segment) -> str:
    part = segment.byte_range
    return "" if part is None else f"{part.start}-{(part.end or 0) - 1}"


def by_m3u8(case: Case) -> list[Row]:
    """The segments as the Python library m3u8 has them."""
    rows = []
    for segment in m3u8.loads(case.text, uri=URL).segments:
        length, _, start = (segment.byterange or "").partition("@")
        shown = f"{start}-{int(start) + int(length) - 1}" if start else length
        rows.append((str(segment.absolute_uri), round(segment.duration or 0.0, _DIGITS), shown))
    return rows


def by_mpegdash(case: Case) -> list[float]:
    """Lengths of a timeline's segments, as far as the library mpegdash reads: it expands no template."""
    lengths: list[float] = []
    for period in MPEGDASHParser.parse(case.text).periods:
        for adaptation in period.adaptation_sets:
            for representation in adaptation.representations:
                templates = representation.segment_templates or adaptation.segment_templates or ()
                for template in templates:
                    for timeline in template.segment_timelines or ():
                        for item in timeline.Ss:
                            repeats = 1 if (item.r or 0) < 0 else (item.r or 0) + 1
                            lengths += [round(item.d / template.timescale, _DIGITS)] * repeats
    return lengths


_SCRIPT = """
const fs = require('fs'), folder = process.argv[1];
const {parse} = require(folder + '/mpd-parser'), {Parser} = require(folder + '/m3u8-parser');
console.warn = console.info = console.log;
const range = (r) => r ? `${r.offset}-${Number(r.offset) + Number(r.length) - 1}` : '';
const found = [];
for (const one of JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))) {
  try {
    if (one.protocol === 'hls') {
      const reader = new Parser(); reader.push(one.text); reader.end();
      found.push(reader.manifest.segments.map((s) => [new URL(s.uri, one.url).href, s.duration, range(s.byterange)]));
    } else {
      const playlists = parse(one.text, {manifestUri: one.url, eventHandler: () => {}}).playlists;
      found.push(playlists.flatMap((p) => p.segments.map((s) => [s.resolvedUri, s.duration, range(s.byterange)])));
    }
  } catch (error) { found.push(String(error.message)); }
}
fs.writeFileSync(process.argv[3], JSON.stringify(found));
"""


def by_npm(wanted: Sequence[Case]) -> list[list[Row] | str] | None:
    """The segments as m3u8-parser and mpd-parser have them, an error's text where they refuse; None where they are
    not installed."""
    node = shutil.which("node")
    if node is None or not all((NPM / name).is_dir() for name in ("mpd-parser", "m3u8-parser")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "asked.json"), Path(folder, "answered.json")
        documents = [{"protocol": case.protocol, "text": case.text, "url": URL} for case in wanted]
        asked.write_text(json.dumps(documents), encoding="utf-8")
        command = [node, "-e", _SCRIPT, str(NPM), str(asked), str(answered)]
        subprocess.run(command, check=True, timeout=500, stdout=subprocess.DEVNULL)
        found: list[Any] = json.loads(answered.read_text(encoding="utf-8"))
    return [
        rows if isinstance(rows, str) else [(url, round(length, _DIGITS), part) for url, length, part in rows]
        for rows in found
    ]


# -- comparing ------------------------------------------------------------------------------------------------------


def compare(wanted: Sequence[Case], npm: Sequence[list[Row] | str] | None) -> Iterable[Difference]:
    """Every case on which a reader does not agree with us."""
    for number, case in enumerate(wanted):
        mine = ours(case)
        if case.protocol == "hls":
            theirs: object = by_m3u8(case)
            if theirs != mine:
                yield Difference("m3u8", case, mine, theirs)
        elif "timelines-only" in case.traits:
            lengths, expected = [length for _, length, _ in mine], by_mpegdash(case)
            if lengths != expected:
                yield Difference("mpegdash", case, lengths, expected)
        if npm is not None and npm[number] != mine:
            yield Difference("m3u8-parser" if case.protocol == "hls" else "mpd-parser", case, mine, npm[number])


def explained(difference: Difference) -> str | None:
    """Why a difference is none of ours; None where nobody knows."""
    for trait in sorted(difference.case.traits):
        if (difference.reader, trait) in KNOWN:
            return KNOWN[difference.reader, trait]
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wanted = cases(arguments.cases, arguments.seed)
    npm = by_npm(wanted)
    if npm is None:
        print("m3u8-parser and mpd-parser are left out: .cache/npm does not have them")
    known: Counter[str] = Counter()
    unknown = []
    for difference in compare(wanted, npm):
        reason = explained(difference)
        if reason is None:
            unknown.append(difference)
        else:
            known[f"{difference.reader}: {reason}"] += 1
    print(f"{len(wanted)} cases, {len(unknown)} differences without an explanation")
    for sentence, count in known.most_common():
        print(f"{count:6}  {sentence}")
    for difference in unknown[:5]:
        print(f"\n{difference.reader}\n{difference.case.text}\nours   {difference.ours}\ntheirs {difference.theirs}")
    return int(bool(unknown))


if __name__ == "__main__":
    sys.exit(main())
