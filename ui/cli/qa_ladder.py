"""``matinee qa ladder URL``: every rung looked into, segment by segment, and held against the manifest."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ui.cli.conditions import verdict_on
from ui.cli.options import add_fail_on_argument, add_stills_argument, whole_number
from ui.cli.web_options import add_connection_arguments, conditions_of, connect_of

if TYPE_CHECKING:
    from player.manifest.model import Presentation
    from player.net.model import Transport
    from player.qa.ladder.rules import LadderFinding, MeasuredRung


_FIGURES = {"findings": "rules that are broken", "warnings": "those that hardly matter"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa ladder --help``."""
    parser.add_argument("source", metavar="URL|FILE", help="an HLS or DASH manifest")
    parser.add_argument("--segments", type=whole_number, default=0, metavar="N", help="of each rung (default: all)")
    parser.add_argument("--no-decode", action="store_true", help="look into the segments, and decode none")
    parser.add_argument("--key", action="append", default=[], metavar="KID:KEY", help="a known content key, in hex")
    parser.add_argument("--licence-url", metavar="URL", help="a ClearKey licence server")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_stills_argument(parser)
    add_fail_on_argument(parser)
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and judge. 1 where a rule is broken that matters, or a condition of ``--fail-on`` holds."""
    from player.base.errors import ExitCode
    from player.qa.ladder.rules import findings, why_ladder
    from ui.cli.inspect_load import load
    from ui.cli.play_setup import known_key

    conditions = conditions_of(args, _FIGURES)
    keys = [known_key(text) for text in args.key]
    presentation = load(args.source, base=None, now_s=time.time(), connect=connect_of(args))
    ladder, trouble = asyncio.run(measured(presentation, args, keys))
    found = findings(ladder, stills=args.stills)
    told = why_ladder(ladder, found)
    if args.json:
        print(json.dumps(_document(ladder, found, told), indent=1))
    else:
        _tell(ladder, found, told)
    if trouble:
        print(f"matinee: no licence: {trouble}", file=sys.stderr)
    errors = sum(each.severity == "error" for each in found)
    verdict = verdict_on(conditions, {"findings": float(len(found)), "warnings": float(len(found) - errors)})
    return int(ExitCode.FAILED) if errors or trouble else verdict


async def measured(
    presentation: Presentation, args: argparse.Namespace, known: Sequence[tuple[bytes, bytes]]
) -> tuple[list[MeasuredRung], str]:
    """The measured ladder, and why a licence was not available."""
    from player.base.clock import SystemClock
    from player.net.gate import Gate
    from player.qa.ladder.keys import SweepKeys
    from player.qa.ladder.sweep import sweep

    asked = Gate(_transport(args), SystemClock())
    gate = asked.led_by(args.source)
    keys = SweepKeys(presentation, gate, asked, known, args.licence_url)
    terminal = sys.stderr.isatty()

    def progress(text: str) -> None:
        if terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    try:
        decode = not args.no_decode
        found = await sweep(presentation, gate, keys, limit=args.segments, decode=decode, on_progress=progress)
        return found, keys.trouble
    finally:
        keys.forget()
        progress("")
        await gate.close()


def _transport(args: argparse.Namespace) -> Transport:
    from player.net.routing import RoutingTransport
    from ui.cli.play_setup import local_folder
    from ui.cli.web_options import marked, web_of

    inner = RoutingTransport(folder=local_folder(args.source), ca_file=args.ca_file, web=web_of(args))
    return marked(inner, args)


def _tell(ladder: Sequence[MeasuredRung], found: Sequence[LadderFinding], told: Sequence[str]) -> None:
    print(f"{'rendition':<28}{'segments':>9}{'declared':>12}{'mean':>10}{'peak':>10}  Mbit/s")
    for each in ladder:
        rates = (each.rendition.bandwidth_bps or None, each.mean_bps, each.peak_bps)
        cells = "".join(
            f"{'-' if bps is None else f'{bps / 1e6:.2f}':>{width}}"
            for bps, width in zip(rates, (12, 10, 10), strict=True)
        )
        print(f"{each.name[:27]:<28}{len(each.facts):>9}{cells}")
    for finding in found:
        place = finding.rendition if finding.segment is None else f"{finding.rendition}, segment {finding.segment}"
        print(f"{finding.severity:<8}{finding.rule}: {place}: {finding.sentence}")
    for sentence in told[:1] if found else told:  # the findings are there already
        print(sentence)
    if found:
        print(f"{len(found)} findings")


def _document(ladder: Sequence[MeasuredRung], found: Sequence[LadderFinding], told: Sequence[str]) -> dict[str, Any]:
    return {
        "version": 1,
        "good": all(each.severity != "error" for each in found),
        "why": list(told),
        "renditions": [
            {
                "name": each.name,
                "period": each.period,
                "type": str(each.type),
                "id": each.rendition.id,
                "declared_bps": each.rendition.bandwidth_bps,
                "mean_bps": _rounded(each.mean_bps),
                "peak_bps": _rounded(each.peak_bps),
                "frame_rate": _rounded(each.frame_rate, 3),
                "segments": [
                    {
                        "number": facts.position + 1,
                        "bytes": facts.size,
                        "start_s": _rounded(facts.start_s, 4),
                        "duration_s": _rounded(facts.duration_s, 4),
                        "samples": facts.samples,
                        "decoded": facts.decoded,
                        "codec": facts.codec,
                    }
                    for facts in each.facts
                ],
            }
            for each in ladder
        ],
        "findings": [
            {
                "rule": str(each.rule),
                "severity": each.severity,
                "rendition": each.rendition,
                "segment": each.segment,
                "sentence": each.sentence,
            }
            for each in found
        ],
    }


def _rounded(value: float | None, digits: int = 0) -> float | None:
    return None if value is None else round(value, digits)
