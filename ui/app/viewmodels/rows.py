"""The rows of the home page above the catalogue: what the viewer has begun, the own list, what others watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QObject

from player.service.model import Title, TitleRow
from ui.app.viewmodels.binding import RecordModel
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.text import genre_words, tr
from ui.app.viewmodels.titles import PosterModel, keep_posters

CONTINUE, TOP = "continue", "trending"
_NO_PARENT = QModelIndex()
_MOST_ROWS, _MOST_TITLES = 20, 40


@dataclass(frozen=True, slots=True)
class ShownRow:
    """``plays``: a title of it plays at once, where others lead to their page. ``ranked``: their order counts.
    ``genre`` is what its titles are, where the heading leads to more of them."""

    key: str
    heading: str
    plays: bool
    titles: PosterModel
    ranked: bool = False
    genre: str = ""


class RowsModel(RecordModel[ShownRow]):
    """A row that stays keeps its titles' model, and so its place and the focus in it."""

    record = ShownRow
    identity = "key"

    def __init__(self, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posters = posters
        self._models: dict[str, PosterModel] = {}
        self._rows: tuple[TitleRow, ...] = ()

    @property
    def rows(self) -> tuple[TitleRow, ...]:
        """What is shown."""
        return self._rows

    def cards(self) -> Iterator[Title]:
        """Every title of every row."""
        return (card for row in self._rows for card in row.titles)

    def titles(self, key: str) -> Sequence[Title]:
        """The titles of one row; none where there is no such row."""
        return next((row.titles for row in self._rows if row.key == key), ())

    def show(self, rows: Sequence[TitleRow]) -> None:
        """Show these rows, each once; those without a title are left out."""
        known: dict[str, TitleRow] = {}
        for row in rows[:_MOST_ROWS]:
            if row.titles:
                known.setdefault(row.key, replace(row, titles=tuple(row.titles[:_MOST_TITLES])))
        self._rows = tuple(known.values())
        for row in self._rows:
            model = self._models.get(row.key)
            if model is None:
                model = self._models[row.key] = PosterModel(self._posters, self)
            model.replace(keep_posters(model.records, row.titles))
        self._arrange([self._shown(row) for row in self._rows])

    def _arrange(self, wanted: Sequence[ShownRow]) -> None:
        """Rows come, go and move. None ever shows the titles of another: a list that gets another model keeps some
        cards."""
        keys = {row.key for row in wanted}
        for at in reversed(range(len(self.records))):
            if self.records[at].key not in keys:
                self.beginRemoveRows(_NO_PARENT, at, at)
                del self.records[at]
                self.endRemoveRows()
        self.replace(wanted)
        self.countChanged.emit()

    def _shown(self, row: TitleRow) -> ShownRow:
        return ShownRow(
            row.key, _heading(row), row.name == CONTINUE, self._models[row.key], row.name == TOP, row.genre
        )


def _heading(row: TitleRow) -> str:
    """What stands over a row; a service may name rows that this version has no words for."""
    if row.because:
        return tr("Because you watched {name}").format(name=row.because)
    if row.genre:
        return genre_words(row.genre)
    return {
        "picks": tr("Top picks for you"),
        CONTINUE: tr("Continue watching"),
        "list": tr("My list"),
        TOP: tr("Top 10"),
        "episodes": tr("New episodes"),
        "new": tr("New"),
    }.get(row.name, tr("More to watch"))
