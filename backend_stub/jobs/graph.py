"""Tasks that need one another: whether they can be done at all, in which order, which are next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping


class GraphError(ValueError):
    """The tasks cannot be done: a name stands twice, a need is unknown, or tasks wait for each other in a circle."""


def needs_of(tasks: Iterable[tuple[str, Collection[str]]]) -> dict[str, frozenset[str]]:
    """Name to needs, of tasks as (name, needs). Raises :class:`GraphError`; what it returns can be done."""
    graph: dict[str, frozenset[str]] = {}
    for name, needs in tasks:
        if name in graph:
            raise GraphError(f"the task {name} stands twice")
        graph[name] = frozenset(needs)
    for name, wanted in graph.items():
        unknown = wanted - graph.keys()
        if unknown:
            raise GraphError(f"the task {name} needs {min(unknown)}, which is not there")
    in_order(graph)
    return graph


def ready(graph: Mapping[str, Collection[str]], done: Collection[str]) -> list[str]:
    """The tasks that are not done and whose needs all are, in the order of the graph."""
    finished = frozenset(done)
    return [name for name, needs in graph.items() if name not in finished and finished.issuperset(needs)]


def in_order(graph: Mapping[str, Collection[str]]) -> list[str]:
    """All tasks, each after its needs (Kahn's algorithm). Raises :class:`GraphError` on a circle."""
    missing = {name: set(needs) for name, needs in graph.items()}
    after: dict[str, list[str]] = {name: [] for name in graph}
    for name, needs in graph.items():
        for need in needs:
            after[need].append(name)
    free = [name for name, needs in missing.items() if not needs]
    order: list[str] = []
    while free:
        name = free.pop(0)
        order.append(name)
        for waiting in after[name]:
            missing[waiting].discard(name)
            if not missing[waiting]:
                free.append(waiting)
    if len(order) != len(graph):
        raise GraphError("tasks wait for each other: " + ", ".join(sorted(set(graph) - set(order))))
    return order
