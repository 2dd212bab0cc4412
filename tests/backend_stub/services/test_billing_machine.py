"""Whatever is ordered, cancelled and declined in whatever order: nobody pays twice, or for what they have not."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from backend_stub.db.models import LedgerCharge, Membership, Payment, Subscription
from backend_stub.payments.local import DECLINED_CARD, GOOD_CARD, ONCE_CARD
from backend_stub.payments.provider import ChargeOutcome, ProviderUnavailableError
from backend_stub.problems import ProblemError
from backend_stub.services.billing import AccountHolding, Billing
from backend_stub.services.billing_rules import DAY_S, GRACE_S, PERIOD_S, price_cents
from tests.kit.rights import service

PLANS = st.sampled_from(["basic", "standard", "premium"])
CARDS = st.sampled_from([GOOD_CARD, DECLINED_CARD, ONCE_CARD])


class FlakyProvider:
    """The local provider behind a line that can be down before or after a charge."""

    def __init__(self, provider: object) -> None:
        self.provider = provider
        self.broken = "no"

    def __getattr__(self, name: str) -> object:
        return getattr(self.provider, name)

    def charge(self, *call: object) -> ChargeOutcome:
        if self.broken == "before":
            raise ProviderUnavailableError
        outcome = self.provider.charge(*call)  # type: ignore[attr-defined]
        if self.broken == "after":
            raise ProviderUnavailableError
        return outcome


class BillingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = contextlib.ExitStack()
        self.service = self.opened.enter_context(service(Path(self.folder.name)))
        self.clock, self.database = self.service.clock, self.service.context.database
        self.account = self.service.account("anna", "free")
        self.provider = FlakyProvider(self.service.context.money.provider)
        self.billing = Billing(self.database, self.clock, self.provider)  # type: ignore[arg-type]
        self.orders: list[tuple[str, str, str]] = []
        self.renewals_when_cancelled: int | None = None

    def teardown(self) -> None:
        self.opened.close()
        self.folder.cleanup()

    def holding(self) -> AccountHolding:
        return self.billing.holding(self.account)

    def paid(self) -> list[Payment]:
        with self.database.read() as session:
            return [*session.scalars(select(Payment).where(Payment.state == "paid").order_by(Payment.settled_at))]

    def renewals(self) -> int:
        """How often the next period was charged, or tried to be."""
        with self.database.read() as session:
            return len(session.scalars(select(Payment.id).where(Payment.kind == "renewal")).all())

    def attempt(self, refusals: set[str], call: Callable[[], AccountHolding]) -> AccountHolding | None:
        """What the call gives; None where it was refused as it may be."""
        try:
            return call()
        except ProblemError as problem:
            if problem.code not in refusals:
                raise
            return None

    @rule(plan=PLANS, card=CARDS)
    def order(self, plan: str, card: str) -> None:
        self.orders.append((str(len(self.orders)), plan, card))
        self.send(self.orders[-1])

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def order_again(self, data: st.DataObject) -> None:
        self.send(data.draw(st.sampled_from(self.orders)))

    def send(self, order: tuple[str, str, str]) -> None:
        self.renewals_when_cancelled = None
        self.attempt({"payment_declined", "payment_unavailable"}, lambda: self.billing.order(self.account, *order))

    @rule()
    def cancel(self) -> None:
        holding = self.attempt({"not_subscribed", "payment_unavailable"}, lambda: self.billing.cancel(self.account))
        if holding is not None:
            assert holding.standing is None or not holding.standing.renews
            self.renewals_when_cancelled = self.renewals()

    @rule(card=CARDS)
    def change_card(self, card: str) -> None:
        self.attempt(
            {"not_subscribed", "payment_declined", "payment_unavailable"},
            lambda: self.billing.change_card(self.account, card),
        )

    @rule(days=st.sampled_from([0.5, 1.0, 6.0, 15.0, 30.0, 40.0]))
    def time_passes(self, days: float) -> None:
        self.clock.step(days * DAY_S)

    @rule()
    def the_task_runs(self) -> None:
        self.billing.renew_due()

    @rule(how=st.sampled_from(["no", "no", "before", "after"]))
    def the_line_breaks_or_heals(self, how: str) -> None:
        self.provider.broken = how

    @rule()
    def messages_come(self) -> None:
        self.service.context.money.provider.deliver(self.service.context.money.events.receive)  # type: ignore[attr-defined]

    @invariant()
    def the_ledger_and_the_payments_agree(self) -> None:
        with self.database.read() as session:
            charges = {one.key: one for one in session.scalars(select(LedgerCharge))}
            payments = {one.id: one for one in session.scalars(select(Payment))}
        assert set(charges) <= set(payments)
        for key, charge in charges.items():
            payment = payments[key]
            assert payment.amount_cents == charge.amount_cents
            assert payment.state in {"pending", "paid" if charge.paid else "declined"}
        costly = {one.id for one in payments.values() if one.state in {"paid", "declined"} and one.amount_cents}
        assert costly <= set(charges)
        assert sum(one.kind != "renewal" for one in payments.values()) <= len(self.orders)
        assert sum(one.state == "pending" for one in payments.values()) <= 1

    @invariant()
    def at_most_one_plan_and_only_what_is_paid(self) -> None:
        now = self.clock.now()
        with self.database.read() as session:
            rows = session.scalars(select(Subscription).where(Subscription.plan != "free"))
            runs = [one for one in rows if one.ends_at is None or one.ends_at > now]
            membership = session.get(Membership, self.account)
        assert len(runs) <= 1
        holding = self.holding()
        assert (holding.plan == "free") == (not runs)
        if runs:
            assert membership is not None
            assert runs[0].ends_at is not None
            assert runs[0].ends_at <= membership.paid_until + GRACE_S
            periods = [one for one in self.paid() if one.period_until is not None]
            assert max(one.period_until or 0.0 for one in periods) == membership.paid_until

    @invariant()
    def a_period_costs_its_plan_once(self) -> None:
        renewals = [one for one in self.paid() if one.kind == "renewal"]
        assert len({(one.period_from, one.subscription_id) for one in renewals}) == len(renewals)
        for one in self.paid():
            whole = price_cents(one.plan)
            assert one.amount_cents == whole if one.kind != "change" else one.amount_cents <= whole
            if one.period_from is not None and one.period_until is not None:
                assert abs(one.period_until - one.period_from - PERIOD_S) < 1

    @invariant()
    def what_was_cancelled_costs_no_more(self) -> None:
        if self.renewals_when_cancelled is not None:
            assert self.renewals() == self.renewals_when_cancelled


TestBillingMachine = BillingMachine.TestCase
TestBillingMachine.settings = settings(max_examples=4, stateful_step_count=25, deadline=None, database=None)
