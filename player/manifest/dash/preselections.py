"""Preselections as tracks to choose (ISO/IEC 23009-1 5.3.11): sets of AdaptationSets that make one experience.

The first component carries it; libmpv decodes that one, and of several experiences in one stream the one that the
stream begins with. A Preselection gives the track its language, labels and roles. Further ones of the same stream are
shown with the reason why they cannot be played.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from player.manifest.codecs import split_codecs
from player.manifest.dash import descriptors
from player.manifest.dash.adaptation import ROLE_SCHEME
from player.manifest.dash.names import UnlikeNames
from player.manifest.dash.xml import Element, children, line_of, text_of
from player.manifest.limits import MAX_RENDITIONS, limit_error
from player.manifest.model import Track, TrackType
from player.manifest.parser_notes import Notes

SCHEME = "urn:mpeg:dash:preselection:2016"


@dataclass(frozen=True, slots=True)
class _Preselection:
    """One experience: its element (None for a descriptor), its name, and the AdaptationSets it is made of."""

    element: Element | None
    id: str
    components: tuple[str, ...]


def with_preselections(period: Element, tracks: Sequence[Track], notes: Notes, path: str) -> list[Track]:
    """``tracks`` with those that carry Preselections replaced by one track for each of these.

    Of components that are streams of their own the main one, which comes first, is played, and that is said. An
    AdaptationSet with the descriptor as an EssentialProperty is nothing without a Preselection (5.3.11.2): where it
    is the main component of none it cannot be chosen.
    """
    sounds = {track.id for track in tracks if track.type is TrackType.AUDIO}
    holders = _holders(period)
    carried: dict[str, list[_Preselection]] = {}
    for item in _preselections(period):
        streams = list(dict.fromkeys(holders.get(name, name) for name in item.components))
        own = [name for name in streams if name in sounds]
        if not own or own[0] != streams[0]:
            continue  # of video, or of what is not there
        if _is_not_understood(item, notes, path):
            continue
        carried.setdefault(own[0], []).append(item)
        if len(own) > 1:
            sentence = f"Preselection {item.id} is made of {len(own)} streams; only the first one is played."
            line = None if item.element is None else line_of(item.element)
            notes.warn("dash.preselection_parts", sentence, line=line, path=path)
    parts = _parts(period) - carried.keys()
    found: list[Track] = []
    count = sum(len(carried.get(track.id, ())) * len(track.renditions) for track in tracks)
    if count > MAX_RENDITIONS:
        raise limit_error("its Preselections have too many Representations", MAX_RENDITIONS, path=path)
    for track in tracks:
        items = carried.get(track.id)
        if items is not None:
            found += [_track(track, item, first=number == 0) for number, item in enumerate(_told_apart(items))]
        elif track.id in parts:
            reason = "a stream that only completes others (Preselection)"
            found.append(
                replace(track, renditions=tuple(replace(r, unusable=r.unusable or reason) for r in track.renditions))
            )
        else:
            found.append(track)
    return found


def _is_not_understood(item: _Preselection, notes: Notes, path: str) -> bool:
    """Whether an experience asks for what is not known here (5.8.4.8): its streams are then what they are without."""
    levels = () if item.element is None else (item.element,)
    unknown = descriptors.misunderstood(descriptors.named(levels, "EssentialProperty"))
    for entry in unknown:
        sentence = (
            f"An EssentialProperty “{entry.shown()}” of Preselection {item.id} is not understood; it is left out."
        )
        notes.warn("dash.essential_property", sentence, line=entry.line, path=path)
    return bool(unknown)


def _told_apart(items: Sequence[_Preselection]) -> Iterator[_Preselection]:
    """The Preselections of one stream with names of their own: @id has a default that several may have."""
    names = UnlikeNames()
    for item in items:
        yield replace(item, id=names.take(item.id))


def _preselections(period: Element) -> Iterator[_Preselection]:
    """The Preselection elements of a period, and its descriptors with a value: ``tag,components``."""
    for item in children(period, "Preselection")[:MAX_RENDITIONS]:
        named = tuple((item.get("preselectionComponents") or "").split())
        yield _Preselection(item, item.get("id") or item.get("tag") or "1", named)
    for adaptation in children(period, "AdaptationSet")[:MAX_RENDITIONS]:
        for name in ("EssentialProperty", "SupplementalProperty"):
            for descriptor in descriptors.named((adaptation,), name):
                tag, _, components = descriptor.value.partition(",")
                if descriptor.known == SCHEME and tag:
                    yield _Preselection(None, tag.strip(), tuple(components.split() or [adaptation.get("id") or ""]))


def _holders(period: Element) -> dict[str, str]:
    """The AdaptationSet of each ContentComponent, by id: a Preselection may name either (5.3.11.2). An id that both
    have is that of the AdaptationSet."""
    sets = children(period, "AdaptationSet")[:MAX_RENDITIONS]
    own = {item.get("id") for item in sets}
    return {
        name: adaptation.get("id") or ""
        for adaptation in sets
        for component in children(adaptation, "ContentComponent")[:MAX_RENDITIONS]
        if (name := component.get("id")) and name not in own
    }


def _parts(period: Element) -> set[str]:
    """The AdaptationSets that are nothing by themselves."""
    return {
        adaptation.get("id") or ""
        for adaptation in children(period, "AdaptationSet")
        if any(item.known == SCHEME for item in descriptors.named((adaptation,), "EssentialProperty"))
    }


def _track(track: Track, item: _Preselection, *, first: bool) -> Track:
    identity = item.id
    levels = () if item.element is None else (item.element,)
    roles = descriptors.named(levels, "Role")
    values = tuple(role.value.lower() if role.known == ROLE_SCHEME else role.value for role in roles)
    labels = [text for level in levels for label in children(level, "Label") if (text := text_of(label))]
    accessibility = tuple(entry.shown() for entry in descriptors.named(levels, "Accessibility"))
    channels = descriptors.channels(descriptors.named(levels, "AudioChannelConfiguration"))
    codecs = split_codecs(None if item.element is None else item.element.get("codecs"))
    renditions = tuple(
        replace(rendition, channels=channels or rendition.channels, codecs=rendition.codecs or codecs)
        for rendition in track.renditions
    )
    if not first:
        reason = f"Preselection {identity}: only the first experience of a stream is decoded"
        renditions = tuple(
            replace(rendition, id=f"{rendition.id}~{identity}", unusable=rendition.unusable or reason)
            for rendition in renditions
        )
    about = {"preselection": identity, "preselectioncomponents": " ".join(item.components)}
    language = None if item.element is None else item.element.get("lang")
    return replace(
        track,
        id=f"{track.id}~{identity}",
        renditions=renditions,
        language=language or track.language,
        label=labels[0] if labels else track.label,
        name=labels[0] if labels else track.name,
        roles=values or track.roles,
        accessibility=accessibility or track.accessibility,
        default="main" in (values or track.roles),
        attributes={**track.attributes, **about},
    )
