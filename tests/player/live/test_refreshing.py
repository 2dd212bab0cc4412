"""What spares bytes in a live programme, over many reloads: MPD patches, delta updates; and subtitles that come."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from player.manifest import parse
from player.manifest.edit import iter_renditions
from player.playback.subtitles import SubtitleTracks
from player.reporting.events import Note
from player.tracks.selection import select
from tests.kit.broadcast import BASE, SEGMENT_S, WINDOW, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock

Follow = Callable[[Broadcast], Awaitable[Viewing]]

_SKIP_S = 24.0
_LINE = re.compile(r"Dialogue: \d+,([\d:.]+),([\d:.]+),.*,(word \d+)$", re.MULTILINE)


@pytest.fixture
async def follow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Follow]:
    """Begins to view a broadcast."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    made: list[Viewing] = []

    async def begin(broadcast: Broadcast) -> Viewing:
        made.append(Viewing(broadcast))
        await broadcast.clock.run(made[-1].begin())
        return made[-1]

    yield begin
    for viewing in made:
        await viewing.close()


def check_shown(viewing: Viewing, until_s: float) -> None:
    """Every picture, without a stop."""
    times = sorted(viewing.sink.shown)
    assert times == [times[0] + 0.5 * number for number in range(len(times))]
    assert times[-1] - times[0] > until_s
    assert not viewing.sink.stalls
    assert not viewing.failures


def notes(viewing: Viewing) -> list[str]:
    return [event.kind for event in viewing.events if isinstance(event, Note)]


# --- the first reload


class Dated(Broadcast):
    """A broadcast that knows when it was asked for each list."""

    def __init__(self, form: str) -> None:
        super().__init__(FakeClock(), form)
        self.asked: dict[str, list[float]] = {}

    def get(self, url: str) -> bytes | None:
        self.asked.setdefault(url.rpartition("/")[2].partition("?")[0], []).append(self.clock.monotonic())
        return super().get(url)


@pytest.mark.parametrize(("form", "name", "every_s"), [("hls", "v0.m3u8", SEGMENT_S), ("dash", "a.mpd", 2.0)])
async def test_the_first_reload_counts_from_the_first_load(
    monkeypatch: pytest.MonkeyPatch, form: str, name: str, every_s: float
) -> None:
    """Whatever starting takes: who joins with one segment has no more in hand than that is long."""
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    broadcast = Dated(form)
    viewing = Viewing(broadcast)
    viewing.start_s = 1.5
    await broadcast.clock.run(viewing.begin())
    await viewing.run(2 * every_s)
    await viewing.close()
    first, again, *_ = broadcast.asked[name]
    assert again - first == pytest.approx(every_s, abs=0.2)


# --- HLS: another rung


class Reporting(Broadcast):
    """An HLS programme whose playlists report of one another. ``refuses``: what was reported is not there."""

    def __init__(self, *, refuses: bool) -> None:
        super().__init__(FakeClock(), "hls")
        self.refuses = refuses

    def get(self, url: str) -> bytes | None:
        if self.refuses and "v1.m3u8?" in url:
            return None
        self.head = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n" + "\n".join(
            f'#EXT-X-RENDITION-REPORT:URI="{name}.m3u8",LAST-MSN={self._listed()[-1]}' for name in ("v0", "v1", "en")
        )
        return super().get(url)


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_new_rung_is_asked_for_as_far_as_it_was_reported(follow: Follow, refuses: bool) -> None:
    broadcast = Reporting(refuses=refuses)
    viewing = await follow(broadcast)
    await viewing.run(10.0)
    assert viewing.asked("v0.m3u8")[0] == "v0.m3u8", "nothing is reported yet"
    presentation = parse(broadcast.get(broadcast.url) or b"", broadcast.url)
    rung = next(each for _, _, each in iter_renditions(presentation) if each.height == 360)
    index = await broadcast.clock.run(viewing.sources.index(rung))
    assert index[len(index) - 1].number >= broadcast.whole - 2
    asked = viewing.asked("v1.m3u8")
    assert asked[0].startswith("v1.m3u8?_HLS_msn=")
    assert (asked[-1] == "v1.m3u8") == refuses


