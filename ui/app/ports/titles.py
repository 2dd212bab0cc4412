"""Titles, rows and channels, as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EpisodeCard:
    """Where in which series an episode stands."""

    series_id: str
    series: str
    season: int
    number: int


@dataclass(frozen=True, slots=True)
class TitleCard:
    """A title as the pages show it. ``progress_s`` is how far the viewer got, 0 when not begun; ``furthest_s`` where
    another device got further, ``credits_s`` where the credits begin, ``trailer_id`` its trailer, as far as is known.
    ``kind`` is film, series, episode or trailer."""

    id: str
    name: str
    synopsis: str = ""
    year: int | None = None
    duration_s: float = 0.0
    height: int | None = None  # of the best rung
    heights: tuple[int, ...] = ()  # of all rungs
    variants: tuple[str, ...] = ()  # out of encrypted and clear
    published_at: float = 0.0  # seconds since 1970
    poster_url: str = ""
    progress_s: float = 0.0
    watched_at: float = 0.0
    furthest_s: float | None = None
    maturity: int = 0  # the age from which it may be watched
    kind: str = "film"
    episode: EpisodeCard | None = None
    credits_s: float | None = None
    trailer_id: str = ""
    audio: tuple[str, ...] = ()  # languages
    text: tuple[str, ...] = ()
    backdrop_url: str = ""
    still_url: str = ""
    logo_url: str = ""
    focal: tuple[float, float] | None = None  # across and down in the backdrop, 0 to 1
    thumb: str = ""  # up, down; told for one title only

    @property
    def variant(self) -> str:
        """The one to play or keep: encrypted where there is one."""
        return "encrypted" if "encrypted" in self.variants or not self.variants else self.variants[0]


@dataclass(frozen=True, slots=True)
class Credits:
    """What kind of title it is, and who made it. ``genres`` are small letters and hyphens; ``people`` are pairs of a
    job (director, writer or actor) and a name, as they are billed."""

    genres: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SeasonCards:
    """A season with its episodes, in their order; ``name`` is empty where it has none of its own."""

    number: int
    episodes: Sequence[TitleCard]
    name: str = ""


@dataclass(frozen=True, slots=True)
class CardPage:
    """Some titles, and the cursor to ask for more with (None: that was all)."""

    titles: Sequence[TitleCard]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class CardRow:
    """A row of the first screen. ``key`` tells it from the others; ``kind`` is the service's name for it, ``because``
    the name of the title that it follows from and ``genre`` that of its titles, where there is one."""

    kind: str
    titles: Sequence[TitleCard] = ()
    because: str = ""
    genre: str = ""

    @property
    def key(self) -> str:
        return " ".join(filter(None, (self.kind, self.because, self.genre)))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of the catalogue is wanted, the newest first or ``by_title``; empty for any genre or person."""

    genre: str = ""
    person: str = ""
    by_title: bool = False


EVERYTHING = Choice()


@dataclass(frozen=True, slots=True)
class OnAir:
    """Something on a channel. Times are in seconds since 1970, by this machine's clock."""

    name: str
    starts_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel and what is on: now, then what comes after it."""

    title: TitleCard
    programmes: Sequence[OnAir] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The titles that a search found; ``corrected`` is the query that was answered instead, empty for none."""

    titles: Sequence[TitleCard] = ()
    corrected: str = ""
