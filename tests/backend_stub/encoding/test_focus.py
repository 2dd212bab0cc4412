"""Where the eye is drawn to in a picture."""

from __future__ import annotations

import numpy as np
import pytest

from backend_stub.encoding.focus import COLUMNS, ROWS, focal_point


def with_face(across: float, down: float) -> np.ndarray:
    """A grey wall with something bright on it."""
    picture = np.full((ROWS, COLUMNS, 3), 60, np.uint8)
    y, x = round(down * ROWS), round(across * COLUMNS)
    picture[max(0, y - 8) : y + 8, max(0, x - 8) : x + 8] = (250, 190, 150)
    return picture


@pytest.mark.parametrize(("across", "down"), [(0.25, 0.3), (0.8, 0.25), (0.5, 0.75)])
def test_it_lies_on_what_stands_out(across: float, down: float) -> None:
    found = focal_point(with_face(across, down))
    assert found == pytest.approx((across, down), abs=0.08)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_plain_picture_has_its_middle(shade: int) -> None:
    assert focal_point(np.full((ROWS, COLUMNS, 3), shade, np.uint8)) == (0.5, 0.5)


def test_it_lies_within_whatever_the_picture_is() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (ROWS, COLUMNS, 3), dtype=np.uint8)
    assert all(0 <= one <= 1 for one in focal_point(noise))
