"""Recorded sessions: the same again elsewhere, and nothing secret in them."""

from __future__ import annotations

import json
import math
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from player.base.errors import InputError
from player.net.faults import FaultPlan
from player.net.shaping import LinkTrace, TracePeriod
from player.playback.settings import PlaybackSettings
from player.qa.har import har
from player.qa.recording.archive import VERSION, Exchange, Recording, read_recording
from player.qa.recording.scrub import Scrubber, place_of
from player.qa.replay.answers import with_work
from player.qa.replay.run import _certain_s, replay, replay_freely
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.script import Do, ScriptStep
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.har import HAR

FORMATS = Path(__file__).parent / "formats"
UNSTEADY = LinkTrace([TracePeriod(5, 1.8e6, 0.03), TracePeriod(6, 0.25e6, 0.08)])
FAULTS = FaultPlan.parse(
    {
        "version": 1,
        "rules": [
            {"match": {"kind": "segment"}, "skip": 2, "count": 1, "fault": {"type": "status", "status": 503}},
            {"match": {"kind": "segment"}, "skip": 6, "count": 1, "fault": {"type": "cut", "after_bytes": 3000}},
            {"match": {"kind": "segment"}, "skip": 9, "count": 1, "fault": {"type": "stall", "after_bytes": 2000}},
        ],
    }
)


def recorded(tmp_path: Path, url: str, **fields: Any) -> tuple[dict[str, Any], Recording]:
    """The report of a run in virtual time, and its recording."""
    file = fields.setdefault("record", tmp_path / "session.mrec")
    values = {"network": UNSTEADY, "settings": PlaybackSettings(buffer_s=10), **fields}
    report = simulate(RunSpec(Labels("test"), PlaybackSource(url=url), **values), Bench(tmp_path / "here"))
    return report, read_recording(file)


