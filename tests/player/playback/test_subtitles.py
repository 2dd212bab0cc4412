"""Subtitles as they reach libmpv: in their place on the timeline, and only those that are still wanted."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from player.base.errors import ErrorCode, MatineeError, MediaError, NetError
from player.manifest.model import Container, ListedIndex, Rendition, Segment, Track, TrackType
from player.media.demux import Demuxer
from player.media.model import ByteSource, Codec, Sample, StreamConfig, StreamKind
from player.net.model import RequestKind
from player.playback.subtitles import SubtitleTracks
from player.text.cues import Cue, TextSpan
from player.text.segments import near, sample_part
from player.text.webvtt import parse_webvtt
from player.tracks.selection import select
from tests.kit.presentations import presentation, rendition, segments, video_track

WRAP_S = 2**33 / 90_000


def vtt(*cues: str, map_: str = "") -> bytes:
    return ("WEBVTT\n" + map_ + "\n" + "\n".join(f"{cue}\n" for cue in cues)).encode()


def cue(start: str, end: str, text: str) -> str:
    return f"{start} --> {end}\n{text}\n"


def ttml(begin: str, end: str, text: str) -> bytes:
    body = f'<body><div><p begin="{begin}" end="{end}">{text}</p></div></body>'
    return f'<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml">{body}</tt>'.encode()


class Wvtt(Demuxer):
    """A demuxer of one wvtt sample of two seconds at media time 100."""

    def __init__(self, codec: Codec = Codec.WEBVTT) -> None:
        self.configs = {StreamKind.TEXT: StreamConfig(StreamKind.TEXT, codec)}

    def samples(self, source: ByteSource, *, fallback_start_s: float = 0.0) -> Iterator[Sample]:
        if self.configs[StreamKind.TEXT].codec is Codec.TTML:
            yield Sample(StreamKind.TEXT, 100.0, 100.0, 2.0, True, ttml("99s", "101s", "from a document"))
            return
        payload = b"payl" + b"from a box"
        inner = struct.pack(">I", len(payload) + 4) + payload
        box = struct.pack(">I", len(inner) + 8) + b"vttc" + inner
        yield Sample(StreamKind.TEXT, 100.0, 100.0, 2.0, True, box)


@dataclass
class FakeSources:
    """Segments by address; an error in place of the bytes is raised."""

    files: dict[str, bytes | Exception]
    demux: Demuxer = field(default_factory=Wvtt)
    asked: list[str] = field(default_factory=list)
    growing: tuple[Segment, ...] | None = None  # what is listed now, of a live title

    async def index(self, own: Rendition) -> Any:
        return own.segments if self.growing is None else ListedIndex(self.growing)

    async def segment_bytes(self, _own: Rendition, segment: Segment, kind: RequestKind) -> bytes:
        assert kind is RequestKind.TEXT
        self.asked.append(segment.url)
        found = self.files[segment.url]
        if isinstance(found, Exception):
            raise found
        return found

    async def demuxer(self, _own: Rendition, _segment: Segment) -> Demuxer:
        return self.demux


class Control:
    """Takes libmpv's commands; the documents that are shown at the moment."""

    def __init__(self) -> None:
        self.player = self
        self.shown: list[str] = []
        self.settings: dict[str, object] = {}

    def set(self, name: str, value: object) -> None:
        self.settings[name] = value

    def read(self, name: str) -> object:
        if name == "sid":
            return 1
        assert name == "track-list"
        return [{"id": 1, "codec": "h264"}, {"id": 3, "codec": "eia_608"}]

    def command(self, *words: str) -> bool:
        if words[0] == "sub-add":
            self.shown.append(words[1].removeprefix("memory://"))
        else:
            assert words in (("sub-remove",), ("sub-remove", "1"))
            self.shown.pop(0 if words[1:] else -1)
        return True

    async def run(self, function: Any, *values: Any) -> Any:
        return function(*values)


class Bench:
    def __init__(
        self,
        own: Rendition,
        files: dict[str, bytes | Exception],
        offset_s: float | None = None,
        channel: str | None = None,
        position_s: float = 0.0,
    ) -> None:
        self.sources = FakeSources(files)
        self.control = Control()
        self.lost: list[tuple[Segment, MatineeError]] = []
        self.offset_s = offset_s
        text = Track("sub", TrackType.TEXT, (own,), language="en", label="English", instream_id=channel)
        selection = select(presentation(video_track(rendition("v")), text))
        self.track = selection.text[0].id
        sources: Any = self.sources
        self.subtitles = SubtitleTracks(
            selection,
            sources,
            lambda _period, _segment: self.offset_s,
            lambda: position_s,
            lambda segment, error: self.lost.append((segment, error)),
        )
        self.changes = asyncio.Lock()

    async def show(self, track: str | None = "") -> str | None:
        await self.subtitles.show(self.track if track == "" else track, self.control)  # type: ignore[arg-type]
        return self.control.shown[-1] if self.control.shown else None

    async def follow(self) -> None:
        await self.subtitles.follow(self.control, self.changes)  # type: ignore[arg-type]


