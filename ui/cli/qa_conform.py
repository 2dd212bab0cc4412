"""``matinee qa conform URL``: a stream held against the standards, rule by rule: manifests, segments, refreshes."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ui.cli.options import add_fail_on_argument, add_stills_argument, seconds, whole_number
from ui.cli.web_options import add_connection_arguments, conditions_of, connect_of, web_of

if TYPE_CHECKING:
    from player.manifest.values import ByteRange
    from player.net.gate import Gate
    from player.qa.conform.hls_served import Served
    from player.qa.conform.model import ConformanceFinding, Rule

_MOST_PLAYLISTS = 200
_MOST_ASKED = 4
_HELD_S = 30.0
_SEGMENTS, _FOR_S = 2, 10.0
_MOST_FOR_S = 60.0  # until each list of a live programme has brought something new, or stood still for too long
_URI = re.compile(r'#EXT-X-(?:MEDIA|I-FRAME-STREAM-INF):[^\n]*URI="([^"]+)"')
_FIGURES = {"broken": "rules that must hold and do not", "advice": "rules that should hold and do not"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa conform --help``."""
    parser.add_argument("source", metavar="URL|FILE", nargs="?", help="an HLS or DASH manifest")
    parser.add_argument("--rules", action="store_true", help="list the rules, as JSON, and check nothing")
    parser.add_argument(
        "--musts", action="store_true", help="list what the standards demand and which rule judges it, as JSON"
    )
    parser.add_argument(
        "--authoring", action="store_true", help="judge HLS by Apple's authoring specification as well"
    )
    parser.add_argument(
        "--segments",
        type=whole_number,
        default=_SEGMENTS,
        metavar="N",
        help=f"of each rung, to look into (default {_SEGMENTS}; 0: the manifests only)",
    )
    parser.add_argument(
        "--for",
        dest="for_s",
        type=seconds,
        metavar="S",
        help="follow a live one (default 10 s, and up to 60 s until each list has brought something new)",
    )
    parser.add_argument(
        "--playlists",
        type=whole_number,
        metavar="N",
        help=f"judge so many of an HLS presentation at most (default {_MOST_PLAYLISTS}, and exit code 1 where it has "
        "more)",
    )
    parser.add_argument("--key", action="append", default=[], metavar="KID:KEY", help="a known content key, in hex")
    parser.add_argument("--licence-url", metavar="URL", help="a ClearKey licence server")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_stills_argument(parser)
    add_fail_on_argument(parser)
    add_connection_arguments(parser)
    parser.set_defaults(no_decode=False, every=None, whole=False)


def run(args: argparse.Namespace) -> int:
    """Check. 1 where a rule is broken that must hold, where playlists or a live programme were not judged, or a
    condition of ``--fail-on`` holds. Raises InputError."""
    from player.base.errors import ErrorCode, ExitCode, InputError
    from player.net.redact import redact_url
    from player.qa.conform.account import every_rule, musts_document
    from player.qa.conform.hls_served import judged
    from player.qa.conform.model import Severity
    from player.qa.conform.rules import findings, together
    from ui.cli.conditions import verdict_on

    if args.rules or args.musts:
        print(json.dumps(musts_document() if args.musts else [_rule(rule) for rule in every_rule()], indent=1))
        return 0
    if args.source is None:
        raise InputError(ErrorCode.INPUT_USAGE, "Name a manifest, --rules or --musts.")
    conditions = conditions_of(args, _FIGURES)
    local = None if "://" in args.source else Path(args.source).resolve()
    served, left_out = asyncio.run(_manifests(args, args.source if local is None else local.as_uri(), local))
    loaded = {each.url: each.text for each in served}
    manifests = {redact_url(url): text for url, text in loaded.items()}
    looked: list[str] = []
    scope = Scope()
    if left_out:
        scope.leave(f"{left_out} of {len(loaded) + left_out} playlists", "--playlists", chosen=bool(args.playlists))
    found = [*findings(manifests), *together(manifests, authoring=args.authoring)]
    for each in served:
        found += judged(redact_url(each.url), each)
    if args.segments:
        begun_s = time.monotonic()
        found += _deeper(args, looked, scope)
        found += asyncio.run(_files(args, loaded, local, looked, scope))
        found += asyncio.run(_delivered(args, loaded, begun_s, scope)) if local is None else ()
    else:
        scope.leave("segments, refreshes and answers", "--segments", chosen=True)
    if args.json:
        rows = [
            {**_rule(each.rule), "manifest": each.name, "count": each.count, "found": each.sentence} for each in found
        ]
        document = {"version": 1, "manifests": list(manifests), "looked_into": looked}
        print(json.dumps({**document, "not_judged": scope.left, "findings": rows}, indent=1))
    else:
        _tell(found, len(manifests), looked, scope, len(every_rule()))
    broken = sum(each.rule.severity is Severity.MUST for each in found)
    figures = {"broken": float(broken), "advice": float(len(found) - broken)}
    return int(ExitCode.FAILED) if broken or scope.missed else verdict_on(conditions, figures)


