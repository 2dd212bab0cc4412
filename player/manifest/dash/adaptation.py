"""AdaptationSets as tracks (ISO/IEC 23009-1 5.3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from player.base.errors import ErrorCode, ManifestError
from player.manifest.dash import descriptors
from player.manifest.dash.baseurl import BaseUrl, extend
from player.manifest.dash.context import PeriodContext
from player.manifest.dash.representation import Member, read_representation
from player.manifest.dash.xml import Element, attribute, attributes, children, line_of, text_of
from player.manifest.limits import MAX_RENDITIONS, limit_error
from player.manifest.model import SourcePosition, Track, TrackType

ROLE_SCHEME = "urn:mpeg:dash:role:2011"
FORCED_ROLES = frozenset({"forced-subtitle", "forced_subtitle"})


def read_adaptation(
    period: PeriodContext, element: Element, bases: Sequence[BaseUrl], position: int, path: str
) -> list[Track]:
    """The track of an AdaptationSet; more than one where its Representations are of several types."""
    notes = period.mpd.notes
    own = extend(bases, element, notes, path)
    representations = children(element, "Representation")
    if len(representations) > MAX_RENDITIONS:
        raise limit_error("an AdaptationSet has too many Representations", MAX_RENDITIONS, path=path)
    if not representations:
        notes.warn(
            "dash.empty_adaptation_set", "An AdaptationSet has no Representation.", line=line_of(element), path=path
        )
    members = [
        member
        for number, item in enumerate(representations, 1)
        if (member := _member(period, element, item, own, number, f"{path}/Representation[{number}]")) is not None
    ]
    _note_essential(period, element, members)
    by_type: dict[TrackType, list[Member]] = {}
    for member in members:
        by_type.setdefault(member.type, []).append(member)
    identity = element.get("id") or f"{period.position}.{position}"
    return [
        _track(element, identity if len(by_type) == 1 else f"{identity}-{type_}", type_, group, path)
        for type_, group in by_type.items()
    ]


def _member(
    period: PeriodContext, adaptation: Element, element: Element, bases: Sequence[BaseUrl], number: int, path: str
) -> Member | None:
    """A Representation; None for one that points at a file of this machine; the others stay available."""
    try:
        return read_representation(period, adaptation, element, bases, number, path)
    except ManifestError as error:
        if error.code is not ErrorCode.MANIFEST_FORBIDDEN_URL:
            raise
        period.mpd.refused.append(error)
        sentence = f"{error.sentence} The rest is played."
        period.mpd.notes.warn("dash.forbidden_representation", sentence, line=line_of(element), path=path)
        return None


def _note_essential(period: PeriodContext, element: Element, members: Sequence[Member]) -> None:
    notes = period.mpd.notes
    for member in members:
        for item in member.misunderstood:
            notes.warn(
                "dash.essential_property",
                f"An EssentialProperty “{item.shown()}” is not understood; its subject may not be playable.",
                line=item.line,
                path=member.rendition.place.path,
            )
    fonts = [item for item in descriptors.named((element,), "EssentialProperty") if item.known == descriptors.FONTS]
    if fonts:
        sentence = "The fonts of subtitles are not loaded (fontdownload:2014); they are drawn with others."
        notes.warn("dash.font_download", sentence, line=fonts[0].line)


def _track(element: Element, identity: str, type_: TrackType, members: Sequence[Member], path: str) -> Track:
    components = children(element, "ContentComponent")
    single = components if len(components) == 1 else []
    roles = descriptors.named((element, *single), "Role")
    language = attribute(element, "lang") or next((item.get("lang") for item in single), None)
    values = tuple(item.value.lower() if item.known == ROLE_SCHEME else item.value for item in roles)
    labels = [text for item in children(element, "Label") if (text := text_of(item))]
    renditions = tuple(
        sorted((member.rendition for member in members), key=lambda rendition: rendition.bandwidth_bps)
    )
    labels += [text for text in (attribute(element, "label"),) if text]  # of drafts, still written
    label = labels[0] if labels else next((member.label for member in members if member.label), None)
    return Track(
        id=identity,
        type=type_,
        renditions=renditions,
        language=language,
        name=label or "",
        label=label,
        group=element.get("group"),
        roles=values,
        accessibility=tuple(item.shown() for item in descriptors.named((element,), "Accessibility")),
        default="main" in values,
        forced=not FORCED_ROLES.isdisjoint(values),
        attributes=_track_attributes(element),
        place=SourcePosition(line_of(element), path),
    )


def _track_attributes(element: Element) -> dict[str, str]:
    """The AdaptationSet's own attributes, and descriptors that only people and ``inspect`` look at."""
    result = dict(attributes(element))
    for name in ("Viewpoint", "Rating", "FramePacking", "GroupLabel"):
        found = children(element, name)
        shown = [text_of(item) or descriptors.read([item])[0].shown() for item in found]
        if shown:
            result[name.lower()] = "; ".join(shown)
    labels = [(item.get("lang") or "", text_of(item)) for item in children(element, "Label")]
    if len(labels) > 1:
        result["labels"] = "; ".join(f"{language}: {text}" if language else text for language, text in labels)
    properties = descriptors.named((element,), "SupplementalProperty") + descriptors.named(
        (element,), "EssentialProperty"
    )
    switching = next((item.value for item in properties if item.known in descriptors.SWITCHING), None)
    if switching is not None:
        result["switching"] = switching
    return result
