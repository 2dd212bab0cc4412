"""The rules that only segments or time show, with their clauses: what ``qa ladder`` and ``qa watch`` find. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from player.manifest.changes import BrokenRule
from player.qa.conform.model import AUTHORING, BIS, CMAF, MPD, ConformanceFinding, Severity
from player.qa.ladder.rules import LadderFinding, LadderRule


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
        (LadderRule.UNREADABLE, f"{BIS} 3.1, {CMAF} 7.3.2", Severity.MUST, "A segment is of its format."),
        (LadderRule.UNDECODABLE, f"{BIS} 3.1, {CMAF} 7.3.2", Severity.MUST, "All of a segment can be decoded."),
        (
            LadderRule.KEYFRAME,
            f"{AUTHORING} 7.4, {CMAF} 7.3.2.3",
            Severity.MUST,
            "A segment starts with a keyframe.",
        ),
        (
            LadderRule.OPEN_GOP,
            f"{AUTHORING} 7.4, {CMAF} 7.3.2.3",
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
        (LadderRule.HOLE, f"{BIS} 3, {CMAF} 7.3.2", Severity.MUST, "Inside a segment each sample follows the last."),
        (
            LadderRule.STILL,
            "of no standard: what was lost before a packager breaks no clause",
            Severity.MUST,
            "Pictures follow each other at their stream's own pace.",
        ),
        (LadderRule.NO_AUDIO, f"{BIS} 3, {MPD} 4.5.2", Severity.MUST, "Audio beside video is in each segment."),
        (
            LadderRule.PACKETS,
            f"{BIS} 3.1.1, ISO/IEC 13818-1 2.4.3.3",
            Severity.MUST,
            "Packets of a transport stream are whole, clear, and counted without a break.",
        ),
        (LadderRule.TIME, f"{BIS} 4.4.4.1, {MPD} 5.3.9.6", Severity.SHOULD, "Media times are those of the manifest."),
        (
            LadderRule.CHANGED,
            f"{BIS} 6.2.1, {CMAF} 7.3.2",
            Severity.MUST,
            "The encoding changes at a discontinuity only.",
        ),
        (LadderRule.PEAK, f"{BIS} 4.4.6.2, {MPD} 5.3.5.4", Severity.MUST, "A rung takes no more than it declares."),
        (LadderRule.LOW, f"{BIS} 4.4.6.2, {MPD} 5.3.5.4", Severity.SHOULD, "A rung takes about what it declares."),
        (LadderRule.CODEC, f"{BIS} 4.4.6.2, {MPD} 5.3.7.2", Severity.MUST, "Segments have the declared codec."),
        (LadderRule.RESOLUTION, f"{BIS} 4.4.6.2, {MPD} 5.3.7.2", Severity.MUST, "Video has the declared size."),
        (LadderRule.FRAME_RATE, f"{BIS} 4.4.6.2, {MPD} 5.3.7.2", Severity.MUST, "Video has the declared frame rate."),
        (LadderRule.ALIGNMENT, f"{BIS} 6.2.4, {MPD} 5.3.3.2", Severity.MUST, "Rungs change segments at one time."),
        (LadderRule.AV_OFFSET, f"{BIS} 6.2.4, {MPD} 4.5.2", Severity.SHOULD, "Audio and video start together."),
        (LadderRule.LENGTH, f"{BIS} 6.2.4, {MPD} 5.3.2", Severity.SHOULD, "Audio and video end together."),
    )
}
"""The rules about segments."""

READS = MediaRule("manifest", f"{BIS} 4, {MPD} 5", Severity.MUST, "A player can read the manifest.")


_CONTINUES = "A refresh continues the manifest before it."
REFRESH_RULES: tuple[MediaRule, ...] = tuple(
    MediaRule(code, clause, Severity.MUST, text)
    for code, clause, text in (
        ("hls.sequence_not_counted", f"{BIS} 6.2.2", "Each removed segment is counted."),
        ("hls.sequence_went_back", f"{BIS} 6.2.2", "The media sequence number never counts down."),
        ("hls.discontinuity_sequence", f"{BIS} 4.4.3.3", "A segment keeps its discontinuity sequence number."),
        ("hls.target_duration_changed", f"{BIS} 4.4.3.1", "The target duration does not change."),
        ("hls.playlist_type_changed", f"{BIS} 4.4.3.5", "The type of a playlist does not change."),
        ("hls.event_shrank", f"{BIS} 4.4.3.5", "A playlist of type EVENT loses nothing."),
        ("hls.changed_after_end", f"{BIS} 6.2.1", "A playlist that has ended does not change."),
        ("hls.end_removed", f"{BIS} 6.2.1", "EXT-X-ENDLIST stays."),
        ("hls.segment_changed", f"{BIS} 6.2.1", "A listed segment stays as it is."),
        ("hls.removed_not_first", f"{BIS} 6.2.2", "The first segments are removed first."),
        ("blocking", f"{BIS} 6.2.5.2", "A request for what is to come waits for it."),
        ("stale", f"{BIS} 6.2.2", "A live playlist gets new segments within 1.5 target durations."),
        ("parts_late", f"{BIS} 6.2.1", "A live playlist with parts gets a new one within a part target."),
        ("dash.segment_changed", f"{MPD} 5.4.1", "A listed segment stays as it is."),
        ("dash.period_moved", f"{MPD} 5.4.1", "A Period keeps its start."),
        ("dash.mpd_id_changed", f"{MPD} 5.4.1", "MPD@id does not change."),
        ("dash.availability_start_changed", f"{MPD} 5.4.1", "MPD@availabilityStartTime does not change."),
        ("dash.publish_time_went_back", f"{MPD} 5.4.1", "MPD@publishTime never goes back."),
    )
)
"""The rules that :mod:`player.manifest` and ``qa watch`` know, of a refresh and the manifest before it."""


def of_ladder(found: Sequence[LadderFinding]) -> Iterator[ConformanceFinding]:
    """One finding for each broken rule, rendition and severity: what is far off must not be, whatever its rule."""
    alike: dict[tuple[LadderRule, str, bool], list[LadderFinding]] = {}
    for each in found:
        alike.setdefault((each.rule, each.rendition, each.far), []).append(each)
    for (rule, name, far), places in alike.items():
        first = places[0]
        where = "" if first.segment is None else f"Segment {first.segment}: "
        judged = replace(MEDIA_RULES[rule], severity=Severity.MUST) if far else MEDIA_RULES[rule]
        yield ConformanceFinding(judged, name, len(places), f"{where}{first.sentence}")


def of_refreshes(found: Sequence[tuple[str, BrokenRule]]) -> Iterator[ConformanceFinding]:
    """One finding for each rule that refreshes of a live manifest broke; each comes with the manifest's name."""
    alike: dict[tuple[str, str], list[BrokenRule]] = {}
    for name, broken in found:
        alike.setdefault((broken.code, name), []).append(broken)
    for (code, name), places in alike.items():
        first = places[0]
        text = next((each.text for each in REFRESH_RULES if each.code == code), _CONTINUES)
        rule = MediaRule(code, first.clause, Severity.MUST, text)
        yield ConformanceFinding(rule, name, len(places), first.sentence)