@dataclass
class Scope:
    """What was not judged. ``missed``: something of it was to be judged, so that the result says too little."""

    left: list[str] = field(default_factory=list)
    missed: bool = False

    def leave(self, what: str, option: str = "", *, chosen: bool) -> None:
        """``option`` decides how much is judged; ``chosen``: nobody expects more."""
        self.left.append(f"{what} ({option})" if option else what)
        self.missed = self.missed or not chosen


async def _manifests(args: argparse.Namespace, url: str, local: Path | None) -> tuple[list[Served], int]:
    """The manifest, and the playlists that it names, as they came; how many were left out."""
    from player.net.model import Request, RequestKind
    from player.qa.conform.hls_served import Served

    gate = _gate(args, url, local)
    try:
        first = await gate.fetch(Request(RequestKind.MANIFEST, url))
        found = [Served(url, first.url, first.headers.get("content-type", ""), first.body)]
        children = _children(found[0].text, first.url)
        most = max((args.playlists or _MOST_PLAYLISTS) - 1, 0)
        for child in children[:most]:
            answer = await gate.fetch(Request(RequestKind.MANIFEST, child))
            found.append(Served(child, answer.url, answer.headers.get("content-type", ""), answer.body))
    finally:
        await gate.close()
    return found, len(children[most:])


def _gate(args: argparse.Namespace, url: str, local: Path | None) -> Gate:
    """To whatever the manifest at ``url`` names; of this machine's files, to those of its folder alone."""
    from player.base.clock import SystemClock
    from player.net.gate import Gate
    from player.net.routing import RoutingTransport

    folder = None if local is None else local.parent
    transport = RoutingTransport(folder=folder, ca_file=args.ca_file, web=web_of(args))
    return Gate(transport, SystemClock()).led_by(url)


def _range(place: str) -> ByteRange | None:
    """``LENGTH@START``, as EXT-X-BYTERANGE has it; None for a whole file."""
    from player.manifest.values import ByteRange

    length, _, start = place.partition("@")
    return ByteRange(int(start or 0), int(length)) if length.isdigit() else None


async def _delivered(
    args: argparse.Namespace, loaded: Mapping[str, str], begun_s: float, scope: Scope
) -> list[ConformanceFinding]:
    """What the server breaks where it is asked for updates, parts, hints and what was removed since ``begun_s``. The
    first playlists alone are asked."""
    from player.base.clock import SystemClock
    from player.base.errors import NetError
    from player.net.gate import Gate
    from player.net.model import Request, RequestKind
    from player.net.redact import redact_url
    from player.qa.conform.hls_delivery import Answer, judged, removed
    from player.qa.conform.playlist import playlist

    gate = Gate(connect_of(args)(), SystemClock()).led_by(args.source)

    async def fetch(url: str, place: str) -> Answer:
        kind = RequestKind.MANIFEST if "_HLS_" in url else RequestKind.SEGMENT
        try:
            response = await gate.fetch(
                Request(kind, url, byte_range=_range(place), first_byte_s=_HELD_S, deadline_s=_HELD_S)
            )
        except NetError:
            return Answer(ok=False)
        return Answer(ok=True, text=response.body.decode("utf-8", "replace") if kind is RequestKind.MANIFEST else "")

    told = [url for url, text in loaded.items() if playlist(text).is_media]
    found = []
    asked = [url for url in told if playlist(loaded[url]).has("EXT-X-SERVER-CONTROL") or not _has_ended(loaded[url])]
    if asked[_MOST_ASKED:]:
        scope.leave(f"what the server answers for {len(asked) - _MOST_ASKED} of {len(asked)} playlists", chosen=True)
    try:
        for url in asked[:_MOST_ASKED]:
            try:
                now = (await gate.fetch(Request(RequestKind.MANIFEST, url))).body.decode("utf-8", "replace")
            except NetError:
                continue  # told by the refreshes
            passed_s = time.monotonic() - begun_s
            found += await removed(fetch, redact_url(url), url, loaded[url], now, passed_s)
            if playlist(now).has("EXT-X-SERVER-CONTROL"):
                found += await judged(fetch, redact_url(url), url, now)
    finally:
        await gate.close()
    return found


