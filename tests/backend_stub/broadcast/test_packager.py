"""A broadcast without an encoder: made boxes in, segments, journal and manifests out."""

from __future__ import annotations

import errno
import json
import os
import re
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.boxes import BoxError
from backend_stub.broadcast import dash, hls
from backend_stub.broadcast.channel import BroadcastChannel, JournalError, opened
from backend_stub.broadcast.guide import Programme, programmes_since, read_programmes, write_programmes
from backend_stub.broadcast.journal import JOURNAL, JournalReader, read_channel
from backend_stub.broadcaster.encoder import EncoderInput, command, tracks_of
from backend_stub.broadcaster.fragments import Fragment, FragmentReader, InitSegment
from backend_stub.broadcaster.loop import EndedError
from backend_stub.encoding.errors import BadInputError
from player.manifest import parse
from tests.kit import fragments
from tests.kit.studio import BEGUN, PART_S, PICTURE, Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "live")


def listed(studio: Studio, place: int = 0, *, skip: bool = False) -> str:
    return hls.media_playlist(studio.channel, studio.channel.tracks[place], skip=skip)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_a_stream_is_cut_into_the_same_fragments_however_it_comes(lengths: list[int]) -> None:
    data = fragments.init() + b"".join(
        fragments.fragment(second / 2, 0.5, sync=second % 4 == 0) for second in range(6)
    )
    reader, found = FragmentReader(), []
    for length in [*lengths, len(data)]:
        found += reader.feed(data[:length])
        data = data[length:]
    assert isinstance(found[0], InitSegment)
    assert found[0].codecs == "avc1.64001f"
    assert [(one.start_s, one.duration_s, one.independent) for one in found[1:] if isinstance(one, Fragment)] == [
        (second / 2, 0.5, second % 4 == 0) for second in range(6)
    ]


@pytest.mark.parametrize("data", [b"\0\0\0\1moov", fragments.box(b"mdat", b"x"), b"\xff" * 8])
def test_what_is_no_such_stream_is_refused(data: bytes) -> None:
    with pytest.raises(BoxError):
        FragmentReader().feed(data)


def test_segments_and_parts_are_listed_as_they_are_made(studio: Studio) -> None:
    studio.begin()
    studio.make(6)
    text = listed(studio)
    assert re.findall(r"#EXTINF:([\d.]+),\n(\S+)", text) == [("2.00000", "1.m4s")]
    assert re.findall(r'PART:DURATION=0.50000,URI="(\S+?)"(,INDEPENDENT=YES)?', text) == [
        ("1.p0.m4s", ",INDEPENDENT=YES"), ("1.p1.m4s", ""), ("1.p2.m4s", ""), ("1.p3.m4s", ""),
        ("2.p0.m4s", ",INDEPENDENT=YES"), ("2.p1.m4s", ""),
    ]  # fmt: skip
    assert '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2.p2.m4s"' in text
    assert 'REPORT:URI="../../audio/main/index.m3u8",LAST-MSN=1,LAST-PART=1' in text
    studio.make(2)
    assert 'URI="3.p0.m4s"' in listed(studio), "after a whole segment the hint is for the next one"
    segment = studio.channel.tracks[0].segments[0]
    data = (studio.folder / "video/90p/1.m4s").read_bytes()
    assert len(data) == segment.size
    assert data[segment.chunks[1].offset :].startswith(fragments.fragment(0.5, 0.5, payload=PICTURE))
    assert studio.channel.date(segment) == pytest.approx(BEGUN)


def test_all_playlists_of_a_channel_say_the_same_of_their_server(studio: Studio) -> None:
    """RFC 8216bis 6.2.4: also where frames of audio make its parts longer."""
    studio.begin()
    studio.make(6)
    studio.channel.tracks[1].part_s = 0.512
    lines = [
        [line for line in listed(studio, place).splitlines() if "SERVER-CONTROL" in line or "TARGETDURATION" in line]
        for place in (0, 1)
    ]
    assert lines[0] == lines[1]
    assert "PART-HOLD-BACK=1.536" in lines[0][1]


def test_the_end_of_a_segment_is_listed_before_the_next_one_is_hinted_at(studio: Studio) -> None:
    """A client takes a hinted part for one of the segment that is listed last."""
    studio.begin()
    studio.make(9)
    studio.close()
    first, *records = [json.loads(line) for line in (studio.folder / JOURNAL).read_text().splitlines()]
    channel = opened(first)
    hinted = 0
    for record in records:
        channel.apply(record)
        for track in channel.tracks:
            text = hls.media_playlist(channel, track)
            for number in map(int, re.findall(r'PRELOAD-HINT:TYPE=PART,URI="(\d+)\.p0', text)):
                hinted += 1
                assert [one.number for one in track.segments if one.whole] == list(range(1, number))
    assert hinted


