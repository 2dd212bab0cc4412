"""Registration, sign-in also by a code, refresh, sign-out, change of password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request, Response

from backend_stub.api import schemas
from backend_stub.api.deps import Context, GrownUp, Viewer
from backend_stub.api.errors import documented, retry_after
from backend_stub.context import ServiceContext
from backend_stub.db.models import Account
from backend_stub.problems import ProblemError
from backend_stub.services.accounts import EmailTakenError, check_password, normalise_email
from backend_stub.services.device_grants import shown_code
from backend_stub.services.plans import FREE
from backend_stub.services.rate_limit import CountingWindow, subscriber_of
from backend_stub.services.tokens import TokenPair

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/login", responses=documented(401, 403, 429))
def login(body: schemas.LoginRequest, request: Request, context: Context) -> schemas.TokensBody:
    account = checked_sign_in(context, request, body.email, body.password)
    return tokens_body(context.tokens.issue(account, body.device_name))


@router.post("/register", responses=documented(409, 429))
def register(body: schemas.RegisterRequest, request: Request, context: Context) -> schemas.TokensBody:
    limited(context.attempts.registration, context, host_of(request))
    check_password(body.password, body.email, body.name)
    try:
        account = context.accounts.register(body.email, body.name, body.password, plan=FREE.name)
    except EmailTakenError as error:
        raise ProblemError(409, "email_taken", "There is an account with this address already.") from error
    context.care.ask_for_verification(account)
    return tokens_body(context.tokens.issue(account, body.device_name))


@router.post("/refresh", responses=documented(401, 403))
def refresh(body: schemas.RefreshRequest, context: Context) -> schemas.TokensBody:
    return tokens_body(context.tokens.rotate(body.refresh_token))


@router.post("/logout", status_code=204)
def logout(body: schemas.RefreshRequest, context: Context) -> Response:
    context.tokens.revoke(body.refresh_token)
    return Response(status_code=204)


@router.post("/logout-everywhere", status_code=204, responses=documented(401, 403))
def logout_everywhere(_body: schemas.Nothing, context: Context, viewer: GrownUp) -> Response:
    context.tokens.sign_out_everywhere(viewer.id)
    return Response(status_code=204)


@router.post("/password", responses=documented(401, 403, 429))
def change_password(
    body: schemas.PasswordRequest, request: Request, context: Context, viewer: GrownUp
) -> schemas.TokensBody:
    limited(context.attempts.login, context, f"{host_of(request)} {viewer.email}")
    check_password(body.new_password, viewer.email, viewer.name)
    with locking(context, request, viewer.email):
        account = context.accounts.change_password(viewer.id, body.password, body.new_password)
    return tokens_body(context.tokens.issue(account, body.device_name))


@router.post("/password-reset", status_code=204, responses=documented(429))
def ask_for_reset(body: schemas.EmailRequest, request: Request, context: Context) -> Response:
    """The same answer whether there is such an account or not."""
    email = normalise_email(body.email)
    limited(context.attempts.registration, context, host_of(request))
    limited(context.attempts.care, context, f"reset {email}")
    context.mail_codes.request(email, "reset")
    return Response(status_code=204)


@router.post("/password-reset/confirmation", responses=documented(404, 429))
def reset_password(body: schemas.ResetRequest, request: Request, context: Context) -> schemas.TokensBody:
    email = normalise_email(body.email)
    limited(context.attempts.code, context, f"{host_of(request)} reset")
    limited(context.attempts.code, context, f"reset {email}")
    check_password(body.new_password, email)
    account = context.care.reset_password(email, body.code, body.new_password)
    context.attempts.lockout.forgive(email)
    return tokens_body(context.tokens.issue(account, body.device_name))


@router.post("/email-verification", status_code=204, responses=documented(401, 403, 429))
def ask_for_verification(_body: schemas.Nothing, context: Context, viewer: GrownUp) -> Response:
    limited(context.attempts.care, context, f"verification {viewer.id}")
    context.care.ask_for_verification(viewer)
    return Response(status_code=204)


@router.post("/email-verification/confirmation", status_code=204, responses=documented(401, 403, 404, 429))
def verify_email(body: schemas.MailCodeRequest, context: Context, viewer: Viewer) -> Response:
    limited(context.attempts.code, context, f"verification {viewer.id}")
    context.care.verify(viewer, body.code)
    return Response(status_code=204)


@router.post("/device", responses=documented(429))
def begin_device_grant(
    body: schemas.DeviceGrantRequest, request: Request, context: Context
) -> schemas.DeviceGrantBody:
    limited(context.attempts.registration, context, host_of(request))
    code = context.device_grants.begin(body.device_name)
    page = str(request.url_for("activation"))
    shown = shown_code(code.user_code)
    return schemas.DeviceGrantBody(
        device_code=code.device_code,
        user_code=shown,
        verification_uri=page,
        verification_uri_complete=f"{page}?user_code={shown}",
        expires_in=code.expires_in_s,
        interval=code.interval_s,
    )


@router.post("/device/token", responses=documented(403))
def redeem_device_grant(body: schemas.DeviceCodeRequest, context: Context) -> schemas.TokensBody:
    account, device_name = context.device_grants.redeem(body.device_code)
    return tokens_body(context.tokens.issue(account, device_name))


@router.post("/device/approval", responses=documented(401, 403, 404, 429))
def approve_device_grant(body: schemas.ApprovalRequest, context: Context, viewer: GrownUp) -> schemas.ApprovalBody:
    limited(context.attempts.code, context, viewer.id)
    name = context.device_grants.decide(viewer.id, body.user_code, approve=body.approve)
    return schemas.ApprovalBody(device_name=name)


def checked_sign_in(context: ServiceContext, request: Request, email: str, password: str) -> Account:
    """The account with this password; tries are counted per address and account, wrong passwords per account.

    Raises :class:`ProblemError` 429 ``too_many_attempts``, 401 ``wrong_credentials``, 403 ``account_closed``.
    """
    key = f"{host_of(request)} {normalise_email(email)}"
    limited(context.attempts.login, context, key)
    with locking(context, request, normalise_email(email)):
        account = context.accounts.authenticate(email, password)
    context.attempts.login.forgive(key)
    return account


@contextmanager
def locking(context: ServiceContext, request: Request, email: str) -> Iterator[None]:
    """Count the wrong passwords inside the block. Too many lock the account for a while, also one that does not
    exist. Too many from one network address lock that address for all accounts. Existing sign-ins stay.

    A try is counted before it is made, so that many at once are no more than the limit; all but a wrong password
    gives its place back. Raises :class:`ProblemError` 429 ``too_many_attempts``.
    """
    network, lockout, host = context.attempts.network, context.attempts.lockout, host_of(request)
    limited(network, context, host)
    try:
        limited(lockout, context, email)
    except ProblemError:
        network.give_back(host)  # nothing is tried
        raise
    try:
        yield
    except BaseException as error:
        if isinstance(error, ProblemError) and error.code == "wrong_credentials":
            locked = lockout.wait(email, context.clock.monotonic()) is not None
            context.accounts.note_wrong_password(email, locked=locked)
        else:  # the password was right, or nobody compared it
            lockout.give_back(email)
            network.give_back(host)
        raise
    lockout.forgive(email)
    network.give_back(host)


def tokens_body(pair: TokenPair) -> schemas.TokensBody:
    account = schemas.AccountBody(id=pair.account.id, email=pair.account.email, name=pair.account.name)
    return schemas.TokensBody(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in_s=pair.expires_in_s,
        account=account,
        profile_id=pair.profile_id,
    )


def limited(window: CountingWindow, context: ServiceContext, key: str, count: int = 1) -> None:
    """Count an attempt, or so many. Raises :class:`ProblemError` 429 ``too_many_attempts``."""
    wait_s = window.attempt(key, context.clock.monotonic(), count)
    if wait_s is not None:
        raise ProblemError(429, "too_many_attempts", "Too many attempts; try again later.", retry_after(wait_s))


def host_of(request: Request) -> str:
    """What the attempts of a caller are counted by."""
    return subscriber_of(request.client.host) if request.client else ""
