"""The downloads, as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from player.service.model import Title

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource


@dataclass(frozen=True, slots=True)
class KeptTitle:
    """A download. ``state`` is queued, paused, complete or failed; ``waits`` why a queued one does not run (the value
    of a :class:`downloads.schedule.Wait`), ``sentence`` what went wrong. ``rights`` is what its licence permits;
    ``rights_state`` a :class:`drm_client.rights.RightsState`, ``unclear_date``, ``no_service``, the code of an error,
    or empty without a licence; ``rights_left_s`` the time left where there is a limit. Sizes are bytes. ``playable``:
    a playback may begin now, without a network; ``renewable``: it has a licence; ``renewal_due``: which should be
    renewed now."""

    id: str
    name: str
    title_id: str = ""
    state: str = "queued"
    running: bool = False
    waits: str = ""
    size: int = 0
    fetched: int = 0
    fraction: float = 0.0
    duration_s: float = 0.0
    code: str = ""
    sentence: str = ""
    rights: str = ""
    rights_state: str = ""
    rights_left_s: float | None = None
    playable: bool = False
    renewable: bool = False
    renewal_due: bool = False
    poster_url: str = ""
    maturity: int = 0  # the age from which it may be watched


@dataclass(frozen=True, slots=True)
class Shelf:
    """All downloads, in the order of the queue, and the disk they are on. Sizes are bytes. ``limit`` is what they may
    take together as the viewer set it; None for all that is free."""

    titles: Sequence[KeptTitle] = ()
    used: int = 0
    free: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """On how many devices of the account there are downloads, and how many titles this one has; the plan's limits,
    None for any number."""

    devices: int
    device_limit: int | None
    titles: int
    title_limit: int | None


class DownloadsPort(Protocol):
    """The downloads of this user. The coroutines raise ``MatineeError`` or ``DrmError`` and run on the client's loop
    (:meth:`ClientPort.submit`); none of them waits for a transfer."""

    async def shelf(self) -> Shelf:
        """What there is. Work that was left unfinished goes on from the first call."""
        ...

    async def sizes(self, card: Title) -> Mapping[int, int]:
        """About how many bytes a download would take, for each height of the title."""
        ...

    async def add(self, card: Title, height: int | None) -> None:
        """Download a title in at most this height; None for the best."""
        ...

    async def add_episodes(self, card: Title, following: int | None, height: int | None) -> int:
        """Download what is not here of the season of an episode, or of the next ``following`` ones of its series that
        were not watched; how many they are."""
        ...

    async def places(self) -> Places | None:
        """What the account's devices keep, as the service counts it; None without a service or a sign-in."""
        ...

    async def keep_up(self) -> None:
        """Smart downloads: of each series of which something is here, the next episode comes when one was watched,
        and the watched one goes, if it came so too."""
        ...

    async def pause(self, download_id: str) -> None: ...

    async def resume(self, download_id: str) -> None: ...

    async def remove(self, download_id: str) -> None:
        """Delete a download, wherever it stands, and give its licence back."""
        ...

    async def verify(self, download_id: str) -> int:
        """Read everything; the number of damaged parts."""
        ...

    async def repair(self, download_id: str) -> int:
        """Fetch again what is damaged; the number of such parts."""
        ...

    async def renew(self, download_id: str) -> None:
        """Renew the licence."""
        ...

    async def source(self, download_id: str) -> PlaybackSource:
        """What to play, without a network."""
        ...