class InParts(Broadcast):
    """An HLS programme that lists parts of its segments. Those of the rung ``v1`` begin with a frame of their own in
    every ``every``-th segment (0: in none)."""

    def __init__(self, every: int) -> None:
        super().__init__(FakeClock(), "hls")
        self.every = every

    def _playlist(self, track: str) -> str:
        text = super()._playlist(track)
        for number in self._listed():
            alone = track != "v1" or (self.every and number % self.every == 0)
            marks = (",INDEPENDENT=YES", "") if alone else ("", ",INDEPENDENT=YES")
            parts = "".join(
                f'#EXT-X-PART:DURATION=2,URI="{number}.{part}"{mark}\n' for part, mark in enumerate(marks)
            )
            name = f"{track}-a-{number}\n"
            text = text.replace(f"#EXTINF:4,\n{name}", f"{parts}#EXTINF:4,\n{name}")
        return text


@pytest.mark.parametrize(("every", "kept"), [(3, {0, 1, 2}), (1, {0}), (0, {2})])
@pytest.mark.parametrize("begun_s", [10.0, 14.0, 18.0])
async def test_a_rung_begins_with_a_part_that_can_be_decoded_by_itself(
    follow: Follow, every: int, kept: set[int], begun_s: float
) -> None:
    """But a change is not put off for ever."""
    broadcast = InParts(every)
    viewing = await follow(broadcast)
    await viewing.run(begun_s)
    viewing.wishes.rung = 1
    await viewing.run(40.0)
    first_s = min(time_s for time_s, rung in viewing.sink.shown.items() if rung == 1)
    assert first_s % SEGMENT_S == 0
    if every:
        assert first_s // SEGMENT_S % every == 0
    assert notes(viewing).count("rung_kept") in kept
    assert not viewing.sink.stalls
    assert not viewing.failures


# --- DASH


class Patched(Broadcast):
    """A DASH programme that sends patches. ``exact``: its MPD lists every segment, else it counts them and a patch
    only says when it was published. ``misfits`` is how many of the next patches are for another version."""

    def __init__(self, clock: FakeClock, *, exact: bool = True) -> None:
        super().__init__(clock, "dash")
        self.exact = exact
        self.minimum_update_s = 2.0 if exact else 4.0  # the longer one: what comes with the clock comes between two
        self.misfits = 0
        self.patches = 0
        self._told = self._listed()  # at the last answer
        self._version = 0

    def get(self, url: str) -> bytes | None:
        if "a.mpp" not in url:
            return super().get(url)
        return self._patch(int(url.rpartition("=")[2])).encode()

    def _location(self) -> str:
        return f"<PatchLocation>a.mpp?from={self._version}</PatchLocation>"

    def _published(self, version: int) -> str:
        return f"2024-01-01T00:{version // 60:02d}:{version % 60:02d}Z"

    def _mpd(self) -> str:
        self._version += 1
        self._told = self._listed()
        text = super()._mpd().replace("<MPD ", f'<MPD id="m" publishTime="{self._published(self._version)}" ')
        text = text.replace('<Period id="0"', f'{self._location()}<Period id="0"')
        if self.exact:
            lines = "".join(self._line(number) for number in self._told)
            text = re.sub(
                r' duration="4" startNumber="0"([^>]*)/>',
                rf' startNumber="{self._told[0]}"\1><SegmentTimeline>{lines}</SegmentTimeline></SegmentTemplate>',
                text,
            )
        return text

    def _patch(self, version: int) -> str:
        assert version == self._version, "asked for where the MPD does not say"
        self.patches += 1
        before, now = self._told, self._listed()
        self._told = now
        self._version += 1
        body = f'<replace sel="/MPD/PatchLocation">{self._location()}</replace>'
        for place in (1, 2) if self.exact else ():
            template = f"/MPD/Period[@id='0']/AdaptationSet[{place}]/SegmentTemplate"
            body += f'<remove sel="{template}/SegmentTimeline/S[1]"/>' * (now[0] - before[0])
            body += f'<replace sel="{template}/@startNumber">{now[0]}</replace>'
            fresh = "".join(self._line(number) for number in now if number >= before.stop)
            body += f'<add sel="{template}/SegmentTimeline">{fresh}</add>' if fresh else ""
        self.misfits, wrong = max(0, self.misfits - 1), self.misfits > 0
        original = self._published(version + 500 if wrong else version)
        return (
            f'<Patch xmlns="urn:mpeg:dash:schema:mpd-patch:2020" mpdId="m" originalPublishTime="{original}"'
            f' publishTime="{self._published(self._version)}">{body}</Patch>'
        )

    def _line(self, number: int) -> str:
        return f'<S t="{number * SEGMENT_S:.0f}" d="{SEGMENT_S:.0f}"/>'


