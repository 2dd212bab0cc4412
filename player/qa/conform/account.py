"""All rules, and what the standards demand with the rules that judge it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from player.qa.conform import hls_authoring, hls_delivery, hls_media, hls_refreshes, hls_served, hls_together
from player.qa.conform.demand import CLIENT, Must
from player.qa.conform.media import MEDIA_RULES, READS, REFRESH_RULES
from player.qa.conform.model import Rule
from player.qa.conform.musts import MUSTS
from player.qa.conform.rules import RULES


def every_rule() -> list[Rule]:
    """Every rule: of one manifest, of several, of segments, of refreshes, of answers."""
    return [
        *RULES, *hls_together.RULES, *hls_authoring.RULES, READS, *MEDIA_RULES.values(), *REFRESH_RULES,
        *hls_refreshes.RULES, *hls_delivery.RULES, *hls_media.RULES, hls_media.KEY,
        *hls_served.RULES,
    ]  # fmt: skip


def musts_document() -> list[dict[str, object]]:
    """What is demanded, for machines."""
    return [
        {"source": each.source, "clause": each.clause, "text": each.text, "rules": list(each.rules), "why": each.why}
        for each in MUSTS
    ]


def page() -> str:
    """``docs/conformance.md``."""
    rules = every_rule()
    lines = [
        "# Conformance",
        "",
        "Made from the program by `python packaging/conformance_page.py`.",
        "",
        "`matinee qa conform URL` judges a stream by rules. `--rules` lists them as JSON. `--musts` lists what the",
        "standards demand, as this page has it. Rules of `authoring` are judged with `--authoring`.",
        "",
        "What is counted word by word: RFC 8216bis 3 to 5 and 6.2 (draft 22) and the general requirements of Apple's",
        "authoring specification. What binds clients stands there in groups. ISO/IEC 23009-1 and 23000-19 are not",
        "public. Their rules stand in the last table. Nobody has counted what they leave out.",
        "",
        "## What is demanded",
        "",
        "| source | demands | judged by a rule | of clients | not judged |",
        "|---|---:|---:|---:|---:|",
    ]
    for source, musts in _by_source().items():
        judged = sum(bool(each.rules) for each in musts)
        clients = sum(each.why == CLIENT for each in musts)
        lines.append(f"| {source} | {len(musts)} | {judged} | {clients} | {len(musts) - judged - clients} |")
    for source, musts in _by_source().items():
        lines += ["", f"### {source}", "", "| clause | demanded | rule, or why there is none |", "|---|---|---|"]
        for each in musts:
            judged_by = ", ".join(f"`{code}`" for code in each.rules) or each.why
            lines.append(f"| {each.clause} | {each.text} | {judged_by} |")
    counts = Counter(_standard(rule.clause) for rule in rules)
    musts_of = Counter(_standard(rule.clause) for rule in rules if rule.severity == "must")
    lines += ["", f"## The {len(rules)} rules", "", "| standard named first | rules | MUST |", "|---|---:|---:|"]
    lines += [f"| {name} | {count} | {musts_of[name]} |" for name, count in sorted(counts.items())]
    lines += ["", "| rule | clause | severity | what it demands |", "|---|---|---|---|"]
    lines += [f"| `{rule.code}` | {rule.clause} | {rule.severity} | {rule.text} |" for rule in rules]
    return "\n".join(lines) + "\n"


def _by_source() -> dict[str, Sequence[Must]]:
    sources = dict.fromkeys(each.source for each in MUSTS)
    return {source: [each for each in MUSTS if each.source == source] for source in sources}


def _standard(clause: str) -> str:
    return clause.partition(",")[0].rpartition(" ")[0]
