"""Who may see the operator's pages, and that a form was sent from one of them.

The cookie carries the refresh token of a sign-in, which is never exchanged here: signing out everywhere, closing the
account or taking its role away ends it at once. Scripts cannot read it and other sites cannot have it sent
(SameSite); each form carries a value made from it as well, and one that says it comes from elsewhere is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response

from backend_stub.admin import PREFIX
from backend_stub.api.deps import Context
from backend_stub.db.models import Account

COOKIE = "matinee_console"
LIFETIME_S = 12 * 3600.0
_MAX_FIELDS = 600  # of a hundred rules with five each
_MAX_TOKEN = 200
_MAX_PART_BYTES = 1 << 20
_ROLES = ("publisher", "admin")  # a publisher sees titles and jobs only


class NotSignedInError(Exception):
    """Answered with the way to the sign-in page."""


class PageRefusedError(Exception):
    """Answered with a page that says why; ``status`` is 403, 404, 409 or 422."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Operator:
    """The account that is signed in, and what its forms must carry."""

    account: Account
    token: str = field(repr=False)

    @property
    def is_admin(self) -> bool:
        return self.account.role == "admin"

    @property
    def seal(self) -> str:
        """Of the forms of this sign-in."""
        return hashlib.sha256(b"matinee console form\n" + self.token.encode()).hexdigest()


def operator_of(request: Request, context: Context) -> Operator:
    """A publisher or an administrator. Raises NotSignedInError; RefusedError for an account without a role."""
    token = request.cookies.get(COOKIE, "")
    account = context.tokens.standing(token, LIFETIME_S) if 0 < len(token) <= _MAX_TOKEN else None
    if account is None:
        raise NotSignedInError
    if account.role not in _ROLES:
        raise PageRefusedError(403, "This account may not see these pages.")
    return Operator(account, token)


SignedInOperator = Annotated[Operator, Depends(operator_of)]


def admin_of(operator: SignedInOperator) -> Operator:
    """Raises RefusedError for a publisher."""
    if not operator.is_admin:
        raise PageRefusedError(403, "This page is for administrators.")
    return operator


SignedInAdmin = Annotated[Operator, Depends(admin_of)]


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name; nothing of what is no form. Raises RefusedError for one that
    another site sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise PageRefusedError(403, "This form was sent by another site.")
    fields: dict[str, str] = {}
    for name, value in await _fields(request):
        if isinstance(value, str):
            fields.setdefault(name, value.replace("\r\n", "\n"))
    return fields


async def file_of(request: Request) -> bytes:
    """The file that a form carries in its field ``file``; empty for none."""
    files = (value for name, value in await _fields(request) if name == "file" and isinstance(value, bytes))
    return next(files, b"")


async def _fields(request: Request) -> list[tuple[str, str | bytes]]:
    """What a form has, read once; files as bytes."""
    if not hasattr(request.state, "fields"):
        request.state.fields = []
        try:
            async with request.form(max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_PART_BYTES) as form:
                for name, value in form.multi_items():
                    request.state.fields.append((name, value if isinstance(value, str) else await value.read()))
        except (HTTPException, ValueError):
            request.state.fields = []
    return list(request.state.fields)


FormFile = Annotated[bytes, Depends(file_of)]
Form = Annotated[dict[str, str], Depends(form_of)]


def sealed_form(form: Form, operator: SignedInOperator) -> dict[str, str]:
    """The fields of a form of this sign-in. Raises RefusedError."""
    if not hmac.compare_digest(form.get("seal", "").encode(), operator.seal.encode()):
        raise PageRefusedError(403, "This form is too old; please go back and load the page again.")
    return form


SealedForm = Annotated[dict[str, str], Depends(sealed_form)]


def begin(context: Context, request: Request, response: Response, account: Account) -> None:
    """Sign in. Raises RefusedError for an account without the role."""
    if account.role not in _ROLES:
        raise PageRefusedError(403, "This account may not see these pages.")
    pair = context.tokens.issue(account, "operator's pages")
    response.set_cookie(
        COOKIE,
        pair.refresh_token,
        max_age=int(LIFETIME_S),
        path=PREFIX,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def end(context: Context, response: Response, operator: Operator) -> None:
    """Sign out."""
    context.tokens.revoke(operator.token)
    response.delete_cookie(COOKIE, path=PREFIX)
