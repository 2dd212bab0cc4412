"""What an account has, what there is to have, and what was paid for it, as the account page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan for sale. Amounts are in hundredths of ``currency``; None is no limit."""

    name: str
    price_cents: int
    currency: str
    max_height: int | None = None
    streams: int | None = None
    download_titles: int | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """What the account has: ``state`` is free, given, active, cancelled or past_due. Times are seconds since 1970;
    ``last4`` are the last digits of the card that is charged, ``declined`` why it was not."""

    plan: str
    state: str
    ends_at: float | None = None
    renews_at: float | None = None
    next_plan: str = ""
    price_cents: int | None = None
    currency: str = ""
    last4: str = ""
    declined: str = ""


@dataclass(frozen=True, slots=True)
class PaymentCard:
    """One payment: ``kind`` is subscribe, change or renewal, ``state`` pending, paid, declined or refunded."""

    kind: str
    plan: str
    amount_cents: int
    currency: str
    state: str
    paid_at: float


@dataclass(frozen=True, slots=True)
class AccountCard:
    """The account, what it has, what there is, and what it paid last."""

    name: str
    email: str
    membership: Membership
    plans: Sequence[PlanOffer] = ()
    payments: Sequence[PaymentCard] = ()
