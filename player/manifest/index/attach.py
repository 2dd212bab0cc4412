"""Segments out of an index inside the media, put into the presentation."""

from __future__ import annotations

from dataclasses import replace

from player.errors import ErrorCode, ManifestError
from player.manifest.edit import map_renditions
from player.manifest.index.sidx import Reference, read_sidx
from player.manifest.index.webm import read_cues
from player.manifest.limits import MAX_INDEX_BYTES, limit_error
from player.manifest.model import (
    ByteRange,
    Container,
    IndexRef,
    ListedIndex,
    ManifestWarning,
    Presentation,
    Rendition,
    Segment,
)

_CUES = b"\x1c\x53\xbb\x6b"


def index_segments(reference: IndexRef, data: bytes, header: bytes = b"") -> tuple[tuple[Segment, ...], int]:
    """The segments that an index lists, and how many further indexes it refers to that are not in ``data`` (their
    segments are missing). ``data`` are the bytes of ``reference.byte_range``; ``header`` the beginning of the file,
    which WebM cues need (an MP4 index does not).

    Raises :class:`ManifestError` when the bytes are no index, or one of indexes elsewhere alone.
    """
    if len(data) > MAX_INDEX_BYTES:
        raise limit_error("the index is too large", MAX_INDEX_BYTES)
    if reference.container is Container.WEBM or data[:4] == _CUES:
        return _segments(reference, read_cues(data, header or data, duration_s=reference.duration_s)), 0
    own_file = reference.media_url is not None and reference.media_url != reference.url
    references, missing = read_sidx(data, reference.byte_range.start, separate=own_file)
    if missing and not references:
        raise ManifestError(
            ErrorCode.MANIFEST_UNSUPPORTED,
            "The index of a media file only refers to other indexes, which are not in its range.",
        )
    return _segments(reference, references), len(missing)


def _segments(reference: IndexRef, references: list[Reference]) -> tuple[Segment, ...]:
    url = reference.media_url or reference.url
    end_s = None if reference.duration_s is None else reference.start_s + reference.duration_s
    result = []
    for number, item in enumerate(references, 1):
        start_s = item.start_s + reference.media_offset_s
        if end_s is not None and start_s >= end_s - 1e-6:
            break
        result.append(
            Segment(
                number,
                start_s,
                item.duration_s,
                url,
                ByteRange(item.offset, item.size or None),
                reference.init,
                media_offset_s=reference.media_offset_s,
                discontinuity=reference.discontinuity,
                size_bytes=item.size or None,
            )
        )
    return tuple(result)


def attach(presentation: Presentation, rendition: Rendition, data: bytes, header: bytes = b"") -> Presentation:
    """See :func:`player.manifest.attach_index`. ``presentation`` itself when the segments are known already."""
    reference = rendition.segments
    if not isinstance(reference, IndexRef):
        return presentation
    segments, missing = index_segments(reference, data, header)
    indexed = replace(rendition, segments=ListedIndex(segments), index=reference)
    changed = map_renditions(presentation, lambda item: indexed if item is rendition else item)
    if not missing:
        return changed
    warning = ManifestWarning(
        "dash.index_elsewhere",
        f"The index of rendition {rendition.id} refers to {missing} more, which are not in its range; "
        "their segments are missing.",
        rendition.place,
    )
    return replace(changed, warnings=(*changed.warnings, warning))
