"""What the service is told of a playback while it goes on, and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend_stub.server import ServerGroup
from backend_stub.services import streams, views
from drm_client.errors import DrmError
from player.base.errors import ErrorCode, MatineeError, NetError, ServiceError
from player.engine import Engine
from player.net.model import RequestKind, Response, Transfer
from player.playback import settings as playback
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackStatus
from player.service.machine import machine_name
from player.service.reply import problem
from player.title.heartbeats import BEAT_S, FAREWELL_S, HeartbeatAction, Heartbeats, HeartbeatSchedule, NextHeartbeat
from player.title.opening import PlaybackSource
from player.title.renewal import Renewal
from tests.kit import media
from tests.kit.backend import running_backend
from tests.kit.clock import FakeClock
from tests.kit.playback import engine, null_player, publish_media
from tests.kit.waiting import PATIENCE_S, until

AWAY = NetError(ErrorCode.NET_UNREACHABLE, "No network.", recoverable=True)


def refused(status: int, name: str = "") -> ServiceError:
    document = f'{{"code": "{name}"}}'.encode() if name else b"<html>"
    transfer = Transfer(1, RequestKind.API, "", "", "", 0.0, 0.0, 0.0, status, len(document))
    return problem(Response(status, {}, "", document, transfer))


class Service:
    """A service that answers with what is put in ``answers``, then takes everything."""

    def __init__(self, clock: FakeClock, *answers: float | Exception) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.beats: list[tuple[float, str, float, bool]] = []
        self.ended: list[str] = []
        self.sessions = 1

    async def heartbeat(self, session_id: str, position_s: float, *, playing: bool) -> float:
        self.beats.append((self.clock.monotonic(), session_id, position_s, playing))
        answer = self.answers.pop(0) if self.answers else 30.0
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def play(self) -> Any:
        answer = self.answers.pop(0) if self.answers else 0.0
        if isinstance(answer, Exception):
            raise answer
        self.sessions += 1
        return type("Session", (), {"session_id": f"s{self.sessions}"})()

    async def end_play(self, session_id: str) -> None:
        self.ended.append(session_id)

    @property
    def times(self) -> list[float]:
        return [at_s - 1000.0 for at_s, *_ in self.beats]

    @property
    def ids(self) -> list[str]:
        return [each[1] for each in self.beats]


def begun(service: Service, first_s: float = BEAT_S) -> tuple[Heartbeats, Renewal, list[MatineeError | DrmError]]:
    ends: list[MatineeError | DrmError] = []
    renewal = Renewal(service.play, "s1")
    beats = Heartbeats(service, renewal, lambda: (12.5, True), ends.append, service.clock, first_s)  # type: ignore[arg-type]
    return beats, renewal, ends


async def test_they_come_as_the_service_wants_them_and_the_end_is_told() -> None:
    service = Service(FakeClock(), 10.0, 10.0, 45.0)
    beats, _, ends = begun(service)
    await service.clock.advance(100)
    await beats.close()
    await service.clock.advance(100)
    assert service.times == [30, 40, 50, 95]
    assert service.beats[0][1:] == ("s1", 12.5, True)
    assert (service.ended, ends) == (["s1"], [])


async def test_they_follow_a_session_that_others_have_renewed() -> None:
    """Also where the answer for the old one is under way meanwhile."""
    service = Service(FakeClock())
    beats, renewal, ends = begun(service, 0.0)
    await service.clock.advance(1)
    await renewal.renew()
    await service.clock.advance(30)
    await beats.close()
    assert service.ids == ["s1", "s2"]
    assert (service.ended, ends) == (["s2"], [])


@pytest.mark.parametrize(
    "gone",
    [refused(404, "session_not_found"), refused(409, "session_ended"), refused(403, "session_expired"), refused(410)],
)
async def test_a_session_that_the_service_has_forgotten_is_renewed(gone: ServiceError) -> None:
    service = Service(FakeClock(), 10.0, gone)
    beats, _, ends = begun(service)
    await service.clock.advance(55)
    await beats.close()
    assert (service.times, service.ids) == ([30, 40, 50], ["s1", "s1", "s2"])
    assert (service.ended, ends) == (["s2"], [])


async def test_a_service_that_wants_none_is_left_alone() -> None:
    none = refused(404)
    service = Service(FakeClock(), none, 0.0, none, 0.0, none)
    beats, _, ends = begun(service)
    await service.clock.advance(3600)
    await beats.close()
    assert (len(service.beats), service.sessions, ends) == (3, 3, [])


@pytest.mark.parametrize(
    ("status", "name"),
    [(403, "plan_missing"), (403, "device_revoked"), (403, "stream_limit"), (401, "token_expired")],
)
async def test_a_refusal_ends_the_playback(status: int, name: str) -> None:
    service = Service(FakeClock(), 10.0, refused(status, name))
    beats, _, ends = begun(service)
    await service.clock.advance(600)
    assert (service.times, len(ends)) == ([30, 40], 1)
    await beats.close()


async def test_a_new_session_that_is_refused_ends_it_too() -> None:
    service = Service(FakeClock(), refused(404, "session_not_found"), AWAY, refused(403, "stream_limit"))
    beats, _, ends = begun(service)
    await service.clock.advance(600)
    assert (len(service.beats), [each.code for each in ends]) == (1, [ErrorCode.SERVICE_NOT_ENTITLED])
    await beats.close()


@pytest.mark.parametrize("error", [AWAY, refused(503), refused(429), refused(403), refused(401)])
def test_what_is_no_word_of_the_service_passes(error: MatineeError) -> None:
    """An outage, a fault, a proxy that says no: a few tries soon after, and then no more than before."""
    schedule = HeartbeatSchedule()
    waits = [schedule.after_failure(error) for _ in range(20)]
    assert {each.answer for each in waits} == {HeartbeatAction.BEAT}
    assert all(each.in_s > 0 for each in waits)
    assert [each.in_s for each in waits[5:]] == [BEAT_S] * 15
    assert schedule.after_success(20.0) == NextHeartbeat(HeartbeatAction.BEAT, 20.0)


def test_a_heartbeat_waits_as_long_as_the_service_asks() -> None:
    asked = ServiceError(ErrorCode.HTTP_RATE_LIMITED, "Later.", status=429, retry_after_s=90.0)
    assert HeartbeatSchedule().after_failure(asked) == NextHeartbeat(HeartbeatAction.BEAT, 90.0)
    soon = ServiceError(ErrorCode.HTTP_SERVER, "Later.", status=503, retry_after_s=7.0)
    assert HeartbeatSchedule().after_failure(soon) == NextHeartbeat(HeartbeatAction.BEAT, 7.0)


async def test_an_end_that_is_not_heard_holds_nobody_up() -> None:
    class Deaf(Service):
        async def end_play(self, session_id: str) -> None:
            await self.clock.sleep(3600)
            await super().end_play(session_id)

    service = Deaf(FakeClock())
    beats, _, _ = begun(service)
    await beats.close(patience_s=0.01)
    assert service.ended == []
    assert FAREWELL_S <= 1.0


# --- against the running service


@contextmanager
def viewer(group: ServerGroup, profile: Path, name: str) -> Iterator[Engine]:
    with engine(profile, service_url=group.api.url) as made:
        assert made.service is not None
        made.submit(made.service.login("ann@matinee.local", "secret", name)).result(PATIENCE_S)
        made.submit(made.device_id()).result(PATIENCE_S)
        yield made


def reached(session: Session, *statuses: PlaybackStatus) -> bool:
    return until(lambda: session.state.status in statuses)


def test_one_screen_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a plan with one screen, the second is refused while the first plays and admitted at once when that stops.
    The first counts as a view. A device that is taken away stops by itself."""
    monkeypatch.setattr(playback, "BEAT_S", 0.1)
    monkeypatch.setattr(streams, "BEAT_S", 1.0)
    monkeypatch.setattr(views, "COUNTS_AFTER_S", 0.0)
    with running_backend(tmp_path / "service", edges=1) as group:
        account = group.context.accounts.register("ann@matinee.local", "Ann", "secret", plan="basic")
        source = PlaybackSource(title_id=publish_media(group, media.packager_cbcs(), "Film"))
        settings = PlaybackSettings(stay_at_end=True)
        with (
            null_player() as screen,
            null_player() as small,
            viewer(group, tmp_path / "tv", "TV") as tv,
            viewer(group, tmp_path / "phone", "Phone") as phone,
        ):
            first = tv.open(source, screen, lambda _state: None, settings)
            assert reached(first, PlaybackStatus.PLAYING)
            second = phone.open(source, small, lambda _state: None, settings)
            assert reached(second, PlaybackStatus.FAILED)
            assert second.state.failure is not None
            assert second.state.failure.playing == f"{machine_name()} (Film)"
            assert second.state.failure.playing in second.state.failure.sentence
            assert phone.wait(second, PATIENCE_S)

            def counted() -> bool:
                assert group.context.titles.views.write()
                return bool(group.context.titles.views.rank())

            assert until(counted)
            assert group.context.streams.running() == 1
            first.stop()
            assert tv.wait(first, PATIENCE_S)
            assert until(lambda: group.context.streams.running() == 0), "its end is told, and not waited for long"
            third = phone.open(source, small, lambda _state: None, settings)
            assert reached(third, PlaybackStatus.PLAYING, PlaybackStatus.FAILED)
            assert third.state.status is PlaybackStatus.PLAYING
            group.context.devices.revoke(account.id, str(phone.own_device_id))
            assert reached(third, PlaybackStatus.FAILED)
            assert third.state.failure is not None
            assert third.state.failure.sentence == "This device was removed from your account."
