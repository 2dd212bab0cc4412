"""What the user interface needs from the rest of the client, as shapes: tests put scripted ones in their place.

The real ones are ``player.engine.Engine``, ``player.session.Session``, ``player.service.ServiceClient`` and
``player.mpv.player.MpvPlayer``; :mod:`ui.app` binds them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from player.state import PlaybackState
from ui.membership import AccountCard, Membership

if TYPE_CHECKING:  # it brings the engine along, which must not hold up the first frame
    from player.opening import Source
    from player.thumbnails import Picture

T = TypeVar("T")


class MpvCore(Protocol):
    """An ``mpv.MPV`` as far as a video item needs it: the C handle a render context is made for."""

    @property
    def handle(self) -> ctypes.c_void_p: ...


class PlayerPort(Protocol):
    """The libmpv player the engine plays into and the video item draws from."""

    @property
    def handle(self) -> MpvCore: ...

    def terminate(self) -> None: ...


class SignalPort(Protocol):
    """A bound Qt signal."""

    def connect(self, slot: object, /) -> object: ...


class SurfacePort(Protocol):
    """A video item (:mod:`ui.video`). Its ``ready`` signal says that playing may begin."""

    @property
    def ready(self) -> SignalPort: ...

    def attach(self, player: MpvCore) -> None: ...

    def shutdown(self) -> None: ...


class SessionPort(Protocol):
    """One playback. Every method returns at once and may be called from any thread."""

    def play(self) -> None: ...

    def pause(self) -> None: ...

    def toggle(self) -> None: ...

    def seek(self, position_s: float) -> None: ...

    def seek_by(self, delta_s: float) -> None: ...

    def go_live(self) -> None: ...

    def set_rung(self, index: int | None) -> None: ...

    def thumbnail(self, time_s: float) -> Future[Picture | None]:
        """The small picture of a time, for scrubbing; None where there is none or another was asked for since."""
        ...

    def select_audio(self, track_id: str) -> None: ...

    def select_text(self, track_id: str | None) -> None: ...

    def set_volume(self, volume: int) -> None: ...

    def set_muted(self, muted: bool) -> None: ...

    def set_speed(self, speed: float) -> None: ...

    def stop(self) -> None: ...


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

    @property
    def variant(self) -> str:
        """The one to play or keep: encrypted where there is one."""
        return "encrypted" if "encrypted" in self.variants or not self.variants else self.variants[0]


@dataclass(frozen=True, slots=True)
class SeasonCards:
    """A season with its episodes, in their order; ``name`` is empty where it has none of its own."""

    number: int
    episodes: Sequence[TitleCard]
    name: str = ""


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """Some titles, and the cursor to ask for more with (None: that was all)."""

    titles: Sequence[TitleCard]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TitleRow:
    """A row of the first screen. ``key`` tells it from the others; ``kind`` is the service's name for it, and
    ``because`` the name of the title that it follows from, where there is one."""

    kind: str
    titles: Sequence[TitleCard] = ()
    because: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind} {self.because}" if self.because else self.kind


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
class Person:
    """A profile of the household. ``maturity`` is the highest age rating that may be watched."""

    id: str
    name: str
    maturity: int = 18
    has_pin: bool = False


@dataclass(frozen=True, slots=True)
class Household:
    """All profiles, and the id of the one that is selected; empty for none."""

    people: Sequence[Person] = ()
    current: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The titles that a search found; ``corrected`` is the query that was answered instead, empty for none."""

    titles: Sequence[TitleCard] = ()
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class SignInCode:
    """A code under which the viewer can sign this screen in on another device. ``link`` leads there with the code in
    it; ``handle`` is the client's own."""

    code: str = field(repr=False)
    address: str
    link: str = field(repr=False)
    handle: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """A machine of the account. ``seen_at`` is in seconds since 1970; ``here``: it is this one."""

    id: str
    name: str
    seen_at: float = 0.0
    here: bool = False


@dataclass(frozen=True, slots=True)
class Devices:
    """The machines of an account, and how many its plan allows; None for any number."""

    items: Sequence[DeviceCard] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PartReport:
    """A part of the installation: whether it is there, and what helps where it is not."""

    name: str
    present: bool
    detail: str
    remedy: str = ""


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
    """All downloads, in the order of the queue, and the disk they are on. Sizes are bytes."""

    titles: Sequence[KeptTitle] = ()
    used: int = 0
    free: int = 0


