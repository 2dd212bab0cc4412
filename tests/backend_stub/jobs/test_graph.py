"""Which tasks can begin, and which sets of tasks are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.jobs.graph import GraphError, in_order, needs_of, ready


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    """Graphs without circles: each task needs only earlier ones; listed in any order."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 12)))]
    listed = [
        (name, draw(st.sets(st.sampled_from(names[:number]))) if number else set())
        for number, name in enumerate(names)
    ]
    return needs_of(draw(st.permutations(listed)))


@given(graphs(), st.randoms())
def test_doing_whatever_is_ready_does_everything_in_a_right_order(graph, chance) -> None:
    done: list[str] = []
    while free := ready(graph, done):
        name = chance.choice(free)
        assert graph[name] <= set(done)
        done.append(name)
    assert sorted(done) == sorted(graph)
    order = in_order(graph)
    assert all(order.index(need) < order.index(name) for name, needs in graph.items() for need in needs)


@pytest.mark.parametrize(
    ("tasks", "word"),
    [
        ([("a", []), ("a", [])], "twice"),
        ([("a", ["b"])], "not there"),
        ([("a", ["b"]), ("b", ["c"]), ("c", ["a"]), ("d", [])], "each other: a, b, c"),
    ],
)
def test_what_cannot_be_done_is_refused(tasks, word: str) -> None:
    with pytest.raises(GraphError, match=word):
        needs_of(tasks)
