"""What subscribing, changing and renewing costs, and when: pure rules over values. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend_stub.clock import DAY_S
from backend_stub.services.plans import PLANS

PERIOD_S = 30 * DAY_S
GRACE_S = 7 * DAY_S  # a plan goes on for so long while its renewal is declined
RETRY_S = (1 * DAY_S, 3 * DAY_S, 5 * DAY_S)  # after the end of the period that is paid

State = Literal["active", "cancelled", "past_due"]
Kind = Literal["subscribe", "change", "renewal"]


@dataclass(frozen=True, slots=True)
class SubscriptionStanding:
    """A subscription that still runs: its plan, the period that is paid, and whether the next one is to be."""

    plan: str
    period_from: float
    paid_until: float
    renews: bool
    next_plan: str | None = None

    @property
    def ends_at(self) -> float:
        """When the plan ends if nothing more is paid."""
        return self.paid_until + GRACE_S if self.renews else self.paid_until

    def state(self, now: float) -> State:
        if not self.renews:
            return "cancelled"
        return "active" if now < self.paid_until else "past_due"


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order costs; one that is not ``at_once`` is about the next period and costs nothing now."""

    kind: Kind
    amount_cents: int
    at_once: bool


def price_cents(plan: str) -> int:
    """The price of a period. Raises LookupError for a plan that is not for sale."""
    price = PLANS[plan].price_cents
    if price is None:
        raise LookupError(plan)
    return price


def quote(standing: SubscriptionStanding | None, plan: str, now: float) -> Quote:
    """What it costs to have ``plan``.

    A dearer plan begins now, for its price less what is left of the period that is paid; a cheaper one begins with
    the next period; the same one renews again. Who is past due pays a whole period, see :func:`begins_at`.
    Raises LookupError for a plan that is not for sale.
    """
    price = price_cents(plan)
    if standing is None or standing.state(now) == "past_due":
        return Quote("subscribe", price, at_once=True)
    if price <= price_cents(standing.plan):
        return Quote("change", 0, at_once=False)
    left = (standing.paid_until - now) / (standing.paid_until - standing.period_from)
    credit = int(price_cents(standing.plan) * min(1.0, left))
    return Quote("change", max(0, price - credit), at_once=True)


def begins_at(standing: SubscriptionStanding | None, kind: Kind, now: float) -> float:
    """When the period begins that is paid now; after a grace where the last one ended, for grace is no gift."""
    if standing is not None and (kind == "renewal" or standing.state(now) == "past_due"):
        return standing.paid_until
    return now


def due_at(paid_until: float, declined: int) -> float:
    """When to charge the next period after so many declined attempts; at last the moment at which grace ends."""
    if declined == 0:
        return paid_until
    return paid_until + (RETRY_S[declined - 1] if declined <= len(RETRY_S) else GRACE_S)