class DownloadsPort(Protocol):
    """The downloads of this user. The coroutines raise ``MatineeError`` or ``DrmError`` and run on the client's loop
    (:meth:`ClientPort.submit`); none of them waits for a transfer."""

    async def shelf(self) -> Shelf:
        """What there is. Work that was left unfinished goes on from the first call."""
        ...

    async def sizes(self, card: TitleCard) -> Mapping[int, int]:
        """About how many bytes a download would take, for each height of the title."""
        ...

    async def add(self, card: TitleCard, height: int | None) -> None:
        """Download a title in at most this height; None for the best."""
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

    async def source(self, download_id: str) -> Source:
        """What to play, without a network."""
        ...


class ClientPort(Protocol):
    """The engine and the service behind it. The coroutines raise ``MatineeError`` and must be run by :meth:`submit`,
    which is safe on any thread."""

    @property
    def service_name(self) -> str:
        """Host of the service for people to read; empty when there is none."""
        ...

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]: ...

    async def restore(self) -> str | None:
        """Name of the viewer still signed in from an earlier run, or None."""
        ...

    async def sign_in(self, email: str, password: str) -> str:
        """Name of the viewer."""
        ...

    async def sign_out(self) -> None: ...

    async def sign_in_code(self) -> SignInCode:
        """A code to sign in with elsewhere."""
        ...

    async def await_code(self, code: SignInCode) -> str:
        """Name of the viewer, once the code has been approved. An old one raises ServiceError ``service.expired``."""
        ...

    async def household(self) -> Household: ...

    async def choose_person(self, person_id: str, pin: str) -> Person:
        """Watch as this profile; ``pin`` is empty for one without."""
        ...

    async def search(self, query: str) -> Found: ...

    async def my_list(self) -> Sequence[TitleCard]: ...

    async def put_listed(self, title_id: str, *, listed: bool) -> bool:
        """Put a title on the list or take it off; whether it is there now."""
        ...

    async def catalog(self, cursor: str | None) -> CatalogPage: ...

    async def rows(self) -> Sequence[TitleRow]:
        """What stands above the catalogue, as the service wants it."""
        ...

    async def channels(self) -> Sequence[ChannelCard]: ...

    async def title(self, title_id: str) -> TitleCard:
        """One title. An unknown one raises ServiceError ``service.not_found``."""
        ...

    async def devices(self) -> Devices: ...

    async def remove_device(self, device_id: str) -> None:
        """Take a machine off the account: it plays nothing of it any more."""
        ...

    async def account(self) -> AccountCard:
        """The account that is signed in."""
        ...

    async def subscribe(self, request_id: str, plan: str, card: str | None) -> Membership:
        """Subscribe or change the plan; ``card`` is a number, None for the one kept. The same ``request_id`` counts
        once."""
        ...

    async def cancel_plan(self) -> Membership:
        """Let the plan end with what is paid."""
        ...

    async def change_password(self, password: str, new_password: str) -> None:
        """Have another password; every other sign-in is over."""
        ...

    async def sign_out_everywhere(self) -> None:
        """End every sign-in of the account, this one too."""
        ...

    async def forget_history(self) -> None:
        """Forget what was watched, here and at the service."""
        ...

    async def set_consent(self, consent: bool) -> None:
        """Whether the service may be told how playbacks went, from now on."""
        ...

    async def seasons(self, series_id: str) -> Sequence[SeasonCards]:
        """The episodes of a series; raises as :meth:`title`."""
        ...

    async def examine(self) -> Sequence[PartReport]:
        """The parts of this installation."""
        ...

    async def image(self, url: str) -> bytes:
        """The bytes of a poster, fetched through the network gate."""
        ...

    def look_at(self, source: Source | None) -> None:
        """This title may be played next: fetch what stands before its first picture, where the network is free."""
        ...

    async def open(
        self,
        source: Source,
        player: PlayerPort,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None = None,
    ) -> SessionPort:
        """Begin a playback, once an earlier one in the same player is over; ``on_state`` is called on any thread.

        ``start_s`` is where to begin, None where the viewer stopped.
        """
        ...

    def close(self) -> None: ...
