"""A voice for audio description, made of harmonics and noise: formant synthesis after Klatt, "Software for a
cascade/parallel formant synthesizer" (J. Acoust. Soc. Am. 67, 1980), with its vowel and consonant targets simplified.

Words are given as ARPAbet phonemes. It sounds like a machine, and can be understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
_FRAME_S = 0.005
_PITCH_HZ = 118.0
_HIGHEST_HZ = 5200.0
_WIDTHS_HZ = (70.0, 95.0, 140.0, 220.0)
_FOURTH_HZ = 3500.0
_GLIDE_S = 0.045  # from one sound to the next
Sound = NDArray[np.float32]
_Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Phone:
    """``formants`` in Hz; how loud the voice and the noise are; where the noise lies (Hz) and how wide."""

    seconds: float
    formants: tuple[float, float, float]
    voice: float = 1.0
    noise: float = 0.0
    noise_hz: float = 4000.0
    noise_width_hz: float = 1500.0


def _vowel(seconds: float, first: float, second: float, third: float) -> _Phone:
    return _Phone(seconds, (first, second, third))


_STOP_S, _BURST_S = 0.05, 0.03
_PHONES: Mapping[str, Sequence[_Phone]] = {
    "IY": [_vowel(0.13, 290, 2250, 2950)],
    "IH": [_vowel(0.09, 400, 1950, 2550)],
    "EH": [_vowel(0.11, 550, 1800, 2480)],
    "AE": [_vowel(0.14, 680, 1700, 2430)],
    "AA": [_vowel(0.15, 730, 1100, 2450)],
    "AH": [_vowel(0.09, 620, 1200, 2500)],
    "AX": [_vowel(0.06, 500, 1450, 2500)],
    "AO": [_vowel(0.15, 580, 880, 2450)],
    "UH": [_vowel(0.09, 450, 1050, 2300)],
    "UW": [_vowel(0.13, 320, 950, 2250)],
    "ER": [_vowel(0.13, 480, 1300, 1700)],
    "EY": [_vowel(0.08, 520, 1850, 2500), _vowel(0.08, 330, 2200, 2800)],
    "AY": [_vowel(0.1, 720, 1200, 2500), _vowel(0.08, 400, 1950, 2600)],
    "OW": [_vowel(0.1, 540, 1000, 2400), _vowel(0.07, 380, 850, 2300)],
    "AW": [_vowel(0.1, 720, 1250, 2500), _vowel(0.08, 420, 950, 2350)],
    "M": [_Phone(0.075, (270, 1000, 2200), 0.45)],
    "N": [_Phone(0.07, (270, 1500, 2500), 0.45)],
    "NG": [_Phone(0.08, (270, 2000, 2600), 0.45)],
    "L": [_Phone(0.07, (340, 1050, 2800), 0.65)],
    "R": [_Phone(0.075, (330, 1150, 1550), 0.65)],
    "W": [_Phone(0.065, (300, 650, 2200), 0.6)],
    "Y": [_Phone(0.06, (280, 2250, 3000), 0.6)],
    "V": [_Phone(0.06, (300, 1150, 2350), 0.5, 0.05, 5500, 2500)],
    "DH": [_Phone(0.045, (300, 1350, 2600), 0.5, 0.04, 5500, 2500)],
    "Z": [_Phone(0.075, (300, 1600, 2600), 0.35, 0.22, 6200, 1600)],
    "S": [_Phone(0.1, (320, 1650, 2600), 0.0, 0.42, 6400, 1500)],
    "SH": [_Phone(0.1, (320, 1800, 2600), 0.0, 0.42, 3600, 1200)],
    "F": [_Phone(0.085, (320, 1150, 2350), 0.0, 0.14, 6000, 3000)],
    "TH": [_Phone(0.08, (320, 1350, 2600), 0.0, 0.11, 6000, 3000)],
    "HH": [_Phone(0.05, (500, 1450, 2500), 0.0, 0.16, 1600, 1200)],
    "P": [_Phone(_STOP_S, (300, 900, 2200), 0.0), _Phone(_BURST_S, (400, 1100, 2300), 0.0, 0.2, 1200, 1200)],
    "T": [_Phone(_STOP_S, (300, 1700, 2600), 0.0), _Phone(_BURST_S, (400, 1700, 2600), 0.0, 0.4, 4800, 1800)],
    "K": [_Phone(_STOP_S, (300, 1900, 2400), 0.0), _Phone(_BURST_S, (400, 1900, 2400), 0.0, 0.34, 2200, 900)],
    "B": [_Phone(0.045, (230, 900, 2200), 0.2), _Phone(0.012, (350, 1000, 2300), 0.6, 0.1, 1000, 900)],
    "D": [_Phone(0.04, (230, 1700, 2600), 0.2), _Phone(0.012, (350, 1700, 2600), 0.6, 0.2, 4200, 1500)],
    "G": [_Phone(0.045, (230, 1900, 2400), 0.2), _Phone(0.015, (350, 1900, 2400), 0.6, 0.18, 2000, 800)],
    "CH": [_Phone(_STOP_S, (300, 1800, 2600), 0.0), _Phone(0.08, (320, 1800, 2600), 0.0, 0.42, 3600, 1200)],
    "JH": [_Phone(0.04, (250, 1800, 2600), 0.2), _Phone(0.06, (320, 1800, 2600), 0.4, 0.26, 3400, 1200)],
    ",": [_Phone(0.22, (500, 1450, 2500), 0.0)],
}


def speak(phonemes: str, seed: int = 1) -> Sound:
    """The words as one channel of sound, values from -1 to 1; a blank parts phonemes, a comma is a pause. The pitch
    falls towards the end. Raises KeyError for an unknown phoneme."""
    phones = [phone for name in phonemes.split() for phone in _PHONES[name]]
    counts = [max(1, round(phone.seconds / _FRAME_S)) for phone in phones]
    frames = sum(counts)
    targets = np.repeat(
        np.array([(*phone.formants, phone.voice, phone.noise, phone.noise_hz) for phone in phones]), counts, axis=0
    )
    smooth = np.hanning(round(_GLIDE_S / _FRAME_S) + 2)[1:-1]
    smooth /= smooth.sum()
    half = len(smooth) // 2
    padded = np.pad(targets, ((half, len(smooth) - 1 - half), (0, 0)), mode="edge")
    glided = np.stack([np.convolve(padded[:, column], smooth, mode="valid") for column in range(5)], axis=1)
    count = round(frames * _FRAME_S * RATE)
    at: _Curve = np.arange(count, dtype=np.float64) / RATE
    places: _Curve = np.arange(frames, dtype=np.float64) * _FRAME_S
    voice, noise = (np.interp(at, places, glided[:, column]) for column in (3, 4))
    share = at / max(at[-1], 1e-9)
    pitch = _PITCH_HZ * (1.08 - 0.22 * share + 0.03 * np.sin(2 * np.pi * 1.7 * at))
    spoken = _voiced(glided, pitch, at, places) * voice + _hissed(phones, counts, count, seed) * noise
    edge = min(count // 2, RATE // 50)
    spoken[:edge] *= np.linspace(0, 1, edge)
    spoken[count - edge :] *= np.linspace(1, 0, edge)
    loud: Sound = (spoken * (0.8 / max(float(np.abs(spoken).max()), 1e-9))).astype(np.float32)
    return loud


def _voiced(
    glided: NDArray[np.float64], pitch: NDArray[np.float64], at: NDArray[np.float64], places: NDArray[np.float64]
) -> _Curve:
    """Harmonics of the pitch, each as loud as the formants let it through."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    found = np.zeros(len(at))
    frame_pitch = np.interp(places, at, pitch)
    for harmonic in range(1, int(_HIGHEST_HZ / _PITCH_HZ) + 1):
        hz = harmonic * frame_pitch
        gain = np.full(len(places), 1.0 / harmonic**0.9)
        formants = (glided[:, 0], glided[:, 1], glided[:, 2], np.full(len(places), _FOURTH_HZ))
        for formant, width in zip(formants, _WIDTHS_HZ, strict=True):
            gain *= formant**2 / np.sqrt((formant**2 - hz**2) ** 2 + (width * hz) ** 2)
        found += np.interp(at, places, gain) * np.sin(harmonic * phase)
    return found / max(float(np.abs(found).max()), 1e-9)


def _hissed(phones: Sequence[_Phone], counts: Sequence[int], count: int, seed: int) -> _Curve:
    """Noise, for each sound in its place of the spectrum."""
    rng = np.random.default_rng(seed)
    found = np.zeros(count)
    begin = 0
    for phone, frames in zip(phones, counts, strict=True):
        end = min(count, begin + round(frames * _FRAME_S * RATE))
        if phone.noise and end > begin:
            spectrum = np.fft.rfft(rng.standard_normal(end - begin))
            hz = np.fft.rfftfreq(end - begin, 1 / RATE)
            spectrum *= np.exp(-(((hz - phone.noise_hz) / phone.noise_width_hz) ** 2))
            hiss = np.fft.irfft(spectrum, end - begin)
            found[begin:end] = hiss / max(float(np.abs(hiss).max()), 1e-9)
        begin = end
    return found