async def _files(
    args: argparse.Namespace, loaded: Mapping[str, str], local: Path | None, looked: list[str], scope: Scope
) -> list[ConformanceFinding]:
    """What one segment of each playlist of HLS breaks, its EXT-X-MAP and its key. The last one is taken of a live
    playlist, since the first one may go."""
    from player.base.errors import NetError
    from player.net.model import Request, RequestKind
    from player.net.redact import redact_url
    from player.qa.conform.hls_media import WHOLE, SegmentFile, judged, listed, wrong_key
    from player.qa.conform.playlist import playlist

    gate = _gate(args, args.source if local is None else local.as_uri(), local)

    async def fetch(kind: RequestKind, url: str, place: str = "") -> bytes:
        return (await gate.fetch(Request(kind, url, byte_range=_range(place)))).body

    found: list[ConformanceFinding] = []
    read, locked, away = 0, 0, 0
    try:
        for url, text in loaded.items():
            read_as = playlist(text)
            rows = listed(read_as) if read_as.is_media else []
            if not rows:
                continue
            row = rows[0 if _has_ended(text) else -1]
            name, method = redact_url(url), row.key.get("METHOD", "")
            try:
                if row.key.get("KEYFORMAT", "identity") == "identity" and "URI" in row.key:
                    key = await fetch(RequestKind.KEY, urljoin(url, row.key["URI"]))
                    found += wrong_key(name, method, len(key))
                data = await fetch(RequestKind.SEGMENT, urljoin(url, row.uri), row.place)
                init = None
                if "URI" in row.map:
                    init = await fetch(RequestKind.INIT, urljoin(url, row.map["URI"]), row.map.get("BYTERANGE", ""))
            except NetError:
                away += 1
                continue
            read += 1
            locked += method in WHOLE
            found += judged(name, SegmentFile(row, data, init)) if method not in WHOLE else ()
    finally:
        await gate.close()
    looked += [f"{read} files"] if read else []
    if locked:
        scope.leave(f"the containers of {locked} files that are encrypted as a whole", chosen=True)
    if away:
        scope.leave(f"{away} files that could not be fetched", chosen=True)
    return found


def _has_ended(text: str) -> bool:
    return "#EXT-X-ENDLIST" in text


def _children(text: str, base: str) -> list[str]:
    if "#EXT-X-STREAM-INF" not in text:
        return []
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    names = dict.fromkeys((*lines, *_URI.findall(text)))
    return [
        urljoin(base, name) for name in names if urlsplit(urljoin(base, name)).scheme in ("http", "https", "file")
    ]


def _deeper(args: argparse.Namespace, looked: list[str], scope: Scope) -> list[ConformanceFinding]:
    """What a player reads, the first segments of every rung, and for a while the refreshes of a live manifest.
    ``looked`` learns how much that was."""
    from player.base.errors import ManifestError
    from player.qa.conform.hls_refreshes import broken_by
    from player.qa.conform.media import READS, of_ladder, of_refreshes
    from player.qa.conform.model import ConformanceFinding
    from player.qa.ladder.rules import findings
    from player.qa.watch import silent
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
    if not any(each.facts for each in ladder):
        scope.leave("segments: there are none that a player plays", chosen=True)
    found = list(of_ladder(findings(ladder, stills=args.stills)))
    for_s, at_most_s = (_FOR_S, _MOST_FOR_S) if args.for_s is None else (args.for_s, args.for_s)
    if presentation.live and for_s:
        refreshes = asyncio.run(followed(presentation, args, for_s, broken_by, at_most_s=at_most_s))
        failed = [each for each in refreshes if each.trouble]
        if len(refreshes) > len(failed):
            looked.append(f"{len(refreshes) - len(failed)} refreshes")
            if still := silent(refreshes):
                lists = ", ".join(name or "the manifest" for name in still)
                scope.leave(f"whether {lists} goes on: nothing new came in too short a time", "--for", chosen=False)
        else:
            scope.leave(f"the live programme: no refresh came in {at_most_s:g} s", "--for", chosen=False)
        if failed:
            scope.leave(
                f"{len(failed)} of {len(refreshes)} refreshes, which failed: {failed[0].trouble}", chosen=False
            )
        found += of_refreshes([(each.name or "manifest", rule) for each in refreshes for rule in each.broken])
    elif presentation.live:
        scope.leave("the live programme: no refresh was wanted", "--for", chosen=True)
    return found


def _rule(rule: Rule) -> dict[str, str]:
    return {"code": rule.code, "clause": rule.clause, "severity": str(rule.severity), "rule": rule.text}


def _tell(
    found: Sequence[ConformanceFinding], manifests: int, looked: Sequence[str], scope: Scope, rules: int
) -> None:
    for each in found:
        times = f" ({each.count} times)" if each.count > 1 else ""
        print(f"{each.rule.severity}: {each.sentence}{times} [{each.rule.code}, {each.rule.clause}] in {each.name}")
    if not found:
        print(f"No rule of {rules} is broken in {', '.join([f'{manifests} manifests', *looked])}.")
    for what in scope.left:
        print(f"Not judged: {what}.")
