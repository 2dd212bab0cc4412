"""The wire format of CMCD: keys, their headers, rounding, and structured fields (RFC 8941). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

MAX_TEXT = 128


class Shape(StrEnum):
    """How a key's value is written."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TEXTS = "texts"  # version 2: a list
    TOKEN = "token"  # noqa: S105  (no secret)
    PATH = "path"  # version 2: a list, with the range as a parameter
    PER_TYPE = "per_type"  # version 1: a number; version 2: a list of numbers, each for an object type


@dataclass(frozen=True, slots=True)
class Key:
    """``header`` is the shard without ``CMCD-``; ``since`` and ``until`` the versions that have the key; ``round`` to
    multiples."""

    header: str
    shape: Shape
    round: int = 1
    since: int = 1
    until: int = 2
    only_in_events: bool = False


@dataclass(frozen=True, slots=True)
class TypedNumber:
    """A number that goes with an object type (``v``, ``a``, ``av``, ...)."""

    value: float
    object_type: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A path relative to what is asked for, and the byte range of it ("0-99"), empty for the whole."""

    path: str
    byte_range: str = ""


Value = str | float | bool | TypedNumber | Path | Sequence[str]

_OBJECT, _REQUEST, _STATUS, _SESSION = "Object", "Request", "Status", "Session"
KEYS: Mapping[str, Key] = {
    "br": Key(_OBJECT, Shape.PER_TYPE),
    "d": Key(_OBJECT, Shape.NUMBER),
    "ot": Key(_OBJECT, Shape.TOKEN),
    "tb": Key(_OBJECT, Shape.PER_TYPE),
    "lb": Key(_OBJECT, Shape.PER_TYPE, since=2),
    "bl": Key(_REQUEST, Shape.PER_TYPE, 100),
    "dl": Key(_REQUEST, Shape.NUMBER, 100),
    "mtp": Key(_REQUEST, Shape.PER_TYPE, 100),
    "nor": Key(_REQUEST, Shape.PATH),
    "nrr": Key(_REQUEST, Shape.TEXT, until=1),
    "su": Key(_REQUEST, Shape.BOOLEAN),
    "pb": Key(_REQUEST, Shape.PER_TYPE, since=2),
    "sn": Key(_REQUEST, Shape.NUMBER, since=2),
    "sta": Key(_REQUEST, Shape.TOKEN, since=2),
    "tbl": Key(_REQUEST, Shape.PER_TYPE, 100, since=2),
    "ltc": Key(_REQUEST, Shape.NUMBER, since=2),
    "bs": Key(_STATUS, Shape.BOOLEAN),
    "rtp": Key(_STATUS, Shape.NUMBER, 100),
    "pt": Key(_STATUS, Shape.NUMBER, since=2),
    "ec": Key(_STATUS, Shape.TEXTS, since=2),
    "cdn": Key(_STATUS, Shape.TEXT, since=2),
    "cid": Key(_SESSION, Shape.TEXT),
    "pr": Key(_SESSION, Shape.NUMBER),
    "sf": Key(_SESSION, Shape.TOKEN),
    "sid": Key(_SESSION, Shape.TEXT),
    "st": Key(_SESSION, Shape.TOKEN),
    "msd": Key(_SESSION, Shape.NUMBER, since=2),
    "v": Key(_SESSION, Shape.NUMBER),
    "e": Key(_REQUEST, Shape.TOKEN, since=2, only_in_events=True),
    "ts": Key(_REQUEST, Shape.NUMBER, since=2, only_in_events=True),
    "url": Key(_REQUEST, Shape.TEXT, since=2, only_in_events=True),
    "rc": Key(_REQUEST, Shape.NUMBER, since=2, only_in_events=True),
    "ttfb": Key(_REQUEST, Shape.NUMBER, since=2, only_in_events=True),
    "ttlb": Key(_REQUEST, Shape.NUMBER, since=2, only_in_events=True),
}
"""The keys that we send (CTA-5004 table 1, CTA-5004-B table 1)."""


def encode(values: Mapping[str, Value], version: int, *, event: bool = False) -> str:
    """``values`` as one line, keys in order. What the version or the mode does not have is left out, and so are a
    rate of 1, what is false, and version 1 itself (CTA-5004, 2.2)."""
    parts = (
        _pair(name, KEYS[name], values[name], version)
        for name in sorted(values)
        if KEYS[name].since <= version <= KEYS[name].until and (event or not KEYS[name].only_in_events)
    )
    return ",".join(part for part in parts if part)


def headers(values: Mapping[str, Value], version: int) -> dict[str, str]:
    """``values`` as request headers, by shard; empty shards are left out."""
    shards = {}
    for shard in (_OBJECT, _REQUEST, _SESSION, _STATUS):
        text = encode({name: value for name, value in values.items() if KEYS[name].header == shard}, version)
        if text:
            shards[f"CMCD-{shard}"] = text
    return shards


def with_query(url: str, values: Mapping[str, Value], version: int) -> str:
    """``url`` with the argument ``CMCD``; one that is there already is left alone."""
    text = encode(values, version)
    bare, hash_, fragment = url.partition("#")
    if not text or "CMCD=" in bare.partition("?")[2]:
        return url
    return f"{bare}{'&' if '?' in bare else '?'}CMCD={quote(text, safe='')}{hash_}{fragment}"


def _pair(name: str, key: Key, value: Value, version: int) -> str:
    if key.shape is Shape.BOOLEAN:
        return name if value else ""
    if (name == "v" and value == 1) or (name == "pr" and value == 1):
        return ""
    if key.shape is Shape.TOKEN:
        return f"{name}={value}"
    if key.shape is Shape.TEXT:
        return f"{name}={_quoted(str(value))}"
    if key.shape is Shape.TEXTS:
        texts = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
        return f"{name}=({' '.join(_quoted(str(text)) for text in texts)})"
    if isinstance(value, Path):
        return _path_pair(name, value, version)
    item = value if isinstance(value, TypedNumber) else TypedNumber(float(value))  # type: ignore[arg-type]
    number = _number(item.value, key.round) if name != "pr" else f"{item.value:g}"
    if key.shape is Shape.PER_TYPE and version > 1:
        return f"{name}=({number}{';' + item.object_type if item.object_type else ''})"
    return f"{name}={number}"


def _path_pair(name: str, value: Path, version: int) -> str:
    text = quote(value.path, safe="")
    if len(text) > MAX_TEXT:
        return ""  # half a path leads nowhere
    if version == 1:
        return f'{name}="{text}"'
    part = f';r="{value.byte_range}"' if value.byte_range else ""
    return f'{name}=("{text}"{part})'


def _number(value: float, multiple: int) -> str:
    return str(round(value / multiple) * multiple)


def _quoted(text: str) -> str:
    """A structured string: printable ASCII, quotes and backslashes escaped."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in text[:MAX_TEXT])
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
