"""A live playlist of which only the end is read means the same as one that is read as a whole."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from player.manifest import parse, refresh
from player.manifest.changes import Changes
from player.manifest.hls import build
from player.manifest.hls.grown import FEWEST
from player.manifest.hls.media import MediaReader
from player.manifest.model import Presentation, Rendition, Segment, TimedEvent

URL = "https://example.org/a/x.m3u8"
HEAD = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n"


class Channel:
    """A channel with whatever a packager writes before its segments, of which a window is listed."""

    def __init__(self, seed: int, *, odd: bool = True) -> None:
        chance = random.Random(seed)
        dated = chance.random() < 0.5
        self.blocks: list[list[str]] = []
        self.breaks: list[int] = []  # discontinuities before each segment, its own included
        self.in_force: list[list[str]] = []  # the key and map lines that a window which begins here repeats
        key, init, breaks, time_s = "", "", 0, 0.0
        for number in range(FEWEST * 3):
            lines: list[str] = []
            if odd and chance.random() < 0.03:
                lines.append("#EXT-X-DISCONTINUITY")
                breaks += 1
            if odd and chance.random() < 0.03:
                key = chance.choice(["#EXT-X-KEY:METHOD=NONE", f'#EXT-X-KEY:METHOD=AES-128,URI="k{number}"'])
                lines.append(key)
            if odd and chance.random() < 0.02:
                init = f'#EXT-X-MAP:URI="i{number}.mp4"'
                lines.append(init)
            if dated and chance.random() < 0.3:
                minutes, seconds = divmod(time_s, 60)
                lines.append(f"#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:{int(minutes):02d}:{seconds:06.3f}Z")
            if odd and chance.random() < 0.02:
                lines.append(chance.choice(["#EXT-X-GAP", "#EXT-X-CUE-OUT:30", "#EXT-X-CUE-IN", "#EXT-X-OWN:1", ""]))
            duration = chance.choice(["4.000", "3.96", "4"])
            lines += [f"#EXTINF:{duration},{'title' if chance.random() < 0.1 else ''}", f"seg-{number}.ts?x={seed}"]
            time_s += float(duration)
            self.blocks.append(lines)
            self.breaks.append(breaks)
            self.in_force.append([line for line in (key, init) if line])

    def window(self, first: int, count: int, tail: str = "") -> str:
        own = self.blocks[first]
        before = self.breaks[first] - own.count("#EXT-X-DISCONTINUITY")
        lines = [f"#EXT-X-MEDIA-SEQUENCE:{first}", f"#EXT-X-DISCONTINUITY-SEQUENCE:{before}"]
        lines += [line for line in self.in_force[first] if line not in own]
        for block in self.blocks[first : first + count]:
            lines += block
        return HEAD + "\n".join(lines) + "\n" + tail


Refreshed = Callable[[Presentation, str], tuple[Presentation, Changes]]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Refreshed:
    def read(old: Presentation, text: str) -> tuple[Presentation, Changes]:
        with monkeypatch.context() as patch:
            patch.setattr(build, "grown", lambda *_everything: None)
            return refresh(old, text, URL)

    return read


def bare(presentation: Presentation) -> tuple[object, ...]:
    """All but the places: what is kept has those of the playlist that brought it."""

    def segment(item: Segment) -> object:
        keys = [(key.method, key.uri, key.iv) for key in item.keys]
        init = None if item.init is None else (item.init.url, item.init.byte_range)
        return (
            item.number,
            round(item.start_s, 6),
            round(item.duration_s, 6),
            *item[3:5],
            init,
            keys,
            *item[7:10],
            item.title,
        )

    rendition = only(presentation)
    dates = [item.program_date_time_s for item in rendition.segments]  # type: ignore[union-attr]
    events = [(item.scheme, round(item.start_s or 0.0, 6), item.duration_s) for item in presentation.cues]
    return (
        [segment(item) for item in rendition.segments],  # type: ignore[union-attr]
        [None if date is None else round(date, 3) for date in dates],
        rendition.playlist,
        presentation.live_info is None,
        None if presentation.duration_s is None else round(presentation.duration_s, 6),
        events,
        presentation.unused,
        {item.code for item in presentation.warnings},
    )


def only(presentation: Presentation) -> Rendition:
    return presentation.periods[0].tracks[0].renditions[0]


@pytest.mark.parametrize("seed", range(12))
def test_a_window_that_slides_says_what_it_says_as_a_whole(seed: int, whole: Refreshed) -> None:
    channel, chance = Channel(seed), random.Random(seed)
    first, count = chance.randrange(20), FEWEST + chance.randrange(30)
    ours = theirs = parse(channel.window(first, count), URL)
    for turn in range(6):
        first += chance.choice([0, 1, 1, 2, 5])
        count += chance.choice([0, 0, 1, 3])
        text = channel.window(first, count, "#EXT-X-ENDLIST\n" if turn == 5 else "")
        ours, own_changes = refresh(ours, text, URL)
        theirs, changes = whole(theirs, text)
        assert own_changes == changes
        assert bare(ours) == bare(theirs)


def test_what_is_kept_is_the_same_and_only_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Channel(1, odd=False)
    old = parse(channel.window(0, 200), URL)
    read: list[int] = []
    feed = MediaReader.feed

    def counted(self: MediaReader, lines: list[str], first: int) -> None:
        read.append(len(lines))
        feed(self, lines, first)

    monkeypatch.setattr(MediaReader, "feed", counted)
    new, changes = refresh(old, channel.window(1, 200), URL)
    assert sum(read) < 20
    assert only(new).segments[0] is only(old).segments[1]  # type: ignore[index]
    assert (changes.renditions[0].added, changes.renditions[0].removed) == ((200,), (0,))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("seg-50.ts", "other-50.ts"),
        lambda text: text.replace("#EXT-X-MEDIA-SEQUENCE:2", "#EXT-X-MEDIA-SEQUENCE:3"),
        lambda text: text.replace("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:5"),
        lambda text: text.replace("seg-2.ts", "seg-02.ts"),
        lambda text: text.replace("#EXTINF", "#EXT-X-BYTERANGE:10@0\n#EXTINF", 3),
        lambda text: text + '#EXT-X-DATERANGE:ID="a",START-DATE="2024-01-01T00:00:00Z"\n',
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("#EXT-X-DISCONTINUITY-SEQUENCE:0", "#EXT-X-DISCONTINUITY-SEQUENCE:4"),
        lambda text: HEAD + "#EXT-X-MEDIA-SEQUENCE:2\n",
        lambda text: text + "#EXTINF:4,\n",
    ],
)
def test_whatever_is_not_as_before_is_read_as_a_whole(change: Callable[[str], str], whole: Refreshed) -> None:
    channel = Channel(3, odd=False)
    old = parse(channel.window(0, 150), URL)
    text = change(channel.window(2, 150))
    ours, own_changes = refresh(old, text, URL)
    theirs, changes = whole(old, text)
    assert own_changes == changes
    assert bare(ours) == bare(theirs)
    assert isinstance(ours.cues, tuple)
    assert all(isinstance(event, TimedEvent) for event in ours.date_ranges)
