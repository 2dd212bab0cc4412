"""Keys for one playback: asked for early, once, again where that may help, and told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keysystem import KeyRequest, StreamingTerms
from drm_client.licence import Licence
from player.base.errors import ErrorCode, NetError
from player.licensing.licences import LicenceOffer, PlaybackLicences
from player.manifest.model import Presentation, Protection
from player.reporting.events import Event, Note, PhaseReached
from tests.kit.clock import FakeClock, settle
from tests.kit.presentations import presentation, rendition, video_track

SD, HD = bytes(15) + b"\x01", bytes(15) + b"\x02"
KEY = bytes(range(16))
LATE = NetError(ErrorCode.NET_TIMEOUT, "No answer.", recoverable=True)
REFUSED = DrmError(DrmErrorCode.LICENCE_REFUSED, "The licence server refuses.")


class Server:
    """A licence client: errors in turn, then the keys that it grants. ``delay_s`` passes before each answer."""

    def __init__(self, clock: FakeClock, *errors: Exception, grants: tuple[bytes, ...] = (SD, HD)) -> None:
        self._clock = clock
        self._errors = list(errors)
        self._grants = grants
        self.delay_s = 1.0
        self.requests: list[KeyRequest] = []
        self.policy = StreamingTerms()

    def now(self) -> float:
        return self._clock.wall()

    async def acquire(self, request: KeyRequest, ring: KeyRing, *, fresh: bool = False) -> Licence:
        self.requests.append(request)
        await self._clock.sleep(self.delay_s)
        if self._errors:
            raise self._errors.pop(0)
        for kid in self._grants:
            ring.add(kid, KEY)
        return Licence("matinee.clearkey", self._grants, self.policy)


class Bench:
    def __init__(self, *errors: Exception, offer: LicenceOffer | None = None, **options) -> None:
        self.clock = FakeClock()
        self.server = Server(self.clock, *errors, **options)
        self.ring = KeyRing()
        self.events: list[Event] = []
        self.licences = PlaybackLicences(self.server, self.ring, offer, self.clock, self.events.append)  # type: ignore[arg-type]

    @property
    def told(self) -> list[str]:
        return [getattr(event, "phase", getattr(event, "kind", "")) for event in self.events]


OFFER = LicenceOffer("http://licences.test/secret?token=abc", "matinee.clearkey", "session-1", (SD, HD))


async def test_keys_that_are_there_cost_nothing() -> None:
    bench = Bench()
    bench.ring.add(SD, KEY)
    await bench.licences.ensure([SD], [])
    assert bench.server.requests == []


async def test_a_licence_is_asked_for_while_the_manifest_is_under_way() -> None:
    bench = Bench(offer=OFFER)
    bench.licences.prefetch()
    await settle()
    assert len(bench.server.requests) == 1
    request = bench.server.requests[0]
    assert (request.kids, request.licence_url, request.session_id) == ((SD, HD), OFFER.url, "session-1")
    await bench.clock.run(bench.licences.ensure([SD], []))
    await bench.licences.ensure([HD], [])
    assert len(bench.server.requests) == 1
    assert [type(event) for event in bench.events] == [PhaseReached]
    assert bench.told == ["licence"]


async def test_nothing_is_fetched_early_without_an_offer() -> None:
    bench = Bench(offer=LicenceOffer("http://l.test/"))
    bench.licences.prefetch()
    await settle()
    assert bench.server.requests == []


async def test_all_who_wait_share_one_exchange_for_all_keys_of_the_title() -> None:
    bench = Bench()
    title = presentation(video_track(rendition("v", protections=(Protection(default_kids=(HD, SD)),))))
    await bench.licences.admit(title)

    async def three() -> None:
        await asyncio.gather(*(bench.licences.ensure([kid], []) for kid in (SD, HD, SD)))

    await bench.clock.run(three())
    assert [request.kids for request in bench.server.requests] == [(SD, HD)]
    assert bench.server.requests[0].protections == title.periods[0].tracks[0].renditions[0].protections


async def test_a_server_that_is_late_is_asked_again_more_and_more_slowly() -> None:
    bench = Bench(LATE, LATE, LATE)
    start = bench.clock.monotonic()
    await bench.clock.run(bench.licences.ensure([SD], []))
    assert len(bench.server.requests) == 4
    assert 4 * 1.0 < bench.clock.monotonic() - start <= 4 * 1.0 + 0.25 + 0.5 + 1.0  # the error matrix's delays
    assert bench.told == ["retry", "retry", "retry", "licence"]
    assert {event.code for event in bench.events if isinstance(event, Note)} == {"net.timeout"}


async def test_a_server_that_asks_for_patience_gets_it() -> None:
    bench = Bench(NetError(ErrorCode.HTTP_RATE_LIMITED, "Later.", retry_after_s=20.0))
    start = bench.clock.monotonic()
    await bench.clock.run(bench.licences.ensure([SD], []))
    assert bench.clock.monotonic() - start >= 20.0
    assert len(bench.server.requests) == 2


async def test_an_answer_that_makes_no_sense_is_asked_for_again() -> None:
    damaged = DrmError(DrmErrorCode.LICENCE_MALFORMED, "The licence server's answer cannot be read.")
    bench = Bench(damaged, damaged, offer=OFFER)
    await bench.clock.run(bench.licences.ensure([SD], []))
    assert len(bench.server.requests) == 3
    again = Bench(*[damaged] * 3, offer=OFFER)
    with pytest.raises(DrmError, match="cannot be read"):
        await again.clock.run(again.licences.ensure([SD], []))


async def test_there_is_an_end_to_patience() -> None:
    bench = Bench(*[LATE] * 9)
    with pytest.raises(NetError):
        await bench.clock.run(bench.licences.ensure([SD], []))
    assert len(bench.server.requests) == 4


async def test_a_refusal_is_not_asked_again() -> None:
    bench = Bench(REFUSED)
    with pytest.raises(DrmError) as caught:
        await bench.clock.run(bench.licences.ensure([SD], []))
    assert caught.value is REFUSED
    assert len(bench.server.requests) == 1


async def test_an_early_request_that_failed_is_made_anew_by_who_needs_the_keys() -> None:
    bench = Bench(REFUSED, offer=OFFER)
    bench.licences.prefetch()
    await bench.clock.advance(5.0)
    await bench.clock.run(bench.licences.ensure([SD], []))
    assert len(bench.server.requests) == 2


async def test_a_key_that_the_licence_lacks_is_named() -> None:
    bench = Bench(grants=(SD,))
    with pytest.raises(DrmError) as caught:
        await bench.clock.run(bench.licences.ensure([SD, HD], []))
    assert caught.value.code is DrmErrorCode.NO_KEY
    assert caught.value.fields["kid"] == HD.hex()
    await bench.licences.ensure([SD], [])


async def test_closing_gives_up_and_forgets() -> None:
    bench = Bench(offer=OFFER)
    bench.ring.add(SD, KEY)
    bench.licences.prefetch()
    await settle()
    await bench.licences.close()
    assert bench.ring.kids() == ()


def test_an_offer_does_not_show_where_the_licence_is() -> None:
    assert "token" not in repr(OFFER)


def rotating(*, live: bool, periods: int) -> Presentation:
    """A title with keys of its own, for video and for audio, in each period."""
    made = presentation(video_track(rendition("v")))
    protections = [
        tuple(Protection(default_kids=(bytes([number]) * 15 + bytes([kind]),)) for kind in (1, 2))
        for number in range(1, periods + 1)
    ]
    spans = [presentation(video_track(rendition("v", protections=each))).periods[0] for each in protections]
    return replace(made, live=live, periods=tuple(spans))


@pytest.mark.parametrize(("live", "periods", "asked"), [(True, 40, 2), (False, 40, 2), (True, 2, 2), (False, 2, 4)])
async def test_of_keys_that_change_those_of_the_time_are_asked_for(*, live: bool, periods: int, asked: int) -> None:
    """A service forgets the keys of what has left the window, and a licence has no room for those of an hour."""
    title = rotating(live=live, periods=periods)
    bench = Bench(grants=(bytes([2]) * 15 + bytes([1]),))
    await bench.licences.admit(title)
    await bench.clock.run(bench.licences.ensure([bytes([2]) * 15 + bytes([1])], []))
    (request,) = bench.server.requests
    assert len(request.kids) == asked
    assert {kid for one in request.protections for kid in one.default_kids} == set(request.kids)


async def test_keys_that_came_after_the_start_are_asked_for_without_those_of_the_start() -> None:
    late = bytes([99]) * 16
    bench = Bench(grants=(late,))
    await bench.licences.admit(rotating(live=True, periods=40))
    await bench.clock.run(bench.licences.ensure([late], []))
    (request,) = bench.server.requests
    assert (request.kids, request.protections) == ((late,), ())


async def test_no_more_keys_are_asked_for_than_a_request_may_name() -> None:
    many = tuple(number.to_bytes(16) for number in range(1, 200))
    bench = Bench(offer=replace(OFFER, kids=many), grants=many)
    bench.licences.prefetch()
    await settle()
    assert bench.server.requests[0].kids == many[-64:]
