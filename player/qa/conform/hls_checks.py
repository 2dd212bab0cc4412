"""What several rules of playlists check alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from player.qa.conform.model import Check
from player.qa.conform.playlist import playlist


def whole_value(name: str, allowed: str) -> Check:
    """A check that a tag's whole value fits a pattern."""

    def check(text: str) -> Iterator[str]:
        for line in playlist(text).all(name):
            if not re.fullmatch(allowed, line.value.strip()):
                yield f"The value of {name} is none that it may have: {line.value[:40]}"

    return check


def needs(name: str, *attributes: str) -> Check:
    """A check that every tag of a name has some attributes."""

    def check(text: str) -> Iterator[str]:
        for each in playlist(text).lists(name):
            for missing in attributes:
                if not each.get(missing):
                    yield f"An {name} has no {missing}."

    return check
