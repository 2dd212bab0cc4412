"""Recordings of programmes: what is kept of a channel, for whom, over restarts, full disks and changes of keys."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from backend_stub.broadcast.guide import Programme, write_programmes
from backend_stub.broadcast.journal import JOURNAL, Journal, read_channel
from backend_stub.broadcaster.rotation import RotatingKeys
from backend_stub.db.models import Title
from backend_stub.services import recorder, recordings
from backend_stub.services.broadcasts import CataloguedBroadcast
from backend_stub.services.entitlement import ContractTerms
from player.manifest import parse
from tests.kit.rights import Service, SigningDevice, refusal, service
from tests.kit.studio import BEGUN, Studio

STARTS, ENDS = BEGUN + 4, BEGUN + 12
SEGMENT_CHUNKS = 4


class Air:
    """A channel ``chan`` of a service with a programme ``News`` of 8 s, which starts 4 s after the channel. The hours
    that follow it are not the test's."""

    def __init__(
        self, running: Service, window_s: float = 60.0, *, encrypted: bool = False, record: bool = True
    ) -> None:
        self.service = running
        self.catalogued = CataloguedBroadcast(running.context.settings, "chan")
        self.studio = Studio(
            self.catalogued.folder,
            window_s,
            2 if encrypted else 0,
            lambda channel: RotatingKeys(self.catalogued, channel) if encrypted else None,
        )
        write_programmes(self.catalogued.folder, [Programme(STARTS, ENDS, "News", record)])
        self.catalogued.on_air("Channel", [90])
        self.studio.begin()

    def make(self, seconds: float) -> None:
        """Time passes: the channel goes on, and the service records."""
        for _ in range(round(seconds / 2)):
            self.studio.make(SEGMENT_CHUNKS)
            self.keep_up()

    def keep_up(self) -> None:
        self.service.clock.time = self.studio.clock.at
        self.service.context.recordings._recorder.keep_up()

    def close(self) -> None:
        self.studio.close()
        self.catalogued.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, recordings_bytes=250_000) as made:
        yield made


@pytest.fixture
def air(running: Service) -> Iterator[Air]:
    made = Air(running)
    yield made
    made.close()


@pytest.fixture
def device(running: Service) -> SigningDevice:
    return running.device(running.account("anna"))


def record(device: SigningDevice, starts_at: float = STARTS) -> str:
    answer = device.post("/recordings", {"channel_id": "chan", "starts_at": starts_at})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def listed(device: SigningDevice) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = device.client.get("/recordings").json()["items"]
    return items


def state(device: SigningDevice) -> tuple[str, str]:
    (one,) = listed(device)
    return one["state"], one["reason"]


def folder(running: Service, recording: str) -> Path:
    return running.context.settings.media_dir / recording / "live"


def manifests(running: Service, device: SigningDevice, recording: str) -> tuple[str, str]:
    """As this device gets them: the video's playlist and the MPD."""
    (urls,) = device.play(recording, "live").json()["manifests"]
    home = urls["hls"].rpartition("/")[0]
    playlist = running.fetch(f"{home}/video/90p/index.m3u8")
    assert playlist.status_code == 200, playlist.text
    for name in re.findall(r'^\d+\.m4s|(?<=URI=")init.*?(?=")', playlist.text, re.MULTILINE):
        assert running.fetch(f"{home}/video/90p/{name}").status_code == 200, name
    return playlist.text, running.fetch(urls["dash"]).text


def test_a_programme_is_kept_when_the_window_has_left_it(running: Service, device: SigningDevice) -> None:
    air = Air(running, window_s=4.0)
    air.make(2)
    recording = record(device)
    assert record(device) == recording, "a profile records a programme once"
    assert state(device) == ("planned", "")
    air.make(4)
    assert state(device) == ("recording", "")
    assert refusal(device.play(recording, "live")) == (404, "title_not_found")
    air.make(30)
    assert state(device) == ("recorded", "")
    (one,) = listed(device)
    kept = read_channel(folder(running, recording))
    assert [segment.number for segment in kept.tracks[0].segments] == [3, 4, 5, 6]
    assert one["size_bytes"] == sum(segment.size for track in kept.tracks for segment in track.segments)
    assert one["title"]["duration_s"] == pytest.approx(8.0)
    assert not (air.catalogued.folder / "video/90p/3.m4s").exists(), "the channel does not have it any more"
    playlist, mpd = manifests(running, device, recording)
    assert playlist.count("#EXTINF") == 4
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    assert "#EXT-X-DISCONTINUITY\n" not in playlist
    assert parse(mpd.encode(), "http://a.test/a.mpd").duration_s == pytest.approx(8.0)
    names = [one["id"] for one in device.client.get("/catalog").json()["items"]]
    assert recording not in names, "it is nobody else's"
    air.close()