def text_rendition(index: Sequence[Segment], **fields: Any) -> Rendition:
    options = {"container": Container.WEBVTT, "codecs": (), "init": None, **fields}
    options.pop("init")
    return rendition("sub", 0, **{**options, "segments": ListedIndex(tuple(index))})


def plain(count: int = 1, **fields: Any) -> tuple[Segment, ...]:
    return segments(count, name="sub", **{"init": None, **fields})


def url(number: int) -> str:
    return f"http://a.test/sub-{number}"


async def test_a_file_of_subtitles_is_shown_and_taken_away() -> None:
    bench = Bench(text_rendition(plain()), {url(1): vtt(cue("00:01.000", "00:02.500", "Hello"))})
    document = await bench.show()
    assert document is not None
    assert "0:00:01.00,0:00:02.50" in document
    assert "Hello" in document
    assert [choice.selected for choice in bench.subtitles.choices()] == [True]
    assert await bench.show(None) is None
    assert [choice.selected for choice in bench.subtitles.choices()] == [False]
    await bench.show()
    assert bench.sources.asked == [url(1)], "the document is kept"
    assert await bench.show("text-99") is None


async def test_segments_are_put_together_and_repeated_cues_shown_once() -> None:
    repeated = cue("00:03.000", "00:05.000", "Twice")
    files: dict[str, bytes | Exception] = {
        url(1): vtt(repeated),
        url(2): vtt(repeated, cue("00:06.000", "00:07.000", "Later")),
    }
    document = await Bench(text_rendition(plain(2)), files).show()
    assert document is not None
    assert document.count("Twice") == 1
    assert document.count("Dialogue:") == 2


async def test_of_a_long_title_the_nearest_words_are_shown_first_and_the_others_come_behind_them() -> None:
    listed = plain(300, duration_s=4.0)
    files: dict[str, bytes | Exception] = {
        one.url: vtt(cue(clock(one.start_s), clock(one.end_s), f"word {one.number}")) for one in listed
    }
    files[listed[7].url] = NetError(ErrorCode.HTTP_NOT_FOUND, "It is gone.")
    bench = Bench(text_rendition(listed), files, position_s=802.0)
    await bench.show()
    assert words_of(bench.control.shown[0]) == [f"word {number}" for number in range(201, 231)], "from here on"
    for _ in range(9):
        with contextlib.suppress(NetError):
            await bench.follow()
    assert words_of(bench.control.shown[0]) == [f"word {one.number}" for one in listed if one is not listed[7]]
    assert len(bench.control.shown) == 1
    assert bench.sources.asked.count(listed[7].url) == 3, "what is not available is not asked for for ever"
    assert len(bench.sources.asked) == 302
    files[listed[7].url] = vtt(cue("00:28.000", "00:32.000", "word 8"))
    await bench.show(None)
    await bench.show()
    assert len(bench.sources.asked) == 303, "what has been read is not read again"
    assert len(words_of(bench.control.shown[0])) == 300


async def test_a_timestamp_map_follows_the_clock_of_the_pictures() -> None:
    """The pictures' media begins at 10 s; the map says that cue time 0 is at 12 s of it."""
    body = vtt(cue("00:01.000", "00:02.000", "Hi"), map_="X-TIMESTAMP-MAP=MPEGTS:1080000,LOCAL:00:00:00.000\n")
    bench = Bench(text_rendition(plain(media_offset_s=None)), {url(1): body}, offset_s=-10.0)
    document = await bench.show()
    assert document is not None
    assert "0:00:03.00,0:00:04.00" in document


async def test_what_was_loaded_before_the_clock_was_known_is_loaded_again() -> None:
    body = vtt(cue("00:01.000", "00:02.000", "Hi"), map_="X-TIMESTAMP-MAP=MPEGTS:1080000,LOCAL:00:00:00.000\n")
    bench = Bench(text_rendition(plain(media_offset_s=None)), {url(1): body})
    assert "0:00:01.00" in (await bench.show() or "")
    bench.offset_s = -10.0
    assert "0:00:03.00" in (await bench.show() or "")


