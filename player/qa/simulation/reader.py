"""Reads the virtual Matroska file as libmpv's demuxer does, for a player that shows nothing (RFC 9559)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from drm_client.ebml import EbmlError, read_element
from player.media.matroska import CODECS
from player.mpv.streams import ByteStream
from player.qa.simulation.spot_check import SpotCheck, Stream

_CUE_S = 0.001  # Cues are in milliseconds
_READ = 1 << 18
_SEGMENT, _INFO, _CUES, _CUE_POINT, _CUE_PLACE = 0x18538067, 0x1549A966, 0x1C53BB6B, 0xBB, 0xB7
_CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK, _VOID = 0x1F43B675, 0xE7, 0xA3, 0xEC
_DURATION, _CUE_TIME, _CUE_POSITION = 0x4489, 0xB3, 0xF1
_TRACKS, _TRACK_ENTRY, _TRACK_TYPE = 0x1654AE6B, 0xAE, 0x83
_TRACK_NUMBER, _CODEC_ID, _CODEC_PRIVATE = 0xD7, 0x86, 0x63A2
_KEY = 0x80  # of a SimpleBlock's flags
_ENTERED = frozenset({_SEGMENT, _INFO, _TRACKS, _TRACK_ENTRY, _CUES, _CUE_POINT, _CUE_PLACE, _CLUSTER})


@dataclass(frozen=True, slots=True)
class ReadSample:
    """A sample: the number of its track, and its presentation time in seconds."""

    track: int
    pts_s: float


class FileReader:
    """Gives the packets of a stream in file order, jumping over what is empty. ``check`` sees each of them.

    ``duration_s``, ``has_video`` and ``cues`` (time in seconds, absolute position) are known once the header
    has been read.
    """

    def __init__(self, stream: ByteStream, check: SpotCheck) -> None:
        self._stream = stream
        self._check = check
        self._entry = 0  # the number of the track that is read about
        self._tracks: dict[int, Stream] = {}
        self._position = 0  # of the first byte in the buffer
        self._buffer = bytearray()
        self._data_start = 0
        self._cluster_ms = 0
        self._cue_s = 0.0
        self.duration_s: float | None = None
        self.has_video = False
        self.cues: list[tuple[float, int]] = []

    def read(self) -> list[ReadSample] | None:
        """The packets of the next bytes; None where the stream gives none now."""
        parts = self._stream.read(_READ)
        if not parts:
            return None
        for part in parts:
            self._buffer += part
        return list(self._packets())

    def seek(self, time_s: float) -> None:
        """Go to the last Cue at or before a time."""
        place = max((cue for cue in self.cues if cue[0] <= time_s + _CUE_S), default=None)
        if place is None:
            place = min(self.cues, default=None)
        if place is not None:
            self._jump(place[1])

    def _jump(self, position: int) -> None:
        self._buffer.clear()
        self._position = position
        self._stream.seek(position)

    def _packets(self) -> Iterator[ReadSample]:
        while (head := _element_head(self._buffer)) is not None:
            id_, size, start = head
            if id_ == _VOID:
                end = self._position + start + size
                if len(self._buffer) >= start + size:
                    self._drop(start + size)
                else:
                    self._jump(end)
                continue
            if id_ in _ENTERED:
                self._drop(start)
                if id_ == _SEGMENT:
                    self._data_start = self._position
                continue
            if len(self._buffer) < start + size:
                return
            packet = self._leaf(id_, bytes(self._buffer[start : start + size]))
            self._drop(start + size)
            if packet is not None:
                yield packet

    def _leaf(self, id_: int, body: bytes) -> ReadSample | None:
        if id_ == _TIMESTAMP:
            self._cluster_ms = int.from_bytes(body, "big")
        elif id_ == _SIMPLE_BLOCK:
            (relative_ms,) = struct.unpack_from(">h", body, 1)
            found = ReadSample(body[0] & 0x7F, (self._cluster_ms + relative_ms) / 1000)
            if found.track in self._tracks:
                stream, key = self._tracks[found.track], bool(body[3] & _KEY)
                self._check.take(found.track, stream, found.pts_s, body[4:], key=key)
            return found
        elif id_ == _TRACK_NUMBER:
            self._entry = int.from_bytes(body, "big")
        elif id_ == _CODEC_ID and (codec := CODECS.get(body.decode("ascii", "replace"))) is not None:
            self._tracks[self._entry] = Stream(codec)
        elif id_ == _CODEC_PRIVATE and self._entry in self._tracks:
            self._tracks[self._entry] = replace(self._tracks[self._entry], private=body)
        elif id_ == _DURATION:
            self.duration_s = struct.unpack(">d", body)[0] / 1000
        elif id_ == _TRACK_TYPE:
            self.has_video = self.has_video or body == b"\x01"
        elif id_ == _CUE_TIME:
            self._cue_s = int.from_bytes(body, "big") / 1000
        elif id_ == _CUE_POSITION:
            self.cues.append((self._cue_s, self._data_start + int.from_bytes(body, "big")))
        return None

    def _drop(self, length: int) -> None:
        del self._buffer[:length]
        self._position += length


def _element_head(buffer: bytearray) -> tuple[int, int, int] | None:
    """ID, size and header length of the element at the buffer's start; None while it is not all there."""
    try:
        element = read_element(buffer, 0, len(buffer))
    except EbmlError:
        return None
    return element.id, element.size, element.body
