"""Which of two languages suits a viewer better. Pure."""

from __future__ import annotations

from collections.abc import Sequence

# Manifests also have the three letters of ISO 639-2 (both kinds) for languages that BCP 47 writes with two.
_PAIRS = (
    "ara:ar bul:bg cat:ca ces:cs cze:cs chi:zh zho:zh dan:da deu:de ger:de dut:nl nld:nl ell:el gre:el eng:en "
    "est:et fin:fi fra:fr fre:fr heb:he hin:hi hrv:hr hun:hu ice:is isl:is ind:id ita:it jpn:ja kor:ko lav:lv "
    "lit:lt may:ms msa:ms nor:no nob:nb nno:nn per:fa fas:fa pol:pl por:pt ron:ro rum:ro rus:ru slk:sk slo:sk "
    "slv:sl spa:es srp:sr swe:sv tam:ta tel:te tha:th tur:tr ukr:uk vie:vi "
)
_SHORT = dict(pair.split(":") for pair in _PAIRS.split())
NO_LANGUAGE = frozenset({"", "und", "mis", "mul", "zxx"})
"""ISO 639-2: no language in particular."""


def normal(tag: str | None) -> tuple[str, ...]:
    """The subtags of a BCP 47 tag in lower case, its language in its shortest form; empty for no language."""
    first, *rest = (tag or "").strip().replace("_", "-").lower().split("-")
    return () if first in NO_LANGUAGE else (_SHORT.get(first, first), *rest)


def speaks(tag: str | None, wanted: str) -> bool:
    """Whether a track's language is the one wanted: ``en-GB`` is ``en``, and the other way round."""
    own = normal(tag)
    return bool(own) and own[:1] == normal(wanted)[:1]


def distance(tag: str | None, wanted: Sequence[str]) -> int:
    """How far a track's language is from a list of languages, the most wanted first: 0 is the first one exactly.

    The same language of another region comes right behind the exact one; what is not wanted at all comes last.
    """
    for place, tag_wanted in enumerate(wanted):
        if speaks(tag, tag_wanted):
            return 2 * place + (normal(tag) != normal(tag_wanted))
    return 2 * len(wanted)
