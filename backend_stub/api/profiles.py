"""Profiles of the household."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend_stub.api import schemas
from backend_stub.api.deps import Caller, Context, Hex32
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
    ways = body.model_dump(exclude={"name", "maturity", "pin"})
    return _body(context.profiles.make(caller, body.name, body.maturity, body.pin, ways))


@router.patch("/{profile_id}", responses=documented(401, 403, 404))
def change_profile(
    body: schemas.ProfileChange, context: Context, caller: Caller, profile_id: Hex32
) -> schemas.ProfileBody:
    changes = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if name == "pin" or value is not None
    }
    return _body(context.profiles.change(caller, profile_id, changes))


@router.delete("/{profile_id}", status_code=204, responses=documented(401, 403, 404))
def remove_profile(context: Context, caller: Caller, profile_id: Hex32) -> Response:
    context.profiles.remove(caller, profile_id)
    return Response(status_code=204)


@router.post("/{profile_id}/selection", responses=documented(401, 403, 404, 429))
def select_profile(
    body: schemas.SelectionRequest, context: Context, caller: Caller, profile_id: Hex32
) -> schemas.SelectionBody:
    profile, pin_hash = context.profiles.guarded(caller, profile_id)
    if pin_hash is not None:  # what needs no PIN neither counts as a guess nor forgives one
        left = caller.profile if caller.profile is not None and caller.profile.kids else None
        guesser = left.id if left is not None else profile_id
        wait_s = context.attempts.pin.attempt(guesser, context.clock.monotonic())
        if wait_s is not None:
            raise ProblemError(429, "too_many_attempts", "Too many attempts; try again later.", retry_after(wait_s))
        context.profiles.check_pin(pin_hash, body.pin)
        context.attempts.pin.forgive(guesser)
    token, lifetime_s = context.tokens.select_profile(caller, profile)
    return schemas.SelectionBody(access_token=token, expires_in_s=lifetime_s, profile=_body(profile))


def _body(profile: Profile) -> schemas.ProfileBody:
    return schemas.ProfileBody(
        id=profile.id,
        name=profile.name,
        maturity=profile.maturity,
        has_pin=profile.pin_hash is not None,
        avatar=profile.avatar,
        kids=profile.kids,
        audio_language=profile.audio_language,
        text_language=profile.text_language,
        autoplay=profile.autoplay,
    )
