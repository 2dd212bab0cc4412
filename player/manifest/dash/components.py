"""What is multiplexed in the segments of a Representation: SubRepresentation (ISO/IEC 23009-1 5.3.6) and
ContentComponent (5.3.4).

Levels (@level, with a subsegment index in the media) are shown and not used: a rung is fetched as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from player.manifest.codecs import split_codecs
from player.manifest.dash.xml import Element, attributes, children
from player.manifest.limits import MAX_WARNINGS


def inner(representation: Element) -> list[Element]:
    """The SubRepresentations, bounded."""
    return children(representation, "SubRepresentation")[:MAX_WARNINGS]


def components(representation: Element) -> tuple[dict[str, str], ...]:
    """Each SubRepresentation as its attributes: @level, @dependencyLevel, @bandwidth, @contentComponent, @codecs."""
    return tuple(dict(attributes(item)) for item in inner(representation))


def component_codecs(representation: Element) -> tuple[str, ...]:
    """The codecs of all components, each once."""
    found = (codec for item in inner(representation) for codec in split_codecs(item.get("codecs")))
    return tuple(dict.fromkeys(found))


def holds_sound(levels: Sequence[Element]) -> bool:
    """Whether the components of the AdaptationSet (the outer one of ``levels``) are video and audio in one stream."""
    kinds = {item.get("contentType") for item in children(levels[-1], "ContentComponent")}
    return {"video", "audio"} <= kinds
