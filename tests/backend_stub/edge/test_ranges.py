from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.edge.ranges import ByteSpan, UnsatisfiableRangeError, parse_range


@pytest.mark.parametrize(
    ("value", "size", "expected"),
    [
        (None, 100, None),
        ("bytes=0-9", 100, ByteSpan(0, 10)),
        ("bytes=90-", 100, ByteSpan(90, 10)),
        ("bytes=90-200", 100, ByteSpan(90, 10)),
        ("bytes=-10", 100, ByteSpan(90, 10)),
        ("bytes=-1000", 100, ByteSpan(0, 100)),
        ("BYTES=1-1", 100, ByteSpan(1, 1)),
        ("bytes=9-3", 100, None),
        ("bytes=-", 100, None),
        ("bytes=0-1,5-6", 100, None),
        ("seconds=0-1", 100, None),
        ("bytes=a-b", 100, None),
        ("bytes=" + "9" * 40 + "-", 100, None),
    ],
)
def test_part_asked_for(value: str | None, size: int, expected: ByteSpan | None) -> None:
    assert parse_range(value, size) == expected


@pytest.mark.parametrize(
    ("value", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_behind_the_end(value: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(value, size)


@given(first=st.integers(0, 500), last=st.integers(0, 500), size=st.integers(1, 400))
def test_a_span_is_the_overlap_with_the_file(first: int, last: int, size: int) -> None:
    expected = range(first, last + 1)[: max(0, size - first)]
    try:
        span = parse_range(f"bytes={first}-{last}", size)
    except UnsatisfiableRangeError:
        assert first >= size
        return
    assert (span is None) == (last < first)
    assert span is None or range(span.start, span.start + span.length) == expected
