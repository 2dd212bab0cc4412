"""What several rules of MPDs check alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from player.qa.conform.document import NAMESPACE, elements
from player.qa.conform.model import Check

WHOLE = re.compile(r"\d{1,20}")
LENGTH = re.compile(r"PT?(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


def unique_ids(inside: str, name: str) -> Check:
    """A check that no two elements of a name inside one of another name share an @id."""

    def check(text: str) -> Iterator[str]:
        for outer in elements(text, inside):
            seen: set[str] = set()
            for each in outer.iter(f"{NAMESPACE}{name}", name):
                told = each.get("id")
                if told is not None and told in seen:
                    yield f'Two {name}s of one {inside} are called "{told[:40]}".'
                seen.add(told or "")

    return check


def linked(element: etree._Element) -> bool:
    return any(str(name).endswith("}href") for name in element.attrib)


def seconds_of(text: str | None) -> float | None:
    found = LENGTH.fullmatch((text or "").strip())
    if found is None or not text:
        return None
    days, hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\s*\d{1,18}\s*", text) else None
