"""``matinee qa cdn URL --hosts A,B``: the same segments from several CDNs in turns, and a verdict."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from ui.cli.conditions import verdict_on
from ui.cli.options import add_fail_on_argument, whole_number
from ui.cli.web_options import add_connection_arguments, conditions_of, connect_of, marked, web_of

if TYPE_CHECKING:
    from player.manifest.model import Presentation
    from player.net.model import Transport
    from player.qa.cdn.hosts import Places
    from player.qa.cdn.probe import Probe
    from player.qa.cdn.verdict import CdnStanding, CdnVerdict, Figure

_SEGMENTS = 10
_FIGURES = {
    "errors": "of all CDNs",
    "wrong_bytes": "segments that differ from those of most CDNs",
    "misses": "answers that caches did not have",
    "slowest_mbps": "the median of the slowest CDN",
    "first_byte_ms": "the median of the CDN that is the last to answer, over an open connection",
}
_HEAD = ("", "connect", "TLS", "first byte, cold", "warm", "Mbit/s (95 % interval)", "5 %", "95 %", "cache", "errors")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa cdn --help``."""
    parser.add_argument("source", metavar="URL", help="an HLS or DASH manifest")
    parser.add_argument(
        "--hosts", metavar="A,B,C", default="", help="HOST[:PORT] or http://HOST (default: the manifest's pathways)"
    )
    parser.add_argument("--segments", type=whole_number, default=_SEGMENTS, metavar="N", help="how many (default 10)")
    parser.add_argument("--repeats", type=whole_number, default=1, metavar="N", help="how often each (default 1)")
    parser.add_argument("--rung", type=whole_number, metavar="N", help="of this rung (default: the middle one)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_fail_on_argument(parser)
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compare. 1 where a CDN failed or gave other bytes than most."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.cdn.verdict import verdict
    from ui.cli.inspect_load import load

    conditions = conditions_of(args, _FIGURES)
    presentation = load(args.source, base=None, now_s=time.time(), connect=connect_of(args))
    places = _places(asyncio.run(_steered(presentation, args)), args)
    if len(places) < 2 or not all(places.values()):
        raise InputError(ErrorCode.INPUT_USAGE, "Name two hosts or more (--hosts): the manifest itself has fewer.")
    found = verdict(asyncio.run(_probe(places, args)))
    if args.json:
        print(json.dumps(_document(found), indent=1))
    else:
        _tell(found)
    return verdict_on(conditions, _figures(found)) if found.good else int(ExitCode.FAILED)


def _figures(found: CdnVerdict) -> dict[str, float]:
    rates = [0.0 if each.bps is None else each.bps.median / 1e6 for each in found.standings]
    waits = [math.inf if (wait := each.warm_first_byte_s) is None else wait.median * 1000 for each in found.standings]
    return {
        "errors": float(sum(sum(each.errors.values()) for each in found.standings)),
        "wrong_bytes": float(sum(len(each.wrong) for each in found.standings)),
        "misses": float(sum(each.misses for each in found.standings)),
        "slowest_mbps": min(rates),
        "first_byte_ms": max(waits),
    }


def _places(presentation: Presentation, args: argparse.Namespace) -> Places:
    from player.qa.cdn.hosts import on_hosts, on_pathways, rendition_to_compare

    rendition = rendition_to_compare(presentation, args.rung)
    hosts = [host for host in args.hosts.split(",") if host]
    return on_hosts(rendition, hosts, args.segments) if hosts else on_pathways(rendition, args.segments)


async def _steered(presentation: Presentation, args: argparse.Namespace) -> Presentation:
    """With the pathways that its steering manifest adds."""
    if args.hosts or presentation.steering is None:
        return presentation
    from player.base.clock import SystemClock
    from player.manifest.steering import parse_steering, with_clones
    from player.net.gate import Gate
    from player.net.model import Request, RequestKind

    gate = Gate(connect_of(args)(), SystemClock()).led_by(args.source)
    try:
        response = await gate.fetch(Request(RequestKind.STEERING, presentation.steering.server_uri))
    finally:
        await gate.close()
    return with_clones(presentation, parse_steering(response.body, response.url).clones)


async def _probe(places: Places, args: argparse.Namespace) -> list[Probe]:
    from player.net.http import HttpTransport
    from player.qa.cdn.probe import compare

    options = web_of(args)

    def connect() -> Transport:
        return marked(HttpTransport(ca_file=args.ca_file, web=options), args)

    total, done, terminal = 2 * len(places) * min(map(len, places.values())) * args.repeats, 0, sys.stderr.isatty()

    def progress(_found: Probe) -> None:
        nonlocal done
        done += 1
        if terminal:
            print(f"\r{done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)

    led_by = "" if args.hosts else args.source  # hosts that are named by hand may be local
    return await compare(places, connect, repeats=args.repeats, on_probe=progress, led_by=led_by)


def _tell(found: CdnVerdict) -> None:
    rows = [_HEAD, *(_row(each) for each in found.standings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for sentence in found.sentences:
        print(sentence)


def _row(each: CdnStanding) -> tuple[str, ...]:
    rate = each.bps
    known = each.hits + each.misses
    return (
        each.host,
        _ms(each.tcp_s),
        _ms(each.tls_s),
        _ms(each.cold_first_byte_s),
        _ms(each.warm_first_byte_s),
        "-" if rate is None else f"{rate.median / 1e6:.1f} ({rate.low / 1e6:.1f} to {rate.high / 1e6:.1f})",
        "-" if rate is None else f"{rate.p5 / 1e6:.1f}",
        "-" if rate is None else f"{rate.p95 / 1e6:.1f}",
        f"{each.hits} of {known} hit" if known else "does not say",
        str(sum(each.errors.values())),
    )


def _ms(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.median * 1000:.1f} ms"


def _document(found: CdnVerdict) -> dict[str, object]:
    return {
        "version": 1,
        "good": found.good,
        "sentences": list(found.sentences),
        "hosts": [asdict(each) for each in found.standings],
    }
