"""Whether a Matroska file says how long it is (RFC 9559, 5.1.2.10), and how far one is written that does not."""

from __future__ import annotations

import struct
from pathlib import Path

from drm_client.ebml import UNKNOWN_SIZE, EbmlError, read_element

_SEGMENT, _INFO, _CLUSTER, _DURATION = 0x18538067, 0x1549A966, 0x1F43B675, 0x4489
_SCALE, _TIMESTAMP, _CRC = 0x2AD7B1, 0xE7, 0xBF
_CLUSTER_ID = _CLUSTER.to_bytes(4, "big")
_USUAL_SCALE_NS = 1_000_000
_MOST_ELEMENTS = 64
_HEAD_BYTES, _TAIL_BYTES = 64 << 10, 8 << 20  # a cluster of a recording lasts a few seconds


def tells_length(head: bytes) -> bool:
    """Return False if the description of the file is in ``head`` and has no duration: what records does not know
    it."""
    info = _info(head)
    if info is None:
        return True
    value = info.get(_DURATION, b"")
    return len(value) in (4, 8) and struct.unpack(">f" if len(value) == 4 else ">d", value)[0] > 0


def newest_cluster_s(path: Path) -> float:
    """Return when the last Cluster of the file starts, in seconds since the first one; 0 where that is not known.
    Blocks for the disk."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            tail = file.read(_TAIL_BYTES)
    except OSError:
        return 0.0
    first, last = _timestamp(head, head.find(_CLUSTER_ID)), None
    at = len(tail)
    for _ in range(_MOST_ELEMENTS):  # the last one may be cut short, and media may contain these bytes
        at = tail.rfind(_CLUSTER_ID, 0, at)
        last = _timestamp(tail, at)
        if at < 0 or last is not None:
            break
    scale_ns = int.from_bytes((_info(head) or {}).get(_SCALE, b""), "big") or _USUAL_SCALE_NS
    return 0.0 if last is None else max(0, last - (first or 0)) * scale_ns / 1e9


def _timestamp(data: bytes, at: int) -> int | None:
    """The time of the Cluster at ``at``, in the file's unit; None where none is there."""
    if at < 0:
        return None
    try:
        cluster = read_element(data, at, len(data))
        element = read_element(data, cluster.body, len(data))
        if element.id == _CRC:
            element = read_element(data, element.body + element.size, len(data))
    except EbmlError:
        return None
    value = data[element.body : element.body + element.size]
    return int.from_bytes(value, "big") if element.id == _TIMESTAMP and 0 < len(value) == element.size <= 8 else None


def _info(head: bytes) -> dict[int, bytes] | None:
    """What the description of the file says, by the elements' IDs; None where it is not in ``head``."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        try:
            element = read_element(head, at, len(head))
        except EbmlError:
            break
        end = element.body + element.size
        if element.id == _CLUSTER:
            break
        if element.id == _INFO and element.size != UNKNOWN_SIZE and end <= len(head):
            return _children(head[element.body : end])
        at = element.body if element.id == _SEGMENT else end
    return None


def _children(data: bytes) -> dict[int, bytes]:
    at, found = 0, {}
    for _ in range(_MOST_ELEMENTS):
        try:
            element = read_element(data, at, len(data))
        except EbmlError:
            break
        at = element.body + max(0, element.size)
        found[element.id] = data[element.body : at]
    return found
