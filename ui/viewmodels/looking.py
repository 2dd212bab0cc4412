"""What is fetched of a title before the viewer plays it: of the one whose page is open, and of what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from player.state import NextEpisode
from ui.ports import ClientPort, TitleCard

if TYPE_CHECKING:
    from player.opening import Source


class LookingAhead:
    """Tells the client which title may be played next; it fetches that once it has been looked at for a moment, and
    where nothing better is to be done with the network."""

    def __init__(self, client: ClientPort) -> None:
        self._client = client
        self._title_id = ""

    def shown(self, card: TitleCard | None) -> None:
        """The page of this title is open, its "play" under the viewer's finger; None: no title's page is."""
        title_id = card.id if card is not None else ""
        if title_id == self._title_id:
            return
        self._title_id = title_id
        self._client.look_at(source_of(title_id, card) if card is not None else None)

    def follows(self, episode: NextEpisode) -> None:
        """This episode comes next in what plays."""
        self._client.look_at(source_of(episode.title_id, None, episode.name))


def source_of(title_id: str, card: TitleCard | None, name: str = "") -> Source:
    """What the engine plays of a title of the service; ``name`` where there is no card of it."""
    from player.opening import Source  # loaded by the engine meanwhile

    return Source(title_id=title_id, name=card.name if card else name, variant=card.variant if card else "")
