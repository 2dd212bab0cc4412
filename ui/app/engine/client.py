"""The engine and the service client behind the interface the view models use.

The engine is made on a thread of its own: loading its modules, the TLS store and the key store takes a while, and the
window shows its first frame meanwhile. Work submitted before it is there waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from player.base.apart import apart
from player.base.errors import ANY_ERROR, ErrorCode, MediaError, ServiceError
from player.reporting.state import PlaybackState, PlaybackStatus
from player.service.model import EVERYTHING, CatalogFilter, CatalogPage
from ui.app.ports.household import AccountCard, Household, PartReport
from ui.app.ports.playback import PlayerPort, SessionPort

if TYPE_CHECKING:
    from player.engine import Engine
    from player.mpv.player import MpvPlayer
    from player.playback.session import Session
    from player.resume.files import OpenedFile
    from player.service.billing import Subscription
    from player.service.client import ServiceClient
    from player.service.model import (
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
    from player.title.opening import PlaybackSource

T = TypeVar("T")
_log = logging.getLogger(__name__)
_CLOSE_S, _LOOK_S = 10.0, 0.5
_BUSY = frozenset({PlaybackStatus.LOADING, PlaybackStatus.PLAYING, PlaybackStatus.BUFFERING, PlaybackStatus.SEEKING})


class EngineHost(Protocol):
    """The program around an engine: the app, or the kiosk's screen."""

    def make_engine(self) -> Engine:
        """Make the engine; called once, on a thread of its own."""
        ...

    def open_playback(
        self,
        engine: Engine,
        source: PlaybackSource,
        player: MpvPlayer,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None,
    ) -> Session:
        """Start a session, on the engine's loop; ``start_s`` as in :meth:`ui.app.ports.client.ClientPort.open`."""
        ...

    def prepare(self, player: MpvPlayer) -> None:
        """Set the player up for a playback; it may wait for libmpv."""
        ...

    def examine(self) -> Sequence[PartReport]:
        """Check the installation; it may take a while."""
        ...

    def presence(self) -> AbstractContextManager[None]:
        """Hold what is returned while playback uses the network."""
        ...

    def look_ahead(self, engine: Engine, source: PlaybackSource | None) -> None:
        """Fetch what a title starts with; None ends that."""
        ...


