"""A slice of the differential fuzzing (tests/fuzz/differential.py): independent readers agree with us, or it is known
why they do not."""

from __future__ import annotations

import pytest

from tests.fuzz import differential
from tests.fuzz.differential import Case, Difference, cases, compare, explained

WANTED = cases(400, seed=2)


def unexplained(found: list[Difference]) -> list[tuple[str, str, object, object]]:
    return [(one.reader, one.case.text, one.ours, one.theirs) for one in found if explained(one) is None]


def test_the_python_readers_agree() -> None:
    assert unexplained(list(compare(WANTED, None))) == []


def test_the_npm_readers_agree() -> None:
    npm = differential.by_npm(WANTED)
    if npm is None:
        pytest.skip("node, m3u8-parser or mpd-parser is not installed (.cache/npm)")
    assert sum(isinstance(rows, str) for rows in npm) == 0
    assert unexplained(list(compare(WANTED, npm))) == []


def test_a_reader_that_differs_is_found() -> None:
    case = Case("hls", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n", frozenset())
    (difference,) = compare([case], [[("https://example.org/title/deep/b.ts", 4.0, "")]])
    assert (difference.reader, explained(difference)) == ("m3u8-parser", None)
    assert explained(Difference("m3u8", Case("hls", "", frozenset({"range-without-offset"})), 1, 2)) is not None


def test_every_explanation_is_still_needed() -> None:
    """One that no case needs any more hides what comes next."""
    npm = differential.by_npm(WANTED)
    found = [one for one in compare(WANTED, npm) if explained(one) is not None]
    readers = {"m3u8"} if npm is None else {reader for reader, _ in differential.KNOWN}
    assert {one.reader for one in found} == readers
