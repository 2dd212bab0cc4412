"""What the user interface needs from the rest of the client, as shapes: tests put scripted ones in their place.

The real ones are ``player.engine.Engine``, ``player.playback.session.Session``, ``player.service.ServiceClient`` and
``player.mpv.player.MpvPlayer``; :mod:`ui.app.composition` binds them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from player.reporting.state import PlaybackState
from player.service.model import (
    EVERYTHING,
    CatalogFilter,
    CatalogPage,
    Channel,
    Credits,
    DeviceCode,
    DeviceList,
    Profile,
    Recording,
    SearchPage,
    Season,
    Title,
    TitleRow,
)
from ui.app.ports.household import AccountCard, Household, PartReport
from ui.app.ports.playback import PlayerPort, SessionPort

if TYPE_CHECKING:  # it brings the engine along, which must not hold up the first frame
    from player.resume.files import OpenedFile
    from player.service.billing import Subscription
    from player.title.opening import PlaybackSource

T = TypeVar("T")


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

    async def answers(self, url: str) -> None:
        """Ask whether there is a service at ``url``. Raises MatineeError where there is none."""
        ...

    async def find_services(self) -> Sequence[str]:
        """The addresses of services that answer on this network, which anybody on it may have made up."""
        ...

    async def register(self, email: str, name: str, password: str) -> str:
        """Make an account and sign in to it: the name of the viewer."""
        ...

    async def ask_for_reset(self, email: str) -> None:
        """Have a code for a new password mailed."""
        ...

    async def reset_password(self, email: str, code: str, new_password: str) -> str:
        """Set a new password by the mailed code and sign in: the name of the viewer."""
        ...

    async def sign_out(self) -> None: ...

    async def sign_in_code(self) -> DeviceCode:
        """A code to sign in with elsewhere."""
        ...

    async def await_code(self, code: DeviceCode) -> str:
        """Name of the viewer, once the code has been approved. An old one raises ServiceError ``service.expired``."""
        ...

    async def household(self) -> Household: ...

    async def choose_person(self, person_id: str, pin: str) -> Profile:
        """Watch as this profile; ``pin`` is empty for one without."""
        ...

    async def make_person(self, name: str, maturity: int, ways: Mapping[str, object]) -> Profile:
        """Add a profile; ``ways`` are other members of :class:`Profile`, and its ``pin``."""
        ...

    async def change_person(self, person_id: str, changes: Mapping[str, object]) -> Profile:
        """Change members of a profile; a ``pin`` of None takes the PIN away."""
        ...

    async def remove_person(self, person_id: str) -> None: ...

    async def search(self, query: str) -> SearchPage: ...

    async def my_list(self) -> Sequence[Title]: ...

    async def put_listed(self, title_id: str, *, listed: bool) -> bool:
        """Put a title on the list or take it off; whether it is there now."""
        ...

    async def catalog(self, cursor: str | None, wanted: CatalogFilter = EVERYTHING) -> CatalogPage: ...

    async def genres(self) -> Sequence[str]:
        """Those of the catalogue, as the service names them."""
        ...

    async def history(self) -> Sequence[Title]:
        """What was watched, the latest first."""
        ...

    async def put_away(self, title_id: str) -> None:
        """Leave a title out of what is continued until it is watched again."""
        ...

    async def rate(self, title_id: str, thumb: str) -> None:
        """Say what the viewer thinks of a title: up, down, or nothing."""
        ...

    async def mark_seen(self, title_id: str, duration_s: float) -> None:
        """Take a title for watched to its end."""
        ...

    async def rows(self) -> Sequence[TitleRow]:
        """What stands above the catalogue, as the service wants it."""
        ...

    async def channels(self) -> Sequence[Channel]: ...

    async def recordings(self) -> Sequence[Recording]: ...

    async def record(self, channel_id: str, starts_at: float) -> None:
        """Record the programme of a channel that starts then, by the service's clock."""
        ...

    async def remove_recording(self, title_id: str) -> None: ...

    async def title(self, title_id: str) -> Title:
        """One title. An unknown one raises ServiceError ``service.not_found``."""
        ...

    async def devices(self) -> DeviceList: ...

    @property
    def own_device_id(self) -> str | None:
        """The id of this machine among them, once the service has answered."""
        ...

    async def remove_device(self, device_id: str) -> None:
        """Take a machine off the account: it plays nothing of it any more."""
        ...

    async def account(self) -> AccountCard:
        """The account that is signed in."""
        ...

    async def subscribe(self, request_id: str, plan: str, card: str | None) -> Subscription:
        """Subscribe or change the plan; ``card`` is a number, None for the one kept. The same ``request_id`` counts
        once."""
        ...

    async def cancel_plan(self) -> Subscription:
        """Let the plan end with what is paid."""
        ...

    async def change_password(self, password: str, new_password: str) -> None:
        """Have another password; every other sign-in is over."""
        ...

    async def ask_for_verification(self) -> None:
        """Have a code mailed that confirms the account's address."""
        ...

    async def verify_email(self, code: str) -> None:
        """Confirm the account's address."""
        ...

    async def sign_out_everywhere(self) -> None:
        """End every sign-in of the account, this one too."""
        ...

    async def send_positions(self) -> None:
        """Tell the service where titles were left, once the last playback is over. Never raises for a service that
        cannot be reached."""
        ...

    async def forget_history(self, title_id: str | None = None) -> None:
        """Forget what was watched, or one title of it, here and at the service."""
        ...

    async def set_consent(self, consent: bool) -> None:
        """Whether the service may be told how playbacks went, from now on."""
        ...

    async def credits(self, title_id: str) -> Credits: ...

    async def seasons(self, series_id: str) -> Sequence[Season]:
        """The episodes of a series; raises as :meth:`title`."""
        ...

    async def examine(self) -> Sequence[PartReport]:
        """The parts of this installation."""
        ...

    async def image(self, url: str) -> bytes:
        """The bytes of a poster, fetched through the network gate."""
        ...

    def look_at(self, source: PlaybackSource | None) -> None:
        """This title may be played next: fetch what stands before its first picture, where the network is free."""
        ...

    async def recent_files(self) -> Sequence[OpenedFile]:
        """The viewer's own files, the one opened last first."""
        ...

    async def forget_file(self, identity: str | None) -> None:
        """Forget that a file was opened and where it was left, or all of them."""
        ...

    async def open(
        self,
        source: PlaybackSource,
        player: PlayerPort,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None = None,
    ) -> SessionPort:
        """Begin a playback, once an earlier one in the same player is over; ``on_state`` is called on any thread.

        ``start_s`` is where to begin, None where the viewer stopped.
        """
        ...

    def close(self) -> None: ...
