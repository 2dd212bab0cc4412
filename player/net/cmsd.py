"""What a CDN says of itself and of the object (CMSD, CTA-5006), read from an answer's headers. Pure, never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_MAX_HEADER = 4096
_MAX_MEMBERS = 64
_MAX_VALUE = 256  # characters
_SPLIT = re.compile(r'((?:[^,;"]|"(?:\\.|[^"\\])*")*)([,;]|$)')

CmsdValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Cmsd:
    """``static`` is of the object and the same everywhere; ``dynamic`` has, for each server on the way (its name
    first), what it says of this answer, e.g. ``etp`` (estimated throughput, kbit/s) and ``rtt`` (ms)."""

    static: Mapping[str, CmsdValue] = field(default_factory=dict)
    dynamic: tuple[tuple[str, Mapping[str, CmsdValue]], ...] = ()


def parse_cmsd(headers: Mapping[str, str]) -> Cmsd | None:
    """What ``headers`` (keys in lower case) hold of it; None without any. What cannot be read is left out."""
    static, dynamic = headers.get("cmsd-static", ""), headers.get("cmsd-dynamic", "")
    if not static and not dynamic:
        return None
    members = {name: value for part, _ in _parts(static) for name, value in [_member(part)] if name}
    servers: list[tuple[str, dict[str, CmsdValue]]] = []
    begins = True
    for part, end in _parts(dynamic):
        if begins:
            servers.append((str(_bare(part)), {}))
        else:
            name, value = _member(part)
            if name:
                servers[-1][1][name] = value
        begins = end == ","
    return Cmsd(members, tuple(servers))


def _parts(text: str) -> list[tuple[str, str]]:
    """The pieces between commas and semicolons outside of quotes, each with what ends it."""
    found = []
    for match in _SPLIT.finditer(text[:_MAX_HEADER]):
        if match[1].strip():
            found.append((match[1].strip(), match[2]))
        if len(found) == _MAX_MEMBERS:
            break
    return found


def _member(part: str) -> tuple[str, CmsdValue]:
    name, equals, value = part.partition("=")
    return name.strip()[:32], _bare(value) if equals else True


def _bare(text: str) -> CmsdValue:
    """A structured bare item (RFC 8941, 3.3)."""
    text = text.strip()[:_MAX_VALUE]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    try:
        number = float(text)
    except ValueError:
        return {"?1": True, "?0": False}.get(text, text)
    if not abs(number) < 1e15:
        return text
    return int(number) if number.is_integer() and "." not in text else number
