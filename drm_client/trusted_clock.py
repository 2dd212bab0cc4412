"""The trusted clocks of this device, one for each issuer: the rules of :mod:`drm_client.clock`, kept in the vault."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from drm_client import clock
from drm_client.clock import ClockState, HeldTime, Reading, TrustedTime
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.licence_store import LicenceStore
from drm_client.os_clock import read_clocks
from drm_client.vault import Vault

SAVE_EVERY_S = 60.0
"""The state is kept so often while the program runs."""
MAX_AUDIT_LINES = 20

_CLOCK = "clock"
_AUDIT = "clock-audit"
_OF_ALL = "state"  # the one clock that version 0.1.0 had for all services
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A signed time that moved a clock by more than ``clock.AGREE_S``, or that was held. Seconds since 1970."""

    before_s: float
    said_s: float
    wall_s: float
    taken: bool


class TrustedClock:
    """The clock of one ``issuer`` (a service's address). Safe on any thread and with other processes on the same
    vault. ``read`` gives the machine's clocks."""

    def __init__(self, vault: Vault, issuer: str = "", read: Callable[[], Reading] = read_clocks) -> None:
        self.issuer = issuer
        self._vault = vault
        self._read = read

    def of(self, issuer: str) -> TrustedClock:
        """The clock of another issuer on the same machine and vault."""
        return self if issuer == self.issuer else TrustedClock(self._vault, issuer, self._read)

    def reading(self) -> Reading:
        """The machine's clocks."""
        return self._read()

    def now(self) -> TrustedTime:
        """The trusted time. Raises :class:`DrmError` as the vault does."""
        return self.state().time

    def issuer_now(self) -> float:
        """The issuer's time as it last said it, seconds since 1970: what requests to it are dated by."""
        return clock.issuer_time(self.state())

    def is_doubtful(self) -> bool:
        """Whether the issuer should be asked for its time again soon."""
        return clock.is_doubtful(self.state(), self._read())

    def state(self) -> ClockState:
        """The state now; kept where a crash would lose too much. Raises :class:`DrmError` as the vault does."""
        kept = self._kept()
        reading = self._read()  # after what is kept: a reading of before would seem to have gone back
        state = clock.begin(reading) if kept is None else clock.advance(kept, reading)
        if kept is None or _worth_keeping(kept, state):
            with self._vault.exclusive():
                kept = self._kept()  # another process may have heard the service meanwhile
                reading = self._read()
                state = clock.begin(reading) if kept is None else clock.advance(kept, reading)
                self._keep(state)
        return state

    def note_playback(self) -> None:
        """A playback begins; it is on the disk when this returns."""
        with self._vault.exclusive():
            state = self.state()
            if not state.played:
                self._keep(replace(state, played=True))

    def hear(self, server_at_s: float) -> tuple[TrustedTime, TrustedTime | None]:
        """A fresh signed server time came: the trusted time before, and after it where it was taken (None: it is
        held). Raises ValueError for no time."""
        with self._vault.exclusive():
            kept = self._kept()
            reading = self._read()
            before = clock.begin(reading) if kept is None else clock.advance(kept, reading)
            after = clock.hear(before, reading, server_at_s)
            self._keep(after)
            moved_s = abs(after.time.at_s - before.time.at_s)
            if before.server_at_s is not None and (after.held is not None or moved_s > clock.AGREE_S):
                self._note(AuditLine(before.time.at_s, server_at_s, reading.wall_s, after.held is None))
        return before.time, after.time if after.held is None else None

    def heard_at(self) -> float | None:
        """The last signed server time that was taken, None where none was ever heard."""
        kept = self._kept()
        return None if kept is None else kept.server_at_s

    def issuers(self) -> tuple[str, ...]:
        """Every issuer that has a clock here."""
        return tuple(name for name in self._vault.names(_CLOCK) if name != _OF_ALL)

    def audit(self) -> tuple[AuditLine, ...]:
        """What signed times moved this clock, or were held, the newest last."""
        kept = self._vault.get(_AUDIT, self.issuer)
        return () if kept is None else tuple(AuditLine(*line) for line in json.loads(kept))

    def forget(self) -> None:
        """Forget this clock, so that the next signed time is taken as it is. Until then the issuer's licences wait
        for it: forgetting must not lengthen anything. The clock of version 0.1.0 stays: others may still go by it.
        """
        with self._vault.exclusive():
            self._vault.delete(_CLOCK, self.issuer)
            LicenceStore(self._vault).doubt(self.issuer)

    def _note(self, line: AuditLine) -> None:
        lines = [*self.audit(), line][-MAX_AUDIT_LINES:]
        document = [[one.before_s, one.said_s, one.wall_s, one.taken] for one in lines]
        self._vault.put(_AUDIT, self.issuer, json.dumps(document).encode())
        said = "taken" if line.taken else "held"
        _log.warning("the service's time was %s: %.0f s off ours", said, line.said_s - line.before_s)

    def _kept(self) -> ClockState | None:
        """The kept state; where it was tampered with, time begins again and the licences wait for the service."""
        own = self._get(self.issuer)
        if own is not None:
            return _state_of(own)
        of_all = self._get(_OF_ALL)
        if of_all is None:
            return None
        state = _state_of(of_all)  # any service may have set it: the issuer's first word takes its place
        return ClockState(TrustedTime(state.time.at_s, 0.0), state.reading)

    def _get(self, name: str) -> bytes | None:
        try:
            return self._vault.get(_CLOCK, name)
        except DrmError as error:
            if error.code is not DrmErrorCode.STORE_DAMAGED or error.fields.get("entry") is None:
                raise
            with self._vault.exclusive():
                self._vault.delete(_CLOCK, name)
                if name == _OF_ALL:
                    self._vault.begin_epoch()
                else:
                    LicenceStore(self._vault).doubt(name)
            return None

    def _keep(self, state: ClockState) -> None:
        time, reading, held = state.time, state.reading, state.held
        document = [
            [time.at_s, time.certain_s],
            [reading.boot_id, reading.boottime_s, reading.wall_s],
            state.server_at_s,
            state.heard_boot,
            None if held is None else [held.at_s, held.stood_s],
            state.played,
        ]
        self._vault.put(_CLOCK, self.issuer, json.dumps(document).encode())


def _state_of(text: bytes) -> ClockState:
    time, reading, server_at_s, *later = json.loads(text)
    heard_boot, held, *rest = later or ("", None)
    played = bool(rest and rest[0])
    held_time = None if held is None else HeldTime(*held)
    return ClockState(TrustedTime(*time), Reading(*reading), server_at_s, heard_boot, held_time, played)


def _worth_keeping(kept: ClockState, state: ClockState) -> bool:
    """Whether a crash now would lose too much; a new boot's first reading must never be lost."""
    if kept.reading.boot_id != state.reading.boot_id or state.reading.boottime_s < kept.reading.boottime_s:
        return True
    return state.reading.boottime_s - kept.reading.boottime_s >= SAVE_EVERY_S
