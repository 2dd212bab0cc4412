"""Taking the secrets out of what people and files get to see.

Signed URLs are passwords: the query, user information and path parts that look like tokens go. Every message,
report and timing record of the gate passes through here.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

HIDDEN = "***"

_URL_IN_TEXT = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://|data:)[^\s\"'<>]+", re.IGNORECASE)
_CREDENTIAL_IN_TEXT = re.compile(r"\b(bearer|basic)\s+[^\s\"',]+", re.IGNORECASE)
_SIGNATURE_PART = re.compile(r"(^|/)s/[^/?#\s]+(?=/|$|[?#])")
# What is told of a play session of ours names it in the address.
SESSION_PART = re.compile(r"(^|/)play/([0-9a-f]{32})(?=/|$)")
_WORD_WITH_QUERY = re.compile(r"[^\s\"'<>]+")
_LONG_PART = 40
_LONG_WORD = re.compile(r"[A-Za-z0-9_+=-]{32,}")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


def redact_url(url: str) -> str:
    """``url`` with scheme, host and file name still readable, and nothing left that opens a door."""
    try:
        parts = urlsplit(url)
        host = host_of(parts)
    except ValueError:
        return HIDDEN
    if parts.scheme == "data":
        return f"data:{HIDDEN}"
    prefix = f"{parts.scheme}://" if parts.scheme else "//" if parts.netloc else ""
    query = f"?{_redact_query(parts.query)}" if parts.query else ""
    return f"{prefix}{host}{_redact_path(parts.path)}{query}"


def redact_text(text: str) -> str:
    """``text`` with every URL in it redacted, and every ``Bearer`` or ``Basic`` credential."""
    text = _URL_IN_TEXT.sub(lambda match: redact_url(match.group()), text)
    text = _CREDENTIAL_IN_TEXT.sub(lambda match: f"{match.group(1)} {HIDDEN}", text)
    return _SIGNATURE_PART.sub(rf"\1s/{HIDDEN}", text)


def redact_payload(text: str) -> str:
    """What others wrote for programs (an event of a stream): its credentials and addresses redacted.

    These are addresses of any scheme, relative ones with a query, and such as JSON escapes (``https:\\/\\/``).
    """
    text = _URL_IN_TEXT.sub(lambda match: redact_url(match.group()), text.replace("\\/", "/"))
    text = _WORD_WITH_QUERY.sub(lambda match: _redact_reference(match.group()), text)
    return _CREDENTIAL_IN_TEXT.sub(lambda match: f"{match.group(1)} {HIDDEN}", text)


def _redact_reference(word: str) -> str:
    _, mark, query = word.partition("?")
    return redact_url(word) if mark and "=" in query and "://" not in word else word


def redact_line(text: str) -> str:
    """A line of a log for the eyes of others: also nothing in it that is so long that it is no word."""
    return _LONG_WORD.sub(HIDDEN, redact_text(text))


def host_of(url: str | SplitResult) -> str:
    """``host`` or ``host:port`` of a URL, without user information; empty where there is none."""
    parts = urlsplit(url) if isinstance(url, str) else url
    return parts.netloc.rpartition("@")[2]


def _redact_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return "&".join(f"{name}={HIDDEN}" if equals else HIDDEN for name, equals, _ in pairs)


def _redact_path(path: str) -> str:
    path = SESSION_PART.sub(rf"\1play/{HIDDEN}", path)
    parts = _SIGNATURE_PART.sub(rf"\1s/{HIDDEN}", path).split("/")
    return "/".join(map(_redact_part, parts))


def _redact_part(part: str) -> str:
    """One part of a path: parameters (``;a=b``, ``hdnts=exp=1~hmac=2``) and long tokens are hidden."""
    name, separator, _ = part.partition(";")
    if separator:
        return f"{_redact_part(name)};{HIDDEN}"
    name, separator, _ = part.partition("=")
    if separator:
        return f"{name}={HIDDEN}"
    return HIDDEN if is_token(part) else part


def is_token(part: str) -> bool:
    """Whether a part of a path is more likely a token than a name: long, and without a file extension."""
    return len(part) >= _LONG_PART and not _EXTENSION.search(part)
