"""Administrative calls: accounts, recalls, contracts of titles, keys, the audit trail. Each needs a role."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend_stub.api import admin_schemas as schemas
from backend_stub.api.deps import MOST_ID, Admin, Context, DeviceId, Hex32, Publisher, TitleId
from backend_stub.api.errors import documented
from backend_stub.context import ServiceContext
from backend_stub.db.keyset import behind
from backend_stub.db.models import Account
from backend_stub.live.faults import Late, LiveFaults
from backend_stub.problems import ProblemError, not_found
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.steering_rules import SteeringRule

router = APIRouter(prefix="/admin", tags=["admin"])

_Email = Annotated[str, Query(min_length=1, max_length=254)]
_Before = Annotated[int, Query(ge=0, le=MOST_ID, description="Entries below this id; 0 for the newest.")]
_Limit = Annotated[int, Query(ge=1, le=500)]
# Empty for all: a query cannot carry a null.
_AccountId = Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")]
_Action = Annotated[str, Query(pattern=r"^[a-z_.]{0,64}$")]
_NO_ACCOUNT = ("account_not_found", "There is no such account.")
_NO_TITLE = ("title_not_found", "There is no such title.")


@router.get("/accounts", responses=documented(401, 403, 404))
def find_account(context: Context, _admin: Admin, email: _Email) -> schemas.AdminAccount:
    account = context.accounts.find(email)
    if account is None:
        raise ProblemError(404, *_NO_ACCOUNT)
    return _account_body(context, account)


@router.patch("/accounts/{account_id}", responses=documented(401, 403, 404))
def change_account(
    body: schemas.AccountChange, context: Context, admin: Admin, account_id: Hex32
) -> schemas.AdminAccount:
    if account_id == admin.id and (body.active is False or body.role in {"viewer", "publisher"}):
        raise ProblemError(403, "own_account", "You cannot take your own rights away.")
    with not_found(*_NO_ACCOUNT):
        account = context.accounts.change(
            account_id,
            by=admin.id,
            role=body.role,
            active=body.active,
            country=body.country,
            kiosks=body.kiosks,
        )
    return _account_body(context, account)


@router.put("/accounts/{account_id}/plan", responses=documented(401, 403, 404))
def give_plan(body: schemas.PlanChange, context: Context, _admin: Admin, account_id: Hex32) -> schemas.AdminAccount:
    account = context.accounts.get(account_id)
    if account is None:
        raise ProblemError(404, *_NO_ACCOUNT)
    context.money.subscriptions.give(account_id, body.plan, body.ends_at)
    return _account_body(context, account)


@router.post("/devices/{device_id}/revocation", status_code=204, responses=documented(401, 403, 404))
def revoke_device(body: schemas.RecallReason, context: Context, admin: Admin, device_id: DeviceId) -> Response:
    with not_found("device_not_found", "No account has this device."):
        context.devices.forbid(device_id, body.reason, by=admin.id)
    return Response(status_code=204)


@router.post("/licences/{licence_id}/revocation", status_code=204, responses=documented(401, 403, 404))
def revoke_licence(body: schemas.RecallReason, context: Context, admin: Admin, licence_id: Hex32) -> Response:
    with not_found("licence_not_found", "There is no such licence."):
        context.rights.revocations.revoke_licence(licence_id, body.reason, by=admin.id)
    return Response(status_code=204)


@router.post("/titles/{title_id}/revocation", status_code=204, responses=documented(401, 403, 404))
def revoke_title(body: schemas.RecallReason, context: Context, publisher: Publisher, title_id: TitleId) -> Response:
    with not_found(*_NO_TITLE):
        context.rights.revocations.revoke_title(title_id, body.reason, by=publisher.id)
    return Response(status_code=204)


@router.delete("/titles/{title_id}/revocation", status_code=204, responses=documented(401, 403, 404))
def restore_title(context: Context, publisher: Publisher, title_id: TitleId) -> Response:
    with not_found(*_NO_TITLE):
        context.rights.revocations.restore_title(title_id, by=publisher.id)
    return Response(status_code=204)


@router.get("/titles/{title_id}/rights", responses=documented(401, 403, 404))
def get_rights(context: Context, _publisher: Publisher, title_id: TitleId) -> schemas.RightsBody:
    with not_found(*_NO_TITLE):
        return _rights_body(context.rights.contracts.get(title_id))


@router.put("/titles/{title_id}/rights", responses=documented(401, 403, 404))
def set_rights(
    body: schemas.RightsBody, context: Context, publisher: Publisher, title_id: TitleId
) -> schemas.RightsBody:
    members = body.model_dump()
    rights = ContractTerms(**{**members, "countries": frozenset(members["countries"])})
    with not_found(*_NO_TITLE):
        return _rights_body(context.rights.contracts.set(title_id, rights, by=publisher.id))


@router.put("/titles/{title_id}/rating", status_code=204, responses=documented(401, 403, 404))
def rate_title(body: schemas.Rating, context: Context, publisher: Publisher, title_id: TitleId) -> Response:
    with not_found(*_NO_TITLE):
        context.rights.contracts.rate(title_id, body.maturity, by=publisher.id)
    return Response(status_code=204)


@router.put("/titles/{title_id}/live-faults", status_code=204, responses=documented(401, 403, 404))
def plan_live_faults(
    body: schemas.LiveFaultsBody, context: Context, _publisher: Publisher, title_id: TitleId
) -> Response:
    with not_found(*_NO_TITLE):
        context.rights.contracts.get(title_id)
    now = context.clock.now()
    late = tuple(Late(now + one.from_s, now + one.until_s, one.by_s) for one in body.late)
    context.live_plans.set(title_id, LiveFaults(late, tuple(now + at_s for at_s in sorted(body.restarts_s))))
    return Response(status_code=204)


@router.get("/steering", responses=documented(401, 403))
def get_steering(context: Context, _admin: Admin) -> schemas.PathwayList:
    return _pathways(context)


@router.put("/steering", responses=documented(401, 403))
def set_steering(body: schemas.Weights, context: Context, _admin: Admin) -> schemas.PathwayList:
    context.steering.set_weights(body.weights)
    return _pathways(context)


@router.get("/steering/rules", responses=documented(401, 403))
def get_steering_rules(context: Context, _admin: Admin) -> schemas.SteeringRules:
    return _rules(context)


@router.put("/steering/rules", responses=documented(401, 403))
def set_steering_rules(body: schemas.SteeringRules, context: Context, _admin: Admin) -> schemas.SteeringRules:
    context.steering.set_rules(
        [
            SteeringRule(one.name, tuple(one.pathways), frozenset(one.countries), tuple(one.devices), one.share)
            for one in body.rules
        ]
    )
    return _rules(context)


@router.get("/audit", responses=documented(401, 403))
def audit_page(
    context: Context,
    _admin: Admin,
    before: _Before = 0,
    limit: _Limit = 100,
    account_id: _AccountId = "",
    action: _Action = "",
) -> schemas.AuditPage:
    entries = context.audit_log.page(before or None, limit, account_id or None, action or None)
    items = [
        schemas.AuditItem(
            id=one.id,
            at=one.at,
            action=one.action,
            account_id=one.account_id,
            subject=one.subject,
            detail=one.detail,
        )
        for one in entries
    ]
    return schemas.AuditPage(items=items, next_before=behind(items, limit, lambda entry: entry.id))


@router.post("/keys/rotation", responses=documented(401, 403))
def rotate_key(body: schemas.KeyRotation, context: Context, admin: Admin) -> schemas.KeyRotated:
    rotate = {
        "master": context.rights.key_care.rotate_master,
        "url-signing": context.signing_keys.rotate_urls,
        "licence-signing": context.signing_keys.rotate_licences,
    }[body.key]
    return schemas.KeyRotated(key_id=rotate(by=admin.id))


def _pathways(context: ServiceContext) -> schemas.PathwayList:
    return schemas.PathwayList(
        items=[
            schemas.Pathway(
                pathway=state.pathway,
                weight=state.weight,
                reports=state.reports,
                failures=state.failures,
                failing=state.failing,
                load=state.health.report.load if state.health is not None else None,
                bits_per_s=state.health.report.bits_per_s if state.health is not None else None,
                countries=list(state.health.report.countries) if state.health is not None else [],
            )
            for state in context.steering.states()
        ]
    )


def _rules(context: ServiceContext) -> schemas.SteeringRules:
    return schemas.SteeringRules(
        rules=[
            schemas.SteeringRuleBody(
                name=rule.name,
                pathways=list(rule.pathways),
                countries=sorted(rule.countries),
                devices=list(rule.devices),
                share=rule.share,
            )
            for rule in context.steering.rules()
        ]
    )


def _account_body(context: ServiceContext, account: Account) -> schemas.AdminAccount:
    plan, ends_at = context.money.subscriptions.current(account.id)
    return schemas.AdminAccount(
        id=account.id,
        email=account.email,
        name=account.name,
        active=account.active,
        role=account.role,
        country=account.country,
        kiosks=account.kiosks,
        plan=plan.name,
        plan_ends_at=ends_at,
    )


def _rights_body(rights: ContractTerms) -> schemas.RightsBody:
    members = asdict(rights)
    members.pop("revoked_at")
    return schemas.RightsBody.model_validate({**members, "countries": sorted(rights.countries)})
