"""The trusted clock of this device: the rules of :mod:`drm_client.clock` over its clocks, kept in the vault."""

from __future__ import annotations

import json
from collections.abc import Callable

from drm_client import clock
from drm_client.clock import ClockState, Reading, TrustedTime
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.os_clock import read_clocks
from drm_client.vault import Vault

SAVE_EVERY_S = 60.0
"""So much running time at most can be hidden by killing the program, restarting the machine and setting the clock."""

_PLACE = ("clock", "state")


class TrustedClock:
    """Safe on any thread and with other processes on the same vault. ``read`` gives the machine's clocks."""

    def __init__(self, vault: Vault, read: Callable[[], Reading] = read_clocks) -> None:
        self._vault = vault
        self._read = read

    def now(self) -> TrustedTime:
        """The trusted time. Raises :class:`DrmError` as the vault does."""
        reading = self._read()
        kept = self._kept()
        state = clock.begin(reading) if kept is None else clock.advance(kept, reading)
        if kept is None or _worth_keeping(kept, state):
            with self._vault.exclusive():
                kept = self._kept()  # another process may have heard the service meanwhile
                state = clock.begin(reading) if kept is None else clock.advance(kept, reading)
                self._keep(state)
        return state.time

    def hear(self, server_at_s: float) -> tuple[TrustedTime, TrustedTime]:
        """A fresh signed server time came: the trusted time before and after it. Raises ValueError for no time."""
        reading = self._read()
        with self._vault.exclusive():
            kept = self._kept()
            before = clock.begin(reading) if kept is None else clock.advance(kept, reading)
            after = clock.hear(before, reading, server_at_s)
            self._keep(after)
        return before.time, after.time

    def heard_at(self) -> float | None:
        """The last signed server time, None where none was ever heard."""
        kept = self._kept()
        return None if kept is None else kept.server_at_s

    def _kept(self) -> ClockState | None:
        """The kept state; where it was tampered with, time begins anew and all licences wait for the service."""
        try:
            text = self._vault.get(*_PLACE)
        except DrmError as error:
            if error.code is not DrmErrorCode.STORE_DAMAGED or error.fields.get("entry") is None:
                raise
            with self._vault.exclusive():
                self._vault.delete(*_PLACE)
                self._vault.begin_epoch()
            return None
        if text is None:
            return None
        time, reading, server_at_s = json.loads(text)
        return ClockState(TrustedTime(*time), Reading(*reading), server_at_s)

    def _keep(self, state: ClockState) -> None:
        time, reading = state.time, state.reading
        document = [
            [time.at_s, time.certain_s],
            [reading.boot_id, reading.boottime_s, reading.wall_s],
            state.server_at_s,
        ]
        self._vault.put(*_PLACE, json.dumps(document).encode())


def _worth_keeping(kept: ClockState, state: ClockState) -> bool:
    """Whether a crash now would lose too much; a new boot's first reading must never be lost."""
    if kept.reading.boot_id != state.reading.boot_id:
        return True
    return state.reading.boottime_s - kept.reading.boottime_s >= SAVE_EVERY_S
