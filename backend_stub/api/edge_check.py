"""What a foreign web server asks before it serves a file of a title: whether the address is signed for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from backend_stub.api.deps import Context
from backend_stub.api.errors import documented
from backend_stub.problems import ProblemError
from backend_stub.services.edge_gate import KEPT_S, REMEMBERED_S

router = APIRouter(tags=["edges"])

_Token = Annotated[str, Header(alias="X-Matinee-Token", min_length=1, max_length=1024)]
_Client = Annotated[str, Header(alias="X-Matinee-Client", max_length=64)]
_Path = Annotated[str, Header(alias="X-Matinee-Path", min_length=1, max_length=1024)]


@router.get("/edge-check", status_code=204, responses=documented(403))
async def edge_check(context: Context, token: _Token, path: _Path, client: _Client = "") -> Response:
    """Answer 204 for a token that is good for the file or its folder.

    Where tokens are bound to networks, the client's address counts too. The answer says for how long it may be
    cached, and for how long it counts while the service does not answer (``stale-if-error``, RFC 5861).
    """
    now = context.clock.now()
    grant = context.url_signer.verify(token, now)
    signed = grant is not None and grant.covers(path) and grant.good_from(client)
    if grant is None or not signed or not await context.edge_gate.answer(grant):
        raise ProblemError(403, "bad_signature", "The address is not signed for this, or no longer.")
    kept_s, longest_s = (int(min(most_s, grant.expires_at - now)) for most_s in (KEPT_S, REMEMBERED_S))
    caching = f"max-age={kept_s}, stale-if-error={longest_s - kept_s}" if kept_s else "no-store"
    return Response(status_code=204, headers={"Cache-Control": caching})
