"""A scripted client for tests of the user interface: no engine, no network, no libmpv."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from abr.model import Decision, Estimate, Phase, Reason, Rung, Snapshot
from player.base.errors import ErrorCode, NetError, ServiceError
from player.reporting.startup import StartPart, Startup
from player.reporting.state import PlaybackState, PlaybackStatus, RungChoice, StatSample, TrackChoice
from player.resume.files import OpenedFile
from player.service.billing import Payment, Plan, Subscription
from player.service.model import (
    EVERYTHING,
    CatalogFilter,
    CatalogPage,
    Channel,
    Credits,
    Device,
    DeviceCode,
    DeviceList,
    EpisodePlace,
    Markers,
    Profile,
    Programme,
    Recording,
    SearchPage,
    Season,
    Title,
    TitleRow,
    WatchProgress,
)
from player.thumbnails import Picture
from player.title.opening import PlaybackSource
from tests.kit.waiting import PATIENCE_S
from ui.app.ports.household import AccountCard, Household, PartReport

NOW = 1_790_000_000.0
MAILED_CODE = "BCDF-GHJK"
MONTH_S = 30 * 86400.0
PLANS = (
    Plan("basic", 499, "EUR", MONTH_S, 720, 1, 2, 0),
    Plan("standard", 999, "EUR", MONTH_S, 1080, 2, 5, 25),
    Plan("premium", 1499, "EUR", MONTH_S, None, 4, None, None),
)
LADDER = (
    RungChoice(0, "240p", 240, 400_000),
    RungChoice(1, "480p", 480, 1_400_000),
    RungChoice(2, "720p", 720, 2_800_000),
    RungChoice(3, "1080p", 1080, 5_200_000),
)


def cards(count: int, begun: int = 0) -> list[Title]:
    """``count`` titles, the first ``begun`` of them half seen."""
    return [
        Title(
            id=f"title-{n}",
            title=f"Title {n}",
            synopsis=f"What happens in title {n}.",
            year=2020 + n % 6,
            duration_s=600.0 + n,
            heights=(240, 480, 720, 1080),
            variants=("encrypted", "clear"),
            published_at=1_760_000_000.0,
            audio=("eng", "deu"),
            text=("eng",),
            poster_url=f"http://posters.test/{n}.jpg",
            progress=WatchProgress(300.0 if n < begun else 0.0, 600.0 + n, float(n)),
        )
        for n in range(count)
    ]


def watched(title: Title, **changes: Any) -> Title:
    """A title with this other progress."""
    return replace(title, progress=replace(title.progress, **changes))


def channels(titles: Sequence[Title], now_s: float) -> list[Channel]:
    """Each title as a channel, all in their middle at ``now_s``."""
    return [
        Channel(
            card,
            (
                Programme(card.title, now_s - card.duration_s / 2, now_s + card.duration_s / 2),
                *(
                    Programme(
                        f"{card.title}, part {n + 2}",
                        now_s + card.duration_s * (n + 0.5),
                        now_s + card.duration_s * (n + 1.5),
                    )
                    for n in range(6)
                ),
            ),
        )
        for card in titles
    ]


def series_card() -> Title:
    """A series as the catalogue lists it."""
    return Title(
        id="mill",
        title="The Mill",
        synopsis="Those who grind.",
        year=2024,
        poster_url="http://posters.test/mill.jpg",
        kind="series",
        trailer_id="teaser",
    )


def seasons(counts: Sequence[int] = (6, 3), begun: int = 1) -> list[Season]:
    """The episodes of :func:`series_card`; of the first season ``begun`` were seen, and the one after half of it."""
    found = []
    for season, count in enumerate(counts, 1):
        episodes = [
            Title(
                id=f"mill-{season}-{number}",
                title=f"Episode {season}.{number}",
                synopsis=f"What happens in episode {number}.",
                duration_s=1440.0,
                heights=(480, 1080),
                variants=("encrypted",),
                poster_url=f"http://posters.test/mill{season}{number}.jpg",
                progress=WatchProgress()
                if season > 1 or number > begun + 1
                else WatchProgress(1430.0 if number <= begun else 700.0, 1440.0, float(number)),
                markers=Markers(credits_s=1400.0),
                kind="episode",
                episode=EpisodePlace("mill", "The Mill", season, number),
            )
            for number in range(1, count + 1)
        ]
        found.append(Season(season, tuple(episodes)))
    return found


STARTUP = Startup(
    0.71,
    (
        StartPart("api", 0.0, 0.06),
        StartPart("cdn", 0.06, 0.003),
        StartPart("manifest", 0.063, 0.19),
        StartPart("licence", 0.063, 0.12),
        StartPart("segment", 0.253, 0.4),
    ),
)


def playing(**changes: Any) -> PlaybackState:
    """A playback in full swing, with something in every menu and graph."""
    history = tuple(
        StatSample(
            time_s=n * 0.5,
            position_s=n * 0.5,
            buffer_s=min(28.0, n * 0.4),
            throughput_bps=None if n < 4 else 6e6 + (n % 20) * 2e5,
            rung=1 if n < 60 else 3,
            bitrate_bps=1_400_000 if n < 60 else 5_200_000,
            pathway="edge-a",
        )
        for n in range(160)
    )
    values: dict[str, Any] = {
        "status": PlaybackStatus.PLAYING,
        "title": "Title 0",
        "position_s": 80.0,
        "duration_s": 600.0,
        "buffered": ((70.0, 110.0),),
        "rungs": LADDER,
        "rung_playing": 3,
        "rung_loading": 3,
        "audio_tracks": (TrackChoice("a1", "English", "en", selected=True), TrackChoice("a2", "Deutsch", "de")),
        "text_tracks": (
            TrackChoice("t1", "English", "en"),
            TrackChoice("t2", "Bitmap", "fr", unsupported="Picture subtitles cannot be shown."),
        ),
        "pathway": "edge-a",
        "history": history,
        "startup": STARTUP,
        "decisions": (decision("1080p fits: 9.4 Mbit/s are expected and 28 s are buffered."),),
    }
    return PlaybackState(**(values | changes))


def decision(sentence: str) -> Decision:
    snapshot = Snapshot(
        now_s=80.0,
        phase=Phase.STEADY,
        rungs=tuple(Rung(rung.label, rung.bitrate_bps, height=rung.height) for rung in LADDER),
        current=3,
        buffer_s=28.0,
        buffer_max_s=30.0,
        segment_s=4.0,
        estimate=Estimate(mean_bps=9.4e6),
    )
    return Decision(3, Reason.THROUGHPUT_RULE, sentence, snapshot, policy="throughput")


class FakeSession:
    """Notes every order, and publishes what a test says."""

    def __init__(
        self, source: PlaybackSource, on_state: Callable[[PlaybackState], None], start_s: float | None = None
    ) -> None:
        self.source = source
        self.start_s = start_s
        self.orders: list[tuple[Any, ...]] = []
        self.subtitles_at: list[float] = []  # percent of the height of the window
        self.publish = self._shown
        self._on_state = on_state
        self.exact_s = 0.0
        self.previews: list[tuple[float, Future[Picture | None]]] = []  # what thumbnails were asked for
        self.scene: Callable[[float], Picture] | None = None  # answers them at once

    def _shown(self, state: PlaybackState) -> None:
        self.exact_s = state.position_s
        self._on_state(state)

    def exact_position(self) -> Future[float]:
        answer: Future[float] = Future()
        answer.set_result(self.exact_s)
        return answer

    def set_subtitle_position(self, percent: float) -> None:
        self.subtitles_at.append(percent)

    def thumbnail(self, time_s: float) -> Future[Picture | None]:
        answer: Future[Picture | None] = Future()
        self.previews.append((time_s, answer))
        if self.scene is not None:
            answer.set_result(self.scene(time_s))
        return answer

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *values: self.orders.append((name, *values))


class FakePlayer:
    """A player without libmpv."""

    def __init__(self) -> None:
        self.handle = self
        self.terminated = False

    is_lost = False

    def terminate(self) -> None:
        self.terminated = True


class FakeClipPlayer(FakePlayer):
    """Knows which files it was given, and what waits for them."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []
        self.playing = False

    def show(self, path: str, begun: Callable[[], None], ended: Callable[[], None]) -> None:
        self.files.append(path)
        self.begun, self.ended = begun, ended
        self.playing = True

    def stop(self) -> None:
        self.playing = False


