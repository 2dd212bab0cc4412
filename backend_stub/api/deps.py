"""What routes ask for: the service context and the signed-in account."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend_stub.context import ServiceContext
from backend_stub.db.models import Account
from backend_stub.problems import ProblemError
from backend_stub.titles import TITLE_ID_PATTERN

_bearer = HTTPBearer(auto_error=False, description="The access token of a sign-in.")


def service_context(request: Request) -> ServiceContext:
    context: ServiceContext = request.app.state.context
    return context


Context = Annotated[ServiceContext, Depends(service_context)]


def signed_in(
    context: Context, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Account:
    """The account the call speaks for. Raises :class:`ProblemError` 401 or 403."""
    if credentials is None:
        raise ProblemError(401, "token_missing", "Sign in first.", {"WWW-Authenticate": "Bearer"})
    return context.tokens.account_of(credentials.credentials)


Viewer = Annotated[Account, Depends(signed_in)]
TitleId = Annotated[str, Path(pattern=TITLE_ID_PATTERN)]
SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
