"""What a multivariant playlist says, a record for each tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from player.manifest.model import ContentSteering, SessionData, SessionKey
from player.manifest.parser_notes import Notes


@dataclass(frozen=True, slots=True)
class MultivariantEntry:
    """One STREAM-INF, I-FRAME-STREAM-INF, IMAGE-STREAM-INF or MEDIA tag. ``url`` is empty for media without URI."""

    attributes: Mapping[str, str]
    url: str
    line: int


@dataclass(slots=True)
class Multivariant:
    """Everything a multivariant playlist says, tag by tag."""

    url: str
    version: int | None = None
    independent_segments: bool = False
    start_offset_s: float | None = None
    start_precise: bool = False
    variants: list[MultivariantEntry] = field(default_factory=list)
    iframes: list[MultivariantEntry] = field(default_factory=list)
    images: list[MultivariantEntry] = field(default_factory=list)
    media: list[MultivariantEntry] = field(default_factory=list)
    session_keys: list[SessionKey] = field(default_factory=list)
    session_data: list[SessionData] = field(default_factory=list)
    steering: ContentSteering | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
