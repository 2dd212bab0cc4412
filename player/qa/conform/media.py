"""The rules that only segments or time show, with their clauses: what ``qa ladder`` and ``qa watch`` find. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from player.manifest.changes import BrokenRule
from player.qa.conform.model import BIS, MPD, ConformanceFinding, Severity
from player.qa.ladder.rules import LadderFinding, LadderRule

_CMAF, _AUTHORING = "ISO/IEC 23000-19", "HLS authoring"


@dataclass(frozen=True, slots=True)
class MediaRule:
    """``clause`` names the standards that say so, that of HLS first."""

    code: str
    clause: str
    severity: Severity
    text: str


MEDIA_RULES: Mapping[LadderRule, MediaRule] = {
    rule: MediaRule(str(rule), clause, severity, text)
    for rule, clause, severity, text in (
        (LadderRule.UNAVAILABLE, f"{BIS} 6.2.1, {MPD} 5.3.9.5.3", Severity.MUST, "A listed segment is available."),
        (LadderRule.UNREADABLE, f"{BIS} 3.1, {_CMAF} 7.3.2", Severity.MUST, "A segment is of its format."),
        (LadderRule.UNDECODABLE, f"{BIS} 3.1, {_CMAF} 7.3.2", Severity.MUST, "All of a segment can be decoded."),
        (
            LadderRule.KEYFRAME,
            f"{_AUTHORING} 1.13, {_CMAF} 7.3.2.3",
            Severity.MUST,
            "A segment starts with a keyframe.",
        ),
        (
            LadderRule.OPEN_GOP,
            f"{_AUTHORING} 1.13, {_CMAF} 7.3.2.3",
            Severity.SHOULD,
            "No picture of a segment needs the segment before.",
        ),
        (
            LadderRule.DEPENDENT,
            f"{BIS} 4.4.2.1",
            Severity.MUST,
            "Segments that are declared to be independent need no other segment.",
        ),
        (LadderRule.DURATION, f"{BIS} 4.4.4.1, {MPD} 5.3.9.6", Severity.SHOULD, "A segment is as long as declared."),
        (LadderRule.TARGET, f"{BIS} 4.4.3.1", Severity.MUST, "No segment is longer than the target duration."),
        (LadderRule.GAP, f"{BIS} 3, {MPD} 4.5.2", Severity.MUST, "A segment starts where the one before it ends."),
        (LadderRule.PEAK, f"{BIS} 4.4.6.2, {MPD} 5.3.5.4", Severity.MUST, "A rung takes no more than it declares."),
        (LadderRule.LOW, f"{BIS} 4.4.6.2, {MPD} 5.3.5.4", Severity.SHOULD, "A rung takes about what it declares."),
        (LadderRule.CODEC, f"{BIS} 4.4.6.2, {MPD} 5.3.7.2", Severity.MUST, "Segments have the declared codec."),
        (LadderRule.RESOLUTION, f"{BIS} 4.4.6.2, {MPD} 5.3.7.2", Severity.MUST, "Video has the declared size."),
        (LadderRule.FRAME_RATE, f"{BIS} 4.4.6.2, {MPD} 5.3.7.2", Severity.MUST, "Video has the declared frame rate."),
        (LadderRule.ALIGNMENT, f"{BIS} 6.2.4, {MPD} 5.3.3.2", Severity.MUST, "Rungs change segments at one time."),
        (LadderRule.AV_OFFSET, f"{BIS} 6.2.4, {MPD} 4.5.2", Severity.SHOULD, "Audio and video start together."),
    )
}
"""The rules about segments."""

READS = MediaRule("manifest", f"{BIS} 4, {MPD} 5", Severity.MUST, "A player can read the manifest.")


def of_ladder(found: Sequence[LadderFinding]) -> Iterator[ConformanceFinding]:
    """One finding for each broken rule and rendition."""
    alike: dict[tuple[LadderRule, str], list[LadderFinding]] = {}
    for each in found:
        alike.setdefault((each.rule, each.rendition), []).append(each)
    for (rule, name), places in alike.items():
        first = places[0]
        where = "" if first.segment is None else f"Segment {first.segment}: "
        yield ConformanceFinding(MEDIA_RULES[rule], name, len(places), f"{where}{first.sentence}")


def of_refreshes(found: Sequence[tuple[str, BrokenRule]]) -> Iterator[ConformanceFinding]:
    """One finding for each rule that refreshes of a live manifest broke; each comes with the manifest's name."""
    alike: dict[tuple[str, str], list[BrokenRule]] = {}
    for name, broken in found:
        alike.setdefault((broken.code, name), []).append(broken)
    for (code, name), places in alike.items():
        first = places[0]
        rule = MediaRule(code, first.clause, Severity.MUST, "A refresh continues the manifest before it.")
        yield ConformanceFinding(rule, name, len(places), first.sentence)
