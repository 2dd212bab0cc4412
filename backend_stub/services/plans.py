"""What can be bought, and what an account has bought."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Float, ScalarSelect, String, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Subscription
from backend_stub.services import audit


@dataclass(frozen=True, slots=True)
class Plan:
    """The limits of a plan; None is no limit. ``max_height`` is in lines of the picture.

    ``download_titles`` are per device. ``paid`` opens titles that are not free. ``price_cents`` is for
    :data:`backend_stub.services.billing_rules.PERIOD_S`; None is not for sale.
    """

    name: str
    max_height: int | None
    streams: int | None
    devices: int | None
    download_devices: int | None
    download_titles: int | None
    paid: bool = True
    price_cents: int | None = None


FREE = Plan("free", 576, 1, 2, 0, 0, paid=False)
PLANS = {
    plan.name: plan
    for plan in (
        FREE,
        Plan("basic", 576, 1, 4, 1, 15, price_cents=599),
        Plan("standard", 1080, 2, 8, 2, 25, price_cents=999),
        Plan("premium", None, 4, 16, 6, 100, price_cents=1399),
        # Not for sale: whoever tests a client starts more sessions and devices than a viewer has.
        Plan("unlimited", None, None, None, None, None),
    )
}


_counted = aliased(Subscription)


def running_subscription() -> ScalarSelect[str]:
    """The id of the subscription that counts, for a query executed with ``account_id`` and ``now``."""
    now = bindparam("now", type_=Float)
    return (
        select(_counted.id)
        .where(_counted.account_id == bindparam("account_id", type_=String), _counted.starts_at <= now)
        .where(or_(_counted.ends_at.is_(None), _counted.ends_at > now))
        .order_by(_counted.starts_at.desc(), _counted.id)
        .limit(1)
        .scalar_subquery()
    )


_RUNNING = select(Subscription).where(Subscription.id == running_subscription())


def plan_of(subscription: Subscription | None) -> tuple[Plan, float | None]:
    """What it gives and when that ends (None: not by itself); the free plan without one."""
    return (PLANS[subscription.plan], subscription.ends_at) if subscription is not None else (FREE, None)


def plan_at(session: Session, account_id: str, now: float) -> tuple[Plan, float | None]:
    """The account's plan and when it ends (None: not by itself); the free plan without a subscription."""
    return plan_of(session.scalar(_RUNNING, {"account_id": account_id, "now": now}))


class Subscriptions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def give(self, account_id: str, plan: str, ends_at: float | None = None) -> None:
        """Put an account on ``plan`` from now on, until ``ends_at`` where that is named.

        Raises LookupError for an unknown account or plan.
        """
        if plan not in PLANS:
            raise LookupError(plan)
        with self._database.write() as session:
            if session.get(Account, account_id, with_for_update=True) is None:
                raise LookupError(account_id)
            begin(session, account_id, plan, self._clock.now(), ends_at)

    def current(self, account_id: str) -> tuple[Plan, float | None]:
        with self._database.read() as session:
            return plan_at(session, account_id, self._clock.now())


def begin(session: Session, account_id: str, plan: str, now: float, ends_at: float | None = None) -> Subscription:
    """End what the account has and begin ``plan``."""
    running = or_(Subscription.ends_at.is_(None), Subscription.ends_at > now)
    for row in session.scalars(select(Subscription).where(Subscription.account_id == account_id, running)):
        row.ends_at = now
    row = Subscription(id=secrets.token_hex(16), account_id=account_id, plan=plan, starts_at=now, ends_at=ends_at)
    session.add(row)
    audit.record(session, now, "plan.given", account_id=account_id, subject=plan)
    return row