class EngineClient:
    """A :class:`ui.app.ports.client.ClientPort` over the engine of ``host``."""

    def __init__(self, host: EngineHost, service_url: str | None = None) -> None:
        self._host = host
        self._watch: asyncio.Task[None] | None = None
        self._service_name = urlsplit(service_url).netloc if service_url else ""
        self._made: Future[Engine] = Future()
        self._thread = threading.Thread(target=self._make, name="make-engine")
        self._session: Session | None = None
        self._turn = asyncio.Lock()
        self._online = False

    @property
    def service_name(self) -> str:
        return self._service_name

    def start(self) -> None:
        """Begin to make the engine; harmless when that has begun already."""
        if not self._thread.is_alive() and not self._made.done():
            self._thread.start()

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        outcome: Future[T] = Future()

        def begin(made: Future[Engine]) -> None:
            if outcome.cancelled() or made.cancelled() or made.exception() is not None:
                coro.close()
                _settle(outcome, made)
                return
            inner = made.result().submit(coro)
            outcome.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)
            inner.add_done_callback(lambda done: _settle(outcome, done))

        self._made.add_done_callback(begin)
        return outcome

    @property
    def engine(self) -> Engine:
        """The engine, once it is made: on its loop it is."""
        return self._made.result()

    def look_at(self, source: PlaybackSource | None) -> None:
        if self._made.done() and self._made.exception() is None:
            self._host.look_ahead(self.engine, source)

    def plays_online(self) -> bool:
        """Whether a playback needs the network now. For the engine's loop."""
        session = self._session
        if session is None or not self._online or session.state.status not in _BUSY:
            return False
        return not self.engine.wait(session, 0.0)

    # --- on the engine's loop

    async def restore(self) -> str | None:
        account = await self._service().account()
        return None if account is None else account.name

    async def sign_in(self, email: str, password: str) -> str:
        account = await self._service().login(email, password)
        return account.name

    async def answers(self, url: str) -> None:
        from player.net.model import Request, RequestKind
        from player.service.client import API

        response = await self.engine.gate.fetch(Request(RequestKind.API, f"{url}{API}/time"))
        if b"now" not in response.body:
            raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "Something else answers there.")

    async def find_services(self) -> Sequence[str]:
        from player.service.discovery import find_services

        return await find_services()

    async def register(self, email: str, name: str, password: str) -> str:
        account = await self._service().register(email, name, password)
        return account.name

    async def ask_for_reset(self, email: str) -> None:
        await self._service().ask_for_reset(email)

    async def reset_password(self, email: str, code: str, new_password: str) -> str:
        account = await self._service().reset_password(email, code, new_password)
        return account.name

    async def sign_out(self) -> None:
        await self._service().logout()

    async def sign_in_code(self) -> DeviceCode:
        return await self._service().begin_device_sign_in()

    async def await_code(self, code: DeviceCode) -> str:
        account = await self._service().await_device_sign_in(code)
        return account.name

    async def household(self) -> Household:
        profiles, current = await self._service().profiles()
        return Household(profiles, current or "")

    async def choose_person(self, person_id: str, pin: str) -> Profile:
        return await self._service().select_profile(person_id, pin or None)

    async def make_person(self, name: str, maturity: int, ways: Mapping[str, object]) -> Profile:
        return await self._service().make_profile(name, maturity, ways)

    async def change_person(self, person_id: str, changes: Mapping[str, object]) -> Profile:
        return await self._service().change_profile(person_id, changes)

    async def remove_person(self, person_id: str) -> None:
        await self._service().remove_profile(person_id)

    async def search(self, query: str) -> SearchPage:
        return await self._service().search(query)

    async def my_list(self) -> Sequence[Title]:
        return await self._service().my_list()

    async def put_listed(self, title_id: str, *, listed: bool) -> bool:
        return await self._service().put_listed(title_id, listed=listed)

    async def catalog(self, cursor: str | None, wanted: CatalogFilter = EVERYTHING) -> CatalogPage:
        return await self._service().catalog(cursor, wanted)

    async def rows(self) -> Sequence[TitleRow]:
        return await self._service().rows()

    async def genres(self) -> Sequence[str]:
        return await self._service().genres()

    async def history(self) -> Sequence[Title]:
        return await self._service().history()

    async def put_away(self, title_id: str) -> None:
        await self._service().put_away(title_id)

    async def rate(self, title_id: str, thumb: str) -> None:
        await self._service().rate(title_id, thumb or None)

    async def mark_seen(self, title_id: str, duration_s: float) -> None:
        await self.engine.mark_seen(title_id, duration_s)

    async def channels(self) -> Sequence[Channel]:
        return await self._service().channels()

    async def recordings(self) -> Sequence[Recording]:
        return await self._service().recordings()

    async def record(self, channel_id: str, starts_at: float) -> None:
        await self._service().record(channel_id, starts_at)

    async def remove_recording(self, title_id: str) -> None:
        await self._service().remove_recording(title_id)

    async def title(self, title_id: str) -> Title:
        return await self._service().title(title_id)

    async def devices(self) -> DeviceList:
        return await self._service().devices()

    @property
    def own_device_id(self) -> str | None:
        return self.engine.own_device_id

    async def remove_device(self, device_id: str) -> None:
        await self._service().remove_device(device_id)

    async def account(self) -> AccountCard:
        service = self._service()
        plans, has, paid, verified = await asyncio.gather(
            service.plans(), service.subscription(), service.payments(), service.email_verified()
        )
        account = await service.account()
        return AccountCard(
            "" if account is None else account.name,
            "" if account is None else account.email,
            has,
            plans,
            paid,
            verified,
        )

    async def subscribe(self, request_id: str, plan: str, card: str | None) -> Subscription:
        return await self._service().subscribe(request_id, plan, card)

    async def cancel_plan(self) -> Subscription:
        return await self._service().cancel_subscription()

    async def change_password(self, password: str, new_password: str) -> None:
        await self._service().change_password(password, new_password)

    async def ask_for_verification(self) -> None:
        await self._service().ask_for_verification()

    async def verify_email(self, code: str) -> None:
        await self._service().verify_email(code)

    async def sign_out_everywhere(self) -> None:
        await self._service().logout_everywhere()

    async def send_positions(self) -> None:
        engine, session = self.engine, self._session
        if session is not None:
            session.stop()
            await asyncio.to_thread(engine.wait, session, _CLOSE_S)
        await engine.send_positions()

    async def forget_history(self, title_id: str | None = None) -> None:
        await self.engine.forget_history(title_id)

    async def set_consent(self, consent: bool) -> None:
        await self.engine.set_consent(consent)

    async def credits(self, title_id: str) -> Credits:
        return await self._service().credits(title_id)

    async def seasons(self, series_id: str) -> Sequence[Season]:
        return await self._service().seasons(series_id)

    async def examine(self) -> Sequence[PartReport]:
        return await asyncio.to_thread(self._host.examine)

    async def image(self, url: str) -> bytes:
        from player.net.model import Request, RequestKind

        response = await self.engine.gate.fetch(Request(RequestKind.IMAGE, url))
        return response.body

    async def recent_files(self) -> Sequence[OpenedFile]:
        return await asyncio.to_thread(self.engine.files.last)

    async def forget_file(self, identity: str | None) -> None:
        await apart(self.engine.forget_file, identity)

    async def open(
        self,
        source: PlaybackSource,
        player: PlayerPort,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None = None,
    ) -> SessionPort:
        engine, mpv = self.engine, cast("MpvPlayer", player)
        async with self._turn:  # a playback that ends takes from libmpv what another has loaded meanwhile
            earlier = self._session
            if earlier is not None:
                earlier.stop()
                await asyncio.to_thread(engine.wait, earlier, _CLOSE_S)
            if mpv.is_lost:
                raise MediaError(ErrorCode.MEDIA_DECODER, "The decoder does not answer any more.")
            await asyncio.to_thread(self._host.prepare, mpv)
            self._online = source.kept is None
            opened = self._session = self._host.open_playback(engine, source, mpv, on_state, start_s)
        if self._watch is None:
            self._watch = asyncio.create_task(self._tell_others(), name="presence")
        return opened

    async def _tell_others(self) -> None:
        """Hold ``presence`` whenever the network is needed, for as long as the engine lives."""
        with contextlib.ExitStack() as held:
            told = False
            while True:
                if self.plays_online() and not told:
                    held.enter_context(self._host.presence())
                    told = True
                elif told and not self.plays_online():
                    held.close()
                    told = False
                await asyncio.sleep(_LOOK_S)

    # --- any thread

    def close(self) -> None:
        """Stop everything. Waits for the engine's thread."""
        if self._thread.is_alive():
            self._thread.join()
        if self._made.cancel() or self._made.exception() is not None:
            return
        self._made.result().close()

    def _make(self) -> None:
        try:
            self._made.set_result(self._host.make_engine())
        except Exception as error:  # noqa: BLE001 - every task waiting for the engine is told
            if isinstance(error, ANY_ERROR):
                _log.warning("the engine could not be made: %s", error.sentence)
            else:
                _log.exception("the engine could not be made")
            self._made.set_exception(error)

    def _service(self) -> ServiceClient:
        return self.engine.require_service()


def _settle(outcome: Future[T], source: Future[Any]) -> None:
    """Copy the end of one future to another, unless that has been cancelled."""
    with contextlib.suppress(InvalidStateError):
        if source.cancelled():
            outcome.cancel()
        elif (error := source.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(source.result())
