"""The README as package indexes show it: there its relative links would lead nowhere."""

from __future__ import annotations

import re

from publisher import PAGES

_PICTURE = re.compile(r"!\[([^]]*)\]\((?!https?:)(?:[^)]*/)?([^)/]+)\)")
_PAGE = re.compile(r"(?<!!)\[([^]]*)\]\((?!https?:)([^)#]+)\.md(#[^)]*)?\)")
_ELSE = re.compile(r"(?<!!)\[([^]]*)\]\((?!https?:)[^)]*\)")


def description(readme: str) -> str:
    """Return the README with the addresses of the publisher's site in place of files of the repository."""
    text = _PICTURE.sub(rf"![\1]({PAGES}_images/\2)", readme)
    text = _PAGE.sub(rf"[\1]({PAGES}\2.html\3)", text)
    return _ELSE.sub(r"\1", text)
