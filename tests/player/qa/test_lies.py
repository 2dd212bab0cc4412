"""CDNs that lie: what they leave out or mix up is found in every run, and no plan passes over it."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from player.net.faults import FaultPlan
from player.playback import subtitles
from player.playback.settings import PlaybackSettings
from player.qa.document import read
from player.qa.explanations import why
from player.qa.outcome import outcome_of
from player.qa.plan import plan_of
from player.qa.run_spec import Bench, Labels, RunResult, RunSpec
from player.qa.simulation.run import simulate
from player.qa.thresholds import metrics_of
from player.title.opening import PlaybackSource
from tests.kit import media as media_kit
from tests.kit.fileserver import FileServer

AUDIO = ("seg-3", "seg-4")  # of the two languages
VIDEO = ("seg-0", "seg-1", "seg-2")
HTML = b"<html><body>Sign in to the network</body></html>"
Lie = Callable[[Path], None]


def each(folder: Path, streams: tuple[str, ...], numbers: range, change: Callable[[Path], bytes | None]) -> None:
    """Give segments of some streams other bytes; None takes the file away."""
    changed = {}
    for stream in streams:
        for number in numbers:
            path = folder / f"{stream}-{number:03}.m4s"
            changed[path] = change(path)
    for path, data in changed.items():
        path.unlink()
        if data is not None:
            path.write_bytes(data)


def neighbour(path: Path, step: int) -> Path:
    stem, _, number = path.stem.rpartition("-")
    return path.with_name(f"{stem}-{int(number) + step:03}.m4s")


LIES: dict[str, tuple[Lie, str, float, float]] = {
    # name: (lie, which media is lost, at least and at most so many seconds)
    "audio cut short": (
        lambda folder: each(folder, AUDIO, range(2, 6), lambda p: p.read_bytes()[: p.stat().st_size // 2]),
        "audio",
        6.0,
        17.0,
    ),
    "audio not there": (lambda folder: each(folder, AUDIO, range(2, 6), lambda _p: None), "audio", 14.0, 17.0),
    "audio is a web page": (lambda folder: each(folder, AUDIO, range(2, 6), lambda _p: HTML), "audio", 14.0, 17.0),
    "video is a web page": (lambda folder: each(folder, VIDEO, range(3, 4), lambda _p: HTML), "video", 3.5, 4.5),
    "audio of the segment before": (
        lambda folder: each(folder, AUDIO, range(3, 4), lambda p: neighbour(p, -1).read_bytes()),
        "audio",
        3.5,
        4.5,
    ),
    "video of the segment before": (
        lambda folder: each(folder, VIDEO, range(3, 4), lambda p: neighbour(p, -1).read_bytes()),
        "video",
        3.5,
        4.5,
    ),
}


@pytest.fixture
def lying(tmp_path: Path) -> Callable[[Lie], Path]:
    def make(lie: Lie) -> Path:
        folder = tmp_path / "title"
        shutil.copytree(media_kit.ffmpeg_dash().folder, folder)
        lie(folder)
        return folder

    return make


def played(folder: Path, manifest: str, tmp_path: Path) -> dict[str, Any]:
    with FileServer(folder) as server:
        spec = RunSpec(Labels("lie"), PlaybackSource(url=server.url(manifest)), PlaybackSettings(start_s=0.0, rung=1))
        return simulate(spec, Bench(tmp_path))


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
@pytest.mark.parametrize("name", LIES)
def test_what_a_cdn_leaves_out_is_lost_and_said(
    name: str, manifest: str, lying: Callable[[Lie], Path], tmp_path: Path
) -> None:
    lie, lost, least, most = LIES[name]
    report = played(lying(lie), manifest, tmp_path)
    found = report["continuity"]["lost_s"]
    assert least <= found[lost] <= most, report["continuity"]
    assert metrics_of(report)["lost_s"] >= least
    assert all(row["end_s"] > row["start_s"] for row in report["continuity"]["breaks"])


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
def test_an_honest_cdn_loses_nothing(manifest: str, tmp_path: Path) -> None:
    found = played(media_kit.ffmpeg_dash().folder, manifest, tmp_path)["continuity"]
    assert (sum(found["lost_s"].values()), sum(found["repeated_s"].values()), found["breaks"]) == (0, 0, [])
    assert found["corrupt_bytes"] == {"video": 0, "audio": 0}


def test_a_plan_without_a_word_about_it_fails_where_something_is_lost(
    lying: Callable[[Lie], Path], tmp_path: Path
) -> None:
    report = played(lying(LIES["audio not there"][0]), "manifest.mpd", tmp_path)

    def passes(thresholds: str) -> bool:
        text = f'version: 1\nname: lies\nsources: [{{name: film, url: "http://a.test/t.mpd"}}]\n{thresholds}'
        plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
        return outcome_of(plan, [RunResult(Labels("film"), report)]).passed

    assert not passes("")
    assert not passes("thresholds: [failed == 0]\n")
    assert passes("thresholds: [lost_s <= 20]\n")
    assert not passes("thresholds: [lost_s.audio <= 2]\n")


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
@pytest.mark.parametrize(
    ("path", "fault", "lost_s", "code"),
    [
        ("none", {"type": "body"}, 0.0, None),
        ("*/text-*/*3.*", {"type": "status", "status": 404}, 4.0, "http.not_found"),
        ("*/text-*/*3.*", {"type": "body"}, 4.0, "media.damaged"),
        ("*/text-*/*3.*", {"type": "other", "offset": -1}, 4.0, "media.misplaced"),
        ("*/text-*/*[1-6].*", {"type": "status", "status": 404}, 24.0, "http.not_found"),
    ],
    ids=["nothing", "one 404", "a web page", "that of the segment before", "all 404"],
)
def test_subtitles_that_do_not_come_or_are_those_of_another_time_are_lost(
    path: str, fault: dict[str, Any], lost_s: float, code: str | None, manifest: str, tmp_path: Path
) -> None:
    rules = [{"match": {"path": path}, "fault": fault}]
    with FileServer(media_kit.packager_clear().folder) as server:
        text = (
            f'version: 1\nname: words\nsources: [{{name: film, url: "{server.url(manifest)}"}}]\n'
            "play: {subtitles: en}\n"
        )
        plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
        spec = replace(plan.runs[0], faults=FaultPlan.parse({"version": 1, "rules": rules}))
        report = simulate(spec, Bench(tmp_path))
    assert report["continuity"]["lost_s"]["subtitles"] == pytest.approx(lost_s, abs=0.2)
    assert {each["code"] for each in report["continuity"]["breaks"]} == ({code} if code else set())
    assert outcome_of(plan, [RunResult(Labels("film"), report)]).passed is (not lost_s)


@pytest.mark.parametrize(
    ("name", "old", "new", "medium", "lost_s"),
    [
        ("text.m3u8", r"(?s)(4\.vtt).*", r"\1\n#EXT-X-ENDLIST\n", "subtitles", 8.0),
        ("manifest.mpd", 'mediaPresentationDuration="PT24S"', 'mediaPresentationDuration="PT44S"', "video", 20.0),
        ("text.m3u8", "#EXT-X-ENDLIST", "#EXT-X-ENDLIST", "subtitles", 0.0),
        ("manifest.mpd", 'mediaPresentationDuration="PT24S"', 'mediaPresentationDuration="PT25.5S"', "video", 0.0),
    ],
    ids=["subtitles listed to 16 s", "an MPD of 44 s with media for 24", "all listed", "a little more stated"],
)
def test_what_a_manifest_promises_and_does_not_list_is_lost(
    name: str, old: str, new: str, medium: str, lost_s: float, tmp_path: Path
) -> None:
    folder = tmp_path / "film"
    shutil.copytree(media_kit.packager_clear().folder, folder)
    text, changed = re.subn(old, new, (folder / name).read_text())
    assert changed == 1
    (folder / name).write_text(text)
    with FileServer(folder) as server:
        url = server.url("master.m3u8" if name.endswith("m3u8") else name)
        plan = f'version: 1\nname: ends\nsources: [{{name: film, url: "{url}"}}]\nplay: {{subtitles: en}}\n'
        report = simulate(plan_of(read(plan, "plan.yaml"), tmp_path, {}).runs[0], Bench(tmp_path))
    assert report["continuity"]["lost_s"][medium] == pytest.approx(lost_s, abs=0.2)
    assert math.fsum(report["continuity"]["lost_s"].values()) == pytest.approx(lost_s, abs=0.2)


@pytest.mark.parametrize(("asked", "passes"), [("", True), ("play: {audio: en}\n", False)])
def test_where_a_period_lacks_the_language_another_one_is_heard(asked: str, passes: bool, tmp_path: Path) -> None:
    folder = tmp_path / "film"
    shutil.copytree(media_kit.packager_clear().folder, folder)
    mpd = (folder / "manifest.mpd").read_text()
    period = mpd[mpd.index("<Period") : mpd.index("</MPD>")]
    french = re.sub(
        r'(?s)<AdaptationSet [^>]*contentType="audio"[^>]*lang="en".*?</AdaptationSet>', "", period
    ).replace('Period id="0"', 'Period id="1"')
    both = period.replace('Period id="0"', 'Period id="0" duration="PT24S"') + french
    (folder / "manifest.mpd").write_text(mpd.replace(period, both).replace('"PT24S"', '"PT48S"', 1))
    with FileServer(folder) as server:
        text = f'version: 1\nname: two\nsources: [{{name: film, url: "{server.url("manifest.mpd")}"}}]\n{asked}'
        plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
        report = simulate(plan.runs[0], Bench(tmp_path))
    assert report["result"]["duration_s"] == pytest.approx(48.0, abs=0.2)
    assert not any(report["continuity"]["lost_s"].values()), "there is sound in the second period too"
    assert [each["stand_ins"] for each in report["tracks"]["audio"] if each["chosen"]] == [["fr"]]
    assert outcome_of(plan, [RunResult(Labels("film"), report)]).passed is passes


def test_subtitles_that_were_due_before_they_were_given_up_are_lost(tmp_path: Path) -> None:
    rules = [{"match": {"path": "*/text-*/1.*"}, "fault": {"type": "status", "status": 404}}]
    with FileServer(media_kit.packager_clear().folder) as server:
        text = (
            f'version: 1\nname: words\nsources: [{{name: film, url: "{server.url("manifest.mpd")}"}}]\n'
            "play: {subtitles: en, duration_s: 5}\n"
        )
        plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
        spec = replace(plan.runs[0], faults=FaultPlan.parse({"version": 1, "rules": rules}))
        report = simulate(spec, Bench(tmp_path))
    assert report["continuity"]["lost_s"]["subtitles"] == pytest.approx(4.0, abs=0.2)


def test_subtitles_of_a_long_title_are_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitles, "_FIRST", 2)
    monkeypatch.setattr(subtitles, "_MORE", 2)
    rules = [{"match": {"path": "*/text-*/5.*"}, "fault": {"type": "status", "status": 404}}]
    with FileServer(media_kit.packager_clear().folder) as server:
        text = (
            f'version: 1\nname: words\nsources: [{{name: film, url: "{server.url("manifest.mpd")}"}}]\n'
            "play: {subtitles: en}\n"
        )
        plan = plan_of(read(text, "plan.yaml"), tmp_path, {})
        spec = replace(plan.runs[0], faults=FaultPlan.parse({"version": 1, "rules": rules}))
        report = simulate(spec, Bench(tmp_path))
    assert report["continuity"]["lost_s"]["subtitles"] == pytest.approx(4.0, abs=0.2)


def test_media_that_comes_twice_does_not_pass(tmp_path: Path) -> None:
    shutil.copytree(media_kit.ffmpeg_dash().folder, tmp_path / "title")
    each(tmp_path / "title", VIDEO, range(3, 4), lambda path: path.read_bytes() * 2)
    report = played(tmp_path / "title", "manifest.mpd", tmp_path)
    assert report["continuity"]["repeated_s"]["video"] == pytest.approx(4.0, abs=0.1)
    plan = plan_of(
        read('version: 1\nname: x\nsources: [{name: film, url: "http://a.test/t.mpd"}]\n', "p"), tmp_path, {}
    )
    assert not outcome_of(plan, [RunResult(Labels("film"), report)]).passed


def test_a_playlist_of_video_that_ends_before_that_of_audio_loses_video(tmp_path: Path) -> None:
    shutil.copytree(media_kit.ffmpeg_dash().folder, tmp_path / "title")
    for path in (tmp_path / "title").glob("media_[012].m3u8"):
        before, _, after = path.read_text(encoding="utf-8").partition("seg-" + path.stem[-1] + "-004")
        path.write_text(before[: before.rindex("#EXTINF")] + after[after.index("#EXT-X-ENDLIST") :], encoding="utf-8")
    lost = played(tmp_path / "title", "master.m3u8", tmp_path)["continuity"]["lost_s"]
    assert lost["video"] > 10.0


def test_audio_that_starts_later_than_the_video_is_lost(tmp_path: Path) -> None:
    shutil.copytree(media_kit.ffmpeg_dash().folder, tmp_path / "title")
    each(tmp_path / "title", ("seg-3", "seg-4"), range(1, 2), lambda path: later(path.read_bytes(), 46))
    lost = played(tmp_path / "title", "manifest.mpd", tmp_path)["continuity"]["lost_s"]
    assert lost["audio"] == pytest.approx(46 * 1024 / 48000, abs=0.1)


def later(segment: bytes, frames: int) -> bytes:
    """A fragment of audio without its first frames (ISO/IEC 14496-12 8.8.8, 8.8.12)."""
    tfdt, trun = segment.index(b"tfdt"), segment.index(b"trun")
    head = bytearray(segment)
    wide = head[tfdt + 4]
    time = slice(tfdt + 8, tfdt + (16 if wide else 12))
    head[time] = (int.from_bytes(head[time], "big") + frames * 1024).to_bytes(8 if wide else 4, "big")
    flags = int.from_bytes(head[trun + 5 : trun + 8], "big")
    row = 4 * (flags & 0xF00).bit_count()
    first = trun + 12 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    place = 4 * bool(flags & 0x100)
    skipped = sum(
        int.from_bytes(head[at + place : at + place + 4], "big") for at in range(first, first + frames * row, row)
    )
    count = int.from_bytes(head[trun + 8 : trun + 12], "big")
    head[trun + 8 : trun + 12] = (count - frames).to_bytes(4, "big")
    offset = int.from_bytes(head[trun + 12 : trun + 16], "big")
    head[trun + 12 : trun + 16] = (offset + skipped).to_bytes(4, "big")
    rows = head[first + frames * row : first + count * row]
    head[first : first + count * row] = rows + bytes(0) + bytes(frames * row)
    return bytes(head)


def test_a_run_that_hangs_until_its_limit_does_not_pass(tmp_path: Path) -> None:
    silence = {"type": "stall", "after_bytes": 5000}
    rules = [{"match": {"path": "*seg-[012]-003*"}, "fault": silence}]
    with FileServer(media_kit.ffmpeg_dash().folder) as server:
        spec = RunSpec(
            Labels("film"),
            PlaybackSource(url=server.url("manifest.mpd")),
            PlaybackSettings(start_s=0.0, rung=1),
            faults=FaultPlan.parse({"version": 1, "rules": rules}),
            limit_s=100.0,
        )
        report = simulate(spec, Bench(tmp_path))
        whole = simulate(replace(spec, faults=None), Bench(tmp_path))
        part = simulate(replace(spec, faults=None, limit_s=10.0), Bench(tmp_path))
    runs = [metrics_of(each)["unfinished"] for each in (report, whole, part)]
    assert runs == [1.0, 0.0, 0.0], "a title that is longer than the limit may be cut off by it"
    text = 'version: 1\nname: hangs\nsources: [{name: film, url: "http://a.test/t.mpd"}]\n'
    outcome = outcome_of(plan_of(read(text, "plan.yaml"), tmp_path, {}), [RunResult(Labels("film"), report)])
    assert [each.condition.text for each in outcome.judgements if not each.holds] == ["unfinished == 0"]
    assert any("time limit of the run" in sentence for sentence in why(report))


@pytest.mark.parametrize("streams", ["012", "34"], ids=["video", "audio"])
def test_a_body_that_trickles_is_given_up_for_good(streams: str, tmp_path: Path) -> None:
    drip = {"type": "trickle", "after_bytes": 100, "bytes_per_s": 4}
    rules = [{"match": {"path": f"*seg-[{streams}]-003*"}, "fault": drip}]
    with FileServer(media_kit.ffmpeg_dash().folder) as server:
        spec = RunSpec(
            Labels("film"),
            PlaybackSource(url=server.url("manifest.mpd")),
            PlaybackSettings(start_s=0.0, rung=1),
            faults=FaultPlan.parse({"version": 1, "rules": rules}),
        )
        report = simulate(spec, Bench(tmp_path))
    assert report["result"]["status"] == "ended"
    assert sum(report["continuity"]["lost_s"].values()) == pytest.approx(4.0, abs=0.2)
    assert {each["cause"] for each in report["stalls"]} == {"network"}
    assert {each["error"] for each in report["requests"]} == {None, "net.trickle"}


@pytest.mark.parametrize(("streams", "media"), [(VIDEO, "video"), (AUDIO, "audio")])
def test_a_stale_segment_of_one_cdn_is_fetched_from_the_other(
    streams: tuple[str, ...], media: str, lying: Callable[[Lie], Path], tmp_path: Path
) -> None:
    folder = lying(lambda folder: each(folder, streams, range(3, 4), lambda p: neighbour(p, -1).read_bytes()))
    with FileServer(folder) as liar, FileServer(media_kit.ffmpeg_dash().folder) as honest:
        text = (folder / "manifest.mpd").read_text()
        bases = "".join(f"<BaseURL>{server.url('')}</BaseURL>" for server in (liar, honest))
        (folder / "two.mpd").write_text(text.replace("<Period", f"{bases}<Period", 1))
        spec = RunSpec(Labels("lie"), PlaybackSource(url=liar.url("two.mpd")), PlaybackSettings(start_s=0.0, rung=1))
        report = simulate(spec, Bench(tmp_path))
    assert report["continuity"]["lost_s"][media] == 0, report["continuity"]
    assert report["continuity"]["repeated_s"][media] == 0, report["continuity"]
    (note,) = [each for each in report["recoveries"] if each["kind"] == "misplaced"]
    assert note["code"] == "media.misplaced"


@pytest.mark.parametrize("streams", [VIDEO, AUDIO])
@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
@pytest.mark.parametrize("step", [-1, 1])
def test_what_a_misplaced_segment_costs_says_which_bytes_from_where(
    streams: tuple[str, ...], manifest: str, step: int, lying: Callable[[Lie], Path], tmp_path: Path
) -> None:
    folder = lying(lambda folder: each(folder, streams, range(3, 4), lambda p: neighbour(p, step).read_bytes()))
    report = played(folder, manifest, tmp_path)
    assert report["result"]["status"] == "ended"
    (row,) = [row for row in report["continuity"]["breaks"] if row["kind"] == "lost"]
    assert (row["code"], row["segment"]) == ("media.misplaced", 2)
    numbers = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob(f"*-{3:03}.m4s")}
    assert row["sha256"] in numbers
    assert row["end_s"] - row["start_s"] == pytest.approx(4.0, abs=0.1)
    assert sum(report["continuity"]["repeated_s"].values()) == 0


@pytest.mark.parametrize("streams", [VIDEO, AUDIO])
def test_the_bytes_of_a_segment_that_cannot_be_read_are_counted(
    streams: tuple[str, ...], lying: Callable[[Lie], Path], tmp_path: Path
) -> None:
    media = "video" if streams == VIDEO else "audio"
    folder = lying(lambda folder: each(folder, streams, range(3, 4), lambda _p: HTML))
    report = played(folder, "manifest.mpd", tmp_path)
    found = report["continuity"]["corrupt_bytes"]
    tries = found[media] / len(HTML)
    assert tries == int(tries) >= 1
    assert sum(found.values()) == found[media]
    assert metrics_of(report)["corrupt_bytes"] == found[media]


def test_a_picture_that_is_never_where_it_should_be_is_played_as_it_is(
    lying: Callable[[Lie], Path], tmp_path: Path
) -> None:
    folder = lying(lambda folder: each(folder, VIDEO, range(1, 6), lambda p: neighbour(p, 1).read_bytes()))
    report = played(folder, "manifest.mpd", tmp_path)
    assert report["result"]["status"] == "ended"
