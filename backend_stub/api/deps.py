"""What routes ask for: the service context, the signed-in account, its role, and where the call comes from.

Those that only read memory are coroutines, as FastAPI runs all others in a thread, which costs more than most of them
do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend_stub.context import ServiceContext
from backend_stub.db import keyset
from backend_stub.db.keyset import Place
from backend_stub.db.models import Account
from backend_stub.problems import ProblemError
from backend_stub.services.entitlement import Viewing
from backend_stub.services.profiles import check_grown_up
from backend_stub.services.tokens import SignedIn
from backend_stub.signing import network_of
from backend_stub.titles import TITLE_ID_PATTERN

_bearer = HTTPBearer(auto_error=False, description="The access token of a sign-in.")
_ROLES = ("viewer", "publisher", "admin")  # each may do what those before it may


async def only_known_query(request: Request) -> None:
    """A query is as strict as a body: no unknown members, none twice. Raises :class:`ProblemError` 422."""
    known = _query_names(request.scope["route"].dependant)
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known or name in seen:
            raise ProblemError(422, "invalid_request", "query: a member is unknown or stands there twice")
        seen.add(name)


def _query_names(dependant: Dependant) -> set[str]:
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_query_names(below) for below in dependant.dependencies))


async def service_context(request: Request) -> ServiceContext:
    context: ServiceContext = request.app.state.context
    return context


Context = Annotated[ServiceContext, Depends(service_context)]


async def bearer(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str | None:
    """The credentials of the call as they are, unchecked."""
    return credentials.credentials if credentials is not None else None


def signed_in(
    context: Context, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> SignedIn:
    """Whom the call speaks for. Raises :class:`ProblemError` 401 or 403."""
    if credentials is None:
        raise ProblemError(401, "token_missing", "Sign in first.", {"WWW-Authenticate": "Bearer"})
    return context.tokens.signed_in(credentials.credentials)


Caller = Annotated[SignedIn, Depends(signed_in)]


async def account_of(caller: Caller) -> Account:
    return caller.account


Viewer = Annotated[Account, Depends(account_of)]


async def grown_up_of(caller: Caller) -> Account:
    check_grown_up(caller)
    return caller.account


#: The account, of a caller whose profile has no age limit. Raises :class:`ProblemError` 403 ``profile_not_allowed``.
GrownUp = Annotated[Account, Depends(grown_up_of)]


def _at_least(role: str) -> Callable[[Account], Awaitable[Account]]:
    async def check(account: Viewer) -> Account:
        if _ROLES.index(account.role) < _ROLES.index(role):
            raise ProblemError(403, "role_missing", f"This needs the role {role}.")
        return account

    return check


Publisher = Annotated[Account, Depends(_at_least("publisher"))]
Admin = Annotated[Account, Depends(_at_least("admin"))]


async def country_of_call(request: Request, context: Context) -> str | None:
    return context.regions.country_of(request.client.host if request.client else None)


Country = Annotated[str | None, Depends(country_of_call)]


async def viewing_of(request: Request, context: Context, caller: Caller, country: Country) -> Viewing:
    here = country if country is not None else caller.account.country
    network = network_of(request.client.host) if context.settings.bind_network and request.client else ""
    profile = caller.profile
    maturity, profile_id = (None, "") if profile is None else (profile.maturity, profile.id)
    return Viewing(caller.account.id, here, maturity, profile_id, caller.family, network)


Watching = Annotated[Viewing, Depends(viewing_of)]


MOST_ID = 2**31 - 1
"""No row that is counted has a higher number: PostgreSQL refuses to compare with one."""


async def _place(
    before: Annotated[
        str,
        Query(max_length=256, pattern=keyset.PATTERN, description="Where the page before ended; 0 for the newest."),
    ] = "0",
) -> Place | None:
    return Place.read(before)


Before = Annotated[Place | None, Depends(_place)]
TitleId = Annotated[str, Path(pattern=TITLE_ID_PATTERN)]
Hex32 = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
DeviceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]
