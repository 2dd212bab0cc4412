"""Landscapes that are drawn once, in layers, and moved by FFmpeg: sky, hills, woods, houses, water, weather.

All layers join at their edges, so that they can be scrolled for ever. A layer moves by whole pixels in each frame,
which is smooth; near ones move faster than far ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Picture = NDArray[np.float32]  # (rows, columns, 4): red, green, blue and opacity, 0..1


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture and how it moves, in pixels per frame: ``across`` to the left, ``down`` downwards. With ``rises``
    (start and length in seconds) it comes in slowly."""

    picture: Picture
    across: int = 0
    down: int = 0
    rises: tuple[float, float] | None = None


def fractal(rows: int, columns: int, seed: int, *, power: float = 1.6, stretch: float = 1.0) -> NDArray[np.float32]:
    """Clouds of noise, 0..1, that join at all edges: white noise with a spectrum of 1/f^``power``. ``stretch`` above
    1 makes them wider than high."""
    rng = np.random.default_rng(seed)
    down = np.fft.fftfreq(rows)[:, None] * rows
    across = np.fft.rfftfreq(columns)[None, :] * columns * stretch * rows / columns
    size = np.sqrt(down**2 + across**2)
    size[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((rows, columns))) / size**power
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=(rows, columns))
    low, high = np.percentile(noise, (1, 99))
    found: NDArray[np.float32] = np.clip((noise - low) / (high - low), 0, 1).astype(np.float32)
    return found


