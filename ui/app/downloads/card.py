"""What is known of a kept title besides its media: sealed beside it when it is asked for, read without a network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from player.reporting.state import NextEpisode, TitleFacts
from player.service.model import Title

_NAME = "card"
UNKNOWN_MATURITY = 18


@dataclass(frozen=True, slots=True)
class KeptCard:
    """Times are seconds; ``place`` is the season and the number of an episode, None for other titles."""

    poster_url: str = ""
    maturity: int = 0
    series_id: str = ""
    series: str = ""
    name: str = ""
    place: tuple[int, int] | None = None
    intro: tuple[float, float] | None = None
    credits_s: float | None = None

    def facts(self, following: NextEpisode | None) -> TitleFacts:
        """As the player wants them."""
        return TitleFacts(self.intro, self.credits_s, self.series, self.place, following, self.poster_url)


def kept_card(card: Title, title: Title | None) -> KeptCard:
    """The card of a title that is asked for; ``title`` is what the service says of it now."""
    place = card.episode
    return KeptCard(
        card.poster_url,
        card.maturity,
        place.series_id if place else "",
        place.series_title if place else "",
        card.title,
        (place.season, place.number) if place else None,
        title.markers.intro if title else None,
        title.markers.credits_s if title else card.markers.credits_s,
    )


def keep(folder: DownloadFolder, card: KeptCard) -> None:
    """Seal the card beside the download."""
    folder.write_secret(_NAME, json.dumps(asdict(card)).encode())


def read(folder: DownloadFolder, *, rated: bool) -> KeptCard:
    """What was known of the title when it was asked for. A title of a service whose rating is not known (``rated``)
    counts as one for adults; what never was of a service has none."""
    unknown = KeptCard(maturity=UNKNOWN_MATURITY if rated else 0)
    try:
        data = folder.read_secret(_NAME)
        return unknown if data is None else _of(json.loads(data))
    except (DownloadError, ValueError, KeyError, TypeError):
        return unknown


def _of(members: Any) -> KeptCard:  # noqa: ANN401 - JSON
    """Raises ValueError, KeyError or TypeError; what earlier versions did not keep is not known."""
    if not isinstance(members, dict):
        raise TypeError("no object")
    place, intro, credits_s = members.get("place"), members.get("intro"), members.get("credits_s")
    return KeptCard(
        str(members["poster_url"]),
        int(members["maturity"]),
        str(members.get("series_id", "")),
        str(members.get("series", "")),
        str(members.get("name", "")),
        None if place is None else (int(place[0]), int(place[1])),
        None if intro is None else (float(intro[0]), float(intro[1])),
        None if credits_s is None else float(credits_s),
    )
