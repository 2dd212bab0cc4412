"""The streaming without libmpv: which segments are fetched and read, and when."""

from __future__ import annotations

import threading

import pytest

from player.manifest.model import TrackType
from player.stream.layout import cue_position
from tests.kit.presentations import (
    audio_track,
    presentation,
    rendition,
    segments,
    video_track,
)
from tests.kit.streaming import names, reading, title
from tests.kit.transport import Act
from tests.kit.waiting import PATIENCE_S
from tests.player.stream.conftest import Make


async def test_a_title_is_read_from_begin_to_end(make: Make) -> None:
    bench = make(title())
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert names(got, "v") == [f"{n / 2:.3f}" for n in range(40)]
    assert sorted(set(names(got, "a"))) == sorted(f"{n / 2:.3f}" for n in range(40))
    assert bench.failures == []
    assert bench.streaming.at_end


@pytest.mark.parametrize("count", [1, 2])
async def test_short_titles_end(make: Make, count: int) -> None:
    bench = make(title(count))
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert len(names(got, "v")) == 8 * count


async def test_sound_that_begins_at_the_very_end_of_the_picture_is_fetched(make: Make) -> None:
    """The last audio segment starts within a hundredth of a second of the end of the last slot."""
    what = title(2)
    sound = rendition(
        "en",
        128_000,
        [*segments(1, 7.995, name="en"), *segments(1, 1.0, start_s=7.995, name="en2")],
        codecs=("mp4a.40.2",),
    )
    what = presentation(*what.periods[0].of(TrackType.VIDEO), audio_track(renditions=(sound,)))
    bench = make(what)
    await bench.start()
    _, at_end = await reading(bench)
    assert at_end
    assert "en2-1" in bench.asked


async def test_a_picture_without_sound_and_sound_without_a_picture(make: Make) -> None:
    silent = make(title(2, audio=False))
    await silent.start()
    got, at_end = await reading(silent)
    assert at_end
    assert len(names(got, "v")) == 16
    what = presentation(*title(2, languages=("en", "fr")).periods[0].of(TrackType.AUDIO))
    radio = make(what, language="fr")
    await radio.start()
    assert radio.streaming.audio_chosen == 1
    assert not radio.streaming.audio_can_change
    got, at_end = await reading(radio)
    assert at_end
    assert names(got, "a") == [f"{n / 2:.3f}" for n in range(16)]
    assert not [name for name in radio.asked if name.startswith("en")]


async def test_several_periods_are_one_file(make: Make) -> None:
    first = title(3).periods[0].tracks
    later = [
        rendition(f"r{n}", 1_000_000 * (n + 1), segments(3, start_s=12.0, name=f"p{n}", discontinuity=1))
        for n in range(3)
    ]
    bench = make(presentation(*first, more=[[video_track(*later)]]))
    await bench.start()
    got, at_end = await reading(bench)
    assert at_end
    assert names(got, "v") == [f"{n / 2:.3f}" for n in range(48)]
    assert len(names(got, "a")) == 24
    assert bench.streaming.timeline.end_s == 24.0


async def test_a_start_in_mid_title_fetches_only_from_there(make: Make) -> None:
    bench = make(title())
    await bench.start(9.0)
    assert bench.playhead.position_s == 9.0
    await bench.clock.advance(1.0)
    assert [name for name in bench.asked if name.startswith("en-") and name != "en-init"] == ["en-3"]
    bench.playhead.started = True
    await bench.clock.advance(4.0)
    assert [name for name in bench.asked if name.startswith("r0-") and name != "r0-init"] == ["r0-3", "r0-4", "r0-5"]
    assert [name for name in bench.asked if name.startswith("en-") and name != "en-init"] == ["en-3", "en-4", "en-5"]


async def test_loading_ends_where_the_buffer_is_full(make: Make) -> None:
    bench = make(title(20), buffer_s=10.0)
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(30.0)
    assert bench.rungs()[:4] == [0, 0, 0, None]
    bench.playhead.position_s = 5.0
    bench.streaming.poke()
    await bench.clock.advance(1.0)
    assert bench.rungs()[:5] == [0, 0, 0, 0, None]
    assert bench.streaming.buffered_until() == 16.0


async def test_reading_on_gives_up_nothing_however_much_is_buffered(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("player.net.gate._TRICKLE_BYTES_PER_S", 0.0)  # a transfer that does not end for a minute
    bench = make(title(16, audio=False), buffer_s=60.0)
    bench.transport.always("http://a.test/r0-12", Act(rate_bps=100.0, chunk=20))
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(5.0)
    assert bench.asked[-1] == "r0-12"
    for segment in (0, 1, 2):
        bench.streaming._want("main", segment)  # as the reader on its own thread asks for it
        await bench.clock.advance(0.1)
    await bench.clock.advance(60.0)
    assert bench.asked.count("r0-12") == 1


async def test_a_jump_fetches_there_first_and_gives_up_the_rest(make: Make) -> None:
    bench = make(title(30))
    bench.transport.plan("http://a.test/r0-1", Act(stall_after=10))
    bench.transport.plan("http://a.test/en-1", Act(stall_after=10))
    await bench.start()
    stream = bench.streaming.open()
    await bench.clock.advance(0.5)
    assert bench.transport.open_now == 2
    bench.playhead.position_s = 80.0
    bench.playhead.started = True
    stream.seek(cue_position(20))
    await bench.clock.advance(0.1)
    asked = [name for name in bench.asked if not name.endswith("init")]
    assert asked[:2] == ["r0-1", "en-1"]
    assert asked[2] == "r0-21"
    assert "en-21" in asked[2:5]
    assert bench.transport.open_now == 0


async def test_another_sound_is_fetched_and_written_instead(make: Make) -> None:
    bench = make(title(4, languages=("en", "fr")))
    await bench.start()
    bench.playhead.started = True
    await bench.clock.advance(5.0)
    assert not [name for name in bench.asked if name.startswith("fr-")]
    await bench.clock.run(bench.streaming.choose_audio(1))
    await bench.clock.advance(5.0)
    assert bench.streaming.audio_chosen == 1
    assert {name for name in bench.asked if name.startswith("fr-")} == {"fr-init", "fr-1", "fr-2", "fr-3", "fr-4"}
    assert bench.streaming.buffered_until() == 16.0


async def test_closing_ends_every_request_and_every_read(make: Make) -> None:
    bench = make(title(4))
    bench.transport.always("http://a.test/r0-2", Act(stall_after=10))
    await bench.start()
    stream = bench.streaming.open()
    results: list[int] = []

    def play() -> None:
        position = 0
        while data := b"".join(bytes(part) for part in stream.read(1 << 16)):
            position += len(data)
            if data[-9:-8] == b"\xec" and stream._queue == []:
                position = stream.seek(position + (int.from_bytes(data[-8:], "big") & ((1 << 56) - 1)))
        results.append(position)

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    bench.playhead.started = True
    await bench.clock.advance(1.0)
    await bench.streaming.close()
    thread.join(PATIENCE_S)
    assert len(results) == 1
    assert bench.transport.open_now == 0
    assert bench.store._entries == {}
