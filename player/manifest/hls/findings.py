"""Rules of RFC 8216bis whose breach costs a player nothing: each is looked up after reading and said as a warning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from player.base.errors import ErrorCode, ManifestError
from player.manifest.hls.entries import Multivariant, MultivariantEntry
from player.manifest.hls.lexer import is_yes, number
from player.manifest.hls.tags import ONCE
from player.manifest.model import InitSegment, PlaylistInfo, Segment
from player.manifest.parser_notes import Notes

_GROUP_TYPES = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")
INTERSTITIAL_CLASS = "com.apple.hls.interstitial"
_IN_STREAM = ("CC1", "CC2", "CC3", "CC4", *(f"SERVICE{number}" for number in range(1, 64)))


def check_repeated(counts: Mapping[str, int], lines: Mapping[str, int], notes: Notes) -> None:
    """Tags that may stand only once (4.4.1.2, 4.4.2, 4.4.3). Raises :class:`ManifestError` for EXT-X-VERSION, which
    the standard says must not be parsed; of the others the last one counts."""
    for name, count in counts.items():
        if count < 2 or name not in ONCE:
            continue
        if name == "EXT-X-VERSION":
            raise ManifestError(
                ErrorCode.MANIFEST_SYNTAX, "EXT-X-VERSION stands more than once.", line=lines.get(name)
            )
        which = "all count" if name == "EXT-X-SKIP" else "the last one counts"
        notes.warn("hls.repeated_tag", f"{name} stands {count} times; {which}.", line=lines.get(name))


def check_media(info: PlaylistInfo, segments: Sequence[Segment], notes: Notes) -> None:
    """A media playlist as a whole."""
    if not segments and not info.trailing_parts and not info.skipped:
        notes.warn("hls.no_segments", "The playlist has no segments.")
    elif segments and all(segment.gap for segment in segments):
        notes.warn("hls.only_gaps", "All segments of the playlist are gaps: there is nothing to play.")
    if info.is_cut_off:
        notes.warn("hls.cut_off", "A playlist of type VOD has no EXT-X-ENDLIST: it was cut off.")
    target = info.target_duration_s
    if target is not None and segments:
        longest = max(segments, key=lambda segment: segment.duration_s)
        if int(longest.duration_s + 0.5) > target:
            notes.warn(
                "hls.longer_than_target",
                f"A segment lasts {longest.duration_s:g} s, more than EXT-X-TARGETDURATION ({target:g}).",
                line=longest.place.line,
            )
    if info.can_skip_until_s is not None and target is not None and info.can_skip_until_s < 6 * target:
        notes.warn("hls.short_skip_until", "CAN-SKIP-UNTIL is less than six target durations.")
    if info.part_target_s is not None and info.part_hold_back_s is None and not info.ended:
        notes.warn("hls.no_part_hold_back", "A playlist with EXT-X-PART-INF must name a PART-HOLD-BACK.")
    _check_maps(segments, notes)


def _check_maps(segments: Sequence[Segment], notes: Notes) -> None:
    """4.4.4.5: an initialisation section under AES-128 needs an explicit IV."""
    seen: set[InitSegment] = set()
    for segment in segments:
        init = segment.init
        if init is None or init in seen:
            continue
        seen.add(init)
        for key in init.keys:
            if key.method == "AES-128" and key.keyformat == "identity" and key.iv is None:
                notes.warn(
                    "hls.map_without_iv",
                    "An EXT-X-MAP is encrypted with AES-128 and its EXT-X-KEY has no IV.",
                    line=key.place.line,
                )


def check_date_range(identity: str, attributes: Mapping[str, str], line: int, notes: Notes) -> None:
    """EXT-X-DATERANGE (4.4.5.1, Appendix D)."""
    if is_yes(attributes.get("END-ON-NEXT")):
        if "CLASS" not in attributes:
            notes.warn("hls.daterange_rule", f"EXT-X-DATERANGE “{identity}”: END-ON-NEXT needs a CLASS.", line=line)
        if "DURATION" in attributes or "END-DATE" in attributes:
            notes.warn(
                "hls.daterange_rule",
                f"EXT-X-DATERANGE “{identity}”: END-ON-NEXT must not have a DURATION or END-DATE.",
                line=line,
            )
    cues = {word.strip() for word in attributes.get("CUE", "").split(",")}
    if {"PRE", "POST"} <= cues:
        notes.warn("hls.daterange_rule", f"EXT-X-DATERANGE “{identity}”: CUE has both PRE and POST.", line=line)
    planned = number(attributes.get("PLANNED-DURATION"))
    if planned is not None and planned < 0:
        notes.warn("hls.daterange_rule", f"EXT-X-DATERANGE “{identity}” has a negative PLANNED-DURATION.", line=line)
    if "X-ASSET-URI" in attributes and "X-ASSET-LIST" in attributes:
        notes.warn(
            "hls.daterange_rule",
            f"EXT-X-DATERANGE “{identity}” has both X-ASSET-URI and X-ASSET-LIST.",
            line=line,
        )
    elif attributes.get("CLASS") == INTERSTITIAL_CLASS and not {"X-ASSET-URI", "X-ASSET-LIST"} & set(attributes):
        notes.warn(
            "hls.daterange_rule",
            f"The interstitial “{identity}” has neither an X-ASSET-URI nor an X-ASSET-LIST.",
            line=line,
        )


def check_multivariant(source: Multivariant) -> None:
    """A multivariant playlist as a whole (4.4.6.1, 4.4.6.2)."""
    for entry in source.media:
        _check_media_tag(entry, source.notes)
    _check_members(source.media, source.notes)
    groups = {(entry.attributes.get("TYPE", ""), entry.attributes.get("GROUP-ID", "")) for entry in source.media}
    for variant in source.variants:
        _check_variant(variant, groups, source.notes)
    for entry in source.iframes:
        if number(entry.attributes.get("BANDWIDTH")) is None:
            source.notes.warn("hls.no_bandwidth", "An EXT-X-I-FRAME-STREAM-INF has no BANDWIDTH.", line=entry.line)


def _check_variant(variant: MultivariantEntry, groups: set[tuple[str, str]], notes: Notes) -> None:
    attributes = variant.attributes
    if not number(attributes.get("BANDWIDTH")):
        notes.warn("hls.no_bandwidth", "An EXT-X-STREAM-INF has no BANDWIDTH.", line=variant.line)
    for kind in _GROUP_TYPES:
        group = attributes.get(kind)
        if group is None or (kind == "CLOSED-CAPTIONS" and group == "NONE"):
            continue
        if (kind, group) not in groups:
            notes.warn(
                "hls.group_missing", f"There is no {kind} rendition in the group “{group[:80]}”.", line=variant.line
            )


def _check_media_tag(entry: MultivariantEntry, notes: Notes) -> None:
    attributes, kind = entry.attributes, entry.attributes.get("TYPE", "")

    def warn(sentence: str) -> None:
        notes.warn("hls.media_rule", f"EXT-X-MEDIA: {sentence}", line=entry.line)

    if kind == "SUBTITLES" and not entry.url:
        warn("subtitles need a URI.")
    if kind == "CLOSED-CAPTIONS":
        if entry.url:
            warn("closed captions must not have a URI.")
        if attributes.get("INSTREAM-ID") not in _IN_STREAM:
            warn("closed captions need an INSTREAM-ID (CC1 to CC4 or SERVICE1 to SERVICE63).")
    elif "FORCED" in attributes and kind != "SUBTITLES":
        warn("FORCED is for subtitles only.")
    if is_yes(attributes.get("DEFAULT")) and "AUTOSELECT" in attributes and not is_yes(attributes["AUTOSELECT"]):
        warn("a default rendition must be selectable automatically.")


def _check_members(entries: Iterable[MultivariantEntry], notes: Notes) -> None:
    """4.4.6.1.1: members of a group have different names, and one default at the most."""
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    defaults: set[tuple[str, str]] = set()
    for entry in entries:
        attributes = entry.attributes
        key = attributes.get("TYPE", ""), attributes.get("GROUP-ID", "")
        name = attributes.get("NAME", "")
        if name and name in names[key]:
            notes.warn(
                "hls.media_rule", f"EXT-X-MEDIA: two members of a group are called “{name[:80]}”.", line=entry.line
            )
        names[key].add(name)
        if is_yes(attributes.get("DEFAULT")):
            if key in defaults:
                notes.warn("hls.media_rule", "EXT-X-MEDIA: a group has two defaults.", line=entry.line)
            defaults.add(key)
