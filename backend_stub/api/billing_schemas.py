"""Bodies of plans, subscriptions and payments. Amounts are in hundredths of the currency."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from backend_stub.api.schemas import Strict

State = Literal["free", "given", "active", "cancelled", "past_due"]
PlanForSale = Literal["basic", "standard", "premium"]
_Card = Annotated[str, StringConstraints(pattern=r"^[0-9]{12,19}$")]


class PlanBody(BaseModel):
    plan: str
    price_cents: int
    currency: str
    period_s: float
    max_height: int | None
    streams: int | None
    devices: int | None
    download_devices: int | None
    download_titles: int | None


class PlanList(BaseModel):
    items: list[PlanBody]


class SubscriptionOrder(Strict):
    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    plan: PlanForSale
    card: _Card | None = None


class CardChange(Strict):
    card: _Card


class CardBody(BaseModel):
    last4: str


class SubscriptionBody(BaseModel):
    plan: str
    state: State
    ends_at: float | None
    renews_at: float | None
    next_plan: str | None
    price_cents: int | None
    currency: str
    card: CardBody | None
    declined: str | None


class PaymentBody(BaseModel):
    payment_id: str
    kind: Literal["subscribe", "change", "renewal"]
    plan: str
    amount_cents: int
    currency: str
    state: Literal["pending", "paid", "declined", "refunded"]
    reason: str | None
    created_at: float
    period_from: float | None
    period_until: float | None
    card: CardBody


class PaymentList(BaseModel):
    items: list[PaymentBody]
    next_before: str | None


class ProviderEvent(BaseModel):
    """What the local provider sends; another provider has a form of its own."""

    id: str
    type: Literal["charge.paid", "charge.declined", "charge.refunded"]
    created_at: float
    key: str
    amount_cents: int
    reason: str | None
