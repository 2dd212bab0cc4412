"""The app is started and left 120 times in a row, in each way in which a viewer leaves it."""

from __future__ import annotations

import faulthandler
import os
import statistics
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.kit.app_start import Way, visit
from tests.kit.fileserver import FileServer
from tests.kit.media import ffmpeg_hls_ts

STARTS = int(os.environ.get("SOAK_STARTS", "120"))
TERMINATED = 130
pytestmark = pytest.mark.soak


@pytest.mark.realtime
def test_no_start_and_no_exit_crashes(tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()  # it takes longer than a test may; each start has a limit of its own
    media = ffmpeg_hls_ts()
    with FileServer(media.folder) as server:
        url = server.url(media.hls)
        found = [(way, visit(tmp_path, way, url)) for way in islice(cycle(Way), STARTS)]
    for way, one in found:
        assert one.code == (TERMINATED if way is Way.SIGNAL else 0), f"{way}: {one.errors}"
        assert "Traceback" not in one.errors, f"{way}: {one.errors}"
        assert way not in (Way.PLAYING, Way.BACK, Way.SIGNAL) or one.playing_ms > 0, f"{way}: nothing played"
    for name in ("first_frame_ms", "playing_ms"):
        times = [getattr(one, name) for _way, one in found if getattr(one, name)]
        print(f"{name}: {len(times)} times, median {statistics.median(times):.0f}, longest {max(times):.0f}")
