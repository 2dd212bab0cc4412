"""Every word that occurs in the catalogue, and those of them that a misspelt one may have meant.

All words are looked at at once, as arrays: first by the letters that they have, which leaves few, then by their exact
distance. So nothing near is missed, as trigrams would: of a word of five letters a swap leaves one of five.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MIN_WORD, MAX_WORD = 3, 40  # letters; others are never corrected, nor stand for another
_FAR = 99
_BEGUN = 0.5  # a word that is only begun like this counts as so much further away

_Ints = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Near:
    """A word that may stand for another; of one that is ``begun`` only, ``text`` is the beginning."""

    text: str
    begun: bool


class Vocabulary:
    """Immutable; made of words with the number of titles that they occur in."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        kept = [(word, count) for word, count in words if MIN_WORD <= len(word) <= MAX_WORD]
        self._words = [word for word, _ in kept]
        self._counts = np.array([count for _, count in kept], dtype=np.int64)
        self._lengths = np.array([len(word) for word in self._words], dtype=np.int16)
        # One row of code points for each word, filled up with zeros.
        letters = np.array(self._words, dtype=f"U{MAX_WORD}")
        self._letters = letters.view(np.uint32).reshape(len(kept), MAX_WORD) if kept else _no_letters()
        self._masks = np.bitwise_or.reduce(_bits(self._letters), axis=1)

    def near(self, word: str, most: int) -> list[Near]:
        """The ``most`` words that ``word`` is a slip of the finger away from: the nearest first, among equals those
        of more titles. Two slips are thought of only where one does not do, and in words of five letters or more."""
        if not MIN_WORD <= len(word) <= MAX_WORD:
            return []
        for slips in range(1, 2 if len(word) <= 4 else 3):
            found = self._within(word, slips, most)
            if found:
                return found
        return []

    def _within(self, word: str, slips: int, most: int) -> list[Near]:
        letters = np.array([word], dtype=f"U{len(word)}").view(np.uint32)
        rows = self._candidates(letters, slips)
        width = min(MAX_WORD, len(word) + slips)
        last = _last_row(letters, self._letters[rows, :width])
        lengths = self._lengths[rows]
        whole = np.where(lengths <= width, last[np.arange(len(rows)), np.minimum(lengths, width)], _FAR)
        begun = last[:, MIN_WORD:].min(axis=1) + _BEGUN
        score = np.minimum(whole, begun)
        order = np.lexsort((-self._counts[rows], score))
        found: dict[str, Near] = {}
        for at in order:
            if score[at] > slips + _BEGUN or len(found) == most:
                break
            text = self._words[rows[at]]
            is_begun = bool(begun[at] < whole[at])
            if is_begun:
                text = text[: int(last[at, MIN_WORD:].argmin()) + MIN_WORD]
            found[text] = Near(text, is_begun)
        return list(found.values())

    def _candidates(self, letters: npt.NDArray[np.uint32], slips: int) -> npt.NDArray[np.intp]:
        """The words that can be near: each letter that one has and the other has not is a slip."""
        mask = np.bitwise_or.reduce(_bits(letters))
        long_enough = self._lengths >= len(letters) - slips
        rows = np.flatnonzero(long_enough & (np.bitwise_count(mask & ~self._masks) <= slips))
        begin = _bits(self._letters[rows, : max(0, len(letters) - slips)])
        kept: npt.NDArray[np.intp] = rows[np.count_nonzero((begin & mask) == 0, axis=1) <= slips]
        return kept


def _last_row(word: npt.NDArray[np.uint32], others: npt.NDArray[np.uint32]) -> _Ints:
    """How far ``word`` is from each beginning of each other word: insertions, deletions, changes and swaps of
    neighbours (optimal string alignment). Of shape ``(others, letters + 1)``."""
    count, width = others.shape
    steps = np.arange(width + 1, dtype=np.int16)
    before: _Ints = np.zeros((count, width + 1), dtype=np.int16)
    row: _Ints = np.tile(steps, (count, 1))
    for at, letter in enumerate(word):
        last, before = before, row
        row = before + np.int16(1)
        np.minimum(row[:, 1:], before[:, :-1] + (others != letter), out=row[:, 1:])
        if at > 0:
            swapped = (others[:, :-1] == letter) & (others[:, 1:] == word[at - 1])
            np.minimum(row[:, 2:], np.where(swapped, last[:, :-2] + 1, _FAR), out=row[:, 2:])
        # An insertion costs one more than the place to the left, all along the row.
        row = np.minimum.accumulate(row - steps, axis=1) + steps
    return row


def _bits(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """One bit for each letter; nothing for what fills up."""
    bits: npt.NDArray[np.uint64] = np.left_shift(np.uint64(1), letters.astype(np.uint64) % np.uint64(64))
    return np.where(letters == 0, np.uint64(0), bits)


def _no_letters() -> npt.NDArray[np.uint32]:
    return np.zeros((0, MAX_WORD), dtype=np.uint32)
