"""The rules of RFC 8216bis 4 on how a playlist comes: its address, its type, its bytes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from player.qa.conform.model import BIS, ConformanceFinding, Severity
from player.qa.conform.playlist import playlist

_TYPES = frozenset({"application/vnd.apple.mpegurl", "audio/mpegurl"})
_ENDS = (".m3u8", ".m3u")


@dataclass(frozen=True, slots=True)
class Served:
    """A playlist as it came. ``url`` was asked for, ``last_url`` is that after redirections."""

    url: str
    last_url: str
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class ServedRule:
    """``check`` yields a sentence where the rule is broken."""

    code: str
    clause: str
    severity: Severity
    text: str
    check: Callable[[Served], Iterator[str]]


def judged(name: str, served: Served) -> Iterator[ConformanceFinding]:
    """What a playlist breaks by how it came; nothing for what is no playlist."""
    if served.text.lstrip("\ufeff").startswith("#EXTM3U"):
        for rule in RULES:
            for sentence in rule.check(served):
                yield ConformanceFinding(rule, name, 1, sentence)


def _identified(served: Served) -> Iterator[str]:
    paths = (urlsplit(url).path.lower() for url in (served.url, served.last_url))
    kind = served.content_type.partition(";")[0].strip().lower()
    if kind not in _TYPES and not any(path.endswith(_ENDS) for path in paths):
        yield f"Neither its path nor its type says that it is a playlist: {kind[:60] or 'no type'}"


def _utf8(served: Served) -> Iterator[str]:
    try:
        served.body.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"Its bytes from {error.start} on are no UTF-8."


def _query(served: Served) -> Iterator[str]:
    parts = urlsplit(served.last_url)
    given = dict(parse_qsl(parts.query, errors="replace"))
    for each in playlist(served.text).lists("EXT-X-DEFINE") if parts.scheme.startswith("http") else ():
        name = each.get("QUERYPARAM")
        if name is not None and name not in given:
            yield f"Its address has no value for {name[:40]}, which an EXT-X-DEFINE takes from there."
        elif name is not None and any(sign in given[name] for sign in '"\r\n'):
            yield f"The value of {name[:40]} in its address has signs that it may not have."


def _must(code: str, clause: str, text: str, check: Callable[[Served], Iterator[str]]) -> ServedRule:
    return ServedRule(f"served.{code}", f"{BIS} {clause}", Severity.MUST, text, check)


RULES: tuple[ServedRule, ...] = (
    _must(
        "identified", "4", "The path of a playlist ends in .m3u8 or .m3u, or its type is that of one.", _identified
    ),
    _must("utf8", "4.1", "A playlist is UTF-8.", _utf8),
    _must("query", "4.4.2.3", "What QUERYPARAM names is in the address of the playlist.", _query),
)
