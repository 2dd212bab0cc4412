"""What accounts pay, and the ledger of the local payment provider. Amounts are in hundredths of the currency."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Boolean, Float, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class Membership(Base):
    """The subscription that an account pays for itself, with the period that is paid and when to charge next.

    It is over once ``subscription_id`` is: what an account may watch is said by that row alone.
    """

    __tablename__ = "memberships"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    subscription_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True)
    next_plan: Mapped[str | None] = mapped_column(String(16))  # from the next period on; null for the same
    period_from: Mapped[float] = mapped_column(Float)
    paid_until: Mapped[float] = mapped_column(Float)
    renews: Mapped[bool] = mapped_column(Boolean)
    attempts: Mapped[int] = mapped_column(Integer)  # to charge the next period, all declined
    due_at: Mapped[float | None] = mapped_column(Float, index=True)  # next charge, or end to be noted
    declined: Mapped[str | None] = mapped_column(String(40))  # why the last attempt failed
    card_token: Mapped[str] = mapped_column(String(64))
    card_last4: Mapped[str] = mapped_column(String(4))


class Payment(Base):
    """One order of an account, or one attempt to renew; its id is the key under which the provider charges.

    An order that costs nothing has a row too, so that it counts once.
    """

    __tablename__ = "payments"
    __table_args__ = (UniqueConstraint("account_id", "request_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    request_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[Literal["subscribe", "change", "renewal"]] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(String(16))
    amount_cents: Mapped[int] = mapped_column(Integer)
    card_token: Mapped[str] = mapped_column(String(64))
    card_last4: Mapped[str] = mapped_column(String(4))
    state: Mapped[Literal["pending", "paid", "declined", "refunded"]] = mapped_column(String(16), index=True)
    reason: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[float] = mapped_column(Float, index=True)
    settled_at: Mapped[float | None] = mapped_column(Float)
    subscription_id: Mapped[str | None] = mapped_column(String(32))  # what it paid
    period_from: Mapped[float | None] = mapped_column(Float)
    period_until: Mapped[float | None] = mapped_column(Float)


class LedgerCard(Base):
    """A test card that the local provider keeps."""

    __tablename__ = "ledger_cards"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[str] = mapped_column(String(19))  # of a test card: it is no secret
    created_at: Mapped[float] = mapped_column(Float)


class LedgerCharge(Base):
    """A charge that the local provider was asked for, whatever became of it."""

    __tablename__ = "ledger_charges"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    card_token: Mapped[str] = mapped_column(String(64), index=True)
    amount_cents: Mapped[int] = mapped_column(Integer)
    paid: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[float] = mapped_column(Float)
    refunded_at: Mapped[float | None] = mapped_column(Float)


class LedgerEvent(Base):
    """What the local provider has to tell; sent until it is taken."""

    __tablename__ = "ledger_events"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    attempts: Mapped[int] = mapped_column(Integer)
    send_at: Mapped[float | None] = mapped_column(Float, index=True)  # null once it was taken
