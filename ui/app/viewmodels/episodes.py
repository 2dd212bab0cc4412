"""The episodes of a series on its page: the seasons to choose from, and the episodes of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.service.model import Season, Title
from ui.app.viewmodels.menus import Option, OptionModel
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.text import duration_words, tr
from ui.app.viewmodels.titles import Poster, PosterModel, is_begun, is_seen, poster_of


class EpisodesViewModel(QObject):
    """Shows the season that the viewer is at until another one is chosen."""

    changed = Signal()
    seasonShown = Signal()

    def __init__(self, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seasons: Sequence[Season] = ()
        self._options = OptionModel(self)
        self._lines = PosterModel(posters, self)
        self._season: int | None = None

    @Property(QObject, constant=True)
    def seasons(self) -> OptionModel:
        return self._options

    @Property(QObject, constant=True)
    def lines(self) -> PosterModel:
        """The episodes of the season that is shown."""
        return self._lines

    @Property(int, notify=changed)
    def currentRow(self) -> int:
        """The line of the episode to go on with; 0 where it is of another season."""
        card = self.current
        return next((row for row, line in enumerate(self._lines.records) if card and line.title_id == card.id), 0)

    @Property(str, notify=changed)
    def seasonName(self) -> str:
        shown = next((season for season in self._seasons if season.number == self._season), None)
        return "" if shown is None else season_words(shown.number, shown.name)

    @property
    def current(self) -> Title | None:
        return episode_to_go_on_with(self._seasons)

    def card_of(self, title_id: str) -> Title | None:
        return next((card for season in self._seasons for card in season.episodes if card.id == title_id), None)

    def show(self, seasons: Sequence[Season]) -> None:
        """Show these, or the same ones with news of how far they were watched."""
        self._seasons = seasons
        there = self._season in [season.number for season in seasons]
        if not there:
            current = self.current
            self._season = current.episode.season if current and current.episode else None
        self._publish()
        if not there:
            self.seasonShown.emit()

    def clear(self) -> None:
        self._seasons, self._season = (), None
        self._publish()

    @Slot(str)
    def choose(self, season: str) -> None:
        """Show another season; its number as ``seasons`` has it."""
        self._season = int(season)
        self._publish()
        self.seasonShown.emit()

    def _publish(self) -> None:
        self._options.replace(
            [
                Option(
                    str(season.number),
                    season_words(season.number, season.name),
                    chosen=season.number == self._season,
                )
                for season in self._seasons
            ]
        )
        shown_ones = next((season.episodes for season in self._seasons if season.number == self._season), ())
        cards = [replace(card, poster_url=card.still_url or card.poster_url) for card in shown_ones]
        pictures = {(line.title_id, line.poster_url): line.poster for line in self._lines.records}
        self._lines.replace([_line(card, pictures.get((card.id, card.poster_url), "")) for card in cards])
        self.changed.emit()


def episode_to_go_on_with(seasons: Sequence[Season]) -> Title | None:
    """The episode watched last or, where it was seen, the one after it; the first where none was watched."""
    cards = [card for season in seasons for card in season.episodes]
    latest = max(
        (at for at, card in enumerate(cards) if card.progress.watched_at),
        key=lambda at: cards[at].progress.watched_at,
        default=None,
    )
    if latest is None:
        return cards[0] if cards else None
    return cards[latest + 1] if is_seen(cards[latest]) and latest + 1 < len(cards) else cards[latest]


def season_words(number: int, name: str = "") -> str:
    """What a season is called, with the name of its own where it has one."""
    words = tr("Season {number}").format(number=number) if number else tr("Specials")
    return f"{words}  ·  {name}" if name else words


def _line(card: Title, picture: str) -> Poster:
    number = card.episode.number if card.episode else 0
    facts = [duration_words(card.duration_s)]
    if is_seen(card):
        facts.append(tr("watched"))
    elif is_begun(card):
        facts.append(tr("{time} left").format(time=duration_words(card.duration_s - card.progress.position_s)))
    base = poster_of(card, picture)
    progress = 0.0 if is_seen(card) else base.progress
    return replace(base, name=f"{number}. {card.title}", facts="  ·  ".join(facts), progress=progress)
