"""Plans for sale, the account's own subscription, what it paid, and the events of the payment provider."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from backend_stub.api import billing_schemas as schemas
from backend_stub.api.deps import Admin, Before, Caller, Context, GrownUp, Hex32, Viewer
from backend_stub.api.errors import documented, retry_after
from backend_stub.api.schemas import Nothing
from backend_stub.context import ServiceContext
from backend_stub.db.keyset import behind, when_made
from backend_stub.db.models import Payment
from backend_stub.payments.provider import CURRENCY
from backend_stub.problems import ProblemError, not_found
from backend_stub.services.billing import AccountHolding
from backend_stub.services.billing_rules import PERIOD_S, price_cents
from backend_stub.services.plans import FREE, PLANS
from backend_stub.services.profiles import check_grown_up
from backend_stub.services.tokens import SignedIn

router = APIRouter(tags=["billing"])

_Limit = Annotated[int, Query(ge=1, le=200)]
_Signature = Annotated[str, Header(max_length=200)]
_EVENT = {"application/json": {"schema": schemas.ProviderEvent.model_json_schema()}}


@router.get("/plans")
def plans() -> schemas.PlanList:
    return schemas.PlanList(
        items=[
            schemas.PlanBody(
                plan=plan.name,
                price_cents=plan.price_cents,
                currency=CURRENCY,
                period_s=PERIOD_S,
                max_height=plan.max_height,
                streams=plan.streams,
                devices=plan.devices,
                download_devices=plan.download_devices,
                download_titles=plan.download_titles,
            )
            for plan in PLANS.values()
            if plan.price_cents is not None
        ]
    )


@router.get("/account/subscription", responses=documented(401, 403))
def subscription(context: Context, viewer: Viewer) -> schemas.SubscriptionBody:
    return _holding_body(context.money.billing.holding(viewer.id))


@router.post("/account/subscription", responses=documented(401, 402, 403, 409, 429, 503))
def subscribe(body: schemas.SubscriptionOrder, context: Context, caller: Caller) -> schemas.SubscriptionBody:
    _check_buyer(context, caller)
    return _holding_body(context.money.billing.order(caller.account.id, body.request_id, body.plan, body.card))


@router.delete("/account/subscription", responses=documented(401, 403, 409, 503))
def unsubscribe(context: Context, caller: Caller) -> schemas.SubscriptionBody:
    check_grown_up(caller)
    return _holding_body(context.money.billing.cancel(caller.account.id))


@router.put("/account/card", responses=documented(401, 402, 403, 409, 429, 503))
def change_card(body: schemas.CardChange, context: Context, caller: Caller) -> schemas.SubscriptionBody:
    _check_buyer(context, caller)
    return _holding_body(context.money.billing.change_card(caller.account.id, body.card))


@router.get("/account/payments", responses=documented(401, 403))
def payments(context: Context, viewer: GrownUp, before: Before, limit: _Limit = 50) -> schemas.PaymentList:
    found = context.money.billing.payments(viewer.id, before, limit)
    return schemas.PaymentList(
        items=[_payment_body(one) for one in found],
        next_before=behind(found, limit, lambda payment: str(when_made(payment))),
    )


@router.post(
    "/payments/webhook",
    status_code=204,
    responses=documented(403, 409),
    openapi_extra={"requestBody": {"content": _EVENT, "required": True}},
)
async def provider_event(request: Request, context: Context, matinee_signature: _Signature) -> Response:
    """The body is taken as it came: its signature is over the bytes."""
    body = await request.body()
    await run_in_threadpool(context.money.events.take, body, matinee_signature)
    return Response(status_code=204)


@router.post("/admin/payments/{payment_id}/refund", responses=documented(401, 403, 404, 503), tags=["admin"])
def refund(_body: Nothing, context: Context, admin: Admin, payment_id: Hex32) -> schemas.PaymentBody:
    with not_found("payment_not_found", "There is no such payment that was paid."):
        return _payment_body(context.money.billing.refund(payment_id, by=admin.id))


def _check_buyer(context: ServiceContext, caller: SignedIn) -> None:
    """Raises :class:`ProblemError` 403 ``profile_not_allowed``, 429: nobody tries out cards here."""
    check_grown_up(caller)
    wait_s = context.attempts.payment.attempt(caller.account.id, context.clock.monotonic())
    if wait_s is not None:
        raise ProblemError(429, "too_many_attempts", "Too many attempts; try again later.", retry_after(wait_s))


def _holding_body(holding: AccountHolding) -> schemas.SubscriptionBody:
    standing = holding.standing
    state = _state(holding)
    next_plan = standing.next_plan if standing is not None else None
    return schemas.SubscriptionBody(
        plan=holding.plan,
        state=state,
        ends_at=holding.ends_at,
        renews_at=standing.paid_until if state == "active" and standing is not None else None,
        next_plan=next_plan,
        price_cents=price_cents(next_plan or standing.plan) if standing is not None else None,
        currency=CURRENCY,
        card=schemas.CardBody(last4=holding.card_last4) if holding.card_last4 is not None else None,
        declined=holding.declined,
    )


def _state(holding: AccountHolding) -> schemas.State:
    if holding.standing is not None:
        return holding.standing.state(holding.now)
    return "free" if holding.plan == FREE.name else "given"


def _payment_body(payment: Payment) -> schemas.PaymentBody:
    return schemas.PaymentBody(
        payment_id=payment.id,
        kind=payment.kind,
        plan=payment.plan,
        amount_cents=payment.amount_cents,
        currency=CURRENCY,
        state=payment.state,
        reason=payment.reason,
        created_at=payment.created_at,
        period_from=payment.period_from,
        period_until=payment.period_until,
        card=schemas.CardBody(last4=payment.card_last4),
    )