def test_a_full_disk_leaves_no_torn_line(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.begin()
    studio.make(3)
    follower = JournalReader(studio.folder)
    follower.take(follower.read())
    before, write = (studio.folder / JOURNAL).read_bytes(), os.write
    room = iter((10,))

    def into_little_room(descriptor: int, data: bytes) -> int:
        fits = next(room, 0)
        if not fits:
            raise OSError(errno.ENOSPC, "no space")
        return write(descriptor, data[:fits])

    monkeypatch.setattr("backend_stub.broadcast.journal.os.write", into_little_room)
    with pytest.raises(OSError, match="no space"):
        studio.packager._journal.write({"is": "whole", "track": 0})
    monkeypatch.undo()
    assert (studio.folder / JOURNAL).read_bytes() == before
    assert not studio.channel.tracks[0].segments[0].whole
    studio.make(1)
    follower.take(follower.read())
    assert follower.channel == studio.channel


def test_a_blocking_reload_waits_for_just_that_part(studio: Studio) -> None:
    studio.begin()
    studio.make(5)
    channel, track = studio.channel, studio.channel.tracks[0]
    assert hls.has(channel, track, hls.Position(1, 0), whole=False)
    assert not hls.has(channel, track, hls.Position(1, 1), whole=False)
    assert hls.has(channel, track, hls.Position(0, 0), whole=True)
    assert not hls.has(channel, track, hls.Position(1, 0), whole=True)
    assert hls.has(channel, track, hls.Position(0, 9), whole=False), "a part beyond a segment is the next one's first"
    studio.make(1)
    assert hls.has(channel, track, hls.Position(1, 1), whole=False)


def test_a_delta_update_skips_what_a_client_has(studio: Studio) -> None:
    studio.begin()
    studio.make(4 * 12)
    whole, delta = listed(studio), listed(studio, skip=True)
    skipped = int(re.search(r"SKIPPED-SEGMENTS=(\d+)", delta)[1])  # type: ignore[index]
    assert skipped == 12 - 6 == whole.count("#EXTINF") - delta.count("#EXTINF")
    assert whole.endswith(delta[delta.index(f"#EXTINF:2.00000,\n{skipped + 1}.m4s") :])


def test_an_encoder_that_is_started_again_makes_a_discontinuity_and_a_period(studio: Studio) -> None:
    studio.begin()
    studio.make(5)
    studio.packager.end_run()
    studio.clock.at += 10
    studio.begin()
    studio.make(6)
    text = listed(studio)
    assert text.index("#EXTINF:0.50000,\n2.m4s") < text.index("#EXT-X-DISCONTINUITY\n") < text.index("\n3.m4s")
    assert text.count("#EXT-X-MAP") == 2
    assert "PROGRAM-DATE-TIME:2027-01-15T08:00:12.500Z" in text, "the gap is in the dates"
    mpd = parse(dash.manifest(studio.channel, studio.clock.at), "http://x/manifest.mpd")
    assert [period.start_s for period in mpd.periods] == [0.0, 12.5]
    assert mpd.live


def test_the_window_slides_and_what_is_behind_it_is_deleted(studio: Studio, tmp_path: Path) -> None:
    studio = Studio(tmp_path / "short", window_s=8.0)
    studio.begin()
    studio.make(3)
    studio.packager.end_run()
    studio.begin()
    studio.make(4 * 10)
    track = studio.channel.tracks[0]
    assert [segment.number for segment in track.segments] == [8, 9, 10, 11]
    assert (track.sequence, track.breaks) == (7, 1)
    assert len(studio.channel.runs) == len(track.inits) == 1
    files = {file.name for file in (studio.folder / "video/90p").glob("*.m4s")}
    assert files == {f"{number}.m4s" for number in range(4, 12)}, (
        "those that a client may still load stay for a while"
    )
    assert not (studio.folder / "video/90p/init-1-0.mp4").exists()


def test_the_end_of_an_event_makes_it_a_recording(studio: Studio) -> None:
    studio.begin()
    studio.make(9)
    studio.packager.end_run()
    studio.packager.end()
    text = listed(studio)
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert "PART" not in text
    mpd = parse(dash.manifest(studio.channel, studio.clock.at), "http://x/manifest.mpd")
    assert not mpd.live
    assert mpd.duration_s == pytest.approx(4.5) == pytest.approx(studio.channel.length_s)
    assert hls.has(studio.channel, studio.channel.tracks[0], hls.Position(99, 0), whole=True), "nobody waits any more"
    studio.packager.close()
    with pytest.raises(EndedError):
        studio.open()


def test_a_broadcaster_goes_on_with_what_a_killed_one_left(studio: Studio) -> None:
    studio.begin()
    studio.make(6)
    home, journal = studio.folder / "video/90p", studio.folder / JOURNAL
    with (home / "2.m4s").open("ab") as file:
        file.write(b"half a chunk")
    with journal.open("ab") as file:
        file.write(b'{"is":"chu')
    (home / "77.m4s").write_bytes(b"nobody names it")
    studio.open()
    assert (home / "2.m4s").stat().st_size == studio.channel.tracks[0].segments[-1].size
    assert not (home / "77.m4s").exists()
    studio.clock.at += 3
    studio.begin()
    studio.make(4)
    for track in studio.channel.tracks:
        assert [(one.number, one.duration_s, one.breaks) for one in track.segments] == [
            (1, 2.0, False), (2, 1.0, False), (3, 2.0, True),
        ]  # fmt: skip
    assert read_channel(studio.folder) == studio.channel


def test_what_a_disk_lost_is_forgotten(studio: Studio) -> None:
    studio.begin()
    studio.make(7)
    (studio.folder / "video/90p/2.m4s").write_bytes(fragments.fragment(2.0, PART_S, sync=True)[:90])
    (studio.folder / "audio/main/2.m4s").unlink()
    studio.open()
    assert [len(track.segments) for track in studio.channel.tracks] == [1, 1]
    studio.begin()
    studio.make(4)
    assert studio.channel.tracks[1].segments[-1].number == 2


@given(st.lists(st.sampled_from("mmmmmmmeo"), min_size=1, max_size=30))
def test_a_reader_that_follows_knows_what_the_writer_knows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """m: a chunk is made, e: the encoder ends and begins again, o: the broadcaster does."""
    studio = Studio(tmp_path_factory.mktemp("followed"), window_s=6.0)
    follower = JournalReader(studio.folder)
    studio.begin()
    for step in steps:
        if step == "m":
            studio.make(1)
        else:
            studio.packager.end_run()
            if step == "o":
                studio.packager.close()
                studio.open()
            studio.begin()
        follower.take(follower.read())
        assert follower.channel is not None
        assert list(follower.channel.records()) == list(studio.channel.records())
        again(studio.channel)
    studio.close()


def again(channel: BroadcastChannel) -> None:
    """A journal that was rewritten says the same."""
    records = list(channel.records(detailed=1000))
    made = opened(records[0])
    for record in records[1:]:
        made.apply(record)
    assert made == channel


@pytest.mark.parametrize(
    "text",
    ["", "[]\n", '{"is":"channel","version":9}\n', '{"is":"run"}\n', "\xff\n"],
)
def test_a_journal_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(JournalError):
        read_channel(tmp_path)


def test_records_that_do_not_fit_are_refused(studio: Studio) -> None:
    for record in ({}, {"is": "what", "track": 0}, {"is": "chunk", "track": 7}, {"is": "drop", "track": 0}):
        with pytest.raises(JournalError):
            studio.channel.apply(record)
    with pytest.raises(JournalError):
        studio.channel.apply(
            {"is": "segment", "track": 0, "number": 1, "run": 1, "epoch": 0, "start": 0.0, "breaks": False}
        )


def test_the_encoder_makes_keyframes_and_parts_that_fit(tmp_path: Path) -> None:
    tracks = tracks_of((180, 90), 30)
    assert [track.name for track in tracks] == ["video/90p", "video/180p", "audio/main"]
    words = command(EncoderInput("test"), tracks, (3, 4, 5))
    assert words.count("expr:gte(t,n_forced*2)") == 2
    assert [words[place + 1] for place, word in enumerate(words) if word == "-frag_duration"] == [
        "316666", "316666", "32000",
    ]  # fmt: skip
    assert words[-1] == "pipe:5"
    for name in (str(tmp_path / "none.mp4"), "ftp://x/y"):
        with pytest.raises(BadInputError):
            EncoderInput(name).program()


def test_the_guide_is_filled_with_hours(tmp_path: Path) -> None:
    hour = 1_800_000_000.0
    write_programmes(tmp_path, [Programme(hour + 600, hour + 1200, "News")])
    shown = list(islice(programmes_since(tmp_path, hour + 60, hour), 3))
    assert [(one.starts_at - hour, one.ends_at - hour, one.title) for one in shown] == [
        (60, 600, ""), (600, 1200, "News"), (1200, 3600, ""),
    ]  # fmt: skip
    for since in (2, 599, 600, 1300):
        again = next(programmes_since(tmp_path, hour - 7200, hour + since))
        assert again.starts_at <= hour + since < again.ends_at, "what runs, from where it began"
        assert (again.starts_at - hour) in (0, 600, 1200)
    assert [one.starts_at - hour for one in islice(programmes_since(tmp_path, hour - 7200, hour - 7200), 4)] == [
        -7200,
        -3600,
        0,
        600,
    ]
    for text in (
        "{}x",
        '[{"starts_at": 2, "ends_at": Infinity}]',
        '[{"starts_at": 2}]',
        '[{"starts_at": 2, "ends_at": 1}]',
        "7",
    ):
        with pytest.raises(ValueError, match="guide"):
            read_programmes(text)


def test_manifests_name_the_next_crypto_period_before_it_begins(tmp_path: Path) -> None:
    """Who learns of it later has begun to load its segments as those of the one before, and opens them so."""
    studio = Studio(tmp_path / "live", epoch_segments=2)
    studio.begin()
    studio.make(5)  # the second part of the second segment is to come
    text = dash.manifest(studio.channel, studio.clock.now())
    found = re.findall(r'<Period id="(\S+)" start="PT([\d.]+)S"(?: duration="PT([\d.]+)S")?', text)
    assert [(name, length) for name, _, length in found] == [("run-1-0", "4"), ("run-1-1", "")]
    assert float(found[1][1]) - float(found[0][1]) == pytest.approx(4)
    assert 'initialization="video/90p/init-1-1.mp4"' in text
    assert re.search(r'startNumber="3" presentationTimeOffset="\d+000" initialization="video', text)
    assert "init-1-1.mp4" not in listed(studio), "the part that is announced is of this one"
    studio.make(3)
    ends = listed(studio).rstrip().splitlines()
    hint = next(place for place, line in enumerate(ends) if line.startswith("#EXT-X-PRELOAD-HINT"))
    assert ends[hint - 1 : hint + 1] == [
        '#EXT-X-MAP:URI="init-1-1.mp4"',
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="3.p0.m4s"',
    ]
    studio.make(1)
    assert listed(studio).count("init-1-1.mp4") == 1
    assert dash.manifest(studio.channel, studio.clock.now()).count("<Period ") == 3


def test_audio_is_cut_where_video_is(tmp_path: Path) -> None:
    """The encoder's fragments of audio are short, and several make a part."""
    studio = Studio(tmp_path / "live")
    studio.begin()
    frame_s = 0.08  # of which 25 make a segment of two seconds; 6.25 make a part of half a second
    video = [(second / 2, 0.5) for second in range(8)]
    audio = [(0.01 + number * frame_s, frame_s) for number in range(50)]
    for start_s, length_s, place in sorted([(*each, 0) for each in video] + [(*each, 1) for each in audio]):
        data = fragments.fragment(start_s, length_s, sync=place == 1 or not start_s % 2, payload=PICTURE)
        studio.clock.at = BEGUN + start_s + length_s
        studio.packager.add(place, Fragment(data, start_s, length_s, place == 1 or not start_s % 2))
    first, second = list(studio.channel.tracks[1].segments)[:2]
    assert (first.start_s, second.start_s) == (pytest.approx(0.01), pytest.approx(2.01))
    assert [round(chunk.duration_s / frame_s) for chunk in first.chunks] == [6, 6, 6, 6, 1]
    whole = (studio.folder / "audio/main/1.m4s").read_bytes()
    assert whole.count(b"moof") == 25
    assert len(whole) == first.size


def test_a_period_begins_to_the_microsecond(studio: Studio) -> None:
    """A period that is half a millisecond longer than its segments would have one more, which is the next one's."""
    studio.begin()
    studio.clock.at += 0.000_46
    studio.make(5)
    studio.packager.end_run()
    studio.begin()
    studio.make(5)
    starts = re.findall(r'<Period id="\S+" start="PT([\d.]+)S"', dash.manifest(studio.channel, studio.clock.now()))
    runs = [run.at - studio.channel.started_at for run in studio.channel.runs.values()]
    assert [float(start) for start in starts] == [pytest.approx(run, abs=2e-6) for run in runs]
