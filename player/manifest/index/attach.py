"""Segments out of an index inside the media, put into the presentation."""

from __future__ import annotations

from dataclasses import replace

from player.errors import ErrorCode, ManifestError
from player.manifest.index.sidx import Reference, read_sidx
from player.manifest.index.webm import read_cues
from player.manifest.limits import MAX_INDEX_BYTES, limit_error
from player.manifest.model import ByteRange, Container, IndexRef, ListedIndex, Rendition, Segment

_CUES = b"\x1c\x53\xbb\x6b"


def index_segments(reference: IndexRef, data: bytes, header: bytes = b"") -> tuple[Segment, ...]:
    """The segments that an index lists. ``data`` are the bytes of ``reference.byte_range``; ``header`` the beginning
    of the file, which WebM cues need (an MP4 index does not).

    Raises :class:`ManifestError` when the bytes are no index.
    """
    if len(data) > MAX_INDEX_BYTES:
        raise limit_error("the index is too large", MAX_INDEX_BYTES)
    webm = reference.container is Container.WEBM or data[:4] == _CUES
    if webm:
        references = read_cues(data, header or data, duration_s=reference.duration_s)
    else:
        own_file = reference.media_url is not None and reference.media_url != reference.url
        references, missing = read_sidx(data, reference.byte_range.start, separate=own_file)
        if missing and not references:
            raise ManifestError(
                ErrorCode.MANIFEST_UNSUPPORTED,
                "The index of a media file only refers to other indexes, which are not in its range.",
            )
    return _segments(reference, references)


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


def with_index(rendition: Rendition, data: bytes, header: bytes = b"") -> Rendition:
    """``rendition`` with the segments of its index; unchanged when they are known already."""
    reference = rendition.segments
    if not isinstance(reference, IndexRef):
        return rendition
    segments = index_segments(reference, data, header)
    return replace(rendition, segments=ListedIndex(segments), index=reference)