@pytest.mark.parametrize("exact", [True, False])
async def test_a_programme_is_followed_by_patches_alone(follow: Follow, exact: bool) -> None:
    broadcast = Patched(FakeClock(), exact=exact)
    viewing = await follow(broadcast)
    await viewing.run(40.0)
    check_shown(viewing, 35.0)
    assert len(viewing.asked("a.mpd")) == 1
    assert broadcast.patches == pytest.approx(40 / broadcast.minimum_update_s, abs=2)
    assert "live_refresh" not in notes(viewing)


@pytest.mark.parametrize("exact", [True, False])
async def test_after_a_patch_that_does_not_fit_the_whole_is_loaded_once(follow: Follow, exact: bool) -> None:
    broadcast = Patched(FakeClock(), exact=exact)
    viewing = await follow(broadcast)
    await viewing.run(8.0)
    broadcast.misfits = 1
    await viewing.run(24.0)
    check_shown(viewing, 27.0)
    assert len(viewing.asked("a.mpd")) == 2
    assert broadcast.patches == pytest.approx(32 / broadcast.minimum_update_s - 1, abs=2), "and then patches again"
    assert notes(viewing).count("live_refresh") == 1


# --- HLS


class Skipping(Broadcast):
    """An HLS programme that offers delta updates. ``alone``: of one playlist, which nothing else places in time.
    ``misfits`` is how many of the next updates skip more than there is."""

    def __init__(self, clock: FakeClock, *, alone: bool = False) -> None:
        super().__init__(clock)
        self.head = f"#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL={_SKIP_S:g}"
        self.alone = alone
        self.misfits = 0
        self.deltas = 0

    def get(self, url: str) -> bytes | None:
        whole = super().get(url)
        assert whole is not None or ".m3u8" not in url
        if url.endswith("master.m3u8") and self.alone:
            return b'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.4d4015",RESOLUTION=640x180\nv0.m3u8\n'
        if whole is None or "_HLS_skip=YES" not in url:
            return whole
        self.deltas += 1
        lines = whole.decode().splitlines()
        first = next(place for place, line in enumerate(lines) if line.startswith("#EXTINF"))
        skipped = WINDOW - round(_SKIP_S / SEGMENT_S)
        self.misfits, more = max(0, self.misfits - 1), 40 if self.misfits > 0 else 0
        head = [line for line in lines[:first] if "EXT-X-MAP" not in line]
        skip = f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped + more}"
        return "\n".join([*head, skip, *lines[first + 2 * skipped :], ""]).encode()


