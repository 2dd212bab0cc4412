"""Names of files as people are shown them. Pure."""

from __future__ import annotations

from unicodedata import category

_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


_LONGEST = 48


def shortened(name: str) -> str:
    """Return the name of a file as it can be shown in a sentence, its middle left out where it is long."""
    text = readable(name)
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[: half - 1]}…{text[-half:]}"


def readable(name: str) -> str:
    """Return a file's name as one line that can be shown. What is no text is marked. Characters that reverse the
    order of letters ("gpj.mkv" for "vkm.jpg") are left out."""
    text = "".join(letter for letter in name.encode(errors="replace").decode() if letter not in _TURNS)
    return " ".join("".join(" " if category(letter) == "Cc" else letter for letter in text).split())
