"""Which request takes which fault. Deterministic: the generator is seeded and the time handed in."""

from __future__ import annotations

import fnmatch
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend_stub.faults.document import Bandwidth, Fault, FaultDocument, FaultRule
from backend_stub.faults.link import ShapedLink


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """``path`` without query and signature; ``pathways`` are the names the server goes by."""

    path: str
    pathways: Sequence[str]
    kind: str


@dataclass(frozen=True, slots=True)
class TakenFault:
    """A fault a request takes; ``link`` is the shared link of a bandwidth fault."""

    fault: Fault
    link: ShapedLink | None = None


@dataclass(slots=True)
class _RuleState:
    rule: FaultRule
    pattern: re.Pattern[str] | None
    link: ShapedLink | None
    seen: int = field(default=0)
    taken: int = field(default=0)


class FaultEngine:
    """The running state of one document, set at ``started_s`` (monotonic seconds)."""

    def __init__(self, document: FaultDocument, started_s: float) -> None:
        self._started_s = started_s
        self._random = random.Random(document.seed)
        self._states = [_state(rule, started_s) for rule in document.rules]

    def take(self, facts: RequestFacts, now: float) -> list[TakenFault]:
        """The faults of this request, in the order of their rules.

        A request that matches within the time window counts against ``skip`` first, then chance is drawn, and only
        one that is taken counts against ``count``.
        """
        since = now - self._started_s
        return [
            TakenFault(state.rule.fault, state.link) for state in self._states if self._takes(state, facts, since)
        ]

    def _takes(self, state: _RuleState, facts: RequestFacts, since: float) -> bool:
        rule = state.rule
        if not rule.from_s <= since < rule.until_s or not _matches(state, facts):
            return False
        state.seen += 1
        if state.seen <= rule.skip or (rule.count is not None and state.taken >= rule.count):
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        state.taken += 1
        return True


def _state(rule: FaultRule, started_s: float) -> _RuleState:
    pattern = None if rule.match.path is None else re.compile(fnmatch.translate(rule.match.path))
    link = ShapedLink(rule.fault.trace, started_s) if isinstance(rule.fault, Bandwidth) else None
    return _RuleState(rule, pattern, link)


def _matches(state: _RuleState, facts: RequestFacts) -> bool:
    match = state.rule.match
    return (
        (state.pattern is None or state.pattern.match(facts.path) is not None)
        and (match.pathway is None or match.pathway in facts.pathways)
        and (match.kind is None or match.kind == facts.kind)
    )
