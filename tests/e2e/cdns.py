"""One folder of media on two plain file servers: manifests that name both as CDNs, and a server that dies."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from tests.kit.fileserver import FileServer
from tests.kit.media import TestMedia

FIRST, SECOND = "alpha", "beta"
"""What the manifests call the two servers."""


class MortalServer(FileServer):
    """Dies for good in the middle of the response to one request: the ``after``-th for a path like ``pattern``."""

    def __init__(self, folder: Path, pattern: str, *, after: int, sent: int = 20_000) -> None:
        super().__init__(folder)
        self._pattern = pattern
        self._left = after
        self._sent = sent
        self._doomed: int | None = None
        self.dead = False

    def find(self, url_path: str) -> Path | None:
        if fnmatchcase(url_path, self._pattern):
            self._left -= 1
            if self._left == 0:
                self._doomed = threading.get_ident()
        return super().find(url_path)

    def paced(self, body: bytes) -> Iterator[memoryview]:
        if self._doomed != threading.get_ident():
            yield from super().paced(body)
            return
        yield memoryview(body)[: self._sent]
        self.die()

    def die(self) -> None:
        """Close the port and every connection."""
        self.dead = True
        self._http.shutdown()
        self._http.server_close()
        self._http.close_connections()

    def __exit__(self, *exception: object) -> None:
        if not self.dead:
            super().__exit__(*exception)


class TwoCdns:
    """``media`` copied to two folders, each with a server; the first folder's manifest names both.

    With ``dies_at`` (a pattern of paths) the first server dies at its sixth request of that kind.
    """

    def __init__(self, media: TestMedia, first: Path, second: Path, dies_at: str = "") -> None:
        shutil.copytree(media.folder, first)
        shutil.copytree(media.folder, second)
        self._manifest = media.dash or media.hls or ""
        self._folder = first
        self.first = MortalServer(first, dies_at, after=6)
        self.second = FileServer(second)

    @property
    def url(self) -> str:
        """The address of the manifest that names both."""
        return self.first.url(self._manifest)

    def __enter__(self) -> Self:
        self.first.__enter__()
        self.second.__enter__()
        path = self._folder / self._manifest
        if path.suffix == ".mpd":
            self._name_both_in_mpd(path)
        else:
            self._name_both_in_playlist(path)
        return self

    def __exit__(self, *exception: object) -> None:
        self.first.__exit__(*exception)
        self.second.__exit__(*exception)

    def _name_both_in_mpd(self, path: Path) -> None:
        named = "".join(
            f'<BaseURL serviceLocation="{name}">{server.base}/</BaseURL>'
            for name, server in ((FIRST, self.first), (SECOND, self.second))
        )
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"<Period", f"{named}<Period", text, count=1), encoding="utf-8")

    def _name_both_in_playlist(self, path: Path) -> None:
        lines: list[str] = []
        variants: dict[str, list[str]] = {FIRST: [], SECOND: []}
        stream_inf = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#EXT-X-STREAM-INF:"):
                stream_inf = line
            elif stream_inf and line and not line.startswith("#"):
                variants[FIRST] += [f'{stream_inf},PATHWAY-ID="{FIRST}"', line]
                variants[SECOND] += [f'{stream_inf},PATHWAY-ID="{SECOND}"', self.second.url(line)]
                stream_inf = ""
            else:
                lines.append(line)
        path.write_text("\n".join([*lines, *variants[FIRST], *variants[SECOND]]) + "\n", encoding="utf-8")
