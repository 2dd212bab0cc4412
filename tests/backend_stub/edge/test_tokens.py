"""What an edge token opens, and how soon it opens nothing when what it was given for is over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError, ProgrammingError

from backend_stub.db.models import RefreshToken
from backend_stub.manifests import within
from backend_stub.services.edge_gate import AWAY_S, KEPT_S, REMEMBERED_S
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.streams import AHEAD_S, BEAT_S, MOST_AHEAD, SILENT_S
from backend_stub.signing import EdgeGrant
from tests.kit.rights import Service, SigningDevice, refusal, service

RUNGS = (480, 1080, 2160)
MASTER = "#EXTM3U\n" + "".join(
    f"#EXT-X-STREAM-INF:BANDWIDTH={rung}000,RESOLUTION={rung * 2}x{rung}\nvideo/{rung}p/index.m3u8\n"
    f'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={rung},URI="video/{rung}p/iframes.m3u8"\n'
    for rung in RUNGS
)
MPD = "<MPD><Period>" + "".join(
    f'<AdaptationSet contentType="video"><Representation id="{rung}">'
    f'<SegmentTemplate media="video/{rung}p/$Number$"/></Representation>'
    "</AdaptationSet>"
    for rung in RUNGS
)
MPD += '<AdaptationSet contentType="audio"><Representation id="a"/></AdaptationSet></Period></MPD>'


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as made:
        for variant in ("encrypted", "clear"):
            home = made.context.settings.media_dir / "film" / variant
            (home / "manifest.mpd").write_text(MPD)
            (home / "master.m3u8").write_text(MASTER)
            for rung in RUNGS:
                (home / f"video/{rung}p").mkdir()
                (home / f"video/{rung}p/1.m4s").write_bytes(b"picture")
        yield made


def folder(play: dict[str, Any]) -> str:
    """The address of a play session's or a download's files."""
    return str(play["manifests"][0]["hls"]).rpartition("/")[0] + "/"


def segment(play: dict[str, Any], rung: int = 480) -> str:
    return f"{folder(play)}video/{rung}p/1.m4s"


def status(running: Service, url: str) -> int:
    """After whatever an edge may remember is forgotten."""
    running.clock.step(KEPT_S)
    return running.fetch(url).status_code


@pytest.mark.parametrize("plan", ["basic", "unlimited"])
def test_a_token_opens_its_variant_alone(running: Service, plan: str) -> None:
    device = running.device(running.account("a", plan))
    play = device.play().json()
    assert status(running, segment(play)) == 200
    assert status(running, segment(play).replace("/encrypted/", "/clear/")) == 403
    clear = device.play(variant="clear").json()
    assert status(running, segment(clear).replace("/clear/", "/encrypted/")) == 403


@pytest.mark.parametrize("variant", ["encrypted", "clear"])
def test_a_token_opens_no_more_height_than_the_plan_has(running: Service, variant: str) -> None:
    for plan, most in (("basic", 480), ("standard", 1080), ("premium", 2160)):
        play = running.device(running.account(plan, plan)).play(variant=variant).json()
        assert [rung for rung in RUNGS if status(running, segment(play, rung)) == 200] == [
            rung for rung in RUNGS if rung <= most
        ]
        for address in (play["manifests"][0]["hls"], play["manifests"][0]["dash"], f"{folder(play)}master.m3u8"):
            assert status(running, address) == 200
        named = running.fetch(play["manifests"][0]["hls"]).text + running.fetch(play["manifests"][0]["dash"]).text
        assert [rung for rung in RUNGS if f"video/{rung}p/" in named] == [rung for rung in RUNGS if rung <= most]


def test_a_download_opens_no_more_height_than_was_asked_for(running: Service) -> None:
    device = running.device(running.account("a"))
    assert [status(running, segment(device.download(max_height=1080).json(), rung)) for rung in RUNGS] == [
        200,
        200,
        403,
    ]


def test_a_steered_manifest_has_the_plans_pictures(running: Service) -> None:
    play = running.device(running.account("a", "basic")).play(variant="clear").json()
    for name in ("hls", "dash"):
        text = running.client(None).call("GET", play["steering"][name]).text
        assert "video/480p/" in text
        assert "video/1080p/" not in text


def test_manifests_within_a_limit() -> None:
    assert within(MASTER, None) == MASTER
    assert within(MASTER, 2160) == MASTER
    assert within(MASTER, 480).count("#EXT-X") == 2
    assert within(MPD, 480).count("<AdaptationSet") == 2
    assert within(MPD, 100).count("<Representation") == 1


def end(running: Service, device: SigningDevice, play: dict[str, Any]) -> None:
    assert device.post(f"/play/{play['session_id']}/end", {}).status_code == 204


def sign_out(running: Service, device: SigningDevice, _play: object) -> None:
    assert device.post("/auth/logout-everywhere", {}).status_code == 204


def remove_device(running: Service, device: SigningDevice, _play: object) -> None:
    assert device.client.call("DELETE", f"/devices/{device.device_id}").status_code == 204


def close_account(running: Service, device: SigningDevice, _play: object) -> None:
    account = running.context.tokens.signed_in(device.client.headers["Authorization"].partition(" ")[2]).account
    running.context.accounts.change(account.id, by=None, active=False)


def recall(running: Service, _device: SigningDevice, _play: object) -> None:
    running.context.rights.revocations.revoke_title("film", "recalled", by="")


def smaller_plan(running: Service, device: SigningDevice, _play: object) -> None:
    account = running.context.tokens.signed_in(device.client.headers["Authorization"].partition(" ")[2]).account
    running.context.money.subscriptions.give(account.id, "basic")


def close_window(running: Service, _device: SigningDevice, _play: object) -> None:
    running.context.rights.contracts.set("film", ContractTerms(available_until=running.clock.now()), by=None)


def steered(running: Service, play: dict[str, Any], rung: int) -> str:
    """A file by an address for players that are told of no new ones: it is good for the whole session."""
    text = running.client(None).call("GET", play["steering"]["hls"]).text
    found = re.search(r"/s/([^/]+)/", text)
    assert found is not None
    return re.sub(r"/s/[^/]+/", f"/s/{found[1]}/", segment(play, rung))


@pytest.mark.parametrize("over", [smaller_plan, close_window])
def test_what_plan_and_contract_no_longer_permit_ends_within_seconds(
    running: Service, over: Callable[[Service, SigningDevice, Any], None]
) -> None:
    device = running.device(running.account("a"))
    play, download = device.play().json(), device.download().json()
    addresses = [segment(play, 1080), segment(download, 1080), steered(running, play, 1080)]
    assert [status(running, address) for address in addresses] == [200, 200, 200]
    over(running, device, play)
    assert [status(running, address) for address in addresses] == [403, 403, 403]
    running.client(None).call("GET", play["steering"]["url"])  # a steered player keeps its place by this
    assert status(running, addresses[2]) == 403


def test_a_smaller_plan_still_plays_what_it_has(running: Service) -> None:
    device = running.device(running.account("a"))
    play = device.play().json()
    smaller_plan(running, device, play)
    assert status(running, segment(play, 1080)) == 403
    again = device.post(f"/play/{play['session_id']}/addresses", {}).json()
    assert [rung for rung in RUNGS if status(running, segment(again, rung)) == 200] == [480]
    assert [rung for rung in RUNGS if status(running, steered(running, play, rung)) == 200] == []


def test_one_sign_in_does_not_hold_open_what_another_was_given(running: Service) -> None:
    account_id = running.account("a")
    device, elsewhere = running.device(account_id), running.client(account_id)
    play = device.play().json()
    again = elsewhere.post(f"/play/{play['session_id']}/addresses", {}).json()
    assert [running.fetch(segment(one)).status_code for one in (play, again)] == [200, 200]
    family = running.context.tokens.signed_in(device.client.headers["Authorization"].partition(" ")[2]).family
    with running.context.database.write() as session:
        session.execute(update(RefreshToken).where(RefreshToken.family == family).values(revoked_at=1.0))
    assert [running.fetch(segment(one)).status_code for one in (again, play)] == [200, 403]


@pytest.mark.parametrize("over", [sign_out, remove_device, close_account, recall])
@pytest.mark.parametrize("kind", ["play", "download"])
def test_what_is_over_opens_nothing_within_seconds(
    running: Service, kind: str, over: Callable[[Service, SigningDevice, Any], None]
) -> None:
    device = running.device(running.account("a"))
    given = (device.play() if kind == "play" else device.download()).json()
    assert status(running, segment(given)) == 200
    over(running, device, given)
    assert status(running, segment(given)) == 403
    path = f"/film/{segment(given).partition('/film/')[2]}"
    headers = {"X-Matinee-Token": segment(given).split("/s/")[1].split("/")[0], "X-Matinee-Path": path}
    nginx = running.client(None)
    nginx.headers.update(headers)
    assert refusal(nginx.get("/edge-check")) == (403, "bad_signature")


def test_a_session_that_ended_opens_nothing(running: Service) -> None:
    device = running.device(running.account("a"))
    play = device.play().json()
    end(running, device, play)
    assert status(running, segment(play)) == 403


def test_an_ended_session_opens_no_longer_than_the_one_that_follows_it(running: Service) -> None:
    device = running.device(running.account("a"))
    first, _ = device.play().json(), device.play()
    running.clock.step(SILENT_S)
    assert status(running, segment(first)) == 403


def test_a_session_that_goes_on_in_another_still_opens(running: Service) -> None:
    """Requests that are on their way while the player asks for new addresses."""
    device = running.device(running.account("a"))
    first = device.play().json()
    second = device.play().json()
    assert status(running, segment(first)) == status(running, segment(second)) == 200


def test_without_heartbeats_it_opens_for_so_long_as_it_has_a_place(running: Service) -> None:
    device = running.device(running.account("a"))
    play = device.play().json()
    running.clock.step(SILENT_S)
    assert status(running, segment(play)) == 403
    assert device.beat(play["session_id"]).status_code == 200
    assert running.fetch(segment(play)).status_code == 200


def test_what_was_fetched_ahead_opens_for_a_minute(running: Service) -> None:
    device = running.device(running.account("a"))
    play = device.play(ahead=True).json()
    assert status(running, segment(play)) == 200
    running.clock.step(AHEAD_S)
    assert status(running, segment(play)) == 403
    assert device.beat(play["session_id"]).status_code == 200
    assert running.fetch(segment(play)).status_code == 200


def test_a_device_has_few_sessions_ahead(running: Service) -> None:
    device = running.device(running.account("a"))
    plays = []
    for _ in range(MOST_AHEAD + 1):
        running.clock.step(1)
        plays.append(device.play(ahead=True).json())
    assert refusal(device.beat(plays[0]["session_id"])) == (409, "session_ended")
    assert device.beat(plays[-1]["session_id"]).status_code == 200
    assert device.beat(plays[-1]["session_id"]).status_code == 200


def test_a_player_gets_new_addresses_for_its_session(running: Service) -> None:
    device = running.device(running.account("a"))
    play = device.play().json()
    for _ in range(int(running.context.settings.edge_token_s / BEAT_S)):
        running.clock.step(BEAT_S)
        device.beat(play["session_id"])
    assert running.fetch(segment(play)).status_code == 403
    again = device.post(f"/play/{play['session_id']}/addresses", {}).json()
    assert running.fetch(segment(again)).status_code == 200
    end(running, device, play)
    running.clock.step(KEPT_S)
    assert refusal(device.post(f"/play/{play['session_id']}/addresses", {})) == (403, "session_expired")


def test_a_player_that_is_steered_keeps_its_place(running: Service) -> None:
    device = running.device(running.account("a"))
    play = device.play().json()
    for _ in range(6):
        running.clock.step(BEAT_S)
        assert running.client(None).call("GET", play["steering"]["url"]).status_code == 200
    assert running.fetch(segment(play)).status_code == 200


@pytest.fixture
def away(running: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Take the database away, when it is called; how often it was asked since."""
    asked = -1

    def gone() -> None:
        nonlocal asked
        asked += 1
        raise OperationalError("connect", None, Exception("gone"))

    def count() -> int:
        nonlocal asked
        asked = max(asked, 0)
        monkeypatch.setattr(running.context.database, "read", gone)
        return asked

    yield count
    monkeypatch.undo()


