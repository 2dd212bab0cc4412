"""Variable substitution: EXT-X-DEFINE (RFC 8216bis 4.3 and 4.4.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from player.base.errors import ErrorCode, ManifestError
from player.manifest.hls.lexer import attribute_list, quoted_attributes
from player.manifest.limits import MAX_LINE_CHARACTERS, MAX_SUBSTITUTED_CHARACTERS, MAX_VARIABLES, limit_error

_REFERENCE = re.compile(r"\{\$([A-Za-z0-9_\-]+)\}")
_HEX = re.compile(r"0[xX]")


class Variables:
    """The variables that are known so far in one playlist.

    ``imported`` are those of the multivariant playlist, None when the playlist was not reached through one.
    ``url`` is the playlist's own, for QUERYPARAM.
    """

    __slots__ = ("_imported", "_substituted", "_url", "values")

    def __init__(self, url: str, imported: Mapping[str, str] | None = None) -> None:
        self.values: dict[str, str] = {}
        self._url = url
        self._substituted = 0
        self._imported = imported

    def define(self, value: str, line: int) -> None:
        """Take one EXT-X-DEFINE; raises :class:`ManifestError` where RFC 8216bis says that parsing must fail."""
        attributes = attribute_list(value)
        if "NAME" in attributes:
            name = attributes["NAME"]
            if "VALUE" not in attributes:
                raise _error(f"EXT-X-DEFINE gives “{name}” no VALUE.", line)
            content = self._value(attributes["VALUE"], line)
        elif "IMPORT" in attributes:
            name = attributes["IMPORT"]
            content = self._import(name, line)
        elif "QUERYPARAM" in attributes:
            name = attributes["QUERYPARAM"]
            content = self._query_parameter(name, line)
        else:
            raise _error("EXT-X-DEFINE has none of NAME, IMPORT and QUERYPARAM.", line)
        if name in self.values:
            raise _error(f"The variable “{name}” is defined twice.", line)
        if len(self.values) >= MAX_VARIABLES:
            raise limit_error("too many variables", MAX_VARIABLES, line=line)
        self.values[name] = content

    def _value(self, text: str, line: int) -> str:
        """A VALUE is a quoted string like any other (4.3); one whose names come later is taken as it stands."""
        names = _REFERENCE.findall(text)
        return self.substitute(text, line) if all(name in self.values for name in names) else text

    def _import(self, name: str, line: int) -> str:
        if self._imported is None:
            raise _error(f"The variable “{name}” is imported, but there is no multivariant playlist.", line)
        if name not in self._imported:
            raise _error(f"The variable “{name}” is not in the multivariant playlist.", line)
        return self._imported[name]

    def _query_parameter(self, name: str, line: int) -> str:
        try:
            query = urlsplit(self._url).query
        except ValueError:
            query = ""
        for key, content in parse_qsl(query, keep_blank_values=True):
            if key == name:
                return content
        raise _error(f"The playlist's URL has no query parameter “{name}”.", line)

    def substitute(self, text: str, line: int) -> str:
        """``text`` with each ``{$name}`` replaced once; an undefined name raises :class:`ManifestError`."""
        if "{$" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self.values:
                raise _error(f"The variable “{name}” is not defined.", line)
            return self.values[name]

        length = len(text) + sum(len(self.values.get(name, "")) for name in _REFERENCE.findall(text))
        if length > MAX_LINE_CHARACTERS:
            raise limit_error(
                f"line {line} has {length} characters, its variables replaced", MAX_LINE_CHARACTERS, line=line
            )
        self._substituted += length
        if self._substituted > MAX_SUBSTITUTED_CHARACTERS:
            raise limit_error("too much text comes out of variables", MAX_SUBSTITUTED_CHARACTERS, line=line)
        return _REFERENCE.sub(value, text)

    def attributes(self, value: str, line: int) -> dict[str, str]:
        """An attribute list with substitution in quoted strings and hexadecimal sequences."""
        if "{$" not in value:
            return attribute_list(value)
        return {
            name: self.substitute(text, line) if quoted or _HEX.match(text) or text.startswith("{$") else text
            for name, text, quoted in quoted_attributes(value)
        }


def _error(sentence: str, line: int) -> ManifestError:
    return ManifestError(ErrorCode.MANIFEST_SYNTAX, sentence, line=line)
