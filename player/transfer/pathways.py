"""Which CDN (pathway) to use next: a pure state machine over events and times that are passed in.

A pathway that fails, or is slow for long, is excluded for a time that doubles with each relapse. A single probe must
succeed before the preferred pathway is used again, which avoids flapping. The history says why each change was made.
Rates are bit/s, times seconds on one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from drm_client.errors import DrmErrorCode
from player.base.errors import ErrorCode
from player.manifest.steering import Clone, changed
from player.net.model import RequestKind
from player.transfer.recovery import Trouble, trouble_of


class Cause(StrEnum):
    """Why the pathway changed."""

    ERROR = "error"
    SLOW = "slow"
    RETURN = "return"
    ORDER = "order"
    LAST_RESORT = "last_resort"


@dataclass(frozen=True, slots=True)
class PathChoice:
    """The answer to "from where?". ``probe`` marks the one request that tests a pathway before it is used for all."""

    pathway: str
    reason: str
    probe: bool = False


@dataclass(frozen=True, slots=True)
class PathSwitch:
    """One change of pathway, for the report."""

    at_s: float
    before: str
    after: str
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class PathRules:
    """The numbers behind the choice."""

    exclude_s: float = 10.0  # the first exclusion; doubles with each relapse
    exclude_max_s: float = 300.0
    forgive_s: float = 120.0  # so long without trouble forgets one relapse
    stay_s: float = 15.0  # no voluntary change sooner after the last one
    fresh_s: float = 90.0  # a measured rate is believed for so long
    better: float = 1.5  # another pathway must be so many times faster to be worth a change
    slow: float = 0.5  # slower than this part of the wanted rate is slow ...
    slow_in_a_row: int = 3  # ... when it happens so often in succession
    rate_bytes: int = 48 * 1024  # smaller transfers say little about a rate
    probe_buffer_s: float = 8.0  # a probe may fail, so there must be time for a second request
    beside_buffer_s: float = 1.0  # with less not even a small request beside the others
    as_good: float = 0.8  # a probe must give such a part of the present rate ...
    as_good_sample: float = 0.4  # ... a small one on a fresh connection this part


# How many failures in succession exclude a pathway. A broken route is never tried twice while there is another; a
# missing or damaged file may be missing or damaged everywhere.
_TOLERANCE = {
    **dict.fromkeys((Trouble.DNS, Trouble.UNREACHABLE, Trouble.REFUSED, Trouble.TIMEOUT, Trouble.STALLED), 1),
    **dict.fromkeys((Trouble.CUT, Trouble.TLS, Trouble.UNSAFE, Trouble.SLOW), 1),
    **dict.fromkeys((Trouble.RATE_LIMITED, Trouble.SERVER, Trouble.LENGTH, Trouble.PROTOCOL, Trouble.CORRUPT), 2),
}
_DEFAULT_TOLERANCE = 3


@dataclass(slots=True)
class _Health:
    """What is known of one pathway."""

    relapses: int = 0
    excluded_until_s: float = float("-inf")
    unproven: bool = False  # was excluded and has not finished a transfer since
    probing: bool = False
    sampled: bool = False  # the probe is a small request beside the others
    failures: int = 0  # in succession
    slow_transfers: int = 0  # in succession
    last_trouble_s: float = float("-inf")
    trouble: str = ""
    rate_bps: float | None = None
    rate_at_s: float = float("-inf")


@dataclass(slots=True)
class Pathways:
    """The choice among ``pathways``, the preferred one first. ``wanted_bps`` is the rate that playback would like
    to have (the rung it aims at); 0 while it is not known."""

    pathways: Sequence[str]
    rules: PathRules = field(default_factory=PathRules)
    wanted_bps: float = 0.0
    history: list[PathSwitch] = field(default_factory=list)
    clones: tuple[Clone, ...] = ()
    _params_of: frozenset[RequestKind] = frozenset()
    _health: dict[str, _Health] = field(default_factory=dict)
    _current: str | None = None
    _switched_s: float = float("-inf")
    _all_slow_until_s: float = float("-inf")
    _all_in_trouble: bool = False

    @property
    def current(self) -> str | None:
        """The pathway in use; None before the first choice."""
        return self._current

    def usable(self, among: Collection[str]) -> list[str]:
        """Those of ``among`` that may be chosen, the preferred one first: the listed ones, or all where none is."""
        return self._ordered(among)

    def excluded(self, pathway: str, now_s: float) -> bool:
        """Whether ``pathway`` is out of use at this moment."""
        return self._of(pathway).excluded_until_s > now_s

    def rate_bps(self, pathway: str, now_s: float) -> float | None:
        """The rate last measured on ``pathway``, while it is fresh."""
        health = self._of(pathway)
        return health.rate_bps if now_s - health.rate_at_s <= self.rules.fresh_s else None

    def choose(
        self,
        now_s: float,
        among: Collection[str] | None = None,
        avoid: Collection[str] = (),
        buffer_s: float = float("inf"),
    ) -> PathChoice:
        """The pathway for the next request.

        ``among`` are the pathways that have the resource (default: all), ``avoid`` those that just failed for it,
        ``buffer_s`` the media time in hand. ValueError when there is no pathway at all.
        """
        known = self._ordered(among)
        if not known:
            raise ValueError("there is no pathway to choose from")
        usable = [name for name in known if name not in avoid] or known
        if self.pathways and usable[0] not in self.pathways:  # a key server or the like: no CDN of this choice
            return PathChoice(usable[0], f"Only {_name(usable[0])} has this.")
        healthy = [name for name in usable if not self.excluded(name, now_s)]
        self._all_in_trouble = not healthy
        if not healthy:
            return self._last_resort(usable, now_s)
        current = self._current
        if current is None or current not in healthy:
            return self._leave(healthy[0], now_s)
        probe = self._worth_a_probe(current, healthy, now_s) if buffer_s >= self.rules.probe_buffer_s else None
        if probe is not None:
            health = self._of(probe.pathway)
            health.probing, health.sampled = True, False
            return probe
        return PathChoice(current, f"{_name(current)} works.")

    def beside(self, now_s: float, among: Collection[str], buffer_s: float) -> PathChoice | None:
        """A pathway that is to be tested by a small request of its own, because so little is in hand that
        :meth:`choose` risks none for it. Arguments as there."""
        if not self.rules.beside_buffer_s <= buffer_s < self.rules.probe_buffer_s:
            return None
        healthy = [name for name in self._ordered(among) if not self.excluded(name, now_s)]
        current = self._current
        probe = self._worth_a_probe(current, healthy, now_s) if current is not None and current in healthy else None
        if probe is not None:
            health = self._of(probe.pathway)
            health.probing = health.sampled = True
        return probe

    def finished(self, pathway: str, now_s: float, received: int, body_s: float) -> None:
        """A transfer of ``received`` bytes, which took ``body_s`` seconds from first to last byte, went well."""
        health = self._of(pathway)
        health.failures = 0
        if now_s - health.last_trouble_s > self.rules.forgive_s:
            health.relapses = max(0, health.relapses - 1)
            health.last_trouble_s = now_s
        if received >= self.rules.rate_bytes:
            self._measured(pathway, now_s, received * 8 / max(body_s, 0.001))
        probing, health.probing = health.probing, False
        current = self._current
        if probing and current is not None and current != pathway:
            self._judge_probe(current, pathway, now_s)
        elif not self.excluded(pathway, now_s):
            health.unproven = False
        elif self._all_in_trouble and pathway == self._current:
            health.excluded_until_s = now_s  # the last resort works after all

    def failed(
        self, pathway: str, now_s: float, code: ErrorCode | DrmErrorCode, retry_after_s: float | None = None
    ) -> None:
        """A transfer failed with ``code``."""
        health = self._of(pathway)
        health.failures += 1
        tolerated = _TOLERANCE.get(trouble_of(code), _DEFAULT_TOLERANCE)
        if health.probing or health.failures >= tolerated or retry_after_s is not None:
            self._exclude(pathway, now_s, f"failed ({code})", retry_after_s)

    def slow(self, pathway: str, now_s: float, rate_bps: float) -> None:
        """A transfer was given up since it ran far too slowly, at ``rate_bps``."""
        health = self._of(pathway)
        health.rate_bps, health.rate_at_s = rate_bps, now_s
        self._exclude(pathway, now_s, f"is slow ({_rate(rate_bps)})")

    def left(self, pathway: str) -> None:
        """A transfer ended without saying anything about its pathway (it was cancelled)."""
        self._of(pathway).probing = False

    def too_slow(
        self,
        pathway: str,
        now_s: float,
        *,
        rate_bps: float,
        remaining_s: float,
        buffer_s: float,
        among: Collection[str] | None = None,
        of_real_time: float = 0.0,
    ) -> str | None:
        """Why a running transfer should go on elsewhere, or None when it should stay.

        It should if at ``rate_bps`` the ``remaining_s`` it needs eat up most of the buffer and another pathway can be
        expected to do clearly better. Of an unmeasured pathway nobody knows that, and the link may be slow for both.
        It is tried only if this one gives less than half of what the media needs (``of_real_time``, 1 is just
        enough).
        """
        if now_s < self._all_slow_until_s or remaining_s < max(1.0, 0.6 * buffer_s):
            return None
        for other in self._ordered(among):
            if other == pathway or self.excluded(other, now_s):
                continue
            expected = self.rate_bps(other, now_s)
            worth_it = (
                of_real_time < self.rules.slow if expected is None else expected >= self.rules.better * rate_bps
            )
            if worth_it:
                return f"{_name(pathway)} gives only {_rate(rate_bps)}, too slow for the buffer of {buffer_s:.1f} s."
        return None

    def clone(self, clones: Sequence[Clone], params_of: Collection[RequestKind]) -> None:
        """Further pathways made of others (content steering), each one behind its base; their parameters go with
        requests of these kinds."""
        self.clones += tuple(clones)
        self._params_of = frozenset(params_of)

    def addresses(self, kind: RequestKind, urls: Mapping[str, str]) -> Mapping[str, str]:
        """``urls`` (by pathway), and what they are on the pathways cloned from those."""
        if not self.clones:
            return urls
        found = dict(urls)
        for clone in self.clones:
            if clone.pathway not in found and clone.base in found:
                made = clone if kind in self._params_of else replace(clone, params={})
                found[clone.pathway] = changed(found[clone.base], made)
        return found

    def set_order(self, pathways: Sequence[str], now_s: float) -> None:
        """A new order of preference (content steering). Health is kept; a pathway no longer listed is not used."""
        self.pathways = tuple(pathways)
        best = next((name for name in self.pathways if not self.excluded(name, now_s)), None)
        if self._current is not None and best is not None and best != self._current:
            self._switch(self._current, best, now_s, Cause.ORDER, f"{_name(best)} is now preferred.")

    def start_over(self, pathways: Sequence[str]) -> None:
        """Other pathways than those known so far, none of which has been used: no change that is worth telling."""
        self.pathways = tuple(pathways)
        self._current = None

    def forgive(self, now_s: float) -> None:
        """What was learned is void (the machine slept, or changed its network): every pathway may be used again."""
        for health in self._health.values():
            health.excluded_until_s = min(health.excluded_until_s, now_s)
            health.unproven = health.probing = False
            health.failures = health.slow_transfers = health.relapses = 0
            health.rate_at_s = float("-inf")
        self._all_slow_until_s = float("-inf")

    # What follows is the machinery behind the events.

    def _of(self, pathway: str) -> _Health:
        return self._health.setdefault(pathway, _Health())

    def _ordered(self, among: Collection[str] | None) -> list[str]:
        if among is None:
            return list(self.pathways)
        listed = [name for name in self.pathways if name in among]
        return listed or sorted(among)

    def _leave(self, target: str, now_s: float) -> PathChoice:
        """Leave the current pathway because it is excluded, or (keeping it) because it lacks this resource."""
        current = self._current
        if current is None:
            self._current, self._switched_s = target, now_s
            return PathChoice(target, f"{_name(target)} is the first choice.")
        if not self.excluded(current, now_s):
            return PathChoice(target, f"{_name(current)} does not have this file.")
        trouble = self._of(current).trouble
        cause = Cause.SLOW if trouble.startswith("is slow") else Cause.ERROR
        reason = f"{_name(current)} {trouble}."
        self._switch(current, target, now_s, cause, reason)
        return PathChoice(target, reason)

    def _last_resort(self, usable: Iterable[str], now_s: float) -> PathChoice:
        """Every pathway is in trouble: the one whose exclusion ends first, the current one if it is as good."""
        target = min(usable, key=lambda name: (self._of(name).excluded_until_s, name != self._current))
        reason = "Every CDN is in trouble; this one may be the first to recover."
        if self._current is None:
            self._current, self._switched_s = target, now_s
        elif target != self._current and self.excluded(self._current, now_s):
            self._switch(self._current, target, now_s, Cause.LAST_RESORT, reason)
        return PathChoice(target, reason)

    def _worth_a_probe(self, current: str, healthy: Sequence[str], now_s: float) -> PathChoice | None:
        """A pathway to test with a request: the preferred one after its exclusion, or any if this is slow."""
        if now_s - self._switched_s < self.rules.stay_s:
            return None
        if any(self._of(name).probing for name in healthy):
            return None
        preferred = healthy[0]
        if preferred != current and self._of(preferred).unproven:
            return PathChoice(preferred, f"Testing whether {_name(preferred)} has recovered.", probe=True)
        if self._of(current).slow_transfers >= self.rules.slow_in_a_row and now_s >= self._all_slow_until_s:
            for other in healthy:
                if other != current and self.rate_bps(other, now_s) is None:
                    return PathChoice(other, f"{_name(current)} is slow; testing {_name(other)}.", probe=True)
        return None

    def _judge_probe(self, current: str, pathway: str, now_s: float) -> None:
        """A probe came back: change to its pathway when it is the preferred one and no slower, or clearly faster."""
        rate, present = self.rate_bps(pathway, now_s), self.rate_bps(current, now_s)
        faster = rate is not None and present is not None and rate >= self.rules.better * present
        share = self.rules.as_good_sample if self._of(pathway).sampled else self.rules.as_good
        as_good = rate is None or present is None or rate >= share * present or 0 < self.wanted_bps * 2 <= rate
        order = list(self.pathways)
        preferred = pathway in order and (current not in order or order.index(pathway) < order.index(current))
        if preferred and as_good:
            self._of(pathway).unproven = False
            self._switch(current, pathway, now_s, Cause.RETURN, f"{_name(pathway)} has recovered.")
        elif faster and pathway in order:
            reason = f"{_name(current)} is slow ({_rate(present)}); {_name(pathway)} gives {_rate(rate)}."
            self._exclude(current, now_s, f"is slow ({_rate(present)})")
            self._of(pathway).unproven = False
            self._switch(current, pathway, now_s, Cause.SLOW, reason)
        elif self._of(pathway).unproven:
            self._exclude(pathway, now_s, f"is slow ({_rate(rate)})")

    def _measured(self, pathway: str, now_s: float, rate_bps: float) -> None:
        health = self._of(pathway)
        fresh = self.rate_bps(pathway, now_s)
        health.rate_bps = rate_bps if fresh is None else 0.6 * fresh + 0.4 * rate_bps
        health.rate_at_s = now_s
        is_slow = 0 < rate_bps < self.rules.slow * self.wanted_bps
        health.slow_transfers = health.slow_transfers + 1 if is_slow else 0
        self._compare_with_left(pathway, now_s)

    def _compare_with_left(self, pathway: str, now_s: float) -> None:
        """After a change for slowness: when the new pathway is no faster, it is the link, and changing is no help."""
        last = self.history[-1] if self.history else None
        if last is None or last.cause is not Cause.SLOW or last.after != pathway or pathway != self._current:
            return
        left, here = self.rate_bps(last.before, now_s), self.rate_bps(pathway, now_s)
        if left is not None and here is not None and here < self.rules.better * left:
            self._all_slow_until_s = now_s + self.rules.fresh_s

    def _exclude(self, pathway: str, now_s: float, trouble: str, at_least_s: float | None = None) -> None:
        health = self._of(pathway)
        span = min(self.rules.exclude_s * 2.0 ** min(health.relapses, 10), self.rules.exclude_max_s)
        if at_least_s is not None:
            span = min(max(span, at_least_s), self.rules.exclude_max_s)
        if health.excluded_until_s <= now_s:  # requests that were under way together count as one relapse
            health.relapses += 1
            health.excluded_until_s = now_s + span
        health.unproven = True
        health.probing = False
        health.failures = health.slow_transfers = 0
        health.last_trouble_s = now_s
        health.trouble = trouble

    def _switch(self, current: str, target: str, now_s: float, cause: Cause, reason: str) -> None:
        self.history.append(PathSwitch(now_s, current, target, cause, reason))
        self._current, self._switched_s = target, now_s


def _name(pathway: str) -> str:
    return pathway or "The server"


def _rate(bps: float | None) -> str:
    return "an unknown rate" if bps is None else f"{bps / 1e6:.1f} Mbit/s"
