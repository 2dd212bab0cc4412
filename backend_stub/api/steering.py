"""Content steering for HLS and DASH."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from backend_stub.api import schemas
from backend_stub.api.deps import Context, Country, Hex32
from backend_stub.api.errors import documented
from backend_stub.services.steering import TTL_S

router = APIRouter(tags=["steering"])

_Token = Annotated[str, Query(min_length=1, max_length=1024)]
# What players add of themselves (RFC 8216bis, section 7.1; ETSI TS 103 998, section 6.3); it is not relied upon.


@router.get("/steering/{session_id}", name="steering", responses=documented(403))
def steering(
    request: Request,
    context: Context,
    session_id: Hex32,
    country: Country,
    token: _Token,
    hls_pathway: Annotated[str, Query(alias="_HLS_pathway", max_length=200)] = "",
    hls_throughput: Annotated[str, Query(alias="_HLS_throughput", max_length=64)] = "",
    dash_pathway: Annotated[str, Query(alias="_DASH_pathway", max_length=200)] = "",
    dash_throughput: Annotated[str, Query(alias="_DASH_throughput", max_length=64)] = "",
) -> schemas.SteeringManifest:
    _ = hls_pathway, hls_throughput, dash_pathway, dash_throughput
    context.steering.check(session_id, token)
    order = context.steering.order(session_id, context.play.audience(session_id, country))
    reload_uri = request.url_for("steering", session_id=session_id).include_query_params(token=token)
    return schemas.SteeringManifest.model_validate(
        {
            "VERSION": 1,
            "TTL": TTL_S,
            "RELOAD-URI": str(reload_uri),
            "PATHWAY-PRIORITY": order,
            "SERVICE-LOCATION-PRIORITY": order,
        }
    )
