"""``matinee qa conform URL``: the manifests of a stream held against the standards, rule by rule."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ui.cli.options import add_fail_on_argument
from ui.cli.web_options import add_connection_arguments, conditions_of, web_of

if TYPE_CHECKING:
    from player.qa.conform.rules import ConformanceFinding, ConformanceRule

_MOST_PLAYLISTS = 200
_URI = re.compile(r'#EXT-X-(?:MEDIA|I-FRAME-STREAM-INF):[^\n]*URI="([^"]+)"')
_FIGURES = {"broken": "rules that must hold and do not", "advice": "rules that should hold and do not"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa conform --help``."""
    parser.add_argument("source", metavar="URL|FILE", nargs="?", help="an HLS or DASH manifest")
    parser.add_argument("--rules", action="store_true", help="list the rules, as JSON, and check nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_fail_on_argument(parser)
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check. 1 where a rule is broken that must hold, or a condition of ``--fail-on`` holds. Raises InputError."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.qa.conform.rules import RULES, Severity, findings
    from ui.cli.conditions import verdict_on

    if args.rules:
        print(json.dumps([_rule(rule) for rule in RULES], indent=1))
        return 0
    if args.source is None:
        raise InputError(ErrorCode.INPUT_USAGE, "Name a manifest, or --rules.")
    conditions = conditions_of(args, _FIGURES)
    local = None if "://" in args.source else Path(args.source).resolve()
    manifests = asyncio.run(_manifests(args, args.source if local is None else local.as_uri(), local))
    found = findings(manifests)
    if args.json:
        rows = [
            {**_rule(each.rule), "manifest": each.name, "count": each.count, "found": each.sentence} for each in found
        ]
        print(json.dumps({"version": 1, "manifests": list(manifests), "findings": rows}, indent=1))
    else:
        _tell(found, len(manifests), len(RULES))
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
    gate = Gate(RoutingTransport(folder=folder, ca_file=args.ca_file, web=web_of(args)), SystemClock())
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


def _rule(rule: ConformanceRule) -> dict[str, str]:
    return {"code": rule.code, "clause": rule.clause, "severity": str(rule.severity), "rule": rule.text}


def _tell(found: Sequence[ConformanceFinding], manifests: int, rules: int) -> None:
    for each in found:
        times = f" ({each.count} times)" if each.count > 1 else ""
        print(f"{each.rule.severity}: {each.sentence}{times} [{each.rule.code}, {each.rule.clause}] in {each.name}")
    if not found:
        print(f"No rule of {rules} is broken in {manifests} manifests.")
