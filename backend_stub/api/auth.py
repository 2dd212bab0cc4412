"""Sign-in, refresh, sign-out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from backend_stub.api import schemas
from backend_stub.api.deps import Context
from backend_stub.api.errors import documented, retry_after
from backend_stub.problems import ProblemError
from backend_stub.services.accounts import normalise_email
from backend_stub.services.tokens import TokenPair

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/login", responses=documented(401, 403, 429))
def login(body: schemas.LoginRequest, request: Request, context: Context) -> schemas.TokensBody:
    key = f"{request.client.host if request.client else ''} {normalise_email(body.email)}"
    wait_s = context.login_window.attempt(key, context.clock.monotonic())
    if wait_s is not None:
        raise ProblemError(429, "too_many_attempts", "Too many attempts; try again later.", retry_after(wait_s))
    account = context.accounts.authenticate(body.email, body.password)
    context.login_window.forgive(key)
    return _body(context.tokens.issue(account, body.device_name))


@router.post("/refresh", responses=documented(401, 403))
def refresh(body: schemas.RefreshRequest, context: Context) -> schemas.TokensBody:
    return _body(context.tokens.rotate(body.refresh_token))


@router.post("/logout", status_code=204)
def logout(body: schemas.RefreshRequest, context: Context) -> Response:
    context.tokens.revoke(body.refresh_token)
    return Response(status_code=204)


def _body(pair: TokenPair) -> schemas.TokensBody:
    account = schemas.AccountBody(id=pair.account.id, email=pair.account.email, name=pair.account.name)
    return schemas.TokensBody(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in_s=pair.expires_in_s,
        account=account,
    )