def test_a_map_counts_modulo_26_hours() -> None:
    (wrapped,) = near(parse_webvtt(vtt(cue("26:31:01.000", "26:31:02.000", "x")).decode()), 4.0 * 1000 - WRAP_S * 0)
    assert wrapped.start_s == pytest.approx(26 * 3600 + 31 * 60 + 1 - WRAP_S)
    (same,) = near(parse_webvtt(vtt(cue("01:00:00.000", "01:00:01.000", "x")).decode()), 7200.0)
    assert same.start_s == 3600.0
    assert near([], 0.0) == []


async def test_subtitles_in_mp4() -> None:
    own = text_rendition(segments(1, name="sub", media_offset_s=-95.0), container=Container.FMP4, codecs=("wvtt",))
    document = await Bench(own, {url(1): b"boxes"}).show()
    assert document is not None
    assert "0:00:05.00,0:00:07.00" in document
    assert "from a box" in document


async def test_ttml_in_mp4_shows_as_long_as_its_sample() -> None:
    index = segments(1, name="sub", media_offset_s=-95.0)
    own = text_rendition(index, container=Container.FMP4, codecs=("stpp.ttml.im1t",))
    bench = Bench(own, {url(1): b"boxes"})
    bench.sources.demux = Wvtt(Codec.TTML)
    document = await bench.show()
    assert document is not None
    assert "0:00:05.00,0:00:06.00" in document
    assert "from a document" in document


def words(start_s: float, end_s: float) -> Cue:
    return Cue(start_s, end_s, (TextSpan("x"),))


def test_a_document_may_count_from_its_own_sample() -> None:
    assert sample_part([words(1.0, 3.0)], 60.0, 64.0) == [words(61.0, 63.0)]
    assert sample_part([words(59.0, 62.0)], 60.0, 64.0) == [words(60.0, 62.0)]
    assert sample_part([words(1.0, 3.0)], 0.0, 4.0) == [words(1.0, 3.0)]
    assert sample_part([words(50.0, 55.0)], 60.0, 64.0) == []


@pytest.mark.parametrize(("container", "codecs"), [(Container.TTML, ()), (Container.WEBVTT, ("stpp",))])
async def test_a_file_of_ttml_counts_from_its_period(container: Container, codecs: tuple[str, ...]) -> None:
    """What it is, its own bytes tell."""
    own = text_rendition(plain(media_offset_s=30.0), container=container, codecs=codecs)
    document = await Bench(own, {url(1): ttml("1s", "2s", "beside")}).show()
    assert document is not None
    assert "0:00:31.00,0:00:32.00" in document


async def test_a_long_file_is_read_beside_the_loop() -> None:
    many = vtt(*(cue(f"{n // 60:02d}:{n % 60:02d}.000", f"{n // 60:02d}:{n % 60:02d}.900", "w") for n in range(1500)))
    document = await Bench(text_rendition(plain()), {url(1): many}).show()
    assert document is not None
    assert document.count("Dialogue:") == 1500


async def test_other_text_in_mp4_is_refused() -> None:
    own = text_rendition(segments(1, name="sub"), container=Container.UNKNOWN)
    bench = Bench(own, {url(1): b"boxes"})
    bench.sources.demux = Wvtt(Codec.ASS)
    with pytest.raises(MediaError):
        await bench.show()
    assert bench.control.shown == []


@pytest.mark.parametrize(
    ("container", "codecs"),
    [(Container.FMP4, ("stpp.ttml.im1i",)), (Container.FMP4, ("c608",)), (Container.IMAGE, ())],
)
async def test_a_form_that_we_cannot_show_is_listed_with_the_reason(container: Container, codecs: tuple) -> None:
    bench = Bench(text_rendition(plain(), container=container, codecs=codecs), {})
    (choice,) = bench.subtitles.choices()
    assert choice.unsupported
    assert await bench.show() is None
    assert bench.sources.asked == []


async def test_a_lost_segment_loses_its_own_cues_only(caplog: pytest.LogCaptureFixture) -> None:
    files: dict[str, bytes | Exception] = {
        url(1): NetError(ErrorCode.HTTP_NOT_FOUND, "gone"),
        url(2): vtt(cue("00:05.000", "00:06.000", "Still here")),
    }
    bench = Bench(text_rendition(plain(2)), files)
    assert "Still here" in (await bench.show() or "")
    assert "1 of 2 subtitle segments" in caplog.text
    files[url(1)] = vtt(cue("00:01.000", "00:02.000", "Back"))
    assert "Back" in (await bench.show() or "")


