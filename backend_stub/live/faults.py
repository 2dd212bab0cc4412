"""Troubles of a channel, planned ahead by the clock: segments that come late, and restarts of the encoder."""

from __future__ import annotations

from dataclasses import dataclass

from backend_stub.services.operator_settings import Settled

_SETTING = "live:"


@dataclass(frozen=True, slots=True)
class Late:
    """Segments that end from ``from_at`` to ``until_at`` (seconds since 1970) is available ``by_s`` seconds later."""

    from_at: float
    until_at: float
    by_s: float


@dataclass(frozen=True, slots=True)
class LiveFaults:
    """``restarts_at`` (seconds since 1970, ascending): the title restarts there, in mid-segment or not."""

    late: tuple[Late, ...] = ()
    restarts_at: tuple[float, ...] = ()

    def delay_s(self, ends_at: float) -> float:
        """How late the segment is that ends then."""
        return max((one.by_s for one in self.late if one.from_at <= ends_at < one.until_at), default=0.0)


NO_FAULTS = LiveFaults()


class LivePlans:
    """The planned troubles of each channel, among what the operator has set. Edges ask from their own threads."""

    def __init__(self, settled: Settled) -> None:
        self._settled = settled

    def of(self, title_id: str) -> LiveFaults:
        plan = self._settled.get(f"{_SETTING}{title_id}")
        if plan is None:
            return NO_FAULTS
        return LiveFaults(tuple(Late(*one) for one in plan["late"]), tuple(plan["restarts_at"]))

    def set(self, title_id: str, faults: LiveFaults) -> None:
        """Plan these in place of what was planned; none clears the plan."""
        late = [[one.from_at, one.until_at, one.by_s] for one in faults.late]
        plan = {"late": late, "restarts_at": list(faults.restarts_at)}
        self._settled.put(f"{_SETTING}{title_id}", None if faults == NO_FAULTS else plan)
