"""Commands from afar on a clock that is stepped: each is done once, whatever the kiosk, its screen, its disk and its
network do meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from player.base.errors import ErrorCode, NetError
from tests.kit.clock import FakeClock
from ui.kiosk.commands import CommandJournal, CommandOutcome, OperatorCommand
from ui.kiosk.disk import log_tail
from ui.kiosk.folders import KioskFolders, read_or_last_good
from ui.kiosk.health import Health
from ui.kiosk.playlist_trial import Glance, Trial, TrialVerdict
from ui.kiosk.provisioning import Provisioning, load
from ui.kiosk.remote import Remote

FILE = """format = 1
name = "foyer"
[service]
url = "http://service.test"
[network]
hosts = ["a.test", "service.test"]
[[entry]]
url = "http://a.test/own"
name = "Own"
"""
SENT = '[[entry]]\nurl = "http://a.test/sent"\nname = "Sent"\n'
BROKEN = '[[entry]]\nurl = "http://a.test/broken"\nname = "Broken"\n'
T = TypeVar("T")
JPEG = b"\xff\xd8\xff picture"
OFFLINE = NetError(ErrorCode.NET_TIMEOUT, "no way")


def numbered(number: int) -> str:
    return f"{number:032x}"


async def at_once(work: Callable[[], T], /) -> T:
    return work()


class Service:
    """Gives a command again until it has been answered, and its time is not over."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.reachable = True
        self.loses_answers = False
        self.waiting: list[tuple[OperatorCommand, float]] = []
        self.answers: list[CommandOutcome] = []
        self.asked = 0

    def issue(self, kind: str, number: int = 1, playlist: str = "", good_for_s: float = 3600.0) -> None:
        command = OperatorCommand(numbered(number), kind, good_for_s, playlist)
        self.waiting.append((command, self.clock.monotonic() + good_for_s))

    async def ask(self, health: Health) -> tuple[list[OperatorCommand], float]:
        assert health.screen == "foyer"
        self.asked += 1
        if not self.reachable:
            raise OFFLINE
        now = self.clock.monotonic()
        return [command for command, until in self.waiting if until > now], 15.0

    async def answer(self, outcome: CommandOutcome) -> None:
        if not self.reachable or self.loses_answers:
            raise OFFLINE
        self.answers.append(outcome)
        self.waiting = [one for one in self.waiting if one[0].id != outcome.command_id]


class Screen:
    """What the supervisor has: a screen that shows a picture two seconds after its start, unless it is broken."""

    def __init__(self, place: KioskFolders, clock: FakeClock) -> None:
        self.clock = clock
        self.provisioning = read_or_last_good(place)
        self.number, self.begun_at = 1, clock.monotonic() - 60
        self.shows = True
        self.draws = True

    def health(self) -> Health:
        return Health(healthy=True, screen="foyer", phase="running")

    def glance(self) -> Glance:
        age_s = self.clock.monotonic() - self.begun_at
        playable = self.shows and any(entry.name != "Broken" for entry in self.provisioning.entries)
        frames = round(25 * age_s) if playable else 0
        return Glance(self.number, age_s > 2, frames, due=playable, wanted=True)

    def begin_anew(self) -> None:
        self.number, self.begun_at = self.number + 1, self.clock.monotonic()

    def take(self, provisioning: Provisioning) -> None:
        self.provisioning = provisioning
        self.begin_anew()

    def ask_for_picture(self, path: Path) -> bool:
        if self.draws:
            path.write_bytes(JPEG)
        return True

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.provisioning.entries]


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.place = KioskFolders(folder / "kiosk.toml", folder / "state")
        self.place.state.mkdir()
        self.place.file.write_text(FILE)
        self.service = Service(self.clock)
        self.screen = Screen(self.place, self.clock)
        self.begin()

    def begin(self) -> None:
        """The kiosk begins, with what the one before has left on the disk."""
        self.screen.provisioning = read_or_last_good(self.place)
        self.remote = Remote(self.place, self.screen, self.open_client, self.clock, at_once)

    @asynccontextmanager
    async def open_client(self) -> AsyncIterator[Service]:
        yield self.service

    async def live(self, seconds: float) -> None:
        """The kiosk runs for so long and is killed then."""
        with pytest.raises(AssertionError, match="not done within"):
            await self.clock.run(self.remote.run(), seconds)

    @property
    def told(self) -> list[tuple[bool, str]]:
        return [(one.ok, one.message) for one in self.service.answers]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_restart_is_done_once_though_it_is_delivered_for_ever(world: World) -> None:
    world.service.issue("restart")
    world.service.loses_answers = True
    await world.live(600)
    assert (world.screen.number, world.service.answers) == (2, [])
    world.begin()
    world.service.loses_answers = False
    await world.live(60)
    assert world.screen.number == 2
    assert world.told == [(True, "The screen was restarted.")]