def test_a_recording_that_cannot_be_planned_leaves_nothing(
    running: Service, air: Air, device: SigningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its poster is copied before anybody is told of it, and goes when it is not planned."""
    air.make(2)
    media = running.context.settings.media_dir
    (media / "chan" / "poster.jpg").write_bytes(b"poster")
    before = {one.name for one in media.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(recordings.audit, "record", fails)
        with pytest.raises(OSError, match="full"):
            record(device)
    with monkeypatch.context() as patch:
        patch.setattr(recordings.shutil, "copyfile", fails)
        with pytest.raises(OSError, match="full"):
            record(device)
    assert listed(device) == []
    assert {one.name for one in media.iterdir()} == before
    assert (media / record(device) / "poster.jpg").read_bytes() == b"poster"


def fails(*_: object, **__: object) -> None:
    raise OSError("full")


def test_what_is_over_is_recorded_while_it_is_in_the_window(air: Air, device: SigningDevice) -> None:
    air.make(20)
    record(device)
    air.keep_up()
    assert state(device) == ("recorded", "")


def test_of_a_programme_that_is_half_gone_the_rest_is_kept(running: Service, device: SigningDevice) -> None:
    air = Air(running, window_s=6.0)
    air.make(14)
    record(device)
    air.make(2)
    assert state(device) == ("recorded", "incomplete")
    air.close()


def test_links_cost_no_space_and_removal_frees_it(air: Air, running: Service, device: SigningDevice) -> None:
    recording = record(device)
    air.make(20)
    file = folder(running, recording) / "video/90p/4.m4s"
    assert file.stat().st_ino == (air.catalogued.folder / "video/90p/4.m4s").stat().st_ino
    assert device.client.call("DELETE", f"/recordings/{recording}").status_code == 204
    assert not folder(running, recording).parent.exists()
    assert (air.catalogued.folder / "video/90p/4.m4s").stat().st_nlink == 1
    assert listed(device) == []
    with running.context.database.read() as session:
        assert session.get(Title, recording) is None
    assert refusal(device.client.call("DELETE", f"/recordings/{recording}")) == (404, "recording_not_found")


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM])
def test_where_links_are_not_possible_it_is_copied(
    air: Air, running: Service, device: SigningDevice, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_names: object) -> None:
        raise OSError(code, "no links here")

    monkeypatch.setattr(recorder.os, "link", refuse)
    recording = record(device)
    air.make(20)
    assert state(device) == ("recorded", "")
    copied = folder(running, recording) / "video/90p/4.m4s"
    assert copied.read_bytes() == (air.catalogued.folder / "video/90p/4.m4s").read_bytes()


def test_a_full_disk_is_a_hole_or_a_reason(
    air: Air, running: Service, device: SigningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_names: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    recording = record(device)
    air.make(6)
    with monkeypatch.context() as full:
        full.setattr(recorder.os, "link", refuse)
        air.make(2)
        assert state(device) == ("recording", "disk_full")
    air.make(14)
    assert state(device) == ("recorded", ""), "what had no room then is still in the window"
    playlist, _ = manifests(running, device, recording)
    assert playlist.count("#EXTINF") == 4


def test_a_disk_that_stays_full_fails_it(air: Air, device: SigningDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_names: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recorder.os, "link", refuse)
    recording = record(device)
    air.make(14)
    assert state(device) == ("recording", "disk_full")
    air.make(60)
    assert state(device) == ("failed", "disk_full")
    assert refusal(device.play(recording, "live")) == (404, "title_not_found")


def test_a_recorder_that_was_down_leaves_a_hole(running: Service, device: SigningDevice) -> None:
    air = Air(running, window_s=2.0)
    recording = record(device)
    air.make(6)
    air.studio.make(2 * SEGMENT_CHUNKS)  # nobody records; what the window has left is deleted soon
    air.make(8)
    assert state(device) == ("recorded", "incomplete")
    playlist, mpd = manifests(running, device, recording)
    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
    assert mpd.count("<Period") == 2
    air.close()


def test_a_recorder_that_was_killed_goes_on(
    air: Air, running: Service, device: SigningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after each of its steps once: whatever it had linked or written, the next one makes a whole of it."""

    class KilledError(BaseException):
        pass

    recording = record(device)
    steps = 0
    for left in range(40):
        count = 0

        def killed_later(real: Any, left: int = left) -> Any:
            def step(*words: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count > left:
                    raise KilledError
                return real(*words, **named)

            return step

        with monkeypatch.context() as patched:
            patched.setattr(recorder.os, "link", killed_later(os.link))
            patched.setattr(recorder, "Journal", type("Dying", (Journal,), {"write": killed_later(Journal.write)}))
            patched.setattr(recorder.Recorder, "_finish", killed_later(recorder.Recorder._finish))
            try:
                air.make(2)
            except KilledError:
                steps += 1
    assert steps > 5
    assert state(device) == ("recorded", "")
    playlist, _ = manifests(running, device, recording)
    assert playlist.count("#EXTINF") == 4
    assert "#EXT-X-DISCONTINUITY\n" not in playlist


def test_an_encoder_that_is_started_again_is_two_periods_of_it(
    air: Air, running: Service, device: SigningDevice
) -> None:
    recording = record(device)
    air.make(6)
    air.studio.close()
    air.studio.open()  # another broadcaster
    air.studio.begin()
    air.make(20)
    assert state(device) == ("recorded", "")
    playlist, mpd = manifests(running, device, recording)
    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
    assert mpd.count("<Period") == 2


def test_a_channel_that_falls_silent_ends_it(air: Air, running: Service, device: SigningDevice) -> None:
    recording = record(device)
    air.make(8)
    air.studio.clock.at = ENDS + 59
    air.keep_up()
    assert state(device) == ("recording", "")
    air.studio.clock.at = ENDS + 61
    air.keep_up()
    assert state(device) == ("recorded", "incomplete")
    assert read_channel(folder(running, recording)).ended_at is not None


def test_a_channel_that_was_off_is_said(air: Air, device: SigningDevice) -> None:
    record(device)
    air.studio.clock.at = ENDS + 61
    air.keep_up()
    assert state(device) == ("failed", "off_air")


def test_the_end_of_the_event_ends_it(air: Air, device: SigningDevice) -> None:
    record(device)
    air.make(10)
    air.studio.packager.end_run()
    air.studio.packager.end()
    air.studio.clock.at = ENDS
    air.keep_up()
    assert state(device) == ("recorded", "")


def test_another_account_and_another_profile_are_refused(air: Air, running: Service, device: SigningDevice) -> None:
    recording = record(device)
    air.make(20)
    (url, *_) = [one["hls"] for one in device.play(recording, "live").json()["manifests"]]
    assert running.fetch(url).status_code == 200
    other = running.device(running.account("ben"))
    assert refusal(other.play(recording, "live")) == (404, "title_not_found")
    assert refusal(other.client.get(f"/catalog/{recording}")) == (404, "title_not_found")
    assert refusal(other.client.call("DELETE", f"/recordings/{recording}")) == (404, "recording_not_found")
    assert refusal(other.client.call("PUT", f"/list/{recording}", {"listed": True, "changed_at": 0.0})) == (
        404,
        "title_not_found",
    )
    assert listed(other) == []
    assert device.client.get(f"/catalog/{recording}").json()["kind"] == "recording"
    profile = device.post("/profiles", {"name": "Kid", "maturity": 6, "pin": None}).json()["id"]
    token = device.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
    device.client.headers["Authorization"] = f"Bearer {token}"
    assert listed(device) == []
    assert refusal(device.play(recording, "live")) == (404, "title_not_found")
    foreign = url.replace(recording, "chan")
    assert running.fetch(foreign).status_code == 403, "an address is good for its title"


def test_the_keys_are_copied_and_its_own_ones_only(running: Service, device: SigningDevice) -> None:
    air = Air(running, window_s=4.0, encrypted=True)
    recording = record(device)
    air.make(40)
    assert state(device) == ("recorded", "")
    playlist, _ = manifests(running, device, recording)
    kids = re.findall(r"KEYID=0x([0-9a-f]{32})", playlist)
    assert len(kids) == 2, "keys of two crypto periods"
    session_id = device.play(recording, "live").json()["session_id"]
    answer = device.acquire(session_id, kids=kids, type="streaming")
    assert answer.status_code == 200, answer.text
    assert set(device.keys_in(answer)) >= set(kids)
    stranger = running.device(running.account("ben"))
    assert stranger.acquire(session_id, kids=kids, type="streaming").status_code in {403, 404}
    channel = stranger.play("chan", "live").json()["session_id"]
    assert stranger.acquire(channel, kids=kids, type="streaming").status_code in {403, 404}
    air.close()


def test_who_may_not_watch_the_channel_may_not_watch_its_recordings(
    air: Air, running: Service, device: SigningDevice
) -> None:
    recording = record(device)
    air.make(20)
    (urls,) = device.play(recording, "live").json()["manifests"]
    running.context.rights.contracts.set("chan", ContractTerms(countries=frozenset({"AT"})), by=None)
    assert refusal(device.play(recording, "live")) == (403, "not_in_region")
    running.context.rights.contracts.set("chan", ContractTerms(), by=None)
    running.context.rights.revocations.revoke_title("chan", by=None, reason="")
    assert refusal(device.play(recording, "live")) == (403, "title_revoked")
    assert running.fetch(urls["hls"]).status_code == 403


def test_a_programme_or_a_channel_may_forbid_it(running: Service, device: SigningDevice) -> None:
    air = Air(running, record=False)
    air.make(2)
    (channel,) = [one for one in device.client.get("/channels").json()["items"] if one["title"]["id"] == "chan"]
    news = next(one for one in channel["programmes"] if one["title"] == "News")
    assert news["recordable"] is False
    wanted = {"channel_id": "chan", "starts_at": STARTS}
    assert refusal(device.post("/recordings", wanted)) == (403, "recording_forbidden")
    write_programmes(air.catalogued.folder, [Programme(STARTS, ENDS, "News")])
    running.context.rights.contracts.set("chan", ContractTerms(record=False), by=None)
    assert refusal(device.post("/recordings", wanted)) == (403, "recording_forbidden")
    running.context.rights.contracts.set("chan", ContractTerms(), by=None)
    recording = record(device)
    air.make(6)
    running.context.rights.contracts.set("chan", ContractTerms(record=False), by=None)
    air.make(2)
    assert state(device) == ("failed", "forbidden")
    assert not (folder(running, recording) / JOURNAL).exists()
    air.close()


def test_what_an_account_may_record_has_a_limit(air: Air, running: Service, device: SigningDevice) -> None:
    """A programme of 8 s takes 109,000 B at most."""
    for number in (1, 2):
        programmes = [Programme(STARTS + 8 * each, STARTS + 8 * (each + 1)) for each in range(4)]
        write_programmes(air.catalogued.folder, programmes)
        record(device, STARTS + 8 * number)
    refused = device.post("/recordings", {"channel_id": "chan", "starts_at": STARTS})
    assert refusal(refused) == (403, "recording_limit")
    assert {name: refused.json()[name] for name in ("used_bytes", "needed_bytes", "limit_bytes")} == {
        "used_bytes": 218_000,
        "needed_bytes": 109_000,
        "limit_bytes": 250_000,
    }
    device.client.call("DELETE", f"/recordings/{listed(device)[0]['id']}")
    record(device)
    assert (
        running.device(running.account("ben"))
        .post("/recordings", {"channel_id": "chan", "starts_at": STARTS})
        .is_success
    )


@pytest.mark.parametrize(("channel", "starts_at"), [("film", STARTS), ("chan", STARTS + 1), ("nothing", STARTS)])
def test_what_is_no_programme_is_refused(air: Air, device: SigningDevice, channel: str, starts_at: float) -> None:
    air.make(2)
    answer = device.post("/recordings", {"channel_id": channel, "starts_at": starts_at})
    assert answer.status_code == 404


def test_what_another_process_removes_meanwhile_leaves_no_files(
    air: Air, running: Service, device: SigningDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between what one process reads of the recordings and what it does, another one takes a whole turn."""
    recording = record(device)
    air.make(6)
    alone, calls = recorder.alone, [f"/recordings/{recording}"]

    def interrupted(place: Path) -> AbstractContextManager[bool]:
        if calls:
            assert device.client.call("DELETE", calls.pop()).status_code == 204
        return alone(place)

    monkeypatch.setattr(recorder, "alone", interrupted)
    air.make(2)
    assert not calls
    assert not folder(running, recording).parent.exists()


def test_recordings_go_with_their_profile_and_account(air: Air, running: Service) -> None:
    account = running.account("anna")
    device = running.device(account)
    profile = device.post("/profiles", {"name": "Anna", "maturity": 18, "pin": None}).json()["id"]
    own = dict(device.client.headers)
    token = device.post(f"/profiles/{profile}/selection", {"pin": None}).json()["access_token"]
    device.client.headers["Authorization"] = f"Bearer {token}"
    of_profile = record(device)
    device.client.headers.update(own)
    of_account = record(device)
    air.make(20)
    assert folder(running, of_profile).exists()
    assert device.client.call("DELETE", f"/profiles/{profile}").status_code == 204
    air.keep_up()
    assert not folder(running, of_profile).exists()
    assert folder(running, of_account).exists()
    assert running.client(account).post("/account/deletion", {"password": "secret"}).status_code == 204
    air.keep_up()
    assert not folder(running, of_account).exists()


def test_a_recording_that_cannot_be_deleted_holds_no_other_back(
    air: Air, running: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [running.account(name) for name in ("anna", "bert")]
    kept = [folder(running, record(running.device(account))) for account in accounts]
    air.make(20)
    for account in accounts:
        assert running.client(account).post("/account/deletion", {"password": "secret"}).status_code == 204
    remove, refused = recorder.shutil.rmtree, [OSError(errno.EBUSY, "busy")]

    def busy_once(place: Path) -> None:
        if refused:
            raise refused.pop()
        remove(place)

    monkeypatch.setattr(recorder.shutil, "rmtree", busy_once)
    for left in (1, 0):
        air.keep_up()
        assert sum(place.exists() for place in kept) == left
