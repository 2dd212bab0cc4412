"""A slice of the random operations of ``make soak``: no seek is missed, nothing hangs, no picture is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.fuzz import Fuzz, Outcome
from tests.kit import media

OPERATIONS = 20


@pytest.mark.realtime
def test_random_operations(tmp_path: Path) -> None:
    titles = [(media.ffmpeg_dash(), "dash"), (media.packager_cbcs(), "hls"), (media.ffmpeg_hls_ts(), "hls")]

    def run(number: int) -> Outcome:
        title, form = titles[number]
        manifest = (title.dash if form == "dash" else title.hls) or ""
        return Fuzz(title, manifest, tmp_path / str(number), seed=number, faults=True).run(OPERATIONS)

    with ThreadPoolExecutor(len(titles)) as pool:
        outcomes = list(pool.map(run, range(len(titles))))
    for outcome in outcomes:
        assert outcome.wrong == []
        assert outcome.operations == OPERATIONS
        assert outcome.seeks