@pytest.mark.parametrize("alone", [True, False])
async def test_a_playlist_is_followed_by_delta_updates(follow: Follow, alone: bool) -> None:
    broadcast = Skipping(FakeClock(), alone=alone)
    viewing = await follow(broadcast)
    await viewing.run(16.0)
    broadcast.misfits = 1
    await viewing.run(24.0)
    check_shown(viewing, 35.0)
    asked = [*viewing.asked("v0.m3u8"), *viewing.asked("en.m3u8")]
    whole = [name for name in asked if "_HLS_skip" not in name]
    assert len(whole) == (1 if alone else 2) + 1, "at the start, and where an update did not fit"
    assert broadcast.deltas == pytest.approx(10 if alone else 20, abs=3)
    assert "live_refresh" not in notes(viewing)
    starts = [slot.start_s for slot in viewing.streaming.timeline.slots]
    assert starts == [starts[0] + SEGMENT_S * number for number in range(len(starts))]


# --- subtitles


class Worded(Broadcast):
    """With subtitles: segment n says "word n" one second after its start, for two."""

    def get(self, url: str) -> bytes | None:
        name = url.removeprefix(BASE)
        if name.startswith("sub-"):
            number = int(name.rpartition("-")[2])
            return self._words(number).encode() if number in self._listed() else None
        found = super().get(url)
        if name != "master.m3u8" or found is None:
            return found
        media = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="sub.m3u8"'
        return found.replace(b"#EXTM3U\n", f"#EXTM3U\n{media}\n".encode()).replace(
            b'AUDIO="a"\n', b'AUDIO="a",SUBTITLES="s"\n'
        )

    def _playlist(self, track: str) -> str:
        text = super()._playlist(track)
        return text.replace('#EXT-X-MAP:URI="init"\n', "") if track == "sub" else text

    def _words(self, number: int) -> str:
        """The cue counts from the clock of the day, which the map brings to the media's."""
        local_s = 36_000.0 + number * SEGMENT_S
        media = round(number * SEGMENT_S * 90_000)
        return (
            f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:{_time(local_s)},MPEGTS:{media}\n\n"
            f"{_time(local_s + 1)} --> {_time(local_s + 3)}\nword {number}\n"
        )


def _time(seconds: float) -> str:
    return f"{seconds // 3600:02.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:06.3f}"


class Screen:
    """Takes libmpv's commands; the last document that was given to it."""

    def __init__(self) -> None:
        self.player = self
        self.document = ""

    def read(self, _name: str) -> object:
        return 1

    def command(self, *words: str) -> bool:
        if words[0] == "sub-add":
            self.document = words[1]
        return True

    async def run(self, function: Callable[..., object], *values: object) -> object:
        return function(*values)

    @property
    def words(self) -> dict[str, tuple[float, float]]:
        """When each word is shown, in seconds on the timeline."""
        return {word: (_seconds(start), _seconds(end)) for start, end, word in _LINE.findall(self.document)}


def _seconds(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


async def test_live_subtitles_with_a_clock_of_their_own(follow: Follow) -> None:
    """Each word stands where its segment of the picture does, in every window that follows."""
    broadcast = Worded(FakeClock())
    viewing = await follow(broadcast)
    await viewing.run(4.0)
    selection = select(viewing.live._programme.whole)
    subtitles = SubtitleTracks(selection, viewing.sources, viewing.streaming.media_offset)
    screen = Screen()
    (track,) = selection.text
    await broadcast.clock.run(subtitles.show(track.id, screen))  # type: ignore[arg-type]
    assert len(screen.words) == WINDOW
    for _ in range(20):
        await viewing.run(SEGMENT_S)
        await broadcast.clock.run(subtitles.follow(screen, asyncio.Lock()))  # type: ignore[arg-type]
        listed = broadcast._listed()
        slots = {slot.number: slot.start_s for slot in viewing.streaming.timeline.slots}
        assert {f"word {number}" for number in listed} <= set(screen.words)
        for number in listed:
            start_s, end_s = screen.words[f"word {number}"]
            assert (start_s, end_s) == (number * SEGMENT_S + 1, number * SEGMENT_S + 3)
            assert slots.get(number, start_s - 1) == start_s - 1
    assert len(screen.words) <= WINDOW + 60 / SEGMENT_S, "what is long past is let go"
    check_shown(viewing, 80.0)