def test_without_the_database_what_stood_goes_on_and_nothing_else(
    running: Service, away: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = running.account("a")
    known, ended, unknown = (running.device(account_id).play().json() for _ in range(3))
    assert [status(running, segment(one)) for one in (known, ended)] == [200, 200]
    running.client(account_id).post(f"/play/{ended['session_id']}/end", {})
    away()
    assert status(running, segment(known)) == 200
    for one in (ended, unknown):
        answer = running.fetch(segment(one))
        assert refusal(answer) == (503, "database_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    monkeypatch.undo()
    assert status(running, segment(unknown)) == 200
    assert status(running, segment(ended)) == 403


def test_a_database_that_is_away_is_asked_now_and_then(running: Service, away: Callable[[], int]) -> None:
    """Each question waits for seconds, and a thread with it."""
    play = running.device(running.account("a")).play().json()
    assert status(running, segment(play)) == 200
    away()
    running.clock.step(KEPT_S)
    assert {running.fetch(segment(play)).status_code for _ in range(20)} == {200}
    assert away() == 1
    running.clock.step(AWAY_S)
    assert running.fetch(segment(play)).status_code == 200
    assert away() == 2


def test_without_the_database_nothing_goes_on_for_longer_than_a_token(
    running: Service, away: Callable[[], int]
) -> None:
    """Addresses for steered players live for hours."""
    play = running.device(running.account("a")).play().json()
    address = steered(running, play, 480)
    assert status(running, address) == 200
    away()
    running.clock.step(REMEMBERED_S - KEPT_S - 1)
    assert status(running, address) == 200
    assert status(running, address) == 503


def test_a_question_that_is_wrong_opens_nothing(running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    play = running.device(running.account("a")).play().json()

    def wrong(_grant: EdgeGrant) -> bool:
        raise ProgrammingError("SELECT", None, Exception("no such column"))

    monkeypatch.setattr(running.context.edge_gate, "_ask", wrong)
    with pytest.raises(ProgrammingError):  # 500 on a server
        status(running, segment(play))


@pytest.mark.parametrize("over", [end, sign_out, remove_device, close_account, recall])
def test_what_is_over_is_told_at_once(running: Service, over: Callable[[Service, SigningDevice, Any], None]) -> None:
    """Without waiting for what the edge remembers to grow old."""
    device = running.device(running.account("a"))
    play = device.play().json()
    assert running.fetch(segment(play)).status_code == 200
    over(running, device, play)
    assert running.fetch(segment(play)).status_code == 403


def test_an_answer_from_before_is_not_remembered(running: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session ends while an edge is asking for it."""
    gate, account = running.context.edge_gate, running.account("a")
    play = running.device(account).play().json()
    ask = gate._ask

    def asked(grant: EdgeGrant) -> bool:
        stands = ask(grant)
        running.context.streams.end(account, play["session_id"])
        return stands

    with monkeypatch.context() as patch:
        patch.setattr(gate, "_ask", asked)
        running.fetch(segment(play))
    assert running.fetch(segment(play)).status_code == 403


def test_addresses_may_be_bound_to_the_viewers_network(tmp_path: Path) -> None:
    with service(tmp_path, bind_network=True) as made:
        device = made.device(made.account("a"), host="192.0.2.7")
        address = str(device.play().json()["manifests"][0]["hls"])
        assert made.fetch(address, host="192.0.2.200").status_code == 200
        assert made.fetch(address, host="198.51.100.7").status_code == 403
        nginx = made.client(None)
        token, path = address.split("/s/")[1].split("/", 1)
        for host, status in (("192.0.2.7", 204), ("198.51.100.7", 403), ("", 403)):
            nginx.headers = {"X-Matinee-Token": token, "X-Matinee-Path": f"/{path}", "X-Matinee-Client": host}
            assert nginx.get("/edge-check").status_code == status
        device.client.host = "198.51.100.7"  # the viewer moves
        session_id = device.play().json()["session_id"]
        moved = device.post(f"/play/{session_id}/addresses", {}).json()["manifests"][0]["hls"]
        assert made.fetch(moved, host="198.51.100.7").status_code == 200
