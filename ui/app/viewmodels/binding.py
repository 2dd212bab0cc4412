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


def shown(kind: type, attribute: str, notify: Signal) -> Property:
    """A property for QML that reads ``attribute`` and may be bound to."""
    return Property(kind, lambda self: getattr(self, attribute), notify=notify)


def part(attribute: str) -> Property:
    """A property for QML that is another object of ours, the same for ever."""
    return Property(QObject, lambda self: getattr(self, attribute), constant=True)


class RecordModel(QAbstractListModel, Generic[R]):
    """A list model over dataclass records; each field is a role of the same name in camelCase.

    Subclasses set ``record``. :meth:`replace` touches only what changed, so that views keep their focus and position.
    """

    record: ClassVar[type]
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
