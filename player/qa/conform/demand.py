"""One demand of a standard, and why some have no rule."""

from __future__ import annotations

from typing import NamedTuple

from player.qa.conform.model import BIS

CLIENT = "It binds clients."
MEANING = "It is about what media means, not about what is sent."
UNREAD = "Not judged: no tool here reads it from the media."
DEMANDED = "It says that what follows holds, and each of that has a row."
SOURCE = "Not judged: it is about the source, which nobody sees from outside."


class Must(NamedTuple):
    """``rules`` are the codes of those that judge it; ``why`` says why there is none."""

    source: str
    clause: str
    text: str
    rules: tuple[str, ...] = ()
    why: str = ""


def bis(clause: str, text: str, *rules: str, why: str = "") -> Must:
    """A demand of RFC 8216bis."""
    return Must(BIS, clause, text, rules, why)
