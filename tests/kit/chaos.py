"""Random faults on several CDNs, never on all of them at once, made from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

CDNS = ("a", "b", "c")
_LONGEST_S = 14.0
_EPISODES = 9  # per CDN, wished for
_CALM_S = 2.0  # between two faults of one CDN

Fault = Mapping[str, Any]
FAULTS: tuple[Callable[[Random], Fault], ...] = (
    lambda _: {"type": "refuse"},
    lambda random: {"type": "delay", "seconds": random.choice([0.5, 3, 60])},
    lambda random: {"type": "cut", "after_bytes": random.choice([0, 300, 20_000])},
    lambda random: {"type": "stall", "after_bytes": random.choice([0, 300, 20_000])},
    lambda random: {"type": "truncate", "after_bytes": random.choice([0, 300, 20_000])},
    lambda random: {"type": "corrupt", "at_byte": random.randrange(3000), "length": random.choice([1, 16, 500])},
    lambda random: {"type": "bandwidth", "kbps": random.choice([20, 80, 200])},
    lambda random: {"type": "status", "status": random.choice([400, 401, 403, 404, 410, 416, 500, 502, 503, 504])},
    lambda random: {"type": "status", "status": 429, "retry_after_s": random.choice([0, 2, 60])},
)
ASIDE = ("licence", "api", "steering")


@dataclass(frozen=True)
class Episode:
    """A time in which one CDN has a fault."""

    cdn: str
    from_s: float
    until_s: float
    fault: Fault

    def rule(self) -> dict[str, Any]:
        """As a rule of a fault file."""
        match = {"pathway": self.cdn}
        return {"match": match, "from_s": self.from_s, "until_s": self.until_s, "fault": self.fault}


def episodes(seed: int, seconds: float, cdns: Sequence[str] = CDNS, from_s: float = 0.0) -> list[Episode]:
    """Times of faults on each CDN; at every moment one of the CDNs at least has none."""
    random = Random(seed)
    found: list[Episode] = []
    for _ in range(_EPISODES * len(cdns)):
        cdn, start_s = random.choice(cdns), random.uniform(from_s, seconds)
        until_s = start_s + random.uniform(0.5, _LONGEST_S)
        made = Episode(cdn, round(start_s, 2), round(until_s, 2), random.choice(FAULTS)(random))
        if _fits(made, found, len(cdns)):
            found.append(made)
    return sorted(found, key=lambda episode: episode.from_s)


def _fits(new: Episode, others: list[Episode], count: int) -> bool:
    """Whether ``new`` leaves its own CDN some calm, and the others one that is well at every moment."""
    meeting = [each for each in others if each.from_s - _CALM_S < new.until_s and new.from_s < each.until_s + _CALM_S]
    if any(each.cdn == new.cdn for each in meeting):
        return False
    edges = [new.from_s, *(each.from_s for each in meeting)]
    return all(
        len({each.cdn for each in meeting if each.from_s - _CALM_S <= edge < each.until_s + _CALM_S}) < count - 1
        for edge in edges
    )


def rules(seed: int, seconds: float) -> list[dict[str, Any]]:
    """A whole plan: the CDNs' episodes, and a few failures of licence server, service and steering."""
    random = Random(f"{seed}/aside")
    found = [episode.rule() for episode in episodes(seed, seconds)]
    for kind in ASIDE:
        fault = random.choice(FAULTS[:4])(random)
        count = random.choice([0, 1, 2])
        if count:
            found.append({"match": {"kind": kind}, "count": count, "fault": fault})
    return found
