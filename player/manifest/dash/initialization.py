"""Initialization Sets, Groups and Presentations (ISO/IEC 23009-1 5.3.12): what stays the same over the periods."""

from __future__ import annotations

from player.manifest.codecs import split_codecs
from player.manifest.dash.xml import Element, attribute, boolean, children, line_of, text_of
from player.manifest.limits import MAX_PERIODS
from player.manifest.model import SourcePosition
from player.manifest.values import InitializationSet


def references(adaptation: Element) -> tuple[str, ...]:
    """The ids of the Initialization Sets that an AdaptationSet conforms to."""
    return tuple((adaptation.get("initializationSetRef") or "").split())


def initialization_sets(root: Element) -> dict[str, InitializationSet]:
    """The Initialization Sets of an MPD, by their ids."""
    found: dict[str, InitializationSet] = {}
    for number, item in enumerate(children(root, "InitializationSet")[:MAX_PERIODS], 1):
        identity = item.get("id") or ""
        place = SourcePosition(line_of(item), f"/MPD/InitializationSet[{number}]")
        found.setdefault(
            identity,
            InitializationSet(
                identity,
                boolean(item.get("inAllPeriods")) is not False,
                (item.get("contentType") or "").lower(),
                attribute(item, "mimeType") or "",
                split_codecs(attribute(item, "codecs")),
                place,
            ),
        )
    return found


def groups(root: Element) -> list[dict[str, str]]:
    """The combinations of Initialization Sets that an MPD names, for people to see."""
    return [
        {"kind": name, "id": item.get("id") or "", "sets": " ".join(text_of(item).split())}
        for name in ("InitializationGroup", "InitializationPresentation")
        for item in children(root, name)[:MAX_PERIODS]
    ]
