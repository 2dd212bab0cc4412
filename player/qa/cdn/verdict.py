"""What the probes say: figures with their uncertainty, wrong bytes, and who is better. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from player.qa.cdn.probe import Probe, hosts_of

_RESAMPLES = 1000
_LEVEL = 0.95
_LEAST_PROBES = 6  # of fewer not even the smallest and the largest value hold the median with that probability
_SEED = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A median with its 95 % confidence interval (percentile bootstrap, Efron 1979), and 5th and 95th percentile."""

    count: int
    median: float
    low: float
    high: float
    p5: float
    p95: float


@dataclass(frozen=True, slots=True)
class CdnStanding:
    """One CDN. Seconds and bit/s; a figure is None where nothing was measured. ``wrong`` are the segments (from 1)
    whose bytes differ from those of most others."""

    host: str
    probes: int
    errors: dict[str, int]
    wrong: tuple[int, ...]
    tcp_s: Figure | None
    tls_s: Figure | None
    cold_first_byte_s: Figure | None
    warm_first_byte_s: Figure | None
    bps: Figure | None
    hits: int
    misses: int
    http: tuple[str, ...]
    cache: dict[str, str]


@dataclass(frozen=True, slots=True)
class CdnVerdict:
    """``good``: no errors and no wrong bytes anywhere. The first sentence says which CDN is to be preferred, and why,
    or why none is."""

    standings: tuple[CdnStanding, ...]
    good: bool
    sentences: tuple[str, ...]


def figure(values: Sequence[float]) -> Figure | None:
    """The figure of some values; None for none."""
    if not values:
        return None
    rng = Random(_SEED)
    medians = sorted(_percentile(sorted(rng.choices(values, k=len(values))), 50) for _ in range(_RESAMPLES))
    ordered = sorted(values)
    tail = (1 - _LEVEL) / 2 * 100
    return Figure(
        len(values),
        _percentile(ordered, 50),
        _percentile(medians, tail),
        _percentile(medians, 100 - tail),
        _percentile(ordered, 5),
        _percentile(ordered, 95),
    )


def verdict(probes: Sequence[Probe]) -> CdnVerdict:
    """Judge the probes of at least one host."""
    right = _majority(probes)
    standings = tuple(
        _standing(host, [each for each in probes if each.host == host], right) for host in hosts_of(probes)
    )
    good = all(not each.errors and not each.wrong for each in standings)
    return CdnVerdict(standings, good, tuple(_sentences(standings)))


def _standing(host: str, probes: Sequence[Probe], right: dict[int, str]) -> CdnStanding:
    answered = [each for each in probes if not each.error]
    wrong = {each.segment + 1 for each in answered if right.get(each.segment, each.sha256) != each.sha256}
    hits = [each.hit for each in answered]

    def of(read: Callable[[Probe], float | None], *, cold: bool | None = None) -> Figure | None:
        chosen = [read(each) for each in answered if cold is None or each.cold is cold]
        return figure([value for value in chosen if value is not None])

    return CdnStanding(
        host,
        len(probes),
        dict(Counter(each.error for each in probes if each.error)),
        tuple(sorted(wrong)),
        of(lambda each: each.tcp_s, cold=True),
        of(lambda each: each.tls_s, cold=True),
        of(lambda each: each.first_byte_s, cold=True),
        of(lambda each: each.first_byte_s, cold=False),
        of(lambda each: each.bps),
        hits.count(True),
        hits.count(False),
        tuple(sorted({each.http for each in answered})),
        answered[-1].cache if answered else {},
    )


def _majority(probes: Sequence[Probe]) -> dict[int, str]:
    """The digest that most hosts give for each segment; of two that differ, the first host's."""
    found: dict[int, str] = {}
    for number in {each.segment for each in probes}:
        by_host = {each.host: each.sha256 for each in probes if each.segment == number and each.sha256}
        if by_host:
            found[number] = Counter(by_host.values()).most_common(1)[0][0]
    return found


def _sentences(standings: Sequence[CdnStanding]) -> list[str]:
    told = [_preferred(standings)] if len(standings) > 1 else []
    for each in standings:
        if each.misses:
            told.append(_caches(each))
        if each.errors:
            codes = ", ".join(f"{count} x {code}" for code, count in each.errors.items())
            told.append(f"{each.host} failed {_failed(each)} of {each.probes} times ({codes}).")
        if each.wrong:
            numbers = ", ".join(map(str, each.wrong[:10]))
            others = [other.host for other in standings if other is not each]
            most = others[0] if len(others) == 1 else "most"
            told.append(f"{each.host} gives other bytes than {most} for segment {numbers}.")
    if len(standings) > 1:
        told += [_best(standings, contest) for contest in _CONTESTS]
    return told


