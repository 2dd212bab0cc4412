"""Plans, the account's subscription and what it paid, as the service answers. Amounts are in hundredths of the
currency, times seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass

from player.service.reply import Members


@dataclass(frozen=True, slots=True)
class Plan:
    """Something that can be subscribed to; None is no limit."""

    name: str
    price_cents: int
    currency: str
    period_s: float
    max_height: int | None
    streams: int | None
    devices: int | None
    download_titles: int | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the account has. ``state`` is free, given, active, cancelled or past_due (``docs/protocol.md``); ``last4``
    are the last digits of the card that is charged."""

    plan: str
    state: str
    ends_at: float | None = None
    renews_at: float | None = None
    next_plan: str | None = None
    price_cents: int | None = None
    currency: str = ""
    last4: str | None = None
    declined: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment. ``kind`` is subscribe, change or renewal; ``state`` pending, paid, declined or refunded."""

    id: str
    kind: str
    plan: str
    amount_cents: int
    currency: str
    state: str
    created_at: float


def read_plans(members: Members) -> tuple[Plan, ...]:
    """The plans for sale, the cheapest first."""

    def read(item: object) -> Plan:
        one = Members(item, "items")
        return Plan(
            one.text("plan"),
            int(one.number("price_cents")),
            one.text("currency"),
            one.number("period_s"),
            _whole(one, "max_height"),
            _whole(one, "streams"),
            _whole(one, "devices"),
            _whole(one, "download_titles"),
        )

    return members.each("items", read)


def read_subscription(members: Members) -> Subscription:
    """What the account has."""
    card = members.optional_inner("card")
    return Subscription(
        members.text("plan"),
        members.text("state"),
        members.optional_number("ends_at"),
        members.optional_number("renews_at"),
        members.optional_text("next_plan"),
        _whole(members, "price_cents"),
        members.text("currency"),
        None if card is None else card.text("last4"),
        members.optional_text("declined"),
    )


def read_payments(members: Members) -> tuple[Payment, ...]:
    """What was paid, the newest first."""

    def read(item: object) -> Payment:
        one = Members(item, "items")
        return Payment(
            one.text("payment_id"),
            one.text("kind"),
            one.text("plan"),
            int(one.number("amount_cents")),
            one.text("currency"),
            one.text("state"),
            one.number("created_at"),
        )

    return members.each("items", read)


def _whole(members: Members, name: str) -> int | None:
    number = members.optional_number(name)
    return None if number is None else int(number)
