"""Places in lists: what one page writes, the next one reads."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from backend_stub.db.keyset import PATTERN, Place

MOMENTS = st.floats(0, 1e10, allow_subnormal=True)
IDS = st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(MOMENTS, IDS)
@example(2e-05, "x")
@example(0.0, "of the first moment")
@example(5e-324, "1,2")
def test_what_a_place_writes_it_reads(at: float, row: str) -> None:
    place = Place(at, row)
    assert re.search(PATTERN, str(place))
    assert Place.read(str(place)) == place


def test_the_moment_0_alone_is_the_newest() -> None:
    assert Place.read("0") is None
    assert Place.read("0.0") is None
