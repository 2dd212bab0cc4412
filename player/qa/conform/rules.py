"""The rules of RFC 8216bis, ISO/IEC 23009-1 and DASH-IF IOP that a manifest shows by itself. Pure.

Each rule reads the text as it was delivered, not what our parser made of it: a parser that forgives hides what breaks
others. What only segments or time show is judged by ``qa ladder`` and ``qa watch`` (:mod:`player.qa.conform.media`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from player.qa.conform import (
    dash_document,
    dash_segments,
    dash_sets,
    hls_authoring,
    hls_dates,
    hls_lines,
    hls_multivariant,
    hls_parts,
    hls_segments,
    hls_syntax,
    hls_together,
)
from player.qa.conform.model import ConformanceFinding, PresentationRule

_OF_PLAYLISTS = (hls_syntax, hls_lines, hls_segments, hls_parts, hls_dates, hls_multivariant)
_OF_MPDS = (dash_document, dash_sets, dash_segments)
RULES = tuple(rule for module in (*_OF_PLAYLISTS, *_OF_MPDS) for rule in module.RULES)


def findings(manifests: Mapping[str, str]) -> list[ConformanceFinding]:
    """What the manifests (text by name) break, in the order of the rules."""
    found = []
    for rule in RULES:
        for name, text in manifests.items():
            if is_hls(text) is rule.is_hls or (rule.code == "hls.extm3u" and not is_dash(text)):
                sentences = list(rule.check(text))
                if sentences:
                    found.append(ConformanceFinding(rule, name, len(sentences), sentences[0]))
    return found


def together(manifests: Mapping[str, str], *, authoring: bool = False) -> list[ConformanceFinding]:
    """What the playlists of one presentation break together; with ``authoring`` also by Apple's specification."""
    rules: Sequence[PresentationRule] = (*hls_together.RULES, *(hls_authoring.RULES if authoring else ()))
    found = []
    for rule in rules:
        alike: dict[str, list[str]] = {}
        for name, sentence in rule.check(manifests):
            alike.setdefault(name, []).append(sentence)
        found += [ConformanceFinding(rule, name, len(told), told[0]) for name, told in alike.items()]
    return found


def is_hls(text: str) -> bool:
    """Whether a text is a playlist."""
    return text.lstrip("\ufeff \r\n\t").startswith("#EXTM3U")


def is_dash(text: str) -> bool:
    """Whether a text looks like an MPD."""
    return "<MPD" in text[:4096]
