"""What a foreign web server asks before it serves a file of a title: whether the address is signed for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from backend_stub.api.deps import Context
from backend_stub.api.errors import documented
from backend_stub.problems import ProblemError
from backend_stub.titles import TITLE_ID_PATTERN

router = APIRouter(tags=["edges"])

_Token = Annotated[str, Header(alias="X-Matinee-Token", min_length=1, max_length=1024)]
_Title = Annotated[str, Header(alias="X-Matinee-Title", pattern=TITLE_ID_PATTERN)]
_CACHED_S = 10


@router.get("/edge-check", status_code=204, responses=documented(403))
def edge_check(context: Context, token: _Token, title_id: _Title) -> Response:
    """204 for a signature that is good for the title; the answer may be kept for as long as it says."""
    now = context.clock.now()
    grant = context.url_signer.verify(token, now)
    if grant is None or grant.title_id != title_id:
        raise ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")
    kept_s = int(min(_CACHED_S, grant.expires_at - now))
    return Response(status_code=204, headers={"Cache-Control": f"max-age={kept_s}" if kept_s else "no-store"})
