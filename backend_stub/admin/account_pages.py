"""Pages of accounts: finding one, its role, plan, sign-ins and devices; and of what was paid."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from backend_stub.admin import PREFIX, plots
from backend_stub.admin.access import PageRefusedError, SealedForm, SignedInAdmin
from backend_stub.admin.page import PageRoute, clean, page, see_other
from backend_stub.api.admin_schemas import AccountChange
from backend_stub.api.deps import Before, Context, DeviceId, Hex32
from backend_stub.context import ServiceContext
from backend_stub.db.keyset import Place, behind, when_made
from backend_stub.db.models import Account
from backend_stub.payments.provider import CURRENCY
from backend_stub.services.accounts import Role
from backend_stub.services.plans import PLANS

router = APIRouter(prefix=PREFIX, include_in_schema=False, route_class=PageRoute)

_PER_PAGE = 50
_PAYMENTS_OF_ACCOUNT = 20
_Text = Annotated[str, Query(max_length=254)]


@router.get("/accounts")
def accounts(context: Context, operator: SignedInAdmin, before: Before, q: _Text = "") -> Response:
    found = context.accounts.search(clean(q), before, _PER_PAGE)
    older = behind(found, _PER_PAGE, when_made)
    drawn = plots.by_day("New accounts", context.insight.by_day("accounts"), context.clock.now())
    return page("accounts.html", operator, accounts=found, q=q, older=older, plots=drawn)


@router.get("/accounts/{account_id}")
def account(context: Context, operator: SignedInAdmin, account_id: Hex32, before: Before) -> Response:
    """``before`` is a place among its devices."""
    found = _account(context, account_id)
    plan, plan_ends_at = context.money.subscriptions.current(account_id)
    devices, _ = context.devices.of_account(account_id, before, _PER_PAGE)
    return page(
        "account.html",
        operator,
        account=found,
        own=account_id == operator.account.id,
        roles=get_args(Role),
        plan=plan.name,
        plans=list(PLANS),
        plan_ends_at=plan_ends_at,
        devices=devices,
        older=behind(devices, _PER_PAGE, lambda one: Place(one.last_seen_at or 0.0, one.id)),
        profiles=context.profiles.of_account(account_id),
        payments=context.money.billing.payments(account_id, None, _PAYMENTS_OF_ACCOUNT),
        currency=CURRENCY,
        now=context.clock.now(),
    )


@router.post("/accounts/{account_id}")
def change_account(context: Context, operator: SignedInAdmin, form: SealedForm, account_id: Hex32) -> Response:
    """Only what the form names is changed."""
    active = {"open": True, "closed": False}.get(form.get("state", ""))
    kiosks = {"kiosks": True, "devices": False}.get(form.get("screens", ""))
    wanted = {"role": form.get("role") or None, "active": active, "country": form.get("country", "").upper() or None}
    try:
        change = AccountChange.model_validate({**wanted, "kiosks": kiosks})
    except ValidationError:
        raise PageRefusedError(422, "There is no such role, or no such country.") from None
    if account_id == operator.account.id and (change.active is False or change.role in {"viewer", "publisher"}):
        raise PageRefusedError(403, "You cannot take your own rights away.")
    _account(context, account_id)
    context.accounts.change(
        account_id,
        by=operator.account.id,
        role=change.role,
        active=change.active,
        country=change.country,
        kiosks=change.kiosks,
    )
    return see_other(f"/accounts/{account_id}")


@router.post("/accounts/{account_id}/plan")
def give_plan(context: Context, _operator: SignedInAdmin, form: SealedForm, account_id: Hex32) -> Response:
    plan = form.get("plan", "")
    if plan not in PLANS:
        raise PageRefusedError(422, "There is no such plan.")
    _account(context, account_id)
    context.money.subscriptions.give(account_id, plan)
    return see_other(f"/accounts/{account_id}")


@router.post("/accounts/{account_id}/sign-out")
def sign_out_everywhere(context: Context, operator: SignedInAdmin, _form: SealedForm, account_id: Hex32) -> Response:
    _account(context, account_id)
    context.tokens.sign_out_everywhere(account_id, by=operator.account.id)
    return see_other(f"/accounts/{account_id}" if account_id != operator.account.id else "/sign-in")


@router.post("/accounts/{account_id}/devices/{device_id}/removal")
def remove_device(
    context: Context, _operator: SignedInAdmin, _form: SealedForm, account_id: Hex32, device_id: DeviceId
) -> Response:
    try:
        context.devices.revoke(account_id, device_id)
    except LookupError:
        raise PageRefusedError(404, "This account has no such device.") from None
    return see_other(f"/accounts/{account_id}")


@router.get("/payments")
def payments(context: Context, operator: SignedInAdmin, before: Before, q: _Text = "") -> Response:
    found = context.money.billing.latest(before, _PER_PAGE, clean(q))
    older = behind(found, _PER_PAGE, lambda one: when_made(one[0]))
    drawn = plots.by_day("Payments", context.insight.by_day("payments"), context.clock.now())
    return page("payments.html", operator, payments=found, older=older, currency=CURRENCY, q=q, plots=drawn)


@router.post("/payments/{payment_id}/refund")
def refund(context: Context, operator: SignedInAdmin, _form: SealedForm, payment_id: Hex32) -> Response:
    try:
        context.money.billing.refund(payment_id, by=operator.account.id)
    except LookupError:
        raise PageRefusedError(404, "There is no such payment that was paid.") from None
    return see_other("/payments")


def _account(context: ServiceContext, account_id: str) -> Account:
    found = context.accounts.get(account_id)
    if found is None:
        raise PageRefusedError(404, "There is no such account.")
    return found
