"""Subscribing, changing, cancelling and renewing: what viewers order, what the provider says, what time brings.

A payment is stored, with its idempotency key, before the provider is asked. After any failure, a second request with
that key returns the result, and the provider sends an event too. The first of them settles the payment, once.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.db.database import Database
from backend_stub.db.keyset import Place, page
from backend_stub.db.models import Account, Membership, Payment
from backend_stub.payments.provider import (
    CardRefusedError,
    ChargeOutcome,
    PaymentCard,
    PaymentProvider,
    ProviderUnavailableError,
)
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.billing_rules import SubscriptionStanding, price_cents, quote
from backend_stub.services.memberships import (
    RunningMembership,
    cancel,
    choose_next,
    end_at_once,
    running,
    settle_declined,
    settle_paid,
)
from backend_stub.services.plans import plan_at

_RETRY_AFTER_S = 60
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccountHolding:
    """What an account has: its plan, until when (None: without end), and what it pays for it, if it does.

    ``declined`` says why the last charge of a renewal failed.
    """

    plan: str
    ends_at: float | None
    standing: SubscriptionStanding | None
    card_last4: str | None
    declined: str | None
    now: float


class Billing:
    def __init__(self, database: Database, clock: Clock, provider: PaymentProvider) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider

    def holding(self, account_id: str) -> AccountHolding:
        now = self._clock.now()
        with self._database.read() as session:
            plan, ends_at = plan_at(session, account_id, now)
            current = running(session, account_id, now)
            membership = session.get(Membership, account_id)
        return AccountHolding(
            plan=plan.name,
            ends_at=ends_at,
            standing=current.standing if current is not None else None,
            card_last4=membership.card_last4 if membership is not None else None,
            declined=current.membership.declined if current is not None else None,
            now=now,
        )

    def payments(self, account_id: str, before: Place | None, limit: int) -> Sequence[Payment]:
        """What the account paid or was to pay, the newest first; orders that cost nothing are left out."""
        query = select(Payment).where(Payment.account_id == account_id, Payment.amount_cents > 0)
        with self._database.read() as session:
            return session.scalars(page(query, Payment.created_at, Payment.id, before, limit)).all()

    def latest(self, before: Place | None, limit: int, email: str = "") -> Sequence[tuple[Payment, str]]:
        """Payments of all accounts with the account's address, the newest first; what cost nothing is left out. With
        ``email`` in the address where it is named."""
        query = select(Payment, Account.email).join(Account, Account.id == Payment.account_id)
        query = query.where(Payment.amount_cents > 0)
        if email:
            query = query.where(Account.email.contains(email.lower(), autoescape=True))
        query = page(query, Payment.created_at, Payment.id, before, limit)
        with self._database.read() as session:
            return [(payment, email) for payment, email in session.execute(query)]

    def order(self, account_id: str, request_id: str, plan: str, card_number: str | None) -> AccountHolding:
        """Have ``plan``, by :func:`backend_stub.services.billing_rules.quote`; a repeated request counts once.

        Raises :class:`ProblemError` 402 ``payment_declined``, 409 ``request_reused``, 422 ``bad_card`` or
        ``card_missing``, 503 ``payment_unavailable``. LookupError for a plan that is not for sale.
        """
        price_cents(plan)
        self._finish_pending(account_id)
        payment = self._made_before(account_id, request_id)
        if payment is None:
            card = self._keep(card_number) if card_number is not None else None
            payment = self._write_order(account_id, request_id, plan, card)
        if payment.plan != plan:
            raise ProblemError(409, "request_reused", "This request was made before, for another plan.")
        return self._answer(account_id, self._settled(payment))

    def cancel(self, account_id: str) -> AccountHolding:
        """Let the plan end with what is paid. Raises :class:`ProblemError` 409 ``not_subscribed``, 503
        ``payment_unavailable``."""
        self._finish_pending(account_id)
        now = self._clock.now()
        with self._database.write() as session:
            cancel(session, _own(session, account_id, now), now)
        return self.holding(account_id)

    def change_card(self, account_id: str, card_number: str) -> AccountHolding:
        """Charge another card from now on, and at once where a renewal was declined.

        Raises :class:`ProblemError` 402 ``payment_declined``, 409 ``not_subscribed``, 422 ``bad_card``, 503
        ``payment_unavailable``.
        """
        self._finish_pending(account_id)
        card = self._keep(card_number)
        now = self._clock.now()
        with self._database.write() as session:
            current = _own(session, account_id, now)
            current.membership.card_token, current.membership.card_last4 = card.token, card.last4
            audit.record(session, now, "card.changed", account_id=account_id)
            payment = _renewal(session, current, now) if current.standing.state(now) == "past_due" else None
        return self.holding(account_id) if payment is None else self._answer(account_id, self._settled(payment))

    def refund(self, payment_id: str, by: str) -> Payment:
        """Give a payment back; the plan that it pays for ends at once.

        Raises LookupError for one that was never paid, :class:`ProblemError` 503 ``payment_unavailable``.
        """
        try:
            self._provider.refund(payment_id)
        except ProviderUnavailableError as error:
            raise _unavailable() from error
        with self._database.write() as session:
            audit.record(session, self._clock.now(), "payment.refunded", account_id=by, subject=payment_id)
        return self.settle_refund(payment_id)

    def settle(self, payment_id: str, outcome: ChargeOutcome) -> Payment:
        """Take what the provider says of a payment; only the first time counts. Raises LookupError."""
        now = self._clock.now()
        with self._database.write() as session:
            payment = _locked(session, payment_id)
            if payment.state == "pending":
                payment.state, payment.reason = "paid" if outcome.paid else "declined", outcome.reason
                payment.settled_at = now
                (settle_paid if outcome.paid else settle_declined)(session, payment, now)
                audit.record(
                    session,
                    now,
                    f"payment.{payment.state}",
                    account_id=payment.account_id,
                    subject=payment.id,
                    kind=payment.kind,
                    plan=payment.plan,
                    amount_cents=payment.amount_cents,
                )
        return payment

    def settle_refund(self, payment_id: str) -> Payment:
        """A payment was given back; only the first time counts. Raises LookupError."""
        now = self._clock.now()
        with self._database.write() as session:
            payment = _locked(session, payment_id)
            if payment.state != "refunded":
                payment.state = "refunded"
                current = running(session, payment.account_id, now)
                if current is not None and current.membership.period_from == payment.period_from:
                    end_at_once(session, current, now, reason="refunded")
        return payment

    def renew_due(self) -> None:
        """Charge every subscription whose next period is due, and finish payments that were left open.

        To be called now and then; several processes may do so at once.
        """
        now = self._clock.now()
        with self._database.read() as session:
            left = select(Payment.account_id).where(Payment.state == "pending")
            due = select(Membership.account_id).where(Membership.due_at <= now)
            accounts = sorted({*session.scalars(left), *session.scalars(due)})
        for account_id in accounts:
            try:
                self._finish_pending(account_id)
                self._renew(account_id)
            except ProblemError as problem:
                _logger.warning("a renewal waits: %s", problem.code)

    def _renew(self, account_id: str) -> None:
        now = self._clock.now()
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)
            membership = session.get_one(Membership, account_id)
            if membership.due_at is None or membership.due_at > now:
                return
            current = running(session, account_id, now)
            payment = None
            if current is None:  # the plan has ended, or was replaced: it is not charged
                membership.renews, membership.due_at = False, None
                audit.record(session, now, "subscription.expired", account_id=account_id)
            else:
                payment = _renewal(session, current, now)
        if payment is not None:
            self._settled(payment)

    def _write_order(self, account_id: str, request_id: str, plan: str, card: PaymentCard | None) -> Payment:
        now = self._clock.now()
        with self._database.write() as session:
            session.get_one(Account, account_id, with_for_update=True)  # orders come one after the other
            payment = _by_request(session, account_id, request_id)
            if payment is not None:
                return payment
            card = card or _kept_card(session, account_id)
            current = running(session, account_id, now)
            asked = quote(current.standing if current is not None else None, plan, now)
            payment = Payment(
                id=secrets.token_hex(16),
                account_id=account_id,
                request_id=request_id,
                kind=asked.kind,
                plan=plan,
                amount_cents=asked.amount_cents,
                card_token=card.token,
                card_last4=card.last4,
                state="pending",
                created_at=now,
            )
            session.add(payment)
            if current is not None and not asked.at_once:
                payment.state, payment.settled_at = "paid", now
                choose_next(session, current, plan, now)
        return payment

    def _settled(self, payment: Payment) -> Payment:
        """The payment, settled: the provider is asked if that is still open. Raises :class:`ProblemError` 503."""
        if payment.state != "pending":
            return payment
        if payment.amount_cents == 0:
            return self.settle(payment.id, ChargeOutcome(paid=True))
        try:
            outcome = self._provider.charge(payment.id, payment.card_token, payment.amount_cents)
        except ProviderUnavailableError as error:
            raise _unavailable() from error
        return self.settle(payment.id, outcome)

    def _finish_pending(self, account_id: str) -> None:
        """Nothing new is begun while it is open whether money moved. Raises :class:`ProblemError` 503."""
        query = select(Payment).where(Payment.account_id == account_id, Payment.state == "pending")
        with self._database.read() as session:
            pending = session.scalars(query.order_by(Payment.created_at)).all()
        for payment in pending:
            self._settled(payment)

    def _answer(self, account_id: str, payment: Payment) -> AccountHolding:
        if payment.state == "declined":
            raise ProblemError(
                402, "payment_declined", "The card was declined.", members={"reason": payment.reason or ""}
            )
        return self.holding(account_id)

    def _made_before(self, account_id: str, request_id: str) -> Payment | None:
        with self._database.read() as session:
            return _by_request(session, account_id, request_id)

    def _keep(self, number: str) -> PaymentCard:
        try:
            return self._provider.keep_card(number)
        except CardRefusedError as error:
            raise ProblemError(422, "bad_card", "This card cannot be used here.") from error


def _by_request(session: Session, account_id: str, request_id: str) -> Payment | None:
    query = select(Payment).where(Payment.account_id == account_id, Payment.request_id == request_id)
    return session.scalar(query)


def _kept_card(session: Session, account_id: str) -> PaymentCard:
    membership = session.get(Membership, account_id)
    if membership is None:
        raise ProblemError(422, "card_missing", "A card is needed.")
    return PaymentCard(membership.card_token, membership.card_last4)


def _locked(session: Session, payment_id: str) -> Payment:
    """The payment, with its account held. Raises LookupError."""
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise LookupError(payment_id)
    session.get_one(Account, payment.account_id, with_for_update=True)
    session.refresh(payment)
    return payment


def _own(session: Session, account_id: str, now: float) -> RunningMembership:
    session.get_one(Account, account_id, with_for_update=True)
    current = running(session, account_id, now)
    if current is None:
        raise ProblemError(409, "not_subscribed", "There is no subscription.")
    return current


def _renewal(session: Session, current: RunningMembership, now: float) -> Payment:
    """The attempt to charge the next period that is due; the one there is, if another process was quicker."""
    membership = current.membership
    plan = membership.next_plan or current.subscription.plan
    request_id = f"renewal:{current.subscription.id}:{membership.paid_until:.0f}:{membership.attempts}"
    payment = _by_request(session, membership.account_id, request_id)
    if payment is None:
        payment = Payment(
            id=secrets.token_hex(16),
            account_id=membership.account_id,
            request_id=request_id,
            kind="renewal",
            plan=plan,
            amount_cents=price_cents(plan),
            card_token=membership.card_token,
            card_last4=membership.card_last4,
            state="pending",
            created_at=now,
        )
        session.add(payment)
    return payment


def _unavailable() -> ProblemError:
    return ProblemError(
        503,
        "payment_unavailable",
        "Payments cannot be made just now.",
        headers={"Retry-After": str(_RETRY_AFTER_S)},
    )
