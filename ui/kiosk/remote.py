"""Carries out what the service's operator says: asks for commands, does each of them once, and tells what came of it.

It runs beside the watchdog on the supervisor's loop and only ever waits; whatever the screen or the network does, the
watchdog goes on. A command that was running when the kiosk ended is not started again. A playlist on trial is judged
again; anything else has failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from player.base.clock import Clock
from player.base.errors import ANY_ERROR, InputError
from ui.kiosk.commands import (
    JPEG,
    MAX_MESSAGE,
    MAX_RESULT_BYTES,
    TEXT,
    CommandJournal,
    CommandOutcome,
    OperatorCommand,
)
from ui.kiosk.disk import log_tail
from ui.kiosk.folders import KioskFolders, of_file
from ui.kiosk.health import Health
from ui.kiosk.playlist import PlaylistStore
from ui.kiosk.playlist_trial import Glance, Trial, TrialVerdict
from ui.kiosk.provisioning import Provisioning, with_playlist
from ui.kiosk.toml_tables import TableError

_LOOK_S = 1.0
_PICTURE_S = 8.0
_PAUSES_S = (15.0, 30.0, 60.0, 120.0, 300.0)  # while the service cannot be reached
_UNSIGNED_S = 60.0
_log = logging.getLogger(__name__)


class SupervisedScreen(Protocol):
    """What the supervisor lets be done to its screen."""

    def health(self) -> Health: ...

    def glance(self) -> Glance: ...

    def begin_anew(self) -> None:
        """A new screen, in place of one that plays, stands still or is not there."""
        ...

    def take(self, provisioning: Provisioning) -> None:
        """Another provisioning from now on, with a new screen."""
        ...

    def ask_for_picture(self, path: Path) -> bool:
        """Have what is drawn written to a file; False where nothing draws."""
        ...


class OperatorCommands(Protocol):
    """See :class:`ui.kiosk.command_client.CommandClient`."""

    async def ask(self, health: Health) -> tuple[list[OperatorCommand], float]: ...

    async def answer(self, outcome: CommandOutcome) -> None: ...


T = TypeVar("T")


class Aside(Protocol):
    """As :func:`asyncio.to_thread`."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


OpenClient = Callable[[], AbstractAsyncContextManager[OperatorCommands | None]]


