"""What a track loses or repeats, found in its samples."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from player.stream.continuity import AUDIO_SLACK_S, VIDEO_SLACK_S, Break, BreakKind, Continuity, Coverage

FRAME_S = 0.04
AAC_S = 1024 / 48000
Frames = list[tuple[float, float]]


def frames(start_s: float, count: int = 100) -> Frames:
    """Frames of one segment in decode order: one of three is shown after the two behind it."""
    at = [number + (2, -1, -1)[number % 3] if number < count - count % 3 else number for number in range(count)]
    return [(start_s + number * FRAME_S, FRAME_S) for number in at]


def covered(*segments: Frames, stated: bool = True, spliced: bool = False) -> list[tuple[BreakKind, float]]:
    coverage, found = Coverage(), []
    for segment in segments:
        for shown_s, duration_s in segment:
            coverage.take(shown_s, duration_s)
        found += coverage.close(spliced=spliced, stated=stated)
    return [(each.kind, round(each.end_s - each.start_s, 3)) for each in found]


LOST, REPEATED, STANDS = BreakKind.LOST, BreakKind.REPEATED, BreakKind.STANDS


@pytest.mark.parametrize(
    ("segments", "found"),
    [
        ([frames(0.0), frames(4.0)], []),
        ([frames(0.0)[:90], frames(4.0)], [(LOST, 0.4)]),
        ([sorted(frames(0.0))[::2]], [(LOST, 1.96)]),
        ([frames(0.0), [*frames(4.0), *frames(4.0)]], [(REPEATED, 4.0)]),
        ([frames(0.0), frames(4.4), frames(8.0)], [(LOST, 0.4), (REPEATED, 0.4)]),
        ([frames(0.0), [], frames(8.0)], []),  # the lost one is reported by who lost it
        ([[(0.0, 3.0)], [(3.0, 3.0)], [(6.0, 3.0)]], [(STANDS, 3.0)] * 3),  # slides
        ([[*frames(0.0)[:30], (1.2, 1.6), *frames(2.8)[:30]]], [(STANDS, 1.6)]),
        ([[(number * 0.08, 0.08) for number in range(50)]], []),  # of another pace from the start
        ([frames(0.0), [(4.0 + number * 0.08, 0.08) for number in range(50)]], [(STANDS, 0.28)] * 7),
    ],
)
def test_frames_cover_their_time_once(segments: list[Frames], found: list[tuple[BreakKind, float]]) -> None:
    assert covered(*segments) == found


def test_frames_whose_durations_nobody_states_last_until_the_next_one() -> None:
    uneven = [(number * 0.24, FRAME_S) for number in range(50)]
    after = [(12.0 + number * 0.24, FRAME_S) for number in range(50)]
    assert covered(uneven, after, stated=False) == []
    assert covered(frames(0.0)[:90], frames(4.0), stated=False) == [(LOST, 0.4)]


def test_a_rest_of_two_pictures_tells_no_pace() -> None:
    rest = [(-0.01, 0.01), (-0.02, 0.01)]
    assert covered(rest, frames(0.0), frames(4.0)) == []
    assert covered(rest, frames(0.0), sorted(frames(4.0)), stated=False) == []


def test_pictures_of_different_lengths_that_are_reordered_cover_their_time() -> None:
    """MP4 states how long it is until the next is decoded. FFmpeg decodes a first picture that is held earlier."""
    held_s = 1.48
    stated = [held_s + FRAME_S, *[FRAME_S] * 99]
    coverage = Coverage()
    for number, (shown_s, _) in enumerate(frames(0.0)):
        coverage.take(shown_s, stated[number], math.fsum(stated[:number]) - held_s)
    assert [each.kind for each in coverage.close(spliced=False, stated=True)] == [STANDS]


def test_what_is_known_already_is_not_reported_again() -> None:
    coverage = Coverage()
    for segment in (frames(0.0), frames(6.0)):
        for shown_s, duration_s in segment:
            coverage.take(shown_s, duration_s)
        if segment[0][0] > 5.0:
            coverage.note(Break(LOST, 4.0, 6.0))
        assert coverage.close(spliced=False, stated=True) == []


def test_an_advertisement_may_end_a_little_early() -> None:
    assert covered(frames(0.0)[:90], frames(4.0), spliced=True) == []
    assert covered(frames(0.0)[:48], frames(4.0), spliced=True) == [(LOST, 2.08)]


def taken(continuity: Continuity, missing: int, *, spliced: bool = False) -> list[Break]:
    """What is found in segments of two seconds that lack their last frames of audio."""
    found = []
    for segment in range(20):
        for number in range(94 - missing):
            begins = number == 0
            time_s = (segment * 94 + number) * AAC_S
            found.append(continuity.take(time_s, AAC_S, spliced=spliced and begins))
    return [each for each in found if each is not None]


def test_small_holes_in_audio_add_up() -> None:
    assert taken(Continuity(AUDIO_SLACK_S), 0) == []
    found = taken(Continuity(AUDIO_SLACK_S), 1)
    assert sum(each.end_s - each.start_s for each in found) > 3 * AUDIO_SLACK_S
    assert taken(Continuity(AUDIO_SLACK_S), 1, spliced=True) == []
    assert taken(Continuity(VIDEO_SLACK_S, adds_up=False), 1) == []


@pytest.mark.parametrize(("frame_s", "lost"), [(AAC_S, 1), (0.02, 1), (0.12, 1), (1.36, 0)])
def test_audio_that_is_stated_to_last_longer_than_its_codec_allows_is_lost(frame_s: float, lost: int) -> None:
    """So MP4 states what was lost before the packager. Long blocks of FLAC are all long."""
    track = Continuity(AUDIO_SLACK_S)
    found = [track.take(number * frame_s, frame_s + (number == 49) * 0.5) for number in range(50)]
    found.append(track.take(50 * frame_s + 0.5, frame_s))
    breaks = [each for each in found if each is not None]
    assert [(each.kind, round(each.end_s - each.start_s, 3)) for each in breaks] == [(LOST, 0.5)] * lost


def test_the_end_is_where_frames_are_shown_and_not_where_they_are_decoded() -> None:
    """One frame a second that is decoded a second before it is shown."""
    followed = Continuity(VIDEO_SLACK_S, adds_up=False)
    for second in range(15):
        assert followed.take(second - 1.0, 1.0) is None
    assert followed.end_at(15.0, shown_until_s=15.0) is None
    followed.take(13.0, 1.0)
    assert followed.end_at(15.0) == Break(BreakKind.LOST, 14.0, 15.0)


def kept(*numbers: int, each: int) -> Frames:
    """The pictures of 8 s of which only these numbers are left of ``each`` so many; each stands until the next."""
    times = [number * FRAME_S for number in range(200) if number % each in numbers]
    return [(first_s, next_s - first_s) for first_s, next_s in pairwise([*times, 200 * FRAME_S])]


@pytest.mark.parametrize(
    ("pictures", "stands"),
    [
        (kept(0, 1, each=3), True),
        (kept(0, 1, 2, 3, 4, 5, 6, 7, 8, each=10), True),
        (kept(0, 1, 3, each=5), True),
        (kept(0, each=2), False),  # half the rate
        (kept(0, 2, each=5), False),  # soft pulldown
        (kept(*range(200), each=200), False),
    ],
)
def test_pictures_that_are_missing_at_one_rate_throughout_stand_where_the_pace_shows_it(
    pictures: Frames, stands: bool
) -> None:
    assert ({kind for kind, _ in covered(pictures)} == {STANDS}) is stands
