"""Keyset pagination: a list of the newest goes on behind its last row, by that row's moment and id.

New and deleted rows shift nothing. Rows of one moment are not lost if a page ends among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, TypeVarTuple

from sqlalchemy import Select, SQLColumnExpression, tuple_

_Row = TypeVarTuple("_Row")
_Item = TypeVar("_Item")
_Where = TypeVar("_Where")

#: How a place is written: a moment, alone or with a comma and the id of a row.
PATTERN = r"^[0-9]{1,11}(\.[0-9]{1,20})?(e-[0-9]{1,3})?(,[^\u0000]{0,200})?$"


@dataclass(frozen=True, slots=True)
class Place:
    """The last row of a page: its moment, in seconds since 1970, and its id. Without an id no row of that moment was
    shown yet, and none is shown any more."""

    at: float
    id: str = ""

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that :data:`PATTERN` matches; none for the moment 0 alone, which stands for the newest."""
        at, _, row = text.partition(",")
        return cls(float(at), row) if row or float(at) else None

    def __str__(self) -> str:
        return f"{self.at!r},{self.id}"


def page(
    query: Select[*_Row],
    at: SQLColumnExpression[float | None],
    row: SQLColumnExpression[str],
    before: Place | None,
    limit: int,
) -> Select[*_Row]:
    """The ``limit`` rows that come next, the newest first, by their moment and by what tells rows of one apart."""
    if before is not None:
        query = query.where(tuple_(at, row) < tuple_(before.at, before.id))
    return query.order_by(at.desc(), row.desc()).limit(limit)


class _Made(Protocol):
    @property
    def created_at(self) -> float: ...

    @property
    def id(self) -> str: ...


def when_made(row: _Made) -> Place:
    """The place of a row in a list that goes by when rows were made."""
    return Place(row.created_at, row.id)


def behind(rows: Sequence[_Item], limit: int, place: Callable[[_Item], _Where]) -> _Where | None:
    """The place where the next page goes on; None behind a page that is not full, which is the last."""
    return place(rows[-1]) if rows and len(rows) == limit else None