async def test_a_kiosk_that_ended_in_the_middle_does_not_begin_again(world: World) -> None:
    world.service.issue("restart")
    await world.live(1)
    assert world.screen.number == 2
    world.begin()
    await world.live(60)
    assert world.screen.number == 2
    assert world.told == [(False, "The kiosk ended while it was at this.")]


async def test_weeks_without_a_network(world: World) -> None:
    world.service.issue("restart", 1, good_for_s=3600)
    world.service.issue("logs", 2, good_for_s=30 * 86400)
    world.service.reachable = False
    await world.live(20 * 86400)
    assert world.service.asked < 20 * 86400 / 250  # it asks more and more seldom
    world.service.reachable = True
    await world.live(600)
    assert [outcome.command_id for outcome in world.service.answers] == [numbered(2)]
    assert world.screen.number == 1


async def test_a_command_whose_time_ends_behind_a_slow_one_is_not_done(world: World) -> None:
    world.screen.shows = False
    world.service.issue("restart", 1)
    world.service.issue("screenshot", 2, good_for_s=30)
    await world.live(120)
    assert world.told == [(False, "The screen was restarted and shows no picture.")]


async def test_a_screen_that_stands_still_is_told_of(world: World) -> None:
    world.service.issue("screenshot", 1)
    await world.live(10)
    world.screen.draws = False
    world.service.issue("screenshot", 2)
    await world.live(60)
    assert [one.data for one in world.service.answers] == [JPEG, b""]
    assert world.told[1] == (False, "What draws does not answer; the player is running.")


async def test_a_playlist_stands_in_place_of_the_files_entries(world: World) -> None:
    world.service.issue("playlist", 1, SENT)
    await world.live(30)
    assert world.told == [(True, "The playlist was taken, and plays.")]
    assert world.screen.names == ["Sent"]
    world.begin()
    assert world.screen.names == ["Sent"]
    world.place.file.write_text(FILE.replace('name = "foyer"', 'name = "hall"'))
    assert [entry.name for entry in read_or_last_good(world.place).entries] == ["Sent"]
    world.place.file.write_text(FILE.replace("Own", "Other"))  # somebody has changed the entries on the spot
    assert [entry.name for entry in read_or_last_good(world.place).entries] == ["Other"]


async def test_a_playlist_that_cannot_play_gives_way_to_the_one_before(world: World) -> None:
    world.service.issue("playlist", 1, SENT)
    await world.live(30)
    world.service.issue("playlist", 2, BROKEN)
    await world.live(120)
    assert world.told[1] == (False, "Nothing of the playlist could be played; the one before is back.")
    assert world.screen.names == ["Sent"]
    world.begin()
    assert world.screen.names == ["Sent"]


@pytest.mark.parametrize(("sent", "names", "ok"), [(SENT, ["Sent"], True), (BROKEN, ["Own"], False)])
async def test_a_kiosk_that_ended_during_the_trial_goes_on_with_it(
    world: World, sent: str, names: list[str], ok: bool
) -> None:
    world.service.issue("playlist", 1, sent)
    await world.live(1)
    world.begin()
    world.screen.begin_anew()
    await world.live(120)
    assert [one.ok for one in world.service.answers] == [ok]
    assert world.screen.names == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[entry]]\n", "line 1: an entry names either a title or a url"),
        ("not toml", "this is not TOML"),
        ("", "there is no [[entry]]"),
        (SENT + "[screen]\nvolume = 100\n", "screen is not known here"),
        (SENT.replace("a.test", "b.test"), "leave out b.test"),
    ],
)
async def test_a_playlist_with_a_mistake_changes_nothing(world: World, text: str, why: str) -> None:
    world.service.issue("playlist", 1, text)
    await world.live(30)
    ((ok, message),) = world.told
    assert not ok
    assert why in message
    assert (world.screen.number, world.screen.names) == (1, ["Own"])


