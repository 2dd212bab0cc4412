"""The page of one title: what it is, in which qualities, and where the viewer stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Property, QDateTime, QLocale, QObject, Signal

from player.base.errors import ErrorCode
from player.reporting.state import PlaybackFailure
from player.service.model import Credits, Season, Title
from ui.app.ports.client import ClientPort
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.episodes import EpisodesViewModel
from ui.app.viewmodels.pending_request import PendingRequest
from ui.app.viewmodels.posters import PosterCache
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import clock_time, genre_words, tr
from ui.app.viewmodels.titles import PosterModel, is_begun, is_seen, keep_posters, place_words, wide_picture
from ui.app.viewmodels.tracks import language_name

_MOST_PEOPLE = 6
_MOST_WAYS = 7


@dataclass(frozen=True, slots=True)
class Way:
    """A name that leads to a page of titles: of this genre, or with this person."""

    label: str
    genre: str = ""
    person: str = ""


class WayModel(RecordModel[Way]):
    record = Way


class DetailsViewModel(QObject):
    """Shows a title with what is known already, and again once the service has answered. A series has its episodes;
    the page of one of them leads back to it.

    ``signInNeeded(why)`` follows when the service takes the viewer for signed out, ``wentBack`` when the page of an
    episode was left for that of its series.
    """

    changed = Signal()
    wentBack = Signal()
    signInNeeded = Signal(str)

    def __init__(self, client: ClientPort, tasks: Tasks, posters: PosterCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._title_question = PendingRequest(tasks, self._arrived, self._failed, self.signInNeeded.emit)
        self._seasons_question = PendingRequest(tasks, self._found_episodes, self._failed, self.signInNeeded.emit)
        self._credits_question = PendingRequest(tasks, self._credited, lambda _failure: None, self.signInNeeded.emit)
        self._credits = Credits()
        self._ways = WayModel(self)
        self._card: Title | None = None
        self._posters = posters
        self._model = PosterModel(posters, self)
        self._series: Title | None = None  # whose episode is shown
        self._episodes = EpisodesViewModel(posters, self)
        self._episodes_of = ""
        self._notice = ""
        self._gone = False

    @property
    def card(self) -> Title | None:
        """The title that is shown."""
        return self._card

    @property
    def waiting(self) -> bool:
        """Whether the service has not answered all yet."""
        return self._title_question.waiting or self._seasons_question.waiting

    notice = shown(str, "_notice", changed)
    gone = shown(bool, "_gone", changed)

    @Property(QObject, constant=True)
    def title(self) -> PosterModel:
        """The one title, or none."""
        return self._model

    @Property(QObject, constant=True)
    def episodes(self) -> EpisodesViewModel:
        return self._episodes

    @Property(str, notify=changed)
    def still(self) -> str:
        """The picture that its card had: it stands in for the wide one until that is there."""
        return self._posters.known(wide_picture(self._card)) if self._card and self._card.backdrop_url else ""

    @Property(bool, notify=changed)
    def isSeries(self) -> bool:
        return self._card is not None and self._card.kind == "series"

    @Property(str, notify=changed)
    def seriesId(self) -> str:
        """The series of an episode whose page was not reached from there; else empty."""
        place = self._card.episode if self._card and self._series is None else None
        return place.series_id if place else ""

    @Property(str, notify=changed)
    def above(self) -> str:
        """Where an episode stands, over its name; else empty."""
        place = self._card.episode if self._card else None
        return f"{place.series_title}  ·  {place_words((place.season, place.number))}" if place else ""

    @Property(str, notify=changed)
    def playId(self) -> str:
        """What the first button plays: of a series, the episode to go on with, or the series while none is known."""
        card = self.playable or self._card
        return card.id if card else ""

    @Property(str, notify=changed)
    def playPlace(self) -> str:
        """The place of that episode on the page of a series; else empty."""
        card = self.playable if self.isSeries else None
        return place_words((card.episode.season, card.episode.number)) if card and card.episode else ""

    @Property(str, notify=changed)
    def trailerId(self) -> str:
        return self._card.trailer_id if self._card else ""

    @property
    def keepable(self) -> Title | None:
        """The title that is shown, if it is one that can be downloaded."""
        return None if self.isSeries else self._card

    @property
    def playable(self) -> Title | None:
        """The title that the first button plays."""
        return self._episodes.current if self.isSeries else self._card

    @Property(str, notify=changed)
    def titleId(self) -> str:
        return self._card.id if self._card else ""

    @Property(str, notify=changed)
    def name(self) -> str:
        return self._card.title if self._card else ""

    @Property(bool, notify=changed)
    def begun(self) -> bool:
        card = self.playable
        return card is not None and is_begun(card)

    @Property(str, notify=changed)
    def furthest(self) -> str:
        """The time at which another device got further than where one goes on; empty where none did."""
        furthest_s = self.furthest_s
        return "" if furthest_s is None else clock_time(furthest_s)

    @property
    def furthest_s(self) -> float | None:
        """The same in seconds; what does not lie in the title counts for nothing."""
        card = self._card
        furthest_s = card.progress.furthest_s if card else None
        if card is None or furthest_s is None or not card.progress.position_s < furthest_s < card.duration_s:
            return None
        return furthest_s

    @Property(str, notify=changed)
    def qualities(self) -> str:
        """The best there is."""
        best = max(self._card.heights, default=0) if self._card else 0
        return tr("Up to {height}p").format(height=best) if best else ""

    @Property(str, notify=changed)
    def sound(self) -> str:
        """The languages to hear."""
        return ", ".join(map(language_name, self._card.audio)) if self._card else ""

    @Property(str, notify=changed)
    def subtitles(self) -> str:
        """The languages to read."""
        return ", ".join(map(language_name, self._card.text)) if self._card else ""

    @Property(str, notify=changed)
    def genres(self) -> str:
        return ", ".join(map(genre_words, self._credits.genres))

    @Property(QObject, constant=True)
    def ways(self) -> WayModel:
        """What leads to more like this: the genres, and those who took part."""
        return self._ways

    @Property(str, notify=changed)
    def thumb(self) -> str:
        """What the viewer thinks of it: up, down, or empty."""
        return self._card.thumb if self._card else ""

    @Property(bool, notify=changed)
    def seen(self) -> bool:
        return self._card is not None and is_seen(self._card)

    @Property(str, notify=changed)
    def directors(self) -> str:
        return self._people("director")

    @Property(str, notify=changed)
    def writers(self) -> str:
        return self._people("writer")

    @Property(str, notify=changed)
    def cast(self) -> str:
        return self._people("actor")

    def _people(self, job: str) -> str:
        return ", ".join([name for theirs, name in self._credits.people if theirs == job][:_MOST_PEOPLE])

    @Property(str, notify=changed)
    def rating(self) -> str:
        """From which age it may be watched."""
        return tr("from {age}").format(age=self._card.maturity) if self._card and self._card.maturity else ""

    @Property(str, notify=changed)
    def added(self) -> str:
        """The day the title was published, in the form of the viewer's language."""
        if self._card is None or not self._card.published_at:
            return ""
        day = QDateTime.fromSecsSinceEpoch(int(self._card.published_at)).date()
        return QLocale().toString(day, QLocale.FormatType.LongFormat)

    def show(self, card: Title) -> None:
        """Show this title and ask the service for news of it."""
        self._series = None
        self._open(card)

    def expect(self, card: Title) -> None:
        """Show the title as it will be, before the service has answered."""
        if self._card is not None and self._card.id == card.id:
            self._show(card)

    def show_episode(self, card: Title) -> None:
        """Show an episode of the series that is shown."""
        series = self._card
        self._open(card)
        self._series = series
        self.changed.emit()

    def leave_episode(self) -> bool:
        """Go back from the page of an episode to that of its series; False where there is none to go back to."""
        series, self._series = self._series, None
        if series is None:
            return False
        self._open(series)
        self.wentBack.emit()
        return True

    def card_of(self, title_id: str) -> Title | None:
        """A title of this page."""
        if self._card is not None and self._card.id == title_id:
            return self._card
        return self._episodes.card_of(title_id)

    def refresh(self) -> None:
        """Ask for news: the position changes while the title is watched."""
        self._title_question.stop()
        self._seasons_question.stop()
        self._credits_question.stop()
        if self._card is not None:
            self._credits_question.ask(self._client.credits(self._card.id))
            self._title_question.ask(self._client.title(self._card.id))
            self._look_for_episodes(self._card)

    def clear(self) -> None:
        """Forget the title."""
        self._card = self._series = None
        self._episodes.clear()
        self._episodes_of = ""
        self._notice, self._gone = "", False
        self._model.replace([])
        self.refresh()
        self.changed.emit()

    def _credited(self, found: Credits) -> None:
        self._credits = found
        people = dict.fromkeys(name for _job, name in found.people)
        genres = [Way(genre_words(genre), genre=genre) for genre in found.genres]
        self._ways.replace([*genres, *(Way(name, person=name) for name in people)][:_MOST_WAYS])
        self.changed.emit()

    def _open(self, card: Title) -> None:
        if self._card is None or self._card.id != card.id:
            self._credits = Credits()
            self._ways.replace([])
        self._notice, self._gone = "", False
        self._show(card)
        self.refresh()

    def _look_for_episodes(self, card: Title) -> None:
        if card.kind != "series" or self._seasons_question.waiting:
            return
        if card.id != self._episodes_of:
            self._episodes.clear()
            self._episodes_of = card.id
        self._seasons_question.ask(self._client.seasons(card.id))

    def _found_episodes(self, seasons: Sequence[Season]) -> None:
        self._episodes.show(seasons)
        self.changed.emit()

    def _arrived(self, card: Title) -> None:
        self._notice, self._gone = "", False
        was_series = self.isSeries
        self._show(card)
        if not was_series:  # a list may not have told
            self._look_for_episodes(card)

    def _failed(self, failure: PlaybackFailure) -> None:
        self._gone = failure.code == ErrorCode.SERVICE_NOT_FOUND
        self._notice = failure.sentence
        self.changed.emit()

    def _show(self, card: Title) -> None:
        self._card = card
        # An episode under its own name; behind a whole page the wide picture where there is one.
        behind = replace(card, episode=None, still_url=card.backdrop_url)
        self._model.replace(keep_posters(self._model.records, [behind]))
        self.changed.emit()
