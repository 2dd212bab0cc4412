"""Rules that hold whatever happens in whatever order."""

from __future__ import annotations

import base64
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import ContractTerms, Entitled, Viewing
from backend_stub.services.plans import PLANS
from backend_stub.services.rights.policy import download_terms, streaming_terms
from backend_stub.services.rights.pssh import BadPsshError, kids_in_pssh
from backend_stub.services.streams import HANDOVER_S, MOST_HANDOVERS, SILENT_S
from tests.kit.rights import service

moments = st.floats(0, 2e9)
lengths = st.floats(1, 1e8)


def entitled(rights: ContractTerms, plan_ends_at: float | None) -> Entitled:
    return Entitled(None, rights, PLANS["premium"], plan_ends_at)  # type: ignore[arg-type]


@given(
    now=moments,
    licence_s=lengths,
    window=st.none() | lengths,
    plan=st.none() | lengths,
    free=st.booleans(),
    renewable=st.booleans(),
)
def test_a_download_never_outlives_window_or_plan(
    now: float, licence_s: float, window: float | None, plan: float | None, free: bool, renewable: bool
) -> None:
    until = None if window is None else now + window
    rights = ContractTerms(free=free, available_until=until, licence_s=licence_s, renewable=renewable)
    terms = download_terms(entitled(rights, None if plan is None else now + plan), now)
    assert terms.expires_at <= now + licence_s
    assert until is None or terms.expires_at <= until
    assert plan is None or free or terms.expires_at <= now + plan
    assert (terms.renew_from is None) == (terms.renew_until is None)
    if terms.renew_from is not None and terms.renew_until is not None:
        assert renewable
        assert now <= terms.renew_from <= terms.expires_at <= terms.renew_until
        assert until is None or terms.renew_until <= until
    assert terms.holds_until >= terms.expires_at


@given(now=moments, session_s=lengths, licence_s=lengths, window=st.none() | lengths)
def test_a_streaming_licence_never_outlives_its_session(
    now: float, session_s: float, licence_s: float, window: float | None
) -> None:
    rights = ContractTerms(available_until=None if window is None else now + window)
    terms = streaming_terms(entitled(rights, None), now, now + session_s, licence_s)
    assert terms.expires_at <= now + session_s
    assert (terms.renew_until or 0) <= now + session_s


@given(st.binary(max_size=400) | st.binary(max_size=64).map(lambda data: b"\0\0\0\x34pssh\1\0\0\0" + data))
def test_pssh_boxes_of_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        kids = kids_in_pssh(base64.b64encode(data).decode())
    except BadPsshError:
        return
    assert all(len(kid) == 32 for kid in kids)
    assert len(kids) <= len(data) // 16


class StreamMachine(RuleBasedStateMachine):
    """One account with three devices and two streams, against a model of who plays."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._manager = service(Path(self._folder.name))
        self.service = self._manager.__enter__()
        account = self.service.account("ben", "standard")
        self.account = account
        self.viewing = Viewing(account)
        self.devices = [self.service.device(account).device_id for _ in range(3)]
        self.beats: dict[str, float] = {}  # by session
        self.of_device: dict[str, str] = {}
        self.begun: list[tuple[float, str]] = []

    def alive(self, session_id: str) -> bool:
        return self.service.clock.now() - self.beats[session_id] < SILENT_S

    def others_alive(self, device_id: str) -> int:
        return sum(self.alive(held) for other, held in self.of_device.items() if other != device_id)

    @rule(number=st.integers(0, 2))
    def play(self, number: int) -> None:
        device_id = self.devices[number]
        if self.others_alive(device_id) >= 2:
            with pytest.raises(ProblemError, match="no more at the same time"):
                self.service.context.play.start(self.viewing, "film", device_id, "clear")
            return
        try:
            started = self.service.context.play.start(self.viewing, "film", device_id, "clear")
        except ProblemError:  # its place went from device to device too often
            assert self.handovers_to(device_id) > MOST_HANDOVERS
            return
        self.of_device[device_id] = started.session.id
        self.beats[started.session.id] = self.service.clock.now()
        self.begun.append((self.service.clock.now(), device_id))

    def handovers_to(self, device_id: str) -> int:
        """How often the place went from one device to another of late, if it went to this one now."""
        late = self.service.clock.now() - HANDOVER_S
        devices = [*(device for at, device in self.begun if at > late), device_id]
        return sum(one != following for one, following in pairwise(devices))

    def drawn(self, data: st.DataObject) -> str:
        """A device that plays or played, by its number: its id is another one in each run."""
        numbers = [number for number, device_id in enumerate(self.devices) if device_id in self.of_device]
        return self.devices[data.draw(st.sampled_from(numbers))]

    @precondition(lambda self: self.of_device)
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        device_id = self.drawn(data)
        session_id = self.of_device[device_id]
        if not self.alive(session_id) and self.others_alive(device_id) >= 2:
            with pytest.raises(ProblemError, match="no more at the same time"):
                self.service.context.streams.beat(self.viewing, session_id)
            return
        try:
            self.service.context.streams.beat(self.viewing, session_id)
        except ProblemError:  # one that was silent takes a place like one that starts
            assert not self.alive(session_id)
            assert self.handovers_to(device_id) > MOST_HANDOVERS
            return
        self.beats[session_id] = self.service.clock.now()

    @precondition(lambda self: self.of_device)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        device_id = self.drawn(data)
        self.service.context.streams.end(self.account, self.of_device.pop(device_id))

    @rule(seconds=st.sampled_from([1.0, 30.0, 89.0, 91.0]))
    def wait(self, seconds: float) -> None:
        self.service.clock.step(seconds)

    @invariant()
    def never_more_than_the_plan_has(self) -> None:
        assert sum(self.alive(held) for held in self.of_device.values()) <= 2

    def teardown(self) -> None:
        self._manager.__exit__(None, None, None)
        self._folder.cleanup()


TestStreamMachine = StreamMachine.TestCase
TestStreamMachine.settings = settings(max_examples=6, stateful_step_count=20, deadline=None)