async def test_what_a_newer_service_wants(world: World) -> None:
    world.service.issue("dance")
    await world.live(10)
    assert world.told == [(False, "This version of the kiosk does not know how.")]


async def test_a_full_disk_carries_nothing_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ui.kiosk.commands.write_whole", full)
    world.service.issue("restart")
    await world.live(60)
    assert world.screen.number == 1
    assert world.told == [(False, "It cannot be noted here: No space left on device.")]


@pytest.mark.parametrize("name", ["commands/journal.json", "playlist.json"])
async def test_what_a_newer_version_wrote_is_left_as_it_is(name: str, tmp_path: Path) -> None:
    world = World(tmp_path)
    written = tmp_path / "state" / name
    written.parent.mkdir(exist_ok=True)
    written.write_text('{"version": 2, "all": "different"}')
    world.begin()
    world.service.issue("playlist", 1, '[[entry]]\nurl = "https://a.test/sent"\nname = "Sent"\n')
    await world.live(30)
    ((ok, message),) = world.told
    assert not ok
    assert "a newer version of this program wrote the file" in message
    assert world.screen.names == ["Own"]
    assert written.read_text() == '{"version": 2, "all": "different"}'


def test_the_journal_keeps_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.kiosk.commands._KEPT", 3)
    journal = CommandJournal(tmp_path)
    journal.begin(OperatorCommand(numbered(0), "logs", 1.0))
    journal.end(CommandOutcome(numbered(0), ok=True, message="", media_type="text/plain", data=b"text"))
    for number in range(1, 6):
        journal.begin(OperatorCommand(numbered(number), "restart", 1.0))
        journal.end(CommandOutcome(numbered(number), ok=True, message=""))
        journal.told(numbered(number))
    again = CommandJournal(tmp_path)
    assert [(one.command_id, one.data) for one in again.untold()] == [(numbered(0), b"text")]
    assert (again.knows(numbered(5)), again.knows(numbered(1))) == (True, False)
    (tmp_path / "journal.json").write_text("{")
    assert CommandJournal(tmp_path).untold() == []


def test_the_log_goes_out_without_what_opens_a_door(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    token = "eyJhbGciOiJIUzI1NiJ9." + "x" * 60
    lines = [
        f"GET https://cdn.test/s/{'a' * 50}/seg.m4s?token=hunter2",
        f"Bearer {token}",
        f"key {'0f' * 16}",
        "fine",
    ]
    (tmp_path / "logs" / "kiosk.log").write_text("\n".join(lines) + "\n")
    (tmp_path / "logs" / "kiosk.log.1").write_text("older\n" * 1000)
    text = log_tail(tmp_path, 2000).decode()
    assert len(text) <= 2000
    assert text.endswith("fine\n")
    assert text.startswith("older\n")
    for secret in ("hunter2", token, "0f" * 16, "a" * 50):
        assert secret not in text


def test_a_trial_takes_no_notice_of_the_screen_before() -> None:
    trial = Trial(screen=7, now=0.0)
    old = Glance(7, running=True, frames=900, due=True, wanted=True)
    assert trial.look(1.0, old) is None
    assert trial.look(2.0, Glance(8, running=True, frames=1, due=True, wanted=True)) is None
    assert trial.look(3.0, Glance(8, running=True, frames=2, due=True, wanted=True)) is TrialVerdict.PLAYS
    quiet = Trial(screen=7, now=0.0)
    assert [quiet.look(float(now), Glance(8, running=True)) for now in (1, 11)] == [None, TrialVerdict.NOTHING_DUE]
    dead = Trial(screen=7, now=0.0)
    assert [dead.look(float(now), Glance(0, running=False)) for now in (1, 61)] == [None, TrialVerdict.FAILS]


def test_the_file_may_forbid_it(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(FILE)
    assert load(file).remote_commands
    file.write_text(FILE.replace("[network]", "remote_commands = false\n[network]"))
    assert not load(file).remote_commands
