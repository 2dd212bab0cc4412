"""What a rule of conformance is, and what breaks one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

BIS, MPD, IOP, CMAF = "RFC 8216bis", "ISO/IEC 23009-1", "DASH-IF IOP", "ISO/IEC 23000-19"
AUTHORING = "HLS authoring"
Check = Callable[[str], Iterator[str]]
Manifests = Mapping[str, str]
"""The texts of a presentation by their addresses, that of the multivariant playlist among them."""


class Severity(StrEnum):
    """``must``: the standard does not allow it. ``should``: it advises against it."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True, slots=True)
class ConformanceRule:
    """``check`` yields a sentence for each place that breaks the rule; it gets the text of one manifest.
    ``breaks`` is a small manifest that breaks the rule, ``keeps`` one that just keeps it, and all others."""

    code: str
    clause: str
    severity: Severity
    text: str
    check: Check
    breaks: str
    keeps: str

    @property
    def is_hls(self) -> bool:
        return self.code.startswith("hls.")


@dataclass(frozen=True, slots=True)
class PresentationRule:
    """A rule that several playlists keep together. ``check`` yields the name of the playlist that breaks it, and a
    sentence. ``breaks`` and ``keeps`` are presentations as it gets them."""

    code: str
    clause: str
    severity: Severity
    text: str
    check: Callable[[Manifests], Iterator[tuple[str, str]]]
    breaks: Manifests
    keeps: Manifests


@dataclass(frozen=True, slots=True)
class RefreshRule:
    """A rule about a playlist and its next refresh, both of them whole. ``breaks`` and ``keeps`` are such pairs."""

    code: str
    clause: str
    severity: Severity
    text: str
    check: Callable[[str, str], Iterator[str]]
    breaks: tuple[str, str]
    keeps: tuple[str, str]


class Rule(Protocol):
    """What a finding says of its rule."""

    @property
    def code(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ConformanceFinding:
    """A rule that is broken: ``name`` is the manifest or rendition, ``count`` the places, ``sentence`` that of the
    first."""

    rule: Rule
    name: str
    count: int
    sentence: str


def must(code: str, clause: str, text: str, check: Check, breaks: str, keeps: str) -> ConformanceRule:
    """A rule of which the standard says shall or MUST."""
    return ConformanceRule(code, clause, Severity.MUST, text, check, breaks, keeps)


def should(code: str, clause: str, text: str, check: Check, breaks: str, keeps: str) -> ConformanceRule:
    """A rule that the standard advises."""
    return ConformanceRule(code, clause, Severity.SHOULD, text, check, breaks, keeps)