class FakeSurface(QObject):
    """A video surface that is ready as soon as it is attached."""

    ready = Signal()
    attached: object = None

    def abandon(self) -> None:
        """There is no render context."""

    def attach(self, player: object) -> None:
        self.attached = player
        self.ready.emit()

    def shutdown(self) -> None: ...


class FakeClient:
    """Answers from a script. With ``silent`` it never answers anything."""

    def __init__(self, titles: Sequence[Title] = (), *, service_name: str = "tv.test") -> None:
        self.titles = list(titles)
        self.series: dict[str, list[Season]] = {}  # by id
        self.looked_at: list[str] = []  # title ids; empty for none
        self.page_size = 50
        self.service_name = service_name
        self.viewer: str | None = None
        self.password = "secret"
        self.failure: Exception | None = None
        self.silent = False
        self.picture: bytes | None = None
        self.paint: Callable[[str], bytes] | None = None
        self.sessions: list[FakeSession] = []
        self.parts = [
            PartReport("Python", present=True, detail="3.11.2"),
            PartReport("libmpv", present=True, detail="mpv 0.35.1"),
            PartReport("key store", present=False, detail="It is locked.", remedy="Unlock it."),
        ]
        self.catalog_calls = 0
        self.people: list[Profile] = []
        self.current = ""
        self.pin = "1234"
        self.listed: list[str] = []
        self.files: list[OpenedFile] = []
        self.screen: list[TitleRow] | None = None  # the rows of the first screen; None: what is begun
        self.queries: list[str] = []
        self.on_air: list[Channel] = []
        self.recorded: list[Recording] = []
        self.machines = [
            Device("d1", "Living room", 1_750_000_000.0, 1_760_000_000.0),
            Device("d2", "This computer", 1_750_000_000.0, 1_760_090_000.0),
        ]
        self.consent: bool | None = None
        self.subscription = Subscription("free", "free", currency="EUR")
        self.payments: list[Payment] = []
        self.title_credits = Credits()
        self.credits_by_title: dict[str, Credits] = {}
        self.put_away_titles: list[str] = []
        self.asked_services: list[str] = []
        self.left_at: dict[str, float] = {}  # where titles were left, as the service does not know yet (s)
        self.ordered: list[tuple[str, str, str | None]] = []
        self.codes = 0
        self.mailed: list[tuple[str, str]] = []  # what for, to whom
        self.verified = True
        self.asked_images = 0
        self.nearby: list[str] = []
        self.approved: Future[str] = Future()  # the name, once the code was approved elsewhere
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-client", daemon=True)
        self._thread.start()

    def submit(self, coro: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coro, self._loop)

    async def restore(self) -> str | None:
        await self._obstacles()
        return self.viewer

    async def sign_in(self, email: str, password: str) -> str:
        await self._obstacles()
        if password != self.password:
            raise ServiceError(ErrorCode.SERVICE_SIGN_IN, "The email address or the password is wrong.")
        self.viewer = email.partition("@")[0].capitalize()
        return self.viewer

    async def answers(self, url: str) -> None:
        await self._obstacles()
        self.asked_services.append(url)

    async def find_services(self) -> Sequence[str]:
        return self.nearby

    async def register(self, email: str, name: str, password: str) -> str:
        await self._obstacles()
        self.viewer, self.password = name, password
        return name

    async def ask_for_reset(self, email: str) -> None:
        await self._obstacles()
        self.mailed.append(("reset", email))

    async def reset_password(self, email: str, code: str, new_password: str) -> str:
        await self._obstacles()
        if code != MAILED_CODE:
            raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "This code is wrong or too old.")
        self.viewer, self.password = email.partition("@")[0].capitalize(), new_password
        return self.viewer

    async def ask_for_verification(self) -> None:
        await self._obstacles()
        self.mailed.append(("verification", "ada@tv.test"))

    async def verify_email(self, code: str) -> None:
        await self._obstacles()
        if code != MAILED_CODE:
            raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "This code is wrong or too old.")
        self.verified = True

    async def sign_out(self) -> None:
        self.viewer = None

    async def sign_in_code(self) -> DeviceCode:
        await self._obstacles()
        self.codes += 1
        address = "https://tv.test/activate"
        return DeviceCode("SECRET", "BCDF-GHJK", address, f"{address}?user_code=BCDF-GHJK", 600.0, 5.0)

    async def await_code(self, code: DeviceCode) -> str:
        self.viewer = await asyncio.wrap_future(self.approved)
        return self.viewer

    async def household(self) -> Household:
        await self._obstacles()
        return Household(tuple(self.people), self.current)

    async def make_person(self, name: str, maturity: int, ways: Mapping[str, Any]) -> Profile:
        await self._obstacles()
        own = {key: value for key, value in ways.items() if key != "pin"}
        person = Profile(f"p{len(self.people) + 1}", name, maturity, bool(ways.get("pin")), **own)
        self.people.append(person)
        return person

    async def change_person(self, person_id: str, changes: Mapping[str, Any]) -> Profile:
        await self._obstacles()
        own: dict[str, Any] = {key: value for key, value in changes.items() if key != "pin"}
        if "pin" in changes:
            own["has_pin"] = changes["pin"] is not None
        self.people = [replace(one, **own) if one.id == person_id else one for one in self.people]
        return next(one for one in self.people if one.id == person_id)

    async def remove_person(self, person_id: str) -> None:
        await self._obstacles()
        self.people = [one for one in self.people if one.id != person_id]

    async def choose_person(self, person_id: str, pin: str) -> Profile:
        await self._obstacles()
        person = next(one for one in self.people if one.id == person_id)
        left = next((one for one in self.people if one.id == self.current and one.kids and one.id != person_id), None)
        guarded = (person.has_pin and not person.kids) or (left is not None and left.has_pin)
        if guarded and pin != self.pin:
            raise ServiceError(ErrorCode.SERVICE_NOT_ENTITLED, "The PIN is wrong.")
        self.current = person_id
        return person

    async def search(self, query: str) -> SearchPage:
        self.queries.append(query)
        await self._obstacles()
        return SearchPage(tuple(card for card in self.titles if query.casefold() in card.title.casefold()))

    async def my_list(self) -> Sequence[Title]:
        await self._obstacles()
        return [card for title_id in self.listed for card in self.titles if card.id == title_id]

    async def put_listed(self, title_id: str, *, listed: bool) -> bool:
        await self._obstacles()
        self.listed = [one for one in self.listed if one != title_id]
        if listed:
            self.listed.insert(0, title_id)
        return listed

    async def catalog(self, cursor: str | None, choice: CatalogFilter = EVERYTHING) -> CatalogPage:
        self.catalog_calls += 1
        await self._obstacles()
        found = [card for card in self.titles if self._fits(card, choice)]
        if choice.by_title:
            found.sort(key=lambda card: card.title)
        start = int(cursor or 0)
        end = start + self.page_size
        return CatalogPage(tuple(found[start:end]), str(end) if end < len(found) else None)

    def _fits(self, card: Title, choice: CatalogFilter) -> bool:
        made = self.credits_by_title.get(card.id, Credits())
        named = {name for _job, name in made.people}
        return (not choice.genre or choice.genre in made.genres) and (not choice.person or choice.person in named)

    async def genres(self) -> Sequence[str]:
        await self._obstacles()
        return sorted({genre for made in self.credits_by_title.values() for genre in made.genres})

    async def history(self) -> Sequence[Title]:
        await self._obstacles()
        return sorted(
            (card for card in self.titles if card.progress.position_s), key=lambda card: -card.progress.watched_at
        )

    async def put_away(self, title_id: str) -> None:
        await self._obstacles()
        self.put_away_titles.append(title_id)

    async def rate(self, title_id: str, thumb: str) -> None:
        await self._obstacles()
        self.titles = [replace(card, thumb=thumb) if card.id == title_id else card for card in self.titles]

    async def mark_seen(self, title_id: str, duration_s: float) -> None:
        await self._obstacles()
        self.titles = [
            replace(card, progress=WatchProgress(duration_s, duration_s, NOW)) if card.id == title_id else card
            for card in self.titles
        ]

    async def rows(self) -> Sequence[TitleRow]:
        await self._obstacles()
        if self.screen is not None:
            return self.screen
        away = self.put_away_titles
        begun = sorted(
            (card for card in self.titles if card.progress.position_s and card.id not in away),
            key=lambda card: -card.progress.watched_at,
        )
        return [TitleRow("continue", tuple(begun))] if begun else []

    async def channels(self) -> Sequence[Channel]:
        await self._obstacles()
        return self.on_air

    async def recordings(self) -> Sequence[Recording]:
        await self._obstacles()
        return list(self.recorded)

    async def record(self, channel_id: str, starts_at: float) -> None:
        await self._obstacles()
        card = next(one.title for one in self.on_air if one.title.id == channel_id)
        title = replace(card, id=f"rec-{len(self.recorded)}", duration_s=0.0)
        self.recorded.insert(0, Recording(title, channel_id, card.title, starts_at, starts_at + 600.0, "planned"))

    async def remove_recording(self, title_id: str) -> None:
        await self._obstacles()
        self.recorded = [one for one in self.recorded if one.title.id != title_id]

    def look_at(self, source: PlaybackSource | None) -> None:
        self.looked_at.append(source.title_id if source is not None else "")

    async def credits(self, title_id: str) -> Credits:
        await self._obstacles()
        return self.credits_by_title.get(title_id, self.title_credits)

    async def seasons(self, series_id: str) -> list[Season]:
        await self._obstacles()
        return self.series.get(series_id, [])

    async def title(self, title_id: str) -> Title:
        await self._obstacles()
        episodes = (card for seasons_of in self.series.values() for one in seasons_of for card in one.episodes)
        found = next((card for card in (*self.titles, *episodes) if card.id == title_id), None)
        if found is None:
            raise ServiceError(ErrorCode.SERVICE_NOT_FOUND, "There is no such title.")
        return found

    async def devices(self) -> DeviceList:
        await self._obstacles()
        return DeviceList(tuple(self.machines), 4)

    own_device_id = "d2"

    async def remove_device(self, device_id: str) -> None:
        await self._obstacles()
        self.machines = [one for one in self.machines if one.id != device_id]

    async def account(self) -> AccountCard:
        await self._obstacles()
        payments = list(self.payments)
        return AccountCard(self.viewer or "", "ada@tv.test", self.subscription, PLANS, payments, self.verified)

    async def subscribe(self, request_id: str, plan: str, card: str | None) -> Subscription:
        self.ordered.append((request_id, plan, card))
        await self._obstacles()
        price = next(one.price_cents for one in PLANS if one.name == plan)
        last4 = card[-4:] if card else self.subscription.last4
        self.subscription = Subscription(plan, "active", NOW + 3e6, NOW + 2.6e6, plan, price, "EUR", last4)
        self.payments.insert(0, Payment("p", "subscribe", plan, price, "EUR", "paid", NOW))
        return self.subscription

    async def cancel_plan(self) -> Subscription:
        await self._obstacles()
        self.subscription = replace(self.subscription, state="cancelled", renews_at=None, next_plan="free")
        return self.subscription

    async def change_password(self, password: str, new_password: str) -> None:
        await self._obstacles()
        if password != self.password:
            raise ServiceError(ErrorCode.SERVICE_SIGN_IN, "The password is wrong.")
        self.password = new_password

    async def sign_out_everywhere(self) -> None:
        await self._obstacles()
        self.viewer = None

    async def send_positions(self) -> None:
        """What was watched last reaches the service."""
        await self._obstacles()
        left, self.left_at = self.left_at, {}
        self.titles = [
            replace(card, progress=WatchProgress(left[card.id], card.duration_s, NOW)) if card.id in left else card
            for card in self.titles
        ]

    async def forget_history(self, title_id: str | None = None) -> None:
        await self._obstacles()
        self.titles = [
            replace(card, progress=WatchProgress()) if title_id in (None, card.id) else card for card in self.titles
        ]

    async def set_consent(self, consent: bool) -> None:
        self.consent = consent

    async def examine(self) -> Sequence[PartReport]:
        await self._obstacles()
        return self.parts

    async def recent_files(self) -> Sequence[OpenedFile]:
        return self.files

    async def forget_file(self, identity: str | None) -> None:
        self.files = [file for file in self.files if identity not in (None, file.identity)]

    async def image(self, url: str) -> bytes:
        self.asked_images += 1
        await self._obstacles()
        if self.paint is not None:
            return self.paint(url)
        if self.picture is None:
            raise NetError(ErrorCode.HTTP_NOT_FOUND, "There is no such picture.")
        return self.picture

    async def open(
        self,
        source: PlaybackSource,
        player: object,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None = None,
    ) -> FakeSession:
        await self._obstacles()
        session = FakeSession(source, on_state, start_s)
        self.sessions.append(session)
        return session

    def close(self) -> None:
        async def cancel_all() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.submit(cancel_all()).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _obstacles(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
