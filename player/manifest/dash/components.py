"""What is multiplexed in the segments of a Representation: SubRepresentation (ISO/IEC 23009-1 5.3.6) and
ContentComponent (5.3.4).

Levels (5.3.6.1: @level and @dependencyLevel, with the ranges of ssix boxes, ISO/IEC 14496-12 8.16.4) say which part
of each subsegment is enough for fewer frames or a lower layer of one stream. They are shown and not used: playback at
any speed decodes all frames of a rung, pictures for scrubbing come from image and trick mode sets, and a layer less
is another Representation.
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
