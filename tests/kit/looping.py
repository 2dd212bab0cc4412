"""A long title out of a short one: a server that gives the same few segments again and again, each time further on.

Only the decode times are changed (ISO/IEC 14496-12 8.8.12), so that to a player it is one title of any length, hours
of which take no room on the disk.
"""

from __future__ import annotations

import re
import struct
import sys
import threading
from pathlib import Path

from lxml import etree

from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.media import TestMedia

MANIFEST = "manifest.mpd"
_NUMBERED = re.compile(r"(?P<folder>/[\w-]+)/(?P<number>\d+)\.m4s")
_NS = "{urn:mpeg:dash:schema:mpd:2011}"


class LoopServer(FileServer):
    """Serves ``title``, which Shaka Packager has cut into whole segments, so many times in a row."""

    def __init__(self, title: TestMedia, times: int) -> None:
        super().__init__(title.folder)
        self._title = title
        document = etree.fromstring((title.folder / MANIFEST).read_bytes())
        self._manifest, self._scales = _prolonged(document, title, times)

    def read(self, path: Path, url_path: str) -> bytes:
        """The manifest of the long title; a segment moved to the round that its number belongs to."""
        found = _NUMBERED.fullmatch(url_path)
        if found is None:
            return self._manifest if path.name == MANIFEST else path.read_bytes()
        rounds = (int(found["number"]) - 1) // self._title.segments
        return later(path.read_bytes(), rounds * self._title.seconds * self._scales[found["folder"]])

    def find(self, url_path: str) -> Path | None:
        """The file whose segment the address names, whatever its round."""
        found = _NUMBERED.fullmatch(url_path)
        if found is None:
            return super().find(url_path)
        return super().find(f"{found['folder']}/{(int(found['number']) - 1) % self._title.segments + 1}.m4s")


def later(segment: bytes, ticks: int) -> bytes:
    """A media segment of one fragment whose decode time is so many ticks later."""
    at = segment.index(b"tfdt") + 4
    form = ">Q" if segment[at] else ">I"
    (time,) = struct.unpack_from(form, segment, at + 4)
    return segment[: at + 4] + struct.pack(form, time + ticks) + segment[at + 4 + struct.calcsize(form) :]


def _prolonged(document: etree._Element, title: TestMedia, times: int) -> tuple[bytes, dict[str, int]]:
    """The manifest of the long title, and the timescale of each folder of segments."""
    document.set("mediaPresentationDuration", f"PT{title.seconds * times}S")
    scales: dict[str, int] = {}
    for template in document.iter(f"{_NS}SegmentTemplate"):
        scale = int(template.get("timescale", "1"))
        scales["/" + str(template.get("media")).partition("/")[0]] = scale
        (timeline,) = template.findall(f"{_NS}SegmentTimeline")
        _repeat(timeline, title.seconds * scale, times)
    return etree.tostring(document), scales


def _repeat(timeline: etree._Element, ticks: int, times: int) -> None:
    """A timeline so many times in a row, one round taking so many ticks."""
    pieces = [(int(each.get("t", "0")), int(each.get("d", "0")), int(each.get("r", "0"))) for each in timeline]
    timeline[:] = [
        etree.Element(f"{_NS}S", t=str(n * ticks + start), d=str(length), r=str(more))
        for n in range(times)
        for start, length, more in pieces
    ]


def main() -> None:
    """Serve 24 s again and again until killed: ``python -m tests.kit.looping TIMES``; prints the address."""
    with LoopServer(media.packager_clear(), int(sys.argv[1])) as server:
        print(server.url(MANIFEST), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
