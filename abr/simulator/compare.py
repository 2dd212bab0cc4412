"""Policies side by side over a set of traces, ranked, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from abr import registry
from abr.constraints import ConstrainedPolicy
from abr.model import Policy
from abr.simulator.formats import Ladder, Trace
from abr.simulator.metrics import NO_STALL_S, Score, gain_interval, mean_interval, score
from abr.simulator.optimum import ScriptedCore, optimum_rungs
from abr.simulator.session import Options, SimulatedSession, simulate

OPTIMUM = "optimum"
LOWEST = "fixed:rung=0"


@dataclass(frozen=True, slots=True)
class PolicyStanding:
    """A policy's means over the traces. ``gain`` is in percent of the way from the lowest rung to the optimum over
    the traces on which the lowest rung never stalls, None without the optimum or without such traces. Triples are
    (mean, lower, upper) of the 95 % interval."""

    policy: str
    qoe: tuple[float, float, float]
    gain: tuple[float, float, float] | None
    scores: tuple[Score, ...]

    def mean(self, field: str) -> float:
        """The mean of a field of :class:`Score`."""
        return sum(float(getattr(each, field)) for each in self.scores) / len(self.scores)


def policy_for(name: str, ladder: Ladder, trace: Trace, options: Options) -> Policy:
    """A fresh policy for one session; ``optimum`` is the clairvoyant one. Raises ValueError for an unknown name."""
    if name == OPTIMUM:
        return ConstrainedPolicy(ScriptedCore(optimum_rungs(ladder, trace, options.buffer_max_s)))
    return registry.from_spec(name)


def run(name: str, ladder: Ladder, trace: Trace, options: Options) -> SimulatedSession:
    """One session of the policy ``name``."""
    return simulate(policy_for(name, ladder, trace, options), ladder, trace, options)


def compare(
    names: Sequence[str],
    ladder: Ladder,
    traces: Sequence[Trace],
    options: Options,
    *,
    with_gain: bool = True,
    seed: int = 1,
) -> list[PolicyStanding]:
    """The policies, the best mean quality of experience first. ``with_gain`` costs the optimum of every trace."""
    if not traces:
        raise ValueError("no traces")
    wanted = list(dict.fromkeys(names))
    needed = dict.fromkeys([*wanted, LOWEST, OPTIMUM] if with_gain else wanted)
    scores = {name: tuple(score(run(name, ladder, trace, options), ladder) for trace in traces) for name in needed}
    standings = list(_standings(wanted, scores, with_gain, seed))
    return sorted(standings, key=lambda each: -each.qoe[0])


def _standings(
    names: list[str], scores: dict[str, tuple[Score, ...]], with_gain: bool, seed: int
) -> Iterator[PolicyStanding]:
    for name in names:
        qoe = [each.qoe for each in scores[name]]
        gain = None
        if with_gain:
            good = [index for index, each in enumerate(scores[LOWEST]) if each.stalled_s < NO_STALL_S]
            if good:
                columns = ([scores[each][index].qoe for index in good] for each in (name, LOWEST, OPTIMUM))
                gain = gain_interval(*columns, seed=seed)
        yield PolicyStanding(name, mean_interval(qoe, seed=seed), gain, scores[name])
