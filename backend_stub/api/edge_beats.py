"""Edges on other machines announce themselves and learn what addresses are signed with."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field, StringConstraints

from backend_stub.api.deps import Context
from backend_stub.api.errors import documented
from backend_stub.api.schemas import Strict
from backend_stub.problems import ProblemError
from backend_stub.service_secrets import url_signing_keys
from backend_stub.services.edge_beats import BEAT_S, FORGOTTEN_S, EdgeReport

router = APIRouter(prefix="/edges", tags=["edges"])

_Token = Annotated[str, Header(alias="X-Edge-Token", max_length=200)]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class EdgeBeatBody(Strict):
    """What an edge tells of itself: ``load`` 0 for idle, 1 for all it can do; ``countries`` it stands near to."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,200}$")]
    load: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    healthy: bool = True
    bits_per_s: Annotated[float, Field(ge=0, le=1e15)] = 0.0
    countries: Annotated[list[_Country], Field(max_length=300)] = Field(default=[])


class EdgeWelcome(BaseModel):
    """``keys`` (hexadecimal) are those that signatures may be of, ``origins`` where files come from, the first one
    first; the edge is expected to tell again every ``beat_s`` seconds."""

    keys: list[str]
    origins: list[str]
    beat_s: float


@router.post("/beats", responses=documented(403, 409))
def beat(body: EdgeBeatBody, context: Context, token: _Token = "") -> EdgeWelcome:
    """Whoever has the edges' token is an edge."""
    if not secrets.compare_digest(token.encode(), context.secrets.edge_token.encode()):
        raise ProblemError(403, "edges_only", "The edges' token is missing or wrong.")
    own = context.own_edges()
    known = context.edge_beats.latest().get(body.name)
    other = known is not None and known.age_s < FORGOTTEN_S and known.report.base_url != body.base_url
    if other or body.name in {edge.pathway for edge in own}:
        raise ProblemError(409, "name_taken", "The service has an edge of this name itself.")
    context.edge_beats.beat(
        EdgeReport(
            pathway=body.name,
            base_url=body.base_url,
            load=body.load,
            healthy=body.healthy,
            bits_per_s=body.bits_per_s,
            countries=tuple(body.countries),
            announced=True,
        )
    )
    keys = [key.hex() for key in url_signing_keys(context.settings.secrets_dir)]
    return EdgeWelcome(
        keys=keys,
        origins=[edge.base_url for edge in own or context.edge_beats.announced() if edge.pathway != body.name],
        beat_s=BEAT_S,
    )