def ridge(columns: int, seed: int, *, power: float = 1.1, detail: int = 400) -> NDArray[np.float32]:
    """A line of hills, 0..1, that joins at its ends."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(columns) * columns
    frequency[0] = 1.0
    spectrum = np.fft.rfft(rng.standard_normal(columns)) / frequency**power
    spectrum[0] = 0.0
    spectrum[detail:] = 0.0
    line = np.fft.irfft(spectrum, columns)
    found: NDArray[np.float32] = ((line - line.min()) / (line.max() - line.min())).astype(np.float32)
    return found


def gradient(rows: int, columns: int, stops: Sequence[tuple[float, Colour]]) -> Picture:
    """A sky from top to bottom."""
    places = np.linspace(0, 1, rows)
    found = np.ones((rows, columns, 4), np.float32)
    for channel in range(3):
        shade = np.interp(places, [stop for stop, _ in stops], [colour[channel] / 255 for _, colour in stops])
        found[:, :, channel] = shade[:, None]
    # A little noise keeps the encoder from drawing bands.
    grain = np.random.default_rng(1).normal(0, 0.006, (rows, columns, 1)).astype(np.float32)
    found[:, :, :3] = np.clip(found[:, :, :3] + grain, 0, 1)
    return found


def glow(sky: Picture, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> Picture:
    """A sun or a moon with the light around it; ``x``, ``y`` and ``radius`` are parts of the height."""
    rows, columns = sky.shape[:2]
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32) / rows
    away = np.hypot(across - x * columns / rows, down - y)
    disc = np.clip((radius - away) * rows / 2 + 0.5, 0, 1)
    halo = strength * (0.55 * np.exp(-away / (radius * 1.6)) + 0.35 * np.exp(-away / (radius * 6)))
    light = np.clip(disc + halo, 0, 1)[:, :, None]
    sky[:, :, :3] = sky[:, :, :3] * (1 - light) + np.array(colour, np.float32) / 255 * light
    return sky


def stars(sky: Picture, seed: int, count: int = 900, down_to: float = 0.7) -> Picture:
    """Stars, fewer and fainter towards the horizon."""
    rng = np.random.default_rng(seed)
    rows, columns = sky.shape[:2]
    y = (rng.random(count) ** 1.5 * rows * down_to).astype(int)
    x = rng.integers(1, columns - 1, count)
    bright = (rng.random(count) ** 3 * 0.9 + 0.1) * (1 - y / (rows * down_to))
    for dy, dx, share in ((0, 0, 1.0), (0, 1, 0.35), (1, 0, 0.35), (0, -1, 0.2)):
        at = np.minimum(y + dy, rows - 1), x + dx
        sky[at[0], at[1], :3] = np.clip(sky[at[0], at[1], :3] + (bright * share)[:, None], 0, 1)
    return sky


def clouds(rows: int, columns: int, seed: int, colour: Colour, *, amount: float = 0.5, top: float = 0.0) -> Picture:
    """A band of clouds that fades out at its foot."""
    noise = fractal(rows, columns, seed, power=1.9, stretch=2.6)
    found = _flat(rows, columns, colour)
    fade = np.interp(np.linspace(0, 1, rows), [0, top + 0.02, 0.5, 0.75, 1], [0, 1, 0.8, 0, 0])
    found[:, :, 3] = np.clip((noise - (1 - amount)) / 0.45, 0, 1) ** 1.3 * fade[:, None] * 0.85
    found[:, :, :3] *= (0.82 + 0.18 * noise)[:, :, None]
    return found


def hills(
    rows: int, columns: int, seed: int, top: float, foot: float, colour: Colour, haze: Colour, *, power: float = 1.1
) -> Picture:
    """Hills whose line runs between ``top`` and ``foot`` (parts of the height), in a haze towards their feet."""
    line = (foot - (foot - top) * ridge(columns, seed, power=power)) * rows
    y = np.arange(rows, dtype=np.float32)[:, None]
    found = _flat(rows, columns, colour)
    found[:, :, 3] = np.clip(y - line[None, :] + 0.5, 0, 1)
    depth = np.clip((y - line[None, :]) / (rows * 0.45), 0, 1)[:, :, None]
    texture = fractal(rows, columns, seed + 1, power=1.3)[:, :, None]
    found[:, :, :3] *= 0.86 + 0.28 * texture * (1 - depth)
    found[:, :, :3] = found[:, :, :3] * (1 - depth * 0.75) + np.array(haze, np.float32) / 255 * depth * 0.75
    return np.clip(found, 0, 1)


def woods(
    rows: int, columns: int, seed: int, foot: float, tall: float, colour: Colour, *, count: int = 90, snow: float = 0
) -> Picture:
    """Firs on a line of ground; ``tall`` is the height of the tallest, ``snow`` how white their boughs are."""
    rng = np.random.default_rng(seed)
    found = _flat(rows, columns, colour)
    ground = (foot + 0.03 * (ridge(columns, seed + 3, power=1.8) - 0.5)) * rows
    y = np.arange(rows, dtype=np.float32)[:, None]
    found[:, :, 3] = np.clip(y - ground[None, :] + 0.5, 0, 1)
    for centre, size in zip(rng.integers(0, columns, count), rng.uniform(0.45, 1.0, count), strict=True):
        height = int(size * tall * rows)
        base = int(ground[centre]) + 6
        top = max(0, base - height)
        down = np.arange(top, min(base, rows))
        share = (down - top) / height
        boughs = 0.55 + 0.45 * ((share * 7) % 1.0)
        width = (0.19 * height * share * boughs + 1.5)[:, None]
        reach = int(0.2 * height) + 2
        across = np.arange(-reach, reach + 1)[None, :]
        shape = np.clip(width - np.abs(across) + 0.5, 0, 1)
        where = (centre + across[0]) % columns
        part = found[np.ix_(down, where)]
        shade = 0.8 + 0.25 * rng.random()
        ink = np.array(colour, np.float32) / 255 * shade
        white = snow * np.clip((share * 7) % 1.0 - 0.25, 0, 1)[:, None] * (across < width * 0.3)
        part[:, :, :3] = part[:, :, :3] * (1 - shape[:, :, None]) + ink * shape[:, :, None]
        part[:, :, :3] += (0.9 - part[:, :, :3]) * (white * shape)[:, :, None]
        part[:, :, 3] = np.maximum(part[:, :, 3], shape)
        found[np.ix_(down, where)] = part
    return np.clip(found, 0, 1)


def houses(
    rows: int, columns: int, seed: int, foot: float, tall: float, colour: Colour, light: Colour, *, lit: float = 0.35
) -> Picture:
    """A row of houses with windows, of which a share is ``lit``."""
    rng = np.random.default_rng(seed)
    found = _flat(rows, columns, colour)
    found[:, :, 3] = 0
    base, x = int(foot * rows), 0
    while x < columns:
        width = min(int(rng.uniform(0.035, 0.09) * columns), columns - x)
        height = int(rng.uniform(0.3, 1.0) ** 1.4 * tall * rows)
        top = base - height
        shade = np.array(colour, np.float32) / 255 * rng.uniform(0.75, 1.2)
        found[top:base, x : x + width] = (*np.clip(shade, 0, 1), 1.0)
        if rng.random() < 0.4:
            found[max(0, top - 34) : top, x + width // 2 : x + width // 2 + 3] = (*np.clip(shade, 0, 1), 1.0)
        step, size = max(12, rows // 54), max(5, rows // 120)
        for row in range(top + step, base - step, step + size):
            for column in range(x + size, x + width - 2 * size, 2 * size + 4):
                if rng.random() < lit:
                    warm = np.array(light, np.float32) / 255 * rng.uniform(0.6, 1.0)
                    found[row : row + size, column : column + size, :3] = warm
        x += width + int(rng.integers(0, 9))
    found[base:, :, 3] = 0
    return found


def water(
    rows: int, columns: int, seed: int, top: float, deep: Colour, shine: Colour, *, opacity: float = 1.0
) -> Picture:
    """Water from ``top`` down, with glints that are wider the nearer they are."""
    found = _flat(rows, columns, deep)
    begin = int(top * rows)
    far = fractal(rows, columns, seed, power=1.0, stretch=9.0)
    depth = np.clip((np.arange(rows) - begin) / max(1, rows - begin), 0, 1).astype(np.float32)[:, None]
    glint = np.clip((far - 0.62) / 0.3, 0, 1) * (0.35 + 0.65 * depth)
    found[:, :, :3] *= (1.0 - 0.35 * depth)[:, :, None]
    found[:, :, :3] += (np.array(shine, np.float32) / 255 - found[:, :, :3]) * glint[:, :, None] * 0.7
    found[:, :, 3] = np.where(np.arange(rows)[:, None] >= begin, opacity if opacity >= 1 else glint * opacity, 0)
    return np.clip(found, 0, 1)


def flakes(
    rows: int, columns: int, seed: int, colour: Colour, *, count: int, size: float, long: float = 1.0
) -> Picture:
    """Snow, leaves or lanterns; with ``long`` above 1, rain. ``size`` is in pixels of 1080 rows."""
    rng = np.random.default_rng(seed)
    found = _flat(rows, columns, colour)
    found[:, :, 3] = 0
    for x, y, share in zip(
        rng.integers(0, columns, count), rng.integers(0, rows, count), rng.uniform(0.4, 1.0, count), strict=True
    ):
        wide = max(0.8, size * share * rows / 1080)
        high = wide * long
        down = np.arange(-int(high) - 1, int(high) + 2)
        across = np.arange(-int(wide) - 1, int(wide) + 2)
        away = np.hypot(down[:, None] / high, across[None, :] / wide)
        spot = np.clip(1.15 - away, 0, 1) ** 0.8 * (0.35 + 0.6 * share)
        where = np.ix_((y + down) % rows, (x + across) % columns)
        found[(*where, 3)] = np.maximum(found[(*where, 3)], spot)
    return found


def lights(
    rows: int, columns: int, seed: int, colour: Colour, *, top: float, foot: float, strength: float
) -> Picture:
    """Curtains of light in the sky, as the aurora makes them."""
    found = _flat(rows, columns, colour)
    y = np.arange(rows, dtype=np.float32)[:, None] / rows
    line = foot - (foot - top) * (0.35 + 0.4 * ridge(columns, seed, power=1.7, detail=9))
    rays = 0.45 + 0.55 * ridge(columns, seed + 5, power=0.5, detail=120)
    below = np.clip((line[None, :] - y) / 0.02, 0, 1)
    found[:, :, 3] = below * np.exp(-(line[None, :] - y).clip(0) / 0.16) * rays[None, :] * strength
    return found


def tint(rows: int, columns: int, colour: Colour, strength: float) -> Picture:
    """A colour over everything, for the evening."""
    found = _flat(rows, columns, colour)
    found[:, :, 3] = strength
    return found


def _flat(rows: int, columns: int, colour: Colour) -> Picture:
    found = np.ones((rows, columns, 4), np.float32)
    found[:, :, :3] = np.array(colour, np.float32) / 255
    return found
