"""Content steering for HLS and DASH."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend_stub.api.deps import Context, Country, Hex32
from backend_stub.api.errors import documented
from backend_stub.context import ServiceContext
from backend_stub.manifests import limited
from backend_stub.problems import ProblemError
from backend_stub.services import steered_manifests
from backend_stub.services.steering import TTL_S
from backend_stub.titles import LIVE

router = APIRouter(tags=["steering"])

_HLS_TYPE, _DASH_TYPE = "application/vnd.apple.mpegurl", "application/dash+xml"


def _manifest(media_type: str) -> dict[int | str, dict[str, Any]]:
    found = {"description": "A manifest", "content": {media_type: {"schema": {"type": "string"}}}}
    return {200: found, **documented(403, 404)}


_HLS, _DASH = _manifest(_HLS_TYPE), _manifest(_DASH_TYPE)
_Token = Annotated[str, Query(min_length=1, max_length=1024)]
# What players add of themselves (RFC 8216bis, section 7.1; ETSI TS 103 998, section 6.3); it is not relied upon.


class SteeringManifest(BaseModel):
    """RFC 8216bis, section 7.1, and ETSI TS 103 998, section 6: one document serves both."""

    model_config = ConfigDict(serialize_by_alias=True)

    version: Literal[1] = Field(alias="VERSION")
    ttl: int = Field(alias="TTL")
    reload_uri: str = Field(alias="RELOAD-URI")
    pathway_priority: list[str] = Field(alias="PATHWAY-PRIORITY")
    service_location_priority: list[str] = Field(alias="SERVICE-LOCATION-PRIORITY")


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
) -> SteeringManifest:
    _ = hls_pathway, hls_throughput, dash_pathway, dash_throughput
    context.steering.check(session_id, token)
    context.streams.keep(session_id)
    order = context.steering.order(session_id, context.play.audience(session_id, country))
    reload_uri = request.url_for("steering", session_id=session_id).include_query_params(token=token)
    return SteeringManifest.model_validate(
        {
            "VERSION": 1,
            "TTL": TTL_S,
            "RELOAD-URI": str(reload_uri),
            "PATHWAY-PRIORITY": order,
            "SERVICE-LOCATION-PRIORITY": order,
        }
    )


@router.get("/steering/{session_id}/master.m3u8", name="steered_hls", response_class=Response, responses=_HLS)
def steered_hls(request: Request, context: Context, session_id: Hex32, country: Country, token: _Token) -> Response:
    """The title on all edges, for players that are steered by what the manifest says."""
    text, places, url = _steered(request, context, session_id, country, token, "master.m3u8")
    return Response(steered_manifests.hls(text, places, url), media_type=_HLS_TYPE)


@router.get("/steering/{session_id}/manifest.mpd", name="steered_dash", response_class=Response, responses=_DASH)
def steered_dash(request: Request, context: Context, session_id: Hex32, country: Country, token: _Token) -> Response:
    """The title on all edges, for players that are steered by what the manifest says."""
    text, places, url = _steered(request, context, session_id, country, token, "manifest.mpd")
    return Response(steered_manifests.dash(text, places, url), media_type=_DASH_TYPE)


def _steered(
    request: Request, context: ServiceContext, session_id: str, country: str | None, token: str, name: str
) -> tuple[str, list[steered_manifests.EdgeFolder], str]:
    """The title's own manifest, where its files are, and the address of the steering server."""
    grant = context.steering.check(session_id, token)
    if grant.place == LIVE:
        raise ProblemError(404, "session_not_found", "There is no such session.")
    manifests, limit = context.play.for_steered(grant, country)
    home = context.settings.media_dir / grant.title_id
    try:
        text = (home / grant.place / limited(name, limit)).read_text(encoding="utf-8")
    except OSError as error:
        raise ProblemError(404, "variant_not_found", "The title has no such variant.") from error
    places = [steered_manifests.EdgeFolder(one.pathway, one.hls.rpartition("/")[0] + "/") for one in manifests]
    if not places:
        raise ProblemError(404, "variant_not_found", "There is no edge that has the title.")
    return text, places, str(request.url_for("steering", session_id=session_id).include_query_params(token=token))
