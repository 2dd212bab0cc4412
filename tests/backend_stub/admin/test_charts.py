"""Plots and switches: pure, whatever the numbers are."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend_stub.admin import fault_switches, words
from backend_stub.admin.charts import Axis, Band, ChartLine, bars, ceiling, plot
from backend_stub.faults.document import parse_faults

VALUES = st.floats(0, 1e15)


@given(VALUES)
def test_an_axis_ends_at_a_round_number_above(value: float) -> None:
    found = ceiling(value)
    assert found >= value * 0.9999
    assert found <= max(2.5 * value, 1.0)


@settings(max_examples=15)
@given(st.lists(st.tuples(VALUES, st.one_of(st.none(), VALUES)), max_size=20), st.text(max_size=20))
def test_every_plot_is_well_formed_and_in_its_frame(points: list[tuple[float, float | None]], name: str) -> None:
    name = "".join(letter for letter in name if letter.isprintable())
    axis = Axis(0.0, 1e15, [(0.0, name), (1e15, name)], "{:g}".format)
    lines = [ChartLine(name, "a", points), ChartLine(name, "b", points, stepped=True)]
    for made in (
        plot(name, lines, axis, [Band(1.0, 2.0, "stall", name)]),
        bars(name, [(at, value or 0.0) for at, value in points], 10.0, axis),
    ):
        drawn = ElementTree.fromstring(str(made))
        for each in drawn.iter():
            for place, most in (("x", 640), ("y", 180), ("cx", 640), ("cy", 180)):
                assert 0 <= float(each.get(place, 0)) <= most


def test_switches_are_documents_that_the_edges_take() -> None:
    chosen = {f"edge-{name}": name for name in fault_switches.FAULTS} | {"edge-a": "", "edge-b": "unknown"}
    text = fault_switches.document(chosen)
    parse_faults(text)
    found = fault_switches.positions(text, list(chosen))
    assert found == {**chosen, "edge-b": ""}
    assert not fault_switches.is_written_by_hand(text)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (words.ago(1000.0, 1030.0), "30 s ago"),
        (words.ago(0.0, 7200.0), "2 h ago"),
        (words.ago(None, 1.0), "–"),
        (words.duration(59.6), "1 min 00 s"),
        (words.duration(7384.0), "2 h 03 min"),
        (words.bitrate(2.5e6), "2.50 Mbit/s"),
        (words.bitrate(800_000.0), "800 kbit/s"),
        (words.size(4.1e10), "41.0 GB"),
        (words.percent(0.0125), "1.25 %"),
        (words.moment(1_800_000_000.0), "2027-01-15 08:00:00"),
    ],
)
def test_words(made: str, said: str) -> None:
    assert made == said
