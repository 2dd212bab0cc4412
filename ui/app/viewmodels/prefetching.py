"""Prefetches the title that has the focus or whose page is open, and the next episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from player.reporting.state import NextEpisode
from player.service.model import Title
from ui.app.ports.client import ClientPort

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource


class TitlePrefetch(QObject):
    """Tells the client which title may be played next.

    The client prefetches it after it had the focus for a moment, if nothing else needs the network.
    """

    def __init__(
        self, client: ClientPort, card_of: Callable[[str], Title | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._card_of = card_of
        self._title_id = ""

    @Slot(str)
    def focused(self, title_id: str) -> None:
        """The focus is on this title, in a row or a grid; what of a series comes next is known on its page only."""
        card = self._card_of(title_id)
        if card is not None and card.kind != "series":
            self.shown(card)

    def shown(self, card: Title | None) -> None:
        """The page of this title is open, its "play" under the viewer's finger; None: no title's page is."""
        title_id = card.id if card is not None else ""
        if title_id == self._title_id:
            return
        self._title_id = title_id
        self._client.look_at(source_of(title_id, card) if card is not None else None)

    def follows(self, episode: NextEpisode) -> None:
        """This episode comes next in what plays."""
        self._client.look_at(source_of(episode.title_id, None, episode.name))


def source_of(title_id: str, card: Title | None, name: str = "") -> PlaybackSource:
    """What the engine plays of a title of the service; ``name`` where there is no card of it."""
    from player.title.opening import PlaybackSource  # loaded by the engine meanwhile

    return PlaybackSource(title_id=title_id, name=card.title if card else name, variant=card.variant if card else "")
