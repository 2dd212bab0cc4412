"""Play sessions: begin, heartbeat, end."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Caller, Context, Hex32, TitleId, Viewer, Watching
from backend_stub.api.errors import documented
from backend_stub.context import ServiceContext
from backend_stub.services.addresses import ManifestUrls
from backend_stub.services.play import StartedPlay
from backend_stub.titles import LIVE

router = APIRouter(tags=["play"])


@router.post("/play/{title_id}", responses=documented(401, 403, 404))
def start_play(
    body: schemas.PlayRequest, request: Request, context: Context, watching: Watching, title_id: TitleId
) -> schemas.PlayBody:
    started = context.play.start(watching, title_id, body.device_id, body.variant, ahead=body.ahead)
    return schemas.PlayBody(
        session_id=started.session.id,
        title=title_body(request, started.watched),
        manifests=manifest_bodies(started.manifests),
        expires_at=started.session.expires_at,
        licence=_licence_pointer(request, started),
        resume_s=started.resume.position_s,
        furthest_s=started.resume.furthest_s,
        next_episode=None if started.next_episode is None else title_body(request, started.next_episode),
        qualities=[schemas.QualityBody.model_validate(one) for one in started.qualities],
        steering=_steering_pointer(request, context, started),
    )


@router.post("/play/{session_id}/heartbeat", responses=documented(401, 403, 404, 409))
def heartbeat(
    body: schemas.HeartbeatRequest, context: Context, caller: Caller, watching: Watching, session_id: Hex32
) -> schemas.HeartbeatBody:
    profile_id = caller.profile.id if caller.profile is not None else None
    next_in_s, expires_at = context.streams.beat(watching, session_id, profile_id, playing=body.state == "playing")
    return schemas.HeartbeatBody(next_in_s=next_in_s, expires_at=expires_at)


@router.post("/play/{session_id}/addresses", responses=documented(401, 403, 404))
def new_addresses(
    _body: schemas.Nothing, context: Context, watching: Watching, session_id: Hex32
) -> schemas.AddressesBody:
    return schemas.AddressesBody(manifests=manifest_bodies(context.play.addresses(watching, session_id)))


@router.post("/play/{session_id}/end", status_code=204, responses=documented(401, 403, 404))
def end_play(_body: schemas.Nothing, context: Context, viewer: Viewer, session_id: Hex32) -> Response:
    context.streams.end(viewer.id, session_id)
    return Response(status_code=204)


def manifest_bodies(manifests: Sequence[ManifestUrls]) -> list[schemas.ManifestBody]:
    return [schemas.ManifestBody(pathway=one.pathway, dash=one.dash, hls=one.hls) for one in manifests]


def _steering_pointer(request: Request, context: ServiceContext, started: StartedPlay) -> schemas.SteeringPointer:
    session = started.session
    token = context.steering.token(started.grant)

    def url(name: str) -> str:
        return str(request.url_for(name, session_id=session.id).include_query_params(token=token))

    is_live = session.variant == LIVE
    return schemas.SteeringPointer(
        url=url("steering"),
        hls=None if is_live else url("steered_hls"),
        dash=None if is_live else url("steered_dash"),
    )


def _licence_pointer(request: Request, started: StartedPlay) -> schemas.LicencePointer | None:
    if not started.kids:
        return None
    url = str(request.url_for("licences"))
    return schemas.LicencePointer(url=url, system="matinee.clearkey", kids=list(started.kids), signed_url=url)
