"""Forty-five ways in which a CDN lies, on video and audio, over HLS and DASH.

The table says what is found, what the player does, and what the run says. ``python -m tests.lies`` plays them in
virtual time and prints it for ``docs/measurements/qa.md``.

Exit code 1 where a run passes in silence (nothing found and nothing said), where one crashes, and where the title is
not played whole without a lie. Exit code 2 for a lie that is not here.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from player.base.errors import ErrorCode
from player.net.faults import FaultPlan
from player.playback.settings import PlaybackSettings
from player.qa.explanations import why_delivery
from player.qa.outcome import RunOutcome, outcome_of
from player.qa.picture.compare import compare
from player.qa.picture.measure import MediaFigures, measure
from player.qa.picture.tape import Tapes
from player.qa.picture.verdict import document
from player.qa.plan import QaPlan
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.qa.simulation.run import run_virtual
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

MANIFESTS = {"HLS": "master.m3u8", "DASH": "manifest.mpd"}
FILES = {"video": "*seg-[012]-003*", "audio": "*seg-[34]-003*"}
HONEST = {"fault": {"type": "headers", "set": {"access-control-allow-origin": "*", "etag": '"first"'}}}
INITS = {"video": "*init-[012]*", "audio": "*init-[34]*"}


@dataclass(frozen=True)
class Lie:
    """``rules`` are faults on the third of six segments, unless they say otherwise; ``{init}`` in a pattern is that
    of the initialisation segments."""

    name: str
    rules: tuple[dict[str, Any], ...]
    match: str = "segment"


def lie(name: str, **fault: Any) -> Lie:
    return Lie(name, ({"fault": fault},))


LIES = (
    lie("the segment before", type="other", offset=-1),
    lie("two segments before", type="other", offset=-2),
    lie("the next segment", type="other", offset=1),
    lie("two segments on", type="other", offset=2),
    Lie(
        "neighbours swapped",
        ({"fault": {"type": "other", "offset": 1}}, {"fault": {"type": "other", "offset": -1}, "next": True}),
    ),
    lie("the first segment again", type="other", **{"from": "-003", "to": "-001"}),
    lie("another picture or sound under the right clock", type="other", **{"from": "seg-", "to": "foreign/seg-"}),
    lie("another rung or language", type="other", **{"from": "seg-", "to": "swapped/seg-"}),
    lie("the other medium", type="other", **{"from": "seg-", "to": "crossed/seg-"}),
    lie("the initialisation segment in its place", type="other", **{"from": "seg-", "to": "inits/seg-"}),
    lie("nothing, with status 200", type="body", text="", content_type="video/mp4"),
    lie("a web page", type="body"),
    lie("a web page called video/mp4", type="body", content_type="video/mp4"),
    lie("JSON", type="body", text='{"error": "quota"}', content_type="application/json"),
    lie("XML", type="body", text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml"),
    lie("the word OK", type="body", text="OK", content_type="text/plain"),
    lie("zeros", type="body", text="\0" * 5000, content_type="video/mp4"),
    lie("half of it, well formed", type="truncate", after_bytes=2500),
    lie("a hundred bytes of it", type="truncate", after_bytes=100),
    lie("cut off once", type="cut", after_bytes=5000),
    lie("reset by the server", type="reset", after_bytes=5000),
    lie("the first box broken", type="corrupt", at_byte=0, length=8),
    lie("the times broken", type="corrupt", at_byte=60, length=120),
    lie("a thousand bytes broken", type="corrupt", at_byte=1500, length=1000),
    lie("200 bytes flipped", type="flip", count=200),
    lie("20 bytes flipped", type="flip", count=20),
    lie("another content type", type="headers", set={"content-type": "text/html"}),
    lie("no CORS", type="headers", remove=["access-control-allow-origin"]),
    lie("falsely compressed", type="gzip"),
    lie("a part for the whole", type="range", shift=0),
    lie("another range", type="range", shift=4096),
    Lie(
        "replaced in mid-body",
        (
            {"count": 1, "fault": {"type": "cut", "after_bytes": 5000}},
            {"fault": {"type": "headers", "set": {"etag": '"another"'}}, "skip": 1},
        ),
    ),
    lie("404", type="status", status=404),
    lie("410", type="status", status=410),
    lie("403", type="status", status=403),
    lie("500", type="status", status=500),
    Lie("503 three times", ({"count": 3, "fault": {"type": "status", "status": 503}},)),
    lie("204 for a body", type="status", status=204),
    lie("429", type="status", status=429),
    lie("a trickle", type="trickle", after_bytes=2000, bytes_per_s=4),
    lie("silence in mid-body", type="stall", after_bytes=5000),
    lie("a slow first byte", type="delay", seconds=5),
    lie("refused", type="refuse"),
    lie("an expired certificate", type="tls"),
    Lie(
        "another initialisation segment",
        ({"fault": {"type": "other", "from": "init-", "to": "swapped/init-"}},),
        "init",
    ),
)
assert len(LIES) == 45


def prepared(folder: Path) -> None:
    """The title, and beside it what takes the place of its files."""
    shutil.copytree(media.ffmpeg_dash().folder, folder, dirs_exist_ok=True)
    swaps = {"0": "1", "1": "0", "2": "0", "3": "4", "4": "3"}
    crosses = {"0": "3", "1": "3", "2": "3", "3": "0", "4": "0"}
    for name in ("foreign", "swapped", "crossed", "inits"):
        (folder / name).mkdir(exist_ok=True)
    for stream in swaps:
        place = folder / f"seg-{stream}-003.m4s"
        later = (folder / f"seg-{stream}-006.m4s").read_bytes()
        (folder / "foreign" / place.name).write_bytes(with_time_of(later, place.read_bytes()))
        shutil.copy(folder / f"seg-{swaps[stream]}-003.m4s", folder / "swapped" / place.name)
        shutil.copy(folder / f"seg-{crosses[stream]}-003.m4s", folder / "crossed" / place.name)
        shutil.copy(folder / f"init-{stream}.mp4", folder / "inits" / place.name)
        shutil.copy(folder / f"init-{crosses[stream]}.mp4", folder / "swapped" / f"init-{stream}.mp4")


def with_time_of(segment: bytes, other: bytes) -> bytes:
    """A segment with the tfdt of another one (ISO/IEC 14496-12 8.8.12)."""
    here, there = segment.index(b"tfdt"), other.index(b"tfdt")
    size = 4 + (8 if other[there + 4] else 4)
    start, source = here + 8, there + 8
    return segment[:start] + other[source : source + size - 4] + segment[start + size - 4 :]


@dataclass(frozen=True)
class Row:
    lie: str
    medium: str
    protocol: str
    found: str
    did: str
    verdict: str
    silent: bool
    crash: str = ""


def rows(folder: Path, names: tuple[str, ...] = ()) -> Iterator[Row]:
    """A row for each lie, medium and protocol."""
    prepared(folder)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    with FileServer(folder) as server:
        for protocol, manifest in MANIFESTS.items():
            source = PlaybackSource(url=server.url(manifest))
            wanted = _reference(source, work / f"reference-{protocol}")
            for each in LIES:
                for medium in FILES:
                    if not names or each.name in names:
                        try:
                            yield _row(each, medium, protocol, source, wanted, work)
                        except Exception as error:  # noqa: BLE001  (the other rows are worth having)
                            crash = f"{type(error).__name__}: {error}"
                            yield Row(each.name, medium, protocol, "", "", "crashed", silent=False, crash=crash)


def _spec(source: PlaybackSource, faults: FaultPlan | None = None) -> RunSpec:
    settings = PlaybackSettings(start_s=0.0, rung=1, fresh=True, buffer_s=10.0)
    return RunSpec(Labels("lie"), source, settings, faults=faults, limit_s=300.0)


def _reference(source: PlaybackSource, folder: Path) -> tuple[Path, MediaFigures]:
    report, path = _taped(_spec(source), folder)
    lost = {name: seconds for name, seconds in report["continuity"]["lost_s"].items() if seconds}
    if _said(report) or lost or report["result"]["status"] != "ended":
        raise ValueError(f"the title is not played whole without a lie: {_found(report)}; {_did(report)}")
    return path, measure(path)


def _taped(spec: RunSpec, folder: Path) -> tuple[dict[str, Any], Path]:
    from player.net.faults import FaultyTransport
    from player.net.shaping import ShapedTransport
    from player.qa.simulation.origin import OriginTransport
    from player.qa.simulation.run import DEFAULT_LINK, open_origin

    folder.mkdir(parents=True, exist_ok=True)
    tapes, bench = Tapes(folder), Bench(folder)
    origin = open_origin(bench)

    def network(loop: Any, clock: Any) -> Any:
        shaped = ShapedTransport(OriginTransport(origin, loop), clock, DEFAULT_LINK)
        return shaped if spec.faults is None else FaultyTransport(shaped, clock, spec.faults)

    try:
        report = run_virtual(spec, bench, network, around=tapes.around)
    finally:
        tapes.close()
        origin.close()
    return report, max(tapes.paths, key=lambda path: path.stat().st_size, default=folder / "none")


def _row(
    each: Lie, medium: str, protocol: str, source: PlaybackSource, wanted: tuple[Path, MediaFigures], work: Path
) -> Row:
    rules: list[dict[str, Any]] = [HONEST]
    for rule in each.rules:
        rule = dict(rule)
        path = INITS[medium] if each.match == "init" else FILES[medium]
        path = path.replace("003", "004") if rule.pop("next", False) else path
        rules.append({"match": {"path": path}, **rule})
    faults = FaultPlan.parse({"version": 1, "rules": rules})
    report, tape = _taped(_spec(source, faults), work / "own")
    if tape.is_file() and not _said(report):
        own = measure(tape)
        report["media"] = document(own, wanted[1], compare(tape, wanted[0], own.duration_s, vmaf=False))
        report["continuity"]["decode_errors"] = own.decode_errors
    plan = QaPlan("lies", "", virtual=True, runs=(), thresholds=())
    outcome = outcome_of(plan, [RunResult(Labels("lie"), report)])
    found = _said(report)
    silent = outcome.passed and not found and not why_delivery(report) and not report["recoveries"]
    verdict, crash = _verdict(outcome.runs[0]), _crash(report)
    return Row(each.name, medium, protocol, _found(report), _did(report), verdict, silent, crash)


def _crash(report: dict[str, Any]) -> str:
    """What our own code did wrong in a run, which proves nothing of the lie."""
    failure = report["result"]["error"]
    told = [*report["errors"], *(() if failure is None else (failure,))]
    return next((each["sentence"] for each in told if each["code"] == ErrorCode.INTERNAL), "")


def _said(report: dict[str, Any]) -> bool:
    """Whether the run found something without a look at decoded frames."""
    codes = [each["error"] for each in report["requests"] if each["error"]]
    return bool(report["continuity"]["breaks"] or report["errors"] or report["recoveries"] or codes)


def _found(report: dict[str, Any]) -> str:
    told = {each["error"] for each in report["requests"] if each["error"]}
    told |= {each["code"] for each in (*report["recoveries"], *report["continuity"]["breaks"]) if each["code"]}
    failure = report["result"]["error"]
    told |= set() if failure is None else {failure["code"]}
    told |= {each["rule"] for each in report["delivery"]}
    told |= {each["kind"] for each in (report.get("media") or {}).get("findings", ())}
    if report["continuity"]["decode_errors"]:
        told.add("decoder errors")
    return ", ".join(f"`{each}`" if "." in each or "_" in each else each for each in sorted(told)) or "nothing"


def _did(report: dict[str, Any]) -> str:
    done = sorted({each["kind"] for each in report["recoveries"]})
    lost = {name: seconds for name, seconds in report["continuity"]["lost_s"].items() if seconds}
    told = [each.replace("_", " ") for each in done]
    told += [f"{seconds:.1f} s of {name} lost" for name, seconds in lost.items()]
    return "; ".join(told) or "played on"


def _verdict(run: RunOutcome) -> str:
    if not run.passed:
        return "fails"
    return "passes, said" if why_delivery(run.result.report) or run.result.report["recoveries"] else "passes"


def table(found: list[Row]) -> str:
    """Markdown; HLS and DASH share a row where they are alike."""
    lines = ["| lie | medium | protocol | found | player | run |", "|---|---|---|---|---|---|"]
    alike: dict[tuple[str, ...], list[str]] = {}
    for row in found:
        alike.setdefault((row.lie, row.medium, row.found, row.did, row.verdict), []).append(row.protocol)
    order = {each.name: number for number, each in enumerate(LIES)}
    for (name, medium, what, did, verdict), protocols in sorted(
        alike.items(), key=lambda item: (order[item[0][0]], item[0][1] != "video", item[1])
    ):
        lines.append(f"| {name} | {medium} | {', '.join(protocols)} | {what} | {did} | {verdict} |")
    return "\n".join(lines)


def main(names: tuple[str, ...] = ()) -> int:
    unknown = set(names) - {each.name for each in LIES}
    if unknown:
        print(f"no lie is called {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for row in rows(Path(folder), names):
            found.append(row)
            print(f"{row.protocol} {row.medium} {row.lie}: {row.found} / {row.did} / {row.verdict}", file=sys.stderr)
    print(table(found))
    silent, crashed = [row for row in found if row.silent], [row for row in found if row.crash]
    print(f"\n{len(found)} runs, {len(silent)} silent passes, {len(crashed)} crashes")
    for row in silent:
        print(f"SILENT: {row.lie}, {row.medium}, {row.protocol}")
    for row in crashed:
        print(f"CRASHED: {row.lie}, {row.medium}, {row.protocol}: {row.crash}")
    return 0 if found and not silent and not crashed else 1


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
