"""The rules of RFC 8216bis, ISO/IEC 23009-1 and DASH-IF IOP that a manifest shows by itself. Pure.

Each rule reads the text as it was delivered, not what our parser made of it: a parser that forgives hides what breaks
others. What only segments or time show is judged by ``qa ladder`` and ``qa watch`` (:mod:`player.qa.conform.media`).
"""

from __future__ import annotations

from collections.abc import Mapping

from player.qa.conform import dash, dash_relations, hls, hls_relations
from player.qa.conform.model import ConformanceFinding

RULES = (*hls.RULES, *hls_relations.RULES, *dash.RULES, *dash_relations.RULES)


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


def is_hls(text: str) -> bool:
    """Whether a text is a playlist."""
    return text.lstrip("\ufeff \r\n\t").startswith("#EXTM3U")


def is_dash(text: str) -> bool:
    """Whether a text looks like an MPD."""
    return "<MPD" in text[:4096]
