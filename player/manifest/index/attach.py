"""Segments out of an index inside the media, put into the presentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from player.base.errors import ErrorCode, ManifestError
from player.manifest.edit import map_renditions
from player.manifest.index.sidx import MissingIndex, Reference, cut_off, read_sidx
from player.manifest.index.webm import read_cues
from player.manifest.limits import MAX_INDEX_BYTES, MAX_INDEX_PIECES, limit_error
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

FIRST_LOOK_BYTES = 16 * 1024
_CUES = b"\x1c\x53\xbb\x6b"


def index_segments(
    reference: IndexRef, data: bytes, header: bytes = b"", more: Sequence[tuple[int, bytes]] = ()
) -> tuple[ListedIndex, int]:
    """The segments that an index lists, and how many further indexes it refers to that are not at hand (their
    segments are missing). ``data`` are the bytes of ``reference.byte_range``; ``header`` the beginning of the file,
    which WebM cues need (an MP4 index does not); ``more`` are the pieces that :func:`index_ranges` asked for.

    Raises :class:`ManifestError` when the bytes are no index, or one of indexes elsewhere alone.
    """
    if len(data) + sum(len(piece) for _, piece in more) > MAX_INDEX_BYTES:
        raise limit_error("the index is too large", MAX_INDEX_BYTES)
    if _is_cues(reference, data):
        return _segments(reference, read_cues(data, header or data, duration_s=reference.duration_s)), 0
    references, missing = _read(reference, data, more)
    if missing and not references:
        raise ManifestError(
            ErrorCode.MANIFEST_UNSUPPORTED,
            "The index of a media file only refers to other indexes, which were not available.",
        )
    return _segments(reference, references), len(missing)


def index_ranges(rendition: Rendition, data: bytes, more: Sequence[tuple[int, bytes]] = ()) -> tuple[ByteRange, ...]:
    """What of a hierarchical index is still to be loaded before it is attached: sidx boxes that another one refers
    to, or that the named range cuts off. Empty when nothing is, when it was loaded and is not there, or past
    :data:`MAX_INDEX_PIECES`.

    ``data`` are the bytes of the range that its :class:`~player.manifest.model.IndexRef` names and ``more`` what was
    asked for so far, as file offset and bytes; ask again with the new pieces until nothing is left. Raises
    :class:`ManifestError` when the bytes are no index.
    """
    reference = rendition.segments
    if not isinstance(reference, IndexRef) or _is_cues(reference, data) or len(more) >= MAX_INDEX_PIECES:
        return ()
    had: dict[int, bytes] = {}
    for offset, piece in more:
        had[offset] = max(had.get(offset, b""), piece, key=len)
    wanted = []
    for item in _read(reference, data, more)[1]:
        known = had.get(item.offset)
        if known is None:  # the size that a reference names may include the media behind the index
            wanted.append(ByteRange(item.offset, item.size if item.exact else min(item.size, FIRST_LOOK_BYTES)))
        elif (rest := cut_off(known, item.offset)) is not None and rest.offset == item.offset:
            wanted.append(ByteRange(rest.offset, rest.size))
    return tuple(wanted[: MAX_INDEX_PIECES - len(more)])


def _is_cues(reference: IndexRef, data: bytes) -> bool:
    return reference.container is Container.WEBM or data[:4] == _CUES


def _read(
    reference: IndexRef, data: bytes, more: Sequence[tuple[int, bytes]]
) -> tuple[list[Reference], list[MissingIndex]]:
    own_file = reference.media_url is not None and reference.media_url != reference.url
    return read_sidx(data, reference.byte_range.start, separate=own_file, more=more)


def _segments(reference: IndexRef, references: list[Reference]) -> ListedIndex:
    url = reference.media_url or reference.url
    end_s = None if reference.duration_s is None else reference.start_s + reference.duration_s
    result: list[Segment] = []
    behind: list[Segment] = []
    for number, item in enumerate(references, 1):
        start_s = item.start_s + reference.media_offset_s
        ended = end_s is not None and start_s >= end_s - 1e-6
        if start_s + item.duration_s <= reference.start_s + 1e-6 and item.duration_s > 0:
            continue  # before the period (@presentationTimeOffset)
        (behind if ended else result).append(
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
    return ListedIndex(tuple(result), tuple(behind))


def attach_index(
    presentation: Presentation,
    rendition: Rendition,
    data: bytes,
    *,
    header: bytes = b"",
    more: Sequence[tuple[int, bytes]] = (),
) -> Presentation:
    """``presentation`` with the segments that the index of ``rendition`` lists; itself when they are known already.

    For ``data``, ``header`` and ``more`` see :func:`index_segments`. Indexes that it refers to and that are not there
    become a warning. Raises :class:`ManifestError` when they hold no index.
    """
    reference = rendition.segments
    if not isinstance(reference, IndexRef):
        return presentation
    segments, missing = index_segments(reference, data, header, more)
    indexed = replace(rendition, segments=segments, index=reference)
    changed = map_renditions(presentation, lambda item: indexed if item is rendition else item)
    if not missing:
        return changed
    warning = ManifestWarning(
        "dash.index_elsewhere",
        f"The index of rendition {rendition.id} refers to {missing} more, which were not available; "
        "their segments are missing.",
        rendition.place,
    )
    return replace(changed, warnings=(*changed.warnings, warning))
