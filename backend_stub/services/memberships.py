"""What an account pays for by itself, as rows: read it, begin or extend it, let it end. Callers hold the account."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend_stub.db.models import Membership, Payment, Subscription
from backend_stub.services import audit
from backend_stub.services.billing_rules import GRACE_S, PERIOD_S, SubscriptionStanding, begins_at, due_at
from backend_stub.services.plans import begin


@dataclass(frozen=True, slots=True)
class RunningMembership:
    """A membership whose subscription has not ended."""

    membership: Membership
    subscription: Subscription

    @property
    def standing(self) -> SubscriptionStanding:
        one = self.membership
        return SubscriptionStanding(
            self.subscription.plan, one.period_from, one.paid_until, one.renews, one.next_plan
        )


def running(session: Session, account_id: str, now: float) -> RunningMembership | None:
    """What the account pays for now; None where it never did, where that has ended, or where the operator gave it
    another plan since."""
    membership = session.get(Membership, account_id)
    if membership is None:
        return None
    subscription = session.get_one(Subscription, membership.subscription_id)
    if subscription.ends_at is not None and subscription.ends_at <= now:
        return None
    return RunningMembership(membership, subscription)


def settle_paid(session: Session, payment: Payment, now: float) -> None:
    """What was paid for runs: the plan that runs already for another period, any other from now on."""
    current = running(session, payment.account_id, now)
    begun_at = begins_at(current.standing if current is not None else None, payment.kind, now)
    ends_at = begun_at + PERIOD_S + GRACE_S
    if current is not None and current.subscription.plan == payment.plan and begun_at < now:
        subscription = current.subscription
        subscription.ends_at = ends_at
    else:
        subscription = begin(session, payment.account_id, payment.plan, now, ends_at)
        session.flush()  # the membership refers to it
    membership = session.get(Membership, payment.account_id) or Membership(account_id=payment.account_id)
    membership.subscription_id = subscription.id
    membership.next_plan, membership.declined = None, None
    membership.period_from, membership.paid_until = begun_at, begun_at + PERIOD_S
    membership.card_token, membership.card_last4 = payment.card_token, payment.card_last4
    membership.renews, membership.attempts = True, 0
    membership.due_at = due_at(membership.paid_until, 0)
    session.add(membership)
    payment.subscription_id = subscription.id
    payment.period_from, payment.period_until = membership.period_from, membership.paid_until


def settle_declined(session: Session, payment: Payment, now: float) -> None:
    """A renewal that failed is tried again later, within the grace; an order that failed changes nothing."""
    current = running(session, payment.account_id, now)
    if payment.kind != "renewal" or current is None:
        return
    membership = current.membership
    membership.attempts += 1
    membership.declined = payment.reason
    membership.due_at = due_at(membership.paid_until, membership.attempts)


def choose_next(session: Session, current: RunningMembership, plan: str, now: float) -> None:
    """The next period is renewed, as ``plan``."""
    membership = current.membership
    membership.renews = True
    membership.next_plan = plan if plan != current.subscription.plan else None
    membership.due_at = due_at(membership.paid_until, membership.attempts)
    current.subscription.ends_at = current.standing.ends_at
    audit.record(session, now, "subscription.continued", account_id=membership.account_id, subject=plan)


def cancel(session: Session, current: RunningMembership, now: float) -> None:
    """The plan runs to the end of what is paid and is not renewed; doing so again changes nothing."""
    membership = current.membership
    if not membership.renews:
        return
    membership.renews, membership.next_plan = False, None
    current.subscription.ends_at = membership.due_at = max(now, membership.paid_until)
    audit.record(session, now, "subscription.cancelled", account_id=membership.account_id)


def end_at_once(session: Session, current: RunningMembership, now: float, reason: str) -> None:
    membership = current.membership
    membership.renews, membership.next_plan, membership.due_at = False, None, None
    current.subscription.ends_at = now
    audit.record(session, now, "subscription.ended", account_id=membership.account_id, reason=reason)