class Remote:
    """See the module. ``open_client`` gives None as long as the screen is not signed in; ``aside`` runs what the disk
    may hold up, where it holds nothing else up."""

    def __init__(
        self,
        place: KioskFolders,
        watched: SupervisedScreen,
        open_client: OpenClient,
        clock: Clock,
        aside: Aside = asyncio.to_thread,
    ) -> None:
        self._place = place
        self._watched = watched
        self._open_client = open_client
        self._clock = clock
        self._aside = aside
        self._playlists = PlaylistStore(place.state)
        self._journal = CommandJournal(place.state / "commands")

    async def run(self) -> None:
        """Until it is cancelled."""
        await self._end_what_was_begun()
        while True:
            try:
                async with self._open_client() as client:
                    if client is not None:
                        await self._follow(client)
            except ANY_ERROR as error:
                _log.warning("commands cannot be asked for: %s", error.code)
            await self._clock.sleep(_UNSIGNED_S)

    async def _follow(self, client: OperatorCommands) -> None:
        failures = 0
        while True:
            try:
                wait_s = await self.round(client)
                failures = 0
            except ANY_ERROR as error:
                wait_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
                if failures == 0:
                    _log.info("the service cannot be asked for commands: %s", error.code)
                failures += 1
            await self._clock.sleep(wait_s)

    async def round(self, client: OperatorCommands) -> float:
        """Tell what is untold, ask, do; the seconds until the next time. Raises what ``client`` raises."""
        await self._tell(client)
        commands, wait_s = await client.ask(self._watched.health())
        arrived = self._clock.monotonic()
        for command in commands:
            if not self._journal.knows(command.id) and self._clock.monotonic() - arrived < command.good_for_s:
                await self._do(command, client)
                await self._tell(client)
        return wait_s

    async def _tell(self, client: OperatorCommands) -> None:
        for outcome in self._journal.untold():
            await client.answer(outcome)
            await self._keep(partial(self._journal.told, outcome.command_id))

    async def _do(self, command: OperatorCommand, client: OperatorCommands) -> None:
        _log.info("command %s: %s", command.id[:8], command.kind)
        try:
            await self._aside(partial(self._journal.begin, command))
        except OSError as error:
            # What cannot be remembered could be done twice.
            await client.answer(
                CommandOutcome(command.id, ok=False, message=f"It cannot be noted here: {error.strerror}.")
            )
            return
        try:
            outcome = await self._outcome(command)
        except OSError as error:
            outcome = CommandOutcome(
                command.id, ok=False, message=f"The disk of this screen fails: {error.strerror}."
            )
        _log.info("command %s: %s", command.id[:8], "done" if outcome.ok else outcome.message)
        if not await self._keep(partial(self._journal.end, outcome)):
            await client.answer(outcome)

    async def _outcome(self, command: OperatorCommand) -> CommandOutcome:
        match command.kind:
            case "restart":
                return await self._restart(command)
            case "playlist":
                return await self._playlist(command)
            case "screenshot":
                return await self._screenshot(command)
            case "logs":
                text = await self._aside(partial(log_tail, self._place.state, MAX_RESULT_BYTES))
                return CommandOutcome(
                    command.id, ok=True, message="" if text else "The log is empty.", media_type=TEXT, data=text
                )
            case _:
                return CommandOutcome(command.id, ok=False, message="This version of the kiosk does not know how.")

    # --- what can be asked for

    async def _restart(self, command: OperatorCommand) -> CommandOutcome:
        trial = self._trial()
        self._watched.begin_anew()
        if await self._judge(trial) is TrialVerdict.FAILS:
            return CommandOutcome(command.id, ok=False, message="The screen was restarted and shows no picture.")
        return CommandOutcome(command.id, ok=True, message="The screen was restarted.")

    async def _screenshot(self, command: OperatorCommand) -> CommandOutcome:
        path = self._place.state / "commands" / "picture.jpg"
        path.unlink(missing_ok=True)
        if not self._watched.ask_for_picture(path):
            return CommandOutcome(command.id, ok=False, message="Nothing draws at the moment.")
        until = self._clock.monotonic() + _PICTURE_S
        while not path.exists():
            if self._clock.monotonic() >= until:
                phase = self._watched.health().phase
                return CommandOutcome(
                    command.id, ok=False, message=f"What draws does not answer; the player is {phase}."
                )
            await self._clock.sleep(_LOOK_S / 4)
        data = path.read_bytes()
        path.unlink(missing_ok=True)
        if not 0 < len(data) <= MAX_RESULT_BYTES:
            return CommandOutcome(command.id, ok=False, message="The picture could not be taken.")
        return CommandOutcome(command.id, ok=True, message="", media_type=JPEG, data=data)

    async def _playlist(self, command: OperatorCommand) -> CommandOutcome:
        try:
            base = of_file(self._place)
            wanted = with_playlist(base, command.playlist)
            self._playlists.begin_trial(command.id, command.playlist, base)
        except TableError as mistake:
            return CommandOutcome(command.id, ok=False, message=f"Not taken: {mistake}"[:MAX_MESSAGE])
        except InputError as error:
            return CommandOutcome(command.id, ok=False, message=error.sentence[:MAX_MESSAGE])
        trial = self._trial()
        self._watched.take(wanted)
        return await self._try_playlist(command.id, trial)

    async def _try_playlist(self, command_id: str, trial: Trial) -> CommandOutcome:
        """Wait for a picture; without one the playlist before it is put in place again."""
        verdict = await self._judge(trial)
        if verdict is not TrialVerdict.FAILS:
            self._playlists.keep()
            none_due = "The playlist was taken; nothing of it is due at this hour."
            taken = "The playlist was taken, and plays."
            return CommandOutcome(
                command_id, ok=True, message=none_due if verdict is TrialVerdict.NOTHING_DUE else taken
            )
        self._playlists.take_back()
        self._watched.take(self._playlists.over(of_file(self._place)))
        return CommandOutcome(
            command_id, ok=False, message="Nothing of the playlist could be played; the one before is back."
        )

    def _trial(self) -> Trial:
        return Trial(self._watched.glance().screen, self._clock.monotonic())

    async def _judge(self, trial: Trial) -> TrialVerdict:
        while True:
            verdict = trial.look(self._clock.monotonic(), self._watched.glance())
            if verdict is not None:
                return verdict
            await self._clock.sleep(_LOOK_S)

    async def _end_what_was_begun(self) -> None:
        """After a start: nothing is begun twice."""
        for command_id, kind in self._journal.unfinished():
            outcome = CommandOutcome(command_id, ok=False, message="The kiosk ended while it was at this.")
            if kind == "playlist" and self._playlists.on_trial == command_id:
                try:
                    outcome = await self._try_playlist(command_id, Trial(0, self._clock.monotonic()))
                except OSError as error:
                    _log.warning("the playlist on trial cannot be settled: %s", error.strerror)
            await self._keep(partial(self._journal.end, outcome))

    async def _keep(self, write: Callable[[], None]) -> bool:
        """Whether it could be written. What is not may be told again, which the service does not mind."""
        try:
            await self._aside(write)
        except OSError as error:
            _log.warning("the journal of commands cannot be written: %s", error.strerror)
            return False
        return True
