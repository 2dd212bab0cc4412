"""Cues over the borders of segments and within regions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from player.text.cues import Cue, CuePlacement, TextSpan, clipped, joined, moved, stacked

PLACE = CuePlacement(y=90.0)


def cue(start_s: float, end_s: float, text: str, flow: str = "") -> Cue:
    return Cue(start_s, end_s, (TextSpan(text),), PLACE if flow else CuePlacement(), flow)


def test_what_segments_cut_or_repeat_is_one_cue() -> None:
    parts = [cue(4.0, 6.0, "a"), cue(0.0, 4.0, "a"), cue(0.0, 4.0, "b"), cue(5.0, 6.0, "b"), cue(0.0, 4.0, "b")]
    assert joined(parts) == [cue(0.0, 6.0, "a"), cue(0.0, 4.0, "b"), cue(5.0, 6.0, "b")]


def test_moving_and_clipping() -> None:
    assert moved([cue(1.0, 2.0, "a"), cue(4.0, 9.0, "b")], -5.0) == [cue(0.0, 4.0, "b")]
    assert clipped([cue(1.0, 2.0, "a"), cue(4.0, 9.0, "b")], 2.0, 6.0) == [cue(4.0, 6.0, "b")]


def test_cues_of_a_region_follow_each_other_down() -> None:
    shown = stacked([cue(0.0, 4.0, "old", "r"), cue(2.0, 6.0, "new", "r"), cue(3.0, 5.0, "free")])
    assert [(each.start_s, each.end_s, each.text) for each in shown] == [
        (0.0, 2.0, "old"),
        (2.0, 4.0, "old\nnew"),
        (3.0, 5.0, "free"),
        (4.0, 6.0, "new"),
    ]


def test_a_region_holds_a_bounded_number_of_cues() -> None:
    crowd = stacked([cue(float(number), 1000.0, f"{number}", "r") for number in range(200)])
    assert max(len(each.text.split("\n")) for each in crowd) == 12
    assert crowd[-1].text.endswith("\n199")


TIMES = st.integers(0, 12)


@settings(max_examples=100)
@given(st.lists(st.tuples(TIMES, TIMES, st.sampled_from("abc")), max_size=8))
def test_stacking_shows_at_each_time_what_was_to_be_shown(spans: list[tuple[int, int, str]]) -> None:
    cues = [cue(float(min(a, b)), float(max(a, b) + 1), text, "r") for a, b, text in spans]
    shown = stacked(cues)
    for time_s in (n + 0.5 for n in range(14)):
        wanted = sorted(c.text for c in cues if c.start_s <= time_s < c.end_s)
        (seen,) = [sorted(s.text.split("\n")) for s in shown if s.start_s <= time_s < s.end_s] or [[]]
        assert seen == wanted
