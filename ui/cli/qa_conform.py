"""``matinee qa conform URL``: a stream held against the standards, rule by rule: manifests, segments, refreshes."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ui.cli.options import add_fail_on_argument, seconds, whole_number
from ui.cli.web_options import add_connection_arguments, conditions_of, connect_of, web_of

if TYPE_CHECKING:
    from player.qa.conform.model import ConformanceFinding, Rule

_MOST_PLAYLISTS = 200
_SEGMENTS, _FOR_S = 2, 10.0
_URI = re.compile(r'#EXT-X-(?:MEDIA|I-FRAME-STREAM-INF):[^\n]*URI="([^"]+)"')
_FIGURES = {"broken": "rules that must hold and do not", "advice": "rules that should hold and do not"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa conform --help``."""
    parser.add_argument("source", metavar="URL|FILE", nargs="?", help="an HLS or DASH manifest")
    parser.add_argument("--rules", action="store_true", help="list the rules, as JSON, and check nothing")
    parser.add_argument(
        "--segments",
        type=whole_number,
        default=_SEGMENTS,
        metavar="N",
        help=f"of each rung, to look into (default {_SEGMENTS}; 0: the manifests only)",
    )
    parser.add_argument(
        "--for", dest="for_s", type=seconds, default=_FOR_S, metavar="S", help="follow a live one (default 10 s)"
    )
    parser.add_argument("--key", action="append", default=[], metavar="KID:KEY", help="a known content key, in hex")
    parser.add_argument("--licence-url", metavar="URL", help="a ClearKey licence server")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_fail_on_argument(parser)
    add_connection_arguments(parser)
    parser.set_defaults(no_decode=False, every=None, whole=False)


def run(args: argparse.Namespace) -> int:
    """Check. 1 where a rule is broken that must hold, or a condition of ``--fail-on`` holds. Raises InputError."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.conform.media import MEDIA_RULES
    from player.qa.conform.model import Severity
    from player.qa.conform.rules import RULES, findings
    from ui.cli.conditions import verdict_on

    if args.rules:
        rules: list[Rule] = [*RULES, *MEDIA_RULES.values()]
        print(json.dumps([_rule(rule) for rule in rules], indent=1))
        return 0
    if args.source is None:
        raise InputError(ErrorCode.INPUT_USAGE, "Name a manifest, or --rules.")
    conditions = conditions_of(args, _FIGURES)
    local = None if "://" in args.source else Path(args.source).resolve()
    manifests = asyncio.run(_manifests(args, args.source if local is None else local.as_uri(), local))
    looked: list[str] = []
    found = [*findings(manifests), *(_deeper(args, looked) if args.segments else ())]
    if args.json:
        rows = [
            {**_rule(each.rule), "manifest": each.name, "count": each.count, "found": each.sentence} for each in found
        ]
        document = {"version": 1, "manifests": list(manifests), "looked_into": looked, "findings": rows}
        print(json.dumps(document, indent=1))
    else:
        _tell(found, len(manifests), looked, len(RULES) + len(MEDIA_RULES))
    broken = sum(each.rule.severity is Severity.MUST for each in found)
    figures = {"broken": float(broken), "advice": float(len(found) - broken)}
    return int(ExitCode.FAILED) if broken else verdict_on(conditions, figures)


async def _manifests(args: argparse.Namespace, url: str, local: Path | None) -> dict[str, str]:
    """The text of the manifest, and of every playlist that it names."""
    from player.base.clock import SystemClock
    from player.net.gate import Gate
    from player.net.model import Request, RequestKind
    from player.net.redact import redact_url
    from player.net.routing import RoutingTransport

    folder = None if local is None else local.parent
    transport = RoutingTransport(folder=folder, ca_file=args.ca_file, web=web_of(args))
    gate = Gate(transport, SystemClock()).led_by(url)
    try:
        first = await gate.fetch(Request(RequestKind.MANIFEST, url))
        text = first.body.decode("utf-8", "replace")
        found = {redact_url(url): text}
        for child in _children(text, first.url)[:_MOST_PLAYLISTS]:
            body = (await gate.fetch(Request(RequestKind.MANIFEST, child))).body
            found[redact_url(child)] = body.decode("utf-8", "replace")
    finally:
        await gate.close()
    return found


def _children(text: str, base: str) -> list[str]:
    if "#EXT-X-STREAM-INF" not in text:
        return []
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    names = dict.fromkeys((*lines, *_URI.findall(text)))
    return [
        urljoin(base, name) for name in names if urlsplit(urljoin(base, name)).scheme in ("http", "https", "file")
    ]


def _deeper(args: argparse.Namespace, looked: list[str]) -> list[ConformanceFinding]:
    """What a player reads, the first segments of every rung, and for a while the refreshes of a live manifest.
    ``looked`` learns how much that was."""
    from player.base.errors import ManifestError
    from player.qa.conform.media import READS, of_ladder, of_refreshes
    from player.qa.conform.model import ConformanceFinding
    from player.qa.ladder.rules import findings
    from ui.cli.inspect_load import load
    from ui.cli.play_setup import known_key
    from ui.cli.qa_ladder import measured
    from ui.cli.qa_watch import followed

    try:
        presentation = load(args.source, base=None, now_s=time.time(), connect=connect_of(args))
    except ManifestError as error:
        return [ConformanceFinding(READS, args.source, 1, f"{error.sentence} ({error.code})")]
    ladder, _ = asyncio.run(measured(presentation, args, [known_key(text) for text in args.key]))
    looked.append(f"{sum(len(each.facts) for each in ladder)} segments of {len(ladder)} renditions")
    found = list(of_ladder(findings(ladder)))
    if presentation.live and args.for_s:
        refreshes = asyncio.run(followed(presentation, args))
        looked.append(f"{len(refreshes)} refreshes")
        found += of_refreshes([(each.name or "manifest", rule) for each in refreshes for rule in each.broken])
    return found


def _rule(rule: Rule) -> dict[str, str]:
    return {"code": rule.code, "clause": rule.clause, "severity": str(rule.severity), "rule": rule.text}


def _tell(found: Sequence[ConformanceFinding], manifests: int, looked: Sequence[str], rules: int) -> None:
    for each in found:
        times = f" ({each.count} times)" if each.count > 1 else ""
        print(f"{each.rule.severity}: {each.sentence}{times} [{each.rule.code}, {each.rule.clause}] in {each.name}")
    if not found:
        print(f"No rule of {rules} is broken in {', '.join([f'{manifests} manifests', *looked])}.")
