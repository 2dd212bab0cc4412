"""Each manifest of the corpus shows one rule, named in its file name; the golden file is what we must read of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from player.manifest import parse
from tests.player.manifest.golden import NOW_S, golden_of, manifests, normalised, url_of


@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.name)
def test_manifest_reads_as_its_golden_file_says(path: Path) -> None:
    expected = json.loads(golden_of(path).read_text(encoding="utf-8"))
    assert json.loads(json.dumps(normalised(path))) == expected


@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.name)
def test_indexes_find_positions_and_slices_agree_with_iteration(path: Path) -> None:
    """Lazy indexes: iterating, indexing from both ends and position_at name the same segments."""
    for period in parse(path.read_bytes(), url_of(path), now_s=NOW_S).periods:
        for track in period.tracks:
            for rendition in track.renditions:
                index = rendition.segments
                if not hasattr(index, "__len__"):
                    continue
                listed = list(index)
                assert [index[position] for position in range(len(index))] == listed
                assert not listed or index[-1] == listed[-1]
                with pytest.raises(IndexError):
                    index[len(index)]
                starts = [segment.start_s for segment in listed]
                if starts == sorted(set(starts)):
                    middles = [
                        segment.start_s + 0.25 * segment.duration_s for segment in listed if segment.duration_s
                    ]
                    found = [index.position_at(time_s) for time_s in middles]
                    assert found == [k for k, segment in enumerate(listed) if segment.duration_s]
