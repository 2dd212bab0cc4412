"""Factorisation of implicit feedback (Hu, Koren and Volinsky, 2008) by the library ``implicit``, an extra."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from backend_stub.recommending.feedback import Feedback, Viewer

MIN_TITLES = 3  # of a viewer who is to get picks of their own
MIN_VIEWERS = 2  # of a title that others are to be like
_FEWEST_FACTORS, _MOST_FACTORS = 4, 32
_REGULARIZATION, _ALPHA, _ITERATIONS = 5.0, 4.0, 15  # found on planted tastes in audiences of 18 to 450 viewers
_SEED = 1  # the same feedback gives the same suggestions
_BATCH = 1000


class FactorisationMissingError(Exception):
    """The library is not installed."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """Title ids, the best first: for each viewer ones that they have not met, for each title ones like it."""

    picks: dict[Viewer, list[str]]
    similar: dict[str, list[str]]


def factorise(feedback: Feedback, most: int) -> Suggested:
    """At most ``most`` suggestions for each viewer and title that there is enough feedback of.

    Uses one thread, for as long as it takes. Raises :class:`FactorisationMissingError`.
    """
    try:
        import numpy as np
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise FactorisationMissingError from error
    table = _Table(feedback)
    if not table.titles:
        return Suggested({}, {})
    cells = zip(*table.cells, strict=True)
    rows, columns, weights = (list(one) for one in cells)
    shape = (len(table.viewers), len(table.titles))
    matrix = csr_matrix((np.array(weights, np.float32), (rows, columns)), shape=shape)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=_factors(min(shape)),
            regularization=_REGULARIZATION,
            alpha=_ALPHA,
            iterations=_ITERATIONS,
            num_threads=1,
            random_state=_SEED,
        )
        model.fit(matrix, show_progress=False)
        picks, similar = {}, {}
        for part in _parts(table.known_viewers()):
            for row, found in zip(part, zip(*model.recommend(part, matrix[part], N=most), strict=True), strict=True):
                picks[table.viewers[row]] = table.names(*found)
        for part in _parts(table.known_titles()):
            for at, found in zip(part, zip(*model.similar_items(part, N=most + 1), strict=True), strict=True):
                own = table.titles[at]
                similar[own] = [other for other in table.names(*found) if other != own][:most]
    return Suggested(picks, similar)


def _factors(size: int) -> int:
    """How many for so many viewers or titles, whichever are fewer: more would learn the feedback by heart."""
    return min(size, max(_FEWEST_FACTORS, min(_MOST_FACTORS, round(math.sqrt(size) / 1.5))))


class _Table:
    """Feedback as rows (viewers) and columns (titles); ``cells`` are row, column and weight."""

    def __init__(self, feedback: Feedback) -> None:
        self.viewers = sorted(viewer for viewer, titles in feedback.items() if titles)
        self.titles = sorted({title_id for shown in feedback.values() for title_id in shown})
        column = {title_id: at for at, title_id in enumerate(self.titles)}
        self.cells = [
            (row, column[title_id], weight)
            for row, viewer in enumerate(self.viewers)
            for title_id, weight in feedback[viewer].items()
        ]

    def known_viewers(self) -> list[int]:
        """The rows with enough titles."""
        met = Counter(row for row, _, _ in self.cells)
        return sorted(row for row, titles in met.items() if titles >= MIN_TITLES)

    def known_titles(self) -> list[int]:
        """The columns with enough viewers."""
        met = Counter(column for _, column, _ in self.cells)
        return sorted(column for column, viewers in met.items() if viewers >= MIN_VIEWERS)

    def names(self, found: Sequence[int], scores: Sequence[float]) -> list[str]:
        """Those that speak for themselves: what is left over when nothing fits has no positive score."""
        return [self.titles[at] for at, score in zip(found, scores, strict=True) if at >= 0 and score > 0]


def _parts(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[at : at + _BATCH] for at in range(0, len(numbers), _BATCH)]
