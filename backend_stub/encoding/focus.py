"""Where the eye is drawn to in a picture, so that a crop keeps it. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 90, 160  # of the small picture that is looked at
_MIDDLE = 0.55  # how far from the middle things still count, as a share of the size
_SHARPNESS = 3.0  # how much more the most striking part weighs than what is half as striking


def focal_point(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """The striking part of ``picture`` (rows, columns, RGB), across and down from 0 to 1.

    What differs from the picture's own average colour and has edges is striking, more so near the middle (after
    Achanta et al., "Frequency-tuned salient region detection", 2009). A plain picture has its middle.
    """
    values: NDArray[np.float32] = (picture / 255).astype(np.float32)
    away = np.linalg.norm(_blurred(values) - values.mean(axis=(0, 1)), axis=2)
    light = values.mean(axis=2)
    edges = np.hypot(*np.gradient(light)).astype(np.float32)
    rows, columns = light.shape
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    down, across = down / max(1, rows - 1), across / max(1, columns - 1)
    near = np.exp(-((across - 0.5) ** 2 + (down - 0.5) ** 2) / (2 * _MIDDLE**2))
    striking = (_scaled(away) + _scaled(_blurred(edges[:, :, None])[:, :, 0])) * near
    weight = _scaled(striking) ** _SHARPNESS
    total = float(weight.sum())
    if total <= 0:
        return 0.5, 0.5
    return round(float((weight * across).sum()) / total, 3), round(float((weight * down).sum()) / total, 3)


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    most = float(values.max(initial=0.0))
    return values / most if most > 1e-6 else np.zeros_like(values)


def _blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The average over 5 x 5 pixels."""
    wide = np.pad(values, ((2, 2), (2, 2), (0, 0)), mode="edge")
    rows, columns = values.shape[:2]
    summed = sum(wide[y : y + rows, x : x + columns] for y in range(5) for x in range(5))
    return np.asarray(summed / 25, np.float32)
