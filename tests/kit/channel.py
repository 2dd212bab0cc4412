"""A live channel of the bundled service, made of test media, whose servers can be stopped and started again."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from backend_stub.config import Settings
from backend_stub.server import ServerGroup, ServerOptions
from tests.kit import media
from tests.kit.backend import signed_in_viewer
from tests.kit.playback import publish_media


class Channel:
    """One edge with one channel. ``hls`` and ``dash`` are the signed addresses of its manifests."""

    def __init__(self, folder: Path) -> None:
        self._settings = Settings(folder)
        self._group = ServerGroup(self._settings, ServerOptions(edge_ports=(0,)))

    def __enter__(self) -> Self:
        group = self._group.start()
        try:
            group.context.accounts.ensure_demo_viewer()
            title = publish_media(group, media.packager_cenc(), "Channel", clear=media.packager_clear())
            with signed_in_viewer(group) as viewer:
                manifests = cast("list[dict[str, str]]", viewer.play(title, "live")["manifests"])
        except BaseException:
            group.stop()
            raise
        self.hls, self.dash = manifests[0]["hls"], manifests[0]["dash"]
        self._ports = (group.api.port, group.edges[0].port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._group.stop()

    def restart(self, away_s: float) -> None:
        """Stop everything, and start it again on the same ports ``away_s`` seconds later."""
        self._group.stop()
        time.sleep(away_s)
        api, edge = self._ports
        self._group = ServerGroup(self._settings, ServerOptions(api_port=api, edge_ports=(edge,))).start()
        assert self._group.edges[0].port == edge, "the port has been taken by somebody else"
