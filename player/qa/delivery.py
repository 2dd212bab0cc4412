"""What servers said beside the bytes, and whether it can be true: the ``delivery`` of a report. Pure.

None of this stops our player. Another one, a cache or a browser goes by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from player.qa.recording.archive import Exchange

_MEDIA = frozenset({"segment", "init", "index", "part"})
_NEVER_MEDIA = ("text/html", "application/json", "text/xml", "application/xml")
_MANIFESTS = ("mpegurl", "dash+xml", "dash-patch+xml", "octet-stream", "text/plain")
_SLOW_S = 2.0
_ALLOWS = "access-control-allow-origin"


@dataclass(frozen=True, slots=True)
class DeliveryFinding:
    """``rule`` is one of :data:`RULES`; ``count`` answers broke it, first the one for ``url``."""

    rule: str
    host: str
    url: str
    count: int
    sentence: str


RULES = {
    "content_type": "the media type of an answer is one that such a file cannot have (RFC 9110 8.3)",
    "cors": "some answers of a host allow other origins and some do not: browsers refuse those (Fetch, CORS)",
    "part": "a part of a file was sent though the whole was asked for (RFC 9110 15.3.7)",
    "etag": "one address had two entity tags in one run (RFC 9110 8.8.3)",
    "first_byte": "the first byte came more than two seconds after the request",
}


def delivery(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """The findings as rows, in the order of the rules and hosts."""
    checks: tuple[Callable[[Sequence[Exchange]], Iterator[DeliveryFinding]], ...] = (
        _content_types,
        _cors,
        _parts,
        _etags,
        _first_bytes,
    )
    return [
        {
            "rule": each.rule,
            "about": RULES[each.rule],
            "host": each.host,
            "url": each.url,
            "count": each.count,
            "sentence": each.sentence,
        }
        for check in checks
        for each in check(exchanges)
    ]


def _good(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    return (each for each in exchanges if each.status is not None and 200 <= each.status < 300)


def _by_host(exchanges: Iterable[Exchange]) -> dict[str, list[Exchange]]:
    found: defaultdict[str, list[Exchange]] = defaultdict(list)
    for each in exchanges:
        found[urlsplit(each.url).netloc].append(each)
    return dict(found)


def _content_types(exchanges: Sequence[Exchange]) -> Iterator[DeliveryFinding]:
    wrong = [each for each in _good(exchanges) if _impossible(each)]
    for host, own in _by_host(wrong).items():
        kind, told = own[0].kind, own[0].headers["content-type"]
        sentence = f"{host} calls {_answers(len(own))} {told}, the first a {kind}."
        yield DeliveryFinding("content_type", host, own[0].url, len(own), sentence)


def _impossible(each: Exchange) -> bool:
    told = each.headers.get("content-type", "").partition(";")[0].strip().lower()
    if each.kind in _MEDIA:
        return told in _NEVER_MEDIA
    return each.kind == "manifest" and bool(told) and not any(kind in told for kind in (*_MANIFESTS, "xml"))


def _cors(exchanges: Sequence[Exchange]) -> Iterator[DeliveryFinding]:
    cdn = (each for each in _good(exchanges) if each.kind in (*_MEDIA, "manifest"))
    for host, own in _by_host(cdn).items():
        without = [each for each in own if _ALLOWS not in each.headers]
        if without and len(without) < len(own):
            sentence = f"{host} does not say {_ALLOWS} in {len(without)} of {_answers(len(own))}."
            yield DeliveryFinding("cors", host, without[0].url, len(without), sentence)


def _parts(exchanges: Sequence[Exchange]) -> Iterator[DeliveryFinding]:
    partial = [each for each in exchanges if each.status == 206 and each.range is None]
    for host, own in _by_host(partial).items():
        sentence = f"{host} answered {len(own)} requests for a whole file with a part (206)."
        yield DeliveryFinding("part", host, own[0].url, len(own), sentence)


def _etags(exchanges: Sequence[Exchange]) -> Iterator[DeliveryFinding]:
    tags: defaultdict[str, set[str]] = defaultdict(set)
    media = [each for each in _good(exchanges) if each.kind in _MEDIA]
    for each in media:
        tags[each.url].add(each.headers.get("etag", ""))
    changed = [each for each in media if len(tags[each.url]) > 1]
    for host, own in _by_host(changed).items():
        count = len(Counter(each.url for each in own))
        sentence = f"{host} gave {count} address{'es' * (count != 1)} another entity tag during the run."
        yield DeliveryFinding("etag", host, own[0].url, count, sentence)


def _first_bytes(exchanges: Sequence[Exchange]) -> Iterator[DeliveryFinding]:
    slow = [each for each in exchanges if each.kind in _MEDIA and each.first_byte_s and each.first_byte_s > _SLOW_S]
    for host, own in _by_host(slow).items():
        most_s = max(each.first_byte_s or 0.0 for each in own)
        sentence = f"{host} let {_answers(len(own))} wait for up to {most_s:.1f} s before the first byte."
        yield DeliveryFinding("first_byte", host, own[0].url, len(own), sentence)


def _answers(count: int) -> str:
    return f"{count} answer{'s' * (count != 1)}"
