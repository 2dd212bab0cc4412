"""Profiles of the household."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend_stub.api import schemas
from backend_stub.api.deps import Caller, Context, Hex32, Viewer
from backend_stub.api.errors import documented, retry_after
from backend_stub.db.models import Profile
from backend_stub.problems import ProblemError

router = APIRouter(prefix="/profiles", tags=["profiles"])


@router.get("", responses=documented(401, 403))
def list_profiles(context: Context, caller: Caller) -> schemas.ProfileList:
    profiles = context.profiles.of_account(caller.account.id)
    current = caller.profile.id if caller.profile is not None else None
    return schemas.ProfileList(items=[_body(one) for one in profiles], current=current)


@router.post("", responses=documented(401, 403, 409))
def make_profile(body: schemas.ProfileRequest, context: Context, caller: Caller) -> schemas.ProfileBody:
    return _body(context.profiles.make(caller, body.name, body.maturity, body.pin))


@router.delete("/{profile_id}", status_code=204, responses=documented(401, 403, 404))
def remove_profile(context: Context, caller: Caller, profile_id: Hex32) -> Response:
    context.profiles.remove(caller, profile_id)
    return Response(status_code=204)


@router.post("/{profile_id}/selection", responses=documented(401, 403, 404, 429))
def select_profile(
    body: schemas.SelectionRequest, context: Context, viewer: Viewer, caller: Caller, profile_id: Hex32
) -> schemas.SelectionBody:
    wait_s = context.attempts.pin.attempt(profile_id, context.clock.monotonic())
    if wait_s is not None:
        raise ProblemError(429, "too_many_attempts", "Too many attempts; try again later.", retry_after(wait_s))
    profile = context.profiles.enter(viewer.id, profile_id, body.pin)
    context.attempts.pin.forgive(profile_id)
    token, lifetime_s = context.tokens.select_profile(caller, profile)
    return schemas.SelectionBody(access_token=token, expires_in_s=lifetime_s, profile=_body(profile))


def _body(profile: Profile) -> schemas.ProfileBody:
    return schemas.ProfileBody(
        id=profile.id, name=profile.name, maturity=profile.maturity, has_pin=profile.pin_hash is not None
    )