async def test_a_segment_that_stays_away_is_told_once_as_lost() -> None:
    files: dict[str, bytes | Exception] = {
        url(1): NetError(ErrorCode.HTTP_NOT_FOUND, "gone"),
        url(2): vtt(cue("00:05.000", "00:06.000", "Still here")),
    }
    bench = Bench(text_rendition(plain(2)), files)
    await bench.show()
    for _ in range(4):
        with contextlib.suppress(NetError):
            await bench.follow()
    assert [(segment.number, error.code) for segment, error in bench.lost] == [(1, ErrorCode.HTTP_NOT_FOUND)]


async def test_nothing_at_all_is_an_error_and_shows_none() -> None:
    bench = Bench(text_rendition(plain(2)), {url(n): NetError(ErrorCode.NET_DNS, "no host") for n in (1, 2)})
    with pytest.raises(NetError):
        await bench.show()
    assert not any(choice.selected for choice in bench.subtitles.choices())


@pytest.mark.parametrize(("channel", "shown"), [("CC1", True), ("CC2", False), ("SERVICE1", False)])
async def test_of_captions_inside_the_pictures_the_first_channel_is_shown(channel: str, shown: bool) -> None:
    bench = Bench(text_rendition(()), {}, channel=channel)
    (choice,) = bench.subtitles.choices()
    assert (choice.unsupported is None) is shown
    await bench.show()
    assert bench.control.settings.get("sid") == (3 if shown else None)
    await bench.show(None)
    assert bench.control.settings.get("sid") == ("no" if shown else None)
    assert bench.sources.asked == []


async def test_words_whose_place_was_not_known_yet_are_put_in_their_place_later() -> None:
    """Those behind a discontinuity: its media has not been read when they are loaded."""
    body = vtt(cue("00:01.000", "00:02.000", "Hi"), map_="X-TIMESTAMP-MAP=MPEGTS:1080000,LOCAL:00:00:00.000\n")
    bench = Bench(text_rendition(plain(media_offset_s=None)), {url(1): body})
    assert "0:00:01.00,0:00:02.00" in (await bench.show() or "")
    await bench.follow()
    assert bench.sources.asked == [url(1)], "nothing new is known"
    bench.offset_s = -10.0
    await bench.follow()
    assert "0:00:03.00,0:00:04.00" in bench.control.shown[0]
    await bench.follow()
    assert bench.sources.asked == [url(1), url(1)]


async def test_a_choice_that_is_made_while_more_words_are_on_their_way_counts() -> None:
    listed = plain(40, duration_s=4.0)
    bench = Bench(text_rendition(listed), {one.url: vtt(cue("00:01.000", "00:02.000", "Hi")) for one in listed})
    await bench.show()
    async with bench.changes:
        more = asyncio.create_task(bench.follow())
        while len(bench.sources.asked) < len(listed):
            await asyncio.sleep(0)
        assert await bench.show(None) is None, "the network holds no choice back"
    await more
    assert bench.control.shown == []


async def test_of_a_live_title_the_words_that_come_are_shown_too() -> None:
    listed = plain(40, duration_s=4.0)
    files: dict[str, bytes | Exception] = {
        one.url: vtt(cue(clock(one.start_s), clock(one.end_s), f"word {one.number}")) for one in listed
    }
    bench = Bench(text_rendition(()), files)
    bench.sources.growing = listed[:3]
    assert (await bench.show() or "").count("Dialogue:") == 3
    await bench.follow()
    assert bench.sources.asked == [one.url for one in listed[:3]], "nothing has come"
    files[listed[3].url], kept = NetError(ErrorCode.NET_CUT, "It was cut."), files[listed[3].url]
    bench.sources.growing = listed[1:5]
    await bench.follow()
    assert len(bench.control.shown) == 1
    assert words_of(bench.control.shown[0]) == ["word 1", "word 2", "word 3", "word 5"]
    files[listed[3].url] = kept
    await bench.follow()
    assert words_of(bench.control.shown[0]) == ["word 1", "word 2", "word 3", "word 4", "word 5"]
    bench.sources.growing = listed[30:32]
    await bench.follow()
    assert words_of(bench.control.shown[0]) == ["word 31", "word 32"], "what is long past is let go"
    await bench.show(None)
    bench.sources.growing = listed[30:34]
    await bench.follow()
    assert bench.control.shown == []


def clock(time_s: float) -> str:
    return f"{int(time_s) // 60:02d}:{time_s % 60:06.3f}"


def words_of(document: str) -> list[str]:
    return [line.rpartition(",")[2] for line in document.splitlines() if line.startswith("Dialogue:")]