def _preferred(standings: Sequence[CdnStanding]) -> str:
    """Which CDN, by the first of these that tells them apart: wrong bytes, failures, throughput, the first byte."""
    differ = {segment for each in standings for segment in each.wrong}
    if differ and len(standings) == 2:
        return f"No CDN is to be preferred: {len(differ)} segments differ, and of two nobody knows which is right."
    best, *others = sorted(standings, key=lambda each: (len(each.wrong), _failed_share(each)))
    equals = [best, *(each for each in others if not _is_worse(each, best))]
    if len(equals) == 1:
        return f"Prefer {best.host}: {_faults_told(best)}; {_faults_told(others[0])}."
    for contest in _CONTESTS:
        ranking = _ranking(equals, contest)
        if ranking is not None and ranking.apart:
            return f"Prefer {ranking.best} for {contest.what}: {ranking.numbers}; {_failures_told(equals)}."
    return f"No CDN is to be preferred: {_failures_told(equals)}, and chance may explain the rest."


def _is_worse(one: CdnStanding, best: CdnStanding) -> bool:
    """Whether more wrong bytes, which never come by chance, or failures that chance does not explain, tell against
    one."""
    chance = by_chance((_failed(one), one.probes), (_failed(best), best.probes))
    return len(one.wrong) > len(best.wrong) or chance < 1 - _LEVEL


def by_chance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """How probable failures that differ at least as much are where both fail equally often: Fisher's exact test, both
    sides, which holds for any number of probes. Each is ``(failures, probes)``."""
    (failed, probes), (others_failed, others_probes) = one, other
    total = failed + others_failed

    def ways(count: int) -> int:
        return math.comb(probes, count) * math.comb(others_probes, total - count)

    found = [ways(count) for count in range(max(0, total - others_probes), min(total, probes) + 1)]
    return sum(each for each in found if each <= ways(failed)) / sum(found)


def _failed(standing: CdnStanding) -> int:
    return sum(standing.errors.values())


def _failed_share(standing: CdnStanding) -> float:
    return _failed(standing) / max(standing.probes, 1)


def _failures_told(standings: Sequence[CdnStanding]) -> str:
    shares = sorted({f"{_failed_share(each):.0%}" for each in standings}, key=lambda share: int(share[:-1]))
    return f"{shares[0]} failures each" if len(shares) == 1 else f"{shares[0]} to {shares[-1]} failures may be chance"


def _faults_told(standing: CdnStanding) -> str:
    failed, wrong = _failed(standing), len(standing.wrong)
    return f"{standing.host} failed {failed} of {standing.probes} times and gave wrong bytes of {wrong} segments"


def _caches(standing: CdnStanding) -> str:
    """Why a CDN may be slow, as far as its caches tell."""
    known = standing.hits + standing.misses
    return f"The caches of {standing.host} did not have {standing.misses} of {known} answers."


@dataclass(frozen=True, slots=True)
class _Contest:
    """Something that CDNs can be better at."""

    what: str
    read: Callable[[CdnStanding], Figure | None]
    greater: bool
    shown: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The best and the second best, and whether more than chance tells them apart."""

    best: str
    apart: bool
    numbers: str
    probes: int


def _ranking(standings: Sequence[CdnStanding], contest: _Contest) -> _Ranking | None:
    """None where fewer than two were measured."""
    known = [(each.host, found) for each in standings if (found := contest.read(each)) is not None]
    if len(known) < 2:
        return None
    ordered = sorted(known, key=lambda each: each[1].median, reverse=contest.greater)
    (best, first), (other, second) = ordered[0], ordered[1]
    least = min(first.count, second.count)
    clear = first.low > second.high if contest.greater else first.high < second.low
    numbers = f"{contest.shown(first.median)} against {contest.shown(second.median)} of {other}"
    return _Ranking(best, least >= _LEAST_PROBES and clear, numbers, least)


def _best(standings: Sequence[CdnStanding], contest: _Contest) -> str:
    """Who is best at something, if the intervals allow to say so."""
    found = _ranking(standings, contest)
    if found is None:
        return f"There is too little to compare in {contest.what}."
    if found.apart:
        return f"{found.best} is best in {contest.what}: {found.numbers}, and the 95 % intervals do not touch."
    return (
        f"In {contest.what} {found.best} leads with {found.numbers}, "
        f"which {found.probes} probes of each cannot tell from chance."
    )


def _percentile(ordered: Sequence[float], percent: float) -> float:
    """By linear interpolation between the closest ranks."""
    place = (len(ordered) - 1) * percent / 100
    lower = int(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)


def _mbit(bps: float) -> str:
    return f"{bps / 1e6:.1f} Mbit/s"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


_CONTESTS = (
    _Contest("throughput", lambda each: each.bps, greater=True, shown=_mbit),
    _Contest("the first byte", lambda each: each.warm_first_byte_s, greater=False, shown=_ms),
)
"""In the order of their weight."""