@pytest.mark.parametrize("manifest", ["dash", "hls"])
def test_a_replay_on_another_profile_takes_the_same_decisions(manifest: str, tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    script = (ScriptStep(6, Do.PAUSE), ScriptStep(8, Do.PLAY), ScriptStep(14, Do.SEEK, 2.0))
    with FileServer(title.folder) as server:
        report, recording = recorded(tmp_path, server.url(getattr(title, manifest)), faults=FAULTS, script=script)
    # the server is gone: everything comes out of the file
    again = replay(recording, tmp_path / "elsewhere")
    assert again.report is not None
    assert again.differences == ()
    assert again.taken_again == again.decisions == len(report["decisions"])
    for name in ("position", "rung", "sentence"):
        assert [row[name] for row in again.report["decisions"]] == [row[name] for row in report["decisions"]]
    assert len(again.report["stalls"]) == len(report["stalls"])
    assert again.report["result"]["status"] == report["result"]["status"] == "ended"
    errors = [[row["error"] for row in each["requests"] if row["error"]] for each in (report, again.report)]
    assert errors[0] == errors[1] != []


def test_a_policy_that_decides_anew_decides_the_same_and_another_one_does_not(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        report, recording = recorded(tmp_path, server.url("manifest.mpd"), faults=FAULTS)
    again = replay_freely(recording, tmp_path / "elsewhere")
    assert again.report is not None
    assert (again.differences, again.left_s) == ((), None)
    assert again.taken_again == again.decisions == len(report["decisions"])
    assert [row["reason"] for row in again.report["decisions"]] == [row["reason"] for row in report["decisions"]]
    other = replay_freely(recording, tmp_path / "elsewhere", "fixed")
    assert other.report is not None
    assert other.report["policy"] == "fixed"
    assert re.search(r"was rung 1 for segment \d+ \(.+\), and was rung 0", " ".join(other.differences)), "it says why"
    assert other.left_s is not None, "the lowest rung was not fetched of every segment"
    assert all(row["at_s"] <= other.left_s + 0.01 for row in other.report["decisions"])
    assert (other.report["stalls"], other.report["result"]["status"]) == ([], "idle"), "what is not known is not told"
    bare = replace(recording, exchanges=tuple(replace(each, body="") for each in recording.exchanges))
    with pytest.raises(InputError, match="no media"):
        replay_freely(bare, tmp_path)


def test_what_the_machine_had_to_do_with_a_manifest_is_part_of_the_session() -> None:
    def exchange(kind: str, at_s: float, seconds: float) -> Exchange:
        return Exchange(kind, kind, "GET", None, "", "", 1, at_s, 0.1, seconds, 200, {}, "", True, 1, "", "", True)

    master, video, audio = (
        exchange("manifest", 0.0, 0.2),
        exchange("manifest", 1.0, 0.5),
        exchange("manifest", 1.1, 0.2),
    )
    rest = [exchange("init", 2.0, 0.1), exchange("segment", 2.2, 0.1), exchange("manifest", 4.0, 0.1)]
    found = with_work([master, video, audio, *rest])
    kept_nobody_waiting = 0.2
    assert [each.seconds for each in found] == pytest.approx([1.0, 1.0, kept_nobody_waiting, 0.1, 0.1, 0.1])


def test_a_live_session_that_was_ended_is_certain_up_to_its_last_segment() -> None:
    """A busy machine reloads late, and a replay does not: the segment that came with it may be missing."""
    decisions = [{"media_s": start_s} for start_s in (96.0, 100.0, 104.0)]
    report = {"result": {"played_to_end": False}, "statuses": [{"at_s": 9.0}], "decisions": decisions}
    assert _certain_s({**report, "live": None}) == 8.5
    assert _certain_s({**report, "live": {"target_s": 12.0}}) == 5.0
    assert _certain_s({**report, "result": {"played_to_end": True}}) == math.inf


def test_a_changed_policy_is_noticed(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        _, recording = recorded(tmp_path, server.url("manifest.mpd"))
    recording.report["policy"] = "fixed"
    found = replay(recording, tmp_path)
    assert not found.same
    assert found.taken_again < found.decisions
    assert "and is rung 0 now" in " ".join(found.differences)


def test_a_recording_with_digests_only_has_no_media_and_still_has_its_decisions(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        _, recording = recorded(tmp_path, server.url("manifest.mpd"))
    bare = replace(recording, exchanges=tuple(replace(each, body="") for each in recording.exchanges))
    found = replay(bare, tmp_path)
    assert found.report is None
    assert found.same
    assert found.taken_again > 3
    assert all(len(each.sha256) == 64 for each in recording.exchanges if each.kind == "segment")


def test_a_recording_that_needs_a_playlists_key_has_its_decisions_too(tmp_path: Path) -> None:
    key, place = bytes(range(16)), tmp_path / "cdn"
    place.mkdir()
    padder, encryptor = padding.PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    clear = min(media.ffmpeg_hls_ts(8).folder.rglob("*.ts")).read_bytes()
    encrypted = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    (place / "0.ts").write_bytes(encrypted)
    (place / "k").write_bytes(key)
    (place / "a.m3u8").write_text(
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:4,\n0.ts\n#EXT-X-ENDLIST\n'
    )
    with FileServer(place) as server:
        report, recording = recorded(tmp_path, server.url("a.m3u8"))
    assert report["result"]["status"] == "ended"
    found = replay(recording, tmp_path)
    assert (found.report, found.same, found.taken_again) == (None, True, 1)
    with pytest.raises(InputError, match="not their keys"):
        replay_freely(recording, tmp_path)


def test_the_same_bytes_are_kept_once_and_the_same_session_makes_the_same_file(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        files = []
        for name in ("one", "two"):
            recorded(
                tmp_path, server.url("manifest.mpd"), script=(ScriptStep(9, Do.SEEK, 0.0),), record=tmp_path / name
            )
            files.append(zipfile.ZipFile(tmp_path / name))
    names = [sorted(file.namelist()) for file in files]
    assert names[0] == names[1]
    rows = [[{**row, "headers": {}} for row in json.loads(file.read("exchanges.json"))] for file in files]
    assert rows[0] == rows[1], "all but the date of the server"
    for file in files:
        file.close()


@pytest.mark.parametrize("kind", ["manifest", "segment"])
def test_a_damaged_body_is_told_and_not_played_around(kind: str, tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        _, recording = recorded(tmp_path, server.url("manifest.mpd"))
    body = next(each.body for each in recording.exchanges if each.kind == kind and each.body)
    with zipfile.ZipFile(recording.path) as archive:
        entry = archive.getinfo(body)
    content = bytearray(recording.path.read_bytes())
    content[entry.header_offset + 30 + len(body) + entry.compress_size // 2] ^= 0xFF  # the header has 30 bytes
    recording.path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        replay(read_recording(recording.path), tmp_path / "elsewhere")


@pytest.mark.parametrize("damage", ["no zip", "no head", "another", "version", "row", "report", "bomb", "locked"])
def test_what_is_no_recording_is_refused(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.mrec"
    rows: dict[str, Any] = {name: [] for name in ("decisions", "requests", "abandoned", "seeks", "statuses")}
    told = {**rows, "startup": {"first_frame_s": None}, "result": {"status": "ended"}, "title": "x"}
    if damage == "report":
        told["requests"] = [{"at_s": "soon"}]
    head: dict[str, Any] = {"format": "matinee-recording", "version": 1, "report": told}
    head |= {"another": {"format": "zip"}, "version": {"version": 99}}.get(damage, {})
    if damage == "bomb":
        monkeypatch.setattr("player.qa.recording.archive._DOCUMENT_BYTES", 10)
    if damage == "no zip":
        path.write_bytes(b"PK\x03\x04nothing")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            if damage != "no head":
                archive.writestr("session.json", json.dumps(head))
            archive.writestr(
                "exchanges.json", '[{"kind": "segment", "body": "../../x"}]' if damage == "row" else "[]"
            )
    if damage == "locked":  # general purpose bit 0 of each header: encrypted (APPNOTE.TXT, 4.4.4)
        content = bytearray(path.read_bytes())
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = content.find(mark)
            while place >= 0:
                content[place + offset] |= 1
                place = content.find(mark, place + 1)
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.mrec"):
        read_recording(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_recording(tmp_path / "missing")


def test_a_recording_of_version_1_is_replayed(tmp_path: Path) -> None:
    """The file was made by the code that wrote that version."""
    recording = read_recording(FORMATS / "version-1.mrec")
    assert recording.facts["version"] == 1
    assert {each.connection for each in recording.exchanges} == {None}
    found = replay(recording, tmp_path)
    assert found.report is not None
    assert found.differences == ()
    assert [row["rung"] for row in found.report["decisions"]] == [0, 1, 1, 1, 1, 0, 0, 0]
    assert found.taken_again == found.decisions == 8


def test_a_recording_of_a_later_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    newer = tmp_path / "newer.mrec"
    with zipfile.ZipFile(newer, "w") as archive:
        archive.writestr("session.json", json.dumps({"format": "matinee-recording", "version": VERSION + 1}))
        archive.writestr("exchanges.json", "[]")
    sentence = f"newer.mrec is a recording of version {VERSION + 1}; known are those up to {VERSION}."
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_recording(newer)


def test_addresses_lose_their_secrets_and_still_belong_together() -> None:
    scrub = Scrubber()
    first = scrub.url("https://u:pw1234@cdn.test/s/S1GN4TURE/film/1.m4s?token=s3cret&n=12#x")
    assert first == "https://cdn.test/s/x1/film/1.m4s?token=x2&n=12#"
    assert scrub.url("https://other.test/2.m4s?token=s3cret") == "https://other.test/2.m4s?token=x2"
    assert scrub.url(first) == first, "what is scrubbed stays as it is"
    assert place_of("https://a.test/s/x1/film/1.m4s?t=x2") == place_of("https://b.test/s/x9/film/1.m4s")
    assert scrub.url("seg;hash=abcdef/hdnts=exp~1~hmac/" + "k" * 50 + "/a.m4s").count("x") == 3


def test_manifests_lose_theirs_too() -> None:
    scrub = Scrubber()
    scrub.learn_headers({"Authorization": "Bearer t0ken-of-mine"})
    pssh = "AAAAW3Bzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAADsIARIQ62dqu8s0Xpa7/2FmMPGj2hoN"
    text = scrub.document(
        f"""<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" t="t0ken-of-mine">
<BaseURL>https://cdn.test/s/S1GN4TURE/</BaseURL><cenc:pssh>{pssh}</cenc:pssh>
<SegmentTemplate media="v/$Number$.m4s?sig=s3cret&amp;part=2&amp;n=$Number$"/></MPD>"""
    )
    assert "<BaseURL>https://cdn.test/s/x1/</BaseURL>" in text
    assert 'media="v/$Number$.m4s?sig=x2&amp;part=2&amp;n=$Number$"' in text
    assert text.startswith('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" t="***">')
    assert pssh in text
    playlist = scrub.document(
        '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="data:;base64,c2VjcmV0LWtleS1vZi0xNg=="\n'
        '#EXT-X-MAP:URI="init.mp4?t=s3cret"\n#EXTINF:4.0,a/title?\nseg1.ts?t=s3cret\n'
    )
    assert "c2VjcmV0" not in playlist
    assert '#EXT-X-MAP:URI="init.mp4?t=x2"\n#EXTINF:4.0,a/title?\nseg1.ts?t=x2\n' in playlist


def test_har_says_what_each_request_was_for(tmp_path: Path) -> None:
    title = media.ffmpeg_dash()
    with FileServer(title.folder) as server:
        report, recording = recorded(tmp_path, server.url("manifest.mpd"), faults=FAULTS)
    document = json.loads(json.dumps(har(recording.exchanges, report, 1_700_000_000.0, "1")))
    check = jsonschema_rs.Draft202012Validator(HAR, validate_formats=True)
    assert [f"{list(each.instance_path)}: {each.message}" for each in check.iter_errors(document)] == []
    log = document["log"]
    assert {each["pageref"] for each in log["entries"]} == {log["pages"][0]["id"]}
    assert (log["version"], len(log["entries"])) == ("1.2", len(recording.exchanges))
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        parts = [took for name, took in entry["timings"].items() if name != "ssl" and took > 0]
        assert entry["time"] == pytest.approx(sum(parts), abs=0.01)
        assert entry["startedDateTime"].startswith("2023-11-14T22:13:")
    segments = [each["_matinee"] for each in log["entries"] if each["_matinee"].get("decision") is not None]
    assert len(segments) >= 4, "one that was given up for another rung has none"
    for each in segments:
        decision = report["decisions"][each["decision"]]
        assert (each["track"], decision["position"], decision["rung"]) == ("main", each["position"], each["rung"])
    assert {each["_matinee"]["kind"] for each in log["entries"]} >= {"manifest", "init", "segment"}
    assert any(each["response"]["status"] == 503 for each in log["entries"])


def test_a_play_session_is_not_named_in_the_address_of_its_heartbeats() -> None:
    session = "40f553b9ca0312af406daad1afbef181"
    scrubber = Scrubber()
    assert session not in scrubber.url(f"http://service.test/api/v1/play/{session}/heartbeat")
    assert session not in scrubber.sweep(f"the session {session}")
