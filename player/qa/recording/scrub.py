"""Takes secrets out of addresses and documents so that what belongs together still does. Pure.

Each secret becomes a name of its own (``x1``, ``x2``), the same wherever it stands: a manifest that has been scrubbed
leads to the addresses that were scrubbed with it. The names say nothing about what they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from player.net.redact import HIDDEN, SESSION_PART, is_token, redact_text

_TOKEN = re.compile(r"[^\s\"'<>]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_BASE64 = re.compile(r"AAAA[A-Za-z0-9+/]*={0,2}")  # a box in base64: it begins with its size
_INLINE_KEY = re.compile(
    r"(#EXT-X-(?:SESSION-)?KEY:(?![^\n]*KEYFORMAT=\"(?!identity))[^\n]*URI=\"data:)[^\"]*", re.IGNORECASE
)
_SIGNATURE = re.compile(r"(^|/)s/([^/?#]+)(?=/|$)")
_NUMBER = re.compile(r"-?\d{0,6}(?:\.\d{0,6})?")
_OWN_QUERIES = ("_HLS_", "_DASH_")
_PLAIN_HEADERS = frozenset(
    (
        *("accept-ranges", "access-control-allow-origin", "age", "cache-control", "cache-status", "cf-cache-status"),
        *("cmsd-dynamic", "cmsd-static", "connection", "content-encoding", "content-length", "content-range"),
        *(
            "content-type",
            "date",
            "etag",
            "expires",
            "keep-alive",
            "last-modified",
            "pragma",
            "retry-after",
            "server",
        ),
        *("server-timing", "transfer-encoding", "vary", "via", "x-cache", "x-cache-hits", "x-served-by"),
    )
)
_LEAST_SECRET = 6


class Scrubber:
    """One for each recording: it remembers which name stands for which secret."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._known: set[str] = set()

    def learn(self, secrets: Iterable[str]) -> None:
        """These are secrets, wherever they stand: :meth:`sweep` takes them out."""
        self._known.update(secret for secret in secrets if len(secret) >= _LEAST_SECRET)

    def learn_headers(self, headers: Mapping[str, str]) -> None:
        """What we send of our own accord may be a token."""
        for value in headers.values():
            self.learn((value, *re.split(r"[\s;,=]+", value)))

    def url(self, url: str) -> str:
        """An address, or a reference, without secrets."""
        if url.startswith("data:"):
            return f"data:{HIDDEN}"
        body, hash_, _ = url.partition("#")
        path, question, query = body.partition("?")
        scheme, slashes, rest = path.partition("://")
        if slashes:
            host, slash, below = rest.partition("/")
            path = f"{scheme}://{host.rpartition('@')[2]}{slash}{self._path(below)}"
        else:
            path = self._path(path)
        return path + (f"?{self._query(query)}" if question else "") + ("#" if hash_ else "")

    def document(self, text: str) -> str:
        """A manifest with the addresses in it scrubbed, and with no keys in it."""
        text = _INLINE_KEY.sub(rf"\1{HIDDEN}", text)
        return self.sweep(_TOKEN.sub(lambda found: self._token(found[0]), text))

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a response: those that tell of caches and content as they are, of the others the names."""
        return {
            name: self.sweep(redact_text(value)) if name.lower() in _PLAIN_HEADERS else HIDDEN
            for name, value in headers.items()
        }

    def sweep(self, text: str) -> str:
        """A text without anything that is known to be secret."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def _token(self, token: str) -> str:
        """A word of a manifest: an address where it may be one."""
        if token.startswith(("#", "?xml")) or not ("/" in token or "?" in token) or _BASE64.fullmatch(token):
            return token
        begin = _SCHEME.search(token)
        start = 0 if begin is None else begin.start()
        return token[:start] + self.url(token[start:])

    def _path(self, path: str) -> str:
        path = SESSION_PART.sub(lambda found: f"{found[1]}play/{self._name(found[2])}", path)
        path = _SIGNATURE.sub(lambda found: f"{found[1]}s/{self._name(found[2])}", path)
        return "/".join(map(self._part, path.split("/")))

    def _part(self, part: str) -> str:
        name, separator, parameters = part.partition(";")
        if separator:
            return f"{self._part(name)};{self._name(parameters)}"
        name, separator, value = part.partition("=")
        if separator:
            return f"{name}={self._value(name, value)}"
        if is_token(part) and "$" not in part:
            return self._name(part)
        return part

    def _query(self, query: str) -> str:
        separator = "&amp;" if "&amp;" in query else "&"
        return separator.join(self._pair(pair) for pair in query.split(separator))

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        return f"{name}={self._value(name, value)}" if equals else self._value("", pair)

    def _value(self, name: str, value: str) -> str:
        """Numbers too short for secrets, templates, and what players themselves say of a live stream stay."""
        harmless = _NUMBER.fullmatch(value) or "$" in value or name.startswith(_OWN_QUERIES)
        return value if harmless else self._name(value)

    def _name(self, secret: str) -> str:
        if re.fullmatch(r"x\d{1,6}", secret):
            return secret  # a name already
        plain = unquote(secret)
        self.learn((secret, plain))
        return self._names.setdefault(plain, f"x{len(self._names) + 1}")


def place_of(url: str) -> str:
    """What a file is called on any CDN: its path without signature and query."""
    return _SIGNATURE.sub(r"\1s", urlsplit(url).path)
