"""Suggestions by genre, made when they are asked for: for whom and for what nothing else is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain


def of_same_genres(newest: Mapping[str, Sequence[str]], wanted: Mapping[str, int], most: int) -> Sequence[str]:
    """Those of the titles that have wanted genres, the more the better; a genre counts for as often as it is wanted,
    and for as rare as it is. Among equals the order stays. ``newest`` are the genres of titles by their ids."""
    everywhere = Counter(chain.from_iterable(newest.values()))
    weights = {
        genre: count * math.log(1 + len(newest) / everywhere[genre])
        for genre, count in wanted.items()
        if everywhere[genre]
    }
    scores = {title_id: sum(weights.get(genre, 0.0) for genre in genres) for title_id, genres in newest.items()}
    return sorted((one for one in scores if scores[one]), key=lambda one: -scores[one])[:most]
