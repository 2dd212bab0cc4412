"""Preselections as tracks to choose (ISO/IEC 23009-1 5.3.11): sets of AdaptationSets that make one experience.

The first component carries it; libmpv decodes that one, and of several experiences in one stream the one that the
stream begins with. A Preselection gives the track its language, labels and roles. Further ones of the same stream are
shown with the reason why they cannot be played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from player.manifest.dash import descriptors
from player.manifest.dash.adaptation import ROLE_SCHEME
from player.manifest.dash.xml import Element, children, text_of
from player.manifest.limits import MAX_RENDITIONS
from player.manifest.model import Track


def with_preselections(period: Element, tracks: Sequence[Track]) -> list[Track]:
    """``tracks`` with those that carry Preselections replaced by one track for each of these."""
    carried: dict[str, list[Element]] = {}
    for item in children(period, "Preselection")[:MAX_RENDITIONS]:
        components = (item.get("preselectionComponents") or "").split()
        if components:
            carried.setdefault(components[0], []).append(item)
    found: list[Track] = []
    for track in tracks:
        items = carried.get(track.id)
        if items is None:
            found.append(track)
        else:
            found += [_track(track, item, first=number == 0) for number, item in enumerate(items)]
    return found


def _track(track: Track, item: Element, *, first: bool) -> Track:
    identity = item.get("id") or "1"
    roles = descriptors.named((item,), "Role")
    values = tuple(role.value.lower() if role.scheme.lower() == ROLE_SCHEME else role.value for role in roles)
    labels = [text for label in children(item, "Label") if (text := text_of(label))]
    accessibility = tuple(entry.shown() for entry in descriptors.named((item,), "Accessibility"))
    channels = descriptors.channels(descriptors.named((item,), "AudioChannelConfiguration"))
    renditions = tuple(replace(rendition, channels=channels or rendition.channels) for rendition in track.renditions)
    if not first:
        reason = f"Preselection {identity}: only the first experience of a stream is decoded"
        renditions = tuple(
            replace(rendition, id=f"{rendition.id}~{identity}", unusable=rendition.unusable or reason)
            for rendition in renditions
        )
    about = {"preselection": identity, "preselectioncomponents": item.get("preselectionComponents") or ""}
    return replace(
        track,
        id=f"{track.id}~{identity}",
        renditions=renditions,
        language=item.get("lang") or track.language,
        label=labels[0] if labels else track.label,
        name=labels[0] if labels else track.name,
        roles=values or track.roles,
        accessibility=accessibility or track.accessibility,
        default="main" in (values or track.roles),
        attributes={**track.attributes, **about},
    )
