"""Small pieces that every view model is made of: read-only properties and a list model over records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import (
    Property,
    QAbstractListModel,
    QByteArray,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    R = TypeVar("R", bound=DataclassInstance)
else:
    R = TypeVar("R")

_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_MOST_MOVED = 300  # in longer lists records change in place: finding each one's new place would take too long


def shown(kind: type, attribute: str, notify: Signal) -> Property:
    """A property for QML that reads ``attribute`` and may be bound to."""
    return Property(kind, lambda self: getattr(self, attribute), notify=notify)


def part(attribute: str) -> Property:
    """A property for QML that is another object of ours, the same for ever."""
    return Property(QObject, lambda self: getattr(self, attribute), constant=True)


class RecordModel(QAbstractListModel, Generic[R]):
    """A list model over dataclass records; each field is a role of the same name in camelCase.

    Subclasses set ``record``, and ``identity`` to the field that tells one record from another.
    :meth:`replace` touches only what changed, so that views keep their position. With an identity the focus stays on
    its record, wherever that is now.
    """

    record: ClassVar[type]
    identity: ClassVar[str] = ""
    countChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.records: list[R] = []
        first = int(Qt.ItemDataRole.UserRole)
        self._fields = {first + i: field.name for i, field in enumerate(fields(self.record))}

    @Property(int, notify=countChanged)
    def count(self) -> int:
        return len(self.records)

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.records)

    def roleNames(self) -> dict[int, QByteArray]:
        return {role: QByteArray(_camel_case(name).encode()) for role, name in self._fields.items()}

    def data(self, index: _Index, role: int = 0) -> Any:  # noqa: ANN401 - Qt's signature
        name = self._fields.get(role)
        return getattr(self.records[index.row()], name) if name is not None else None

    def replace(self, records: Sequence[R]) -> None:
        """Show these records instead."""
        if self.identity and 0 < len(self.records) <= _MOST_MOVED and len(records) <= _MOST_MOVED:
            self._reorder([getattr(one, self.identity) for one in records], records)
        old, new = self.records, list(records)
        common = min(len(old), len(new))
        if len(new) < len(old):
            self.beginRemoveRows(_NO_PARENT, common, len(old) - 1)
            self.records = old[:common]
            self.endRemoveRows()
        changed = [row for row in range(common) if old[row] != new[row]]
        self.records = new[:common]
        if changed:
            self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))
        if len(new) > common:
            self.append(new[common:])
        elif len(new) != len(old):
            self.countChanged.emit()

    def _reorder(self, wanted: Sequence[object], records: Sequence[R]) -> None:
        """Take away, move and put in until there are these records in this order, still with their old values."""
        there = [getattr(one, self.identity) for one in self.records]
        if there == wanted or len(set(wanted)) < len(wanted) or len(set(there)) < len(there):
            return
        kept = set(wanted)
        if kept.isdisjoint(there):
            return  # all others: the place keeps the focus
        for row in reversed(range(len(there))):
            if there[row] not in kept:
                self.beginRemoveRows(_NO_PARENT, row, row)
                del self.records[row], there[row]
                self.endRemoveRows()
        known = set(there)
        for row, (key, record) in enumerate(zip(wanted, records, strict=True)):
            if key not in known:
                self.beginInsertRows(_NO_PARENT, row, row)
                self.records.insert(row, record)
                there.insert(row, key)
                self.endInsertRows()
            elif there[row] != key:
                before = there.index(key, row)
                self.beginMoveRows(_NO_PARENT, before, before, _NO_PARENT, row)
                self.records.insert(row, self.records.pop(before))
                there.insert(row, there.pop(before))
                self.endMoveRows()
        self.countChanged.emit()

    def append(self, records: Sequence[R]) -> None:
        """Show these records after the others."""
        if not records:
            return
        first = len(self.records)
        self.beginInsertRows(_NO_PARENT, first, first + len(records) - 1)
        self.records.extend(records)
        self.endInsertRows()
        self.countChanged.emit()

    def put(self, row: int, record: R) -> None:
        """Show ``record`` in place of the one at ``row``."""
        self.records[row] = record
        self.dataChanged.emit(self.index(row), self.index(row))


def _camel_case(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
