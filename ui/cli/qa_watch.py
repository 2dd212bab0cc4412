"""``matinee qa watch URL``: a live manifest followed, each refresh compared, each broken rule named."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.conditions import verdict_on
from ui.cli.options import add_fail_on_argument, positive
from ui.cli.web_options import add_connection_arguments, conditions_of, connect_of

if TYPE_CHECKING:
    from player.manifest.model import Presentation
    from player.qa.watch import Compare, Refresh

_FOR_S = 60.0
_FIGURES = {"refreshes": "how many there were", "bad": "those that broke a rule or was not available"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa watch --help``."""
    parser.add_argument("source", metavar="URL", help="a live HLS or DASH manifest")
    parser.add_argument(
        "--for", dest="for_s", type=positive, default=_FOR_S, metavar="S", help="how long (default 60)"
    )
    parser.add_argument(
        "--every", type=positive, metavar="S", help="between refreshes (default: as the manifest asks)"
    )
    parser.add_argument(
        "--whole", action="store_true", help="no blocking reload, delta update or patch, also where they are offered"
    )
    parser.add_argument(
        "--record", metavar="FILE", type=Path, help="keep manifests and media of every quality in FILE, for plans"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document at the end")
    add_fail_on_argument(parser)
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Follow it. 1 where a refresh broke a rule or was not available, where there was none to judge, and where a list
    brought nothing new."""
    import time

    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.watch import silent, why_watch
    from ui.cli.inspect_load import load

    conditions = conditions_of(args, _FIGURES)
    presentation = load(args.source, base=None, now_s=time.time(), connect=connect_of(args))
    if not presentation.live:
        raise InputError(ErrorCode.INPUT_USAGE, "This is no live manifest: there is nothing to watch.")
    found = asyncio.run(
        followed(presentation, args, args.for_s) if args.record is None else _recorded(presentation, args)
    )
    bad = [each for each in found if not each.good]
    judged = bool(found) and not silent(found)
    told = why_watch(found)
    if args.json:
        rows = [_row(each) for each in found]
        print(json.dumps({"version": 1, "good": judged and not bad, "why": told, "refreshes": rows}, indent=1))
    for sentence in told:
        print(sentence, file=sys.stderr)
    print(f"{len(found)} refreshes, {len(bad)} of them not as they should be", file=sys.stderr)
    figures = {"refreshes": float(len(found)), "bad": float(len(bad))}
    return int(ExitCode.FAILED) if bad or not judged else verdict_on(conditions, figures)


async def followed(
    presentation: Presentation,
    args: argparse.Namespace,
    for_s: float,
    compare: Compare | None = None,
    *,
    at_most_s: float = 0.0,
) -> list[Refresh]:
    """Each refresh of a live manifest, for ``for_s`` seconds, or up to ``at_most_s`` while it is not clear whether
    all lists go on; printed as they come, but for ``--json``. ``compare`` names what else two texts in a row break.
    """
    from player.base.clock import SystemClock
    from player.net.gate import Gate
    from player.net.model import Request, RequestKind
    from player.qa.watch import ManifestWatch

    gate = Gate(connect_of(args)(), SystemClock()).led_by(args.source)

    async def fetch(url: str, held_s: float | None) -> tuple[bytes, str]:
        response = await gate.fetch(Request(RequestKind.MANIFEST, url, first_byte_s=held_s, deadline_s=held_s))
        return response.body, response.url

    found: list[Refresh] = []
    try:
        watch = ManifestWatch(
            presentation, fetch, SystemClock(), args.source, every_s=args.every, whole=args.whole, compare=compare
        )
        async for each in watch.refreshes(for_s, at_most_s=at_most_s):
            found.append(each)
            if not args.json:
                _tell(each)
    finally:
        await gate.close()
    return found


async def _recorded(presentation: Presentation, args: argparse.Namespace) -> list[Refresh]:
    """Each refresh while the stream is kept."""
    from player.base.clock import SystemClock
    from player.qa.recording.channel import ChannelRecorder

    recorder = ChannelRecorder(args.record, connect_of(args)(), SystemClock(), args.source)
    found: list[Refresh] = []
    try:
        async for each in recorder.record(presentation, args.for_s):
            found.append(each)
            if not args.json:
                _tell(each)
    finally:
        await recorder.close()
    return found


def _tell(found: Refresh) -> None:
    from ui.cli.inspect_table import change_lines

    name = (found.name or "manifest") + (f" ({found.how})" if found.how else "")
    lines = [found.trouble] if found.trouble else list(change_lines(found.changes))
    lines += [
        f"rule broken: {rule.sentence} ({rule.code})" for rule in found.broken if rule not in found.changes.broken
    ]
    for line in lines:
        print(f"{found.at_s:8.1f} s  {name}: {line}", flush=True)


def _row(found: Refresh) -> dict[str, Any]:
    from player.manifest.dump import changes_to_json

    return {
        "at_s": round(found.at_s, 3),
        "name": found.name,
        "how": found.how,
        "edge_s": None if found.edge_s is None else round(found.edge_s, 3),
        "trouble": found.trouble,
        "broken": [{"code": each.code, "sentence": each.sentence, "clause": each.clause} for each in found.broken],
        "changes": changes_to_json(found.changes),
    }
