"""1,000 random operations on the real libmpv (``make soak``); ``docs/measurements.md`` has the figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.fuzz import Fuzz
from tests.kit import media

OPERATIONS = 250
TITLES: dict[str, Callable[[], tuple[media.TestMedia, str | None]]] = {
    "dash": lambda: (media.ffmpeg_dash(), media.ffmpeg_dash().dash),
    "hls-ts": lambda: (media.ffmpeg_hls_ts(), media.ffmpeg_hls_ts().hls),
    "hls-cbcs": lambda: (media.packager_cbcs(), media.packager_cbcs().hls),
    "dash-cenc": lambda: (media.packager_cenc(), media.packager_cenc().dash),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", TITLES)
def test_random_operations(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    title, manifest = TITLES[name]()
    assert manifest is not None
    outcome = Fuzz(title, manifest, tmp_path, seed=1_000 + len(name), faults=True).run(OPERATIONS)
    with capsys.disabled():
        print(
            f"\n{name}: {outcome.operations} operations, {len(outcome.seeks)} seeks, {outcome.reopened} reopened; "
            f"seek p50 {outcome.percentile(0.5) * 1000:.0f} ms, p95 {outcome.percentile(0.95) * 1000:.0f} ms, "
            f"longest {outcome.percentile(1.0) * 1000:.0f} ms; {len(outcome.wrong)} wrong"
        )
    assert outcome.wrong == []
