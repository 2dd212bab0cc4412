"""Music and weather for the sample titles: slow chords, a plucked melody over them, and noise that sounds like wind,
rain or the sea. Stereo, 48 kHz, values from -1 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MusicScore:
    """A piece. ``chords`` are semitones above ``root_hz``, each for ``bar_s`` seconds; ``weather`` is the colour of
    the noise (1 is a hiss like rain, 2 a rumble like the sea) and ``loud`` how much of it there is."""

    root_hz: float
    chords: Sequence[Sequence[int]]
    bar_s: float = 6.0
    beats: int = 8
    seed: int = 1
    weather: float = 1.6
    loud: float = 0.12
    melody: bool = True


CALM = ((0, 7, 12, 16), (-3, 4, 9, 12), (-7, 0, 5, 9), (-5, 2, 7, 11))
WISTFUL = ((0, 7, 12, 15), (-4, 3, 8, 12), (3, 10, 15, 19), (-2, 5, 10, 14))
BRIGHT = ((0, 4, 7, 12), (5, 9, 12, 17), (-3, 4, 9, 12), (-5, 2, 7, 11))
NIGHT = ((0, 7, 10, 14), (-5, 2, 7, 10), (-2, 5, 8, 12), (-7, 0, 3, 7))


def play(score: MusicScore, seconds: float) -> Sound:
    """The piece, as long as it is wanted, with a soft begin and end."""
    count = int(seconds * RATE)
    mixed = np.zeros((count, 2), np.float32)
    rng = np.random.default_rng(score.seed)
    bar = int(score.bar_s * RATE)
    for number, begin in enumerate(range(0, count, bar)):
        chord = score.chords[number % len(score.chords)]
        _add(mixed, begin, _chord(score.root_hz, chord, score.bar_s * 1.5))
        if score.melody:
            _melody(mixed, begin, score, chord, rng)
    mixed += _echo(mixed)
    mixed += score.loud * _weather(count, score.weather, rng)
    edge = min(count // 2, RATE * 2)
    fade = np.ones(count, np.float32)
    fade[:edge] = np.linspace(0, 1, edge)
    fade[count - edge :] = np.linspace(1, 0, edge)
    peak = float(np.abs(mixed).max()) or 1.0
    return mixed * fade[:, None] * np.float32(0.7 / peak)


def _chord(root_hz: float, notes: Sequence[int], seconds: float) -> Sound:
    time = np.arange(int(seconds * RATE)) / RATE
    swell = np.sin(np.pi * time / seconds) ** 1.2
    found = np.zeros((len(time), 2), np.float32)
    for place, note in enumerate(notes):
        pitch = root_hz * 2 ** (note / 12)
        for detune, side in ((0.9985, 0), (1.0015, 1)):
            wave = sum(np.sin(2 * np.pi * pitch * detune * part * time) / part**2.2 for part in (1, 2, 3, 4))
            share = 0.5 + 0.2 * (side - 0.5) * (-1) ** place
            found[:, side] += (0.11 * share * wave * swell).astype(np.float32)
    return found


def _melody(mixed: Sound, begin: int, score: MusicScore, chord: Sequence[int], rng: np.random.Generator) -> None:
    step = score.bar_s / score.beats
    time = np.arange(int(2.4 * RATE)) / RATE
    for beat in range(score.beats):
        if rng.random() < 0.4:
            continue
        pitch = score.root_hz * 2 ** ((chord[int(rng.integers(len(chord)))] + 12 * int(rng.integers(1, 3))) / 12)
        wave = np.sin(2 * np.pi * pitch * time) + 0.3 * np.sin(4 * np.pi * pitch * time)
        pluck = (0.09 * wave * np.exp(-2.6 * time) * np.minimum(1, time * 120)).astype(np.float32)
        side = float(rng.uniform(0.25, 0.75))
        _add(mixed, begin + int(beat * step * RATE), pluck[:, None] * np.array([1 - side, side], np.float32))


def _echo(sound: Sound) -> Sound:
    found = np.zeros_like(sound)
    for delay_s, share in ((0.37, 0.34), (0.61, 0.24), (0.97, 0.16), (1.43, 0.1)):
        delay = int(delay_s * RATE)
        if delay < len(sound):
            found[delay:] += np.float32(share) * sound[:-delay, ::-1]
    return found


def _weather(count: int, colour: float, rng: np.random.Generator) -> Sound:
    """Noise with a spectrum of 1/f^``colour``, which comes and goes like gusts or waves."""
    length = min(count, 16 * RATE)
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    shape = 1 / np.maximum(frequency, 60.0) ** (colour / 2)
    sides = []
    for _ in range(2):
        noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) * shape, length)
        sides.append(noise / np.abs(noise).max())
    loop = np.stack(sides, axis=1)
    found = np.resize(loop, (count, 2)).astype(np.float32)
    time = np.arange(count) / RATE
    gusts = 0.65 + 0.35 * np.sin(2 * np.pi * time / 7.3) * np.sin(2 * np.pi * time / 16.9)
    return found * gusts[:, None].astype(np.float32)


def _add(mixed: Sound, begin: int, sound: Sound) -> None:
    end = min(len(mixed), begin + len(sound))
    if end > begin:
        mixed[begin:end] += sound[: end - begin]
