"""Play sessions."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Context, TitleId, Viewer
from backend_stub.api.errors import documented
from backend_stub.services.play import StartedPlay

router = APIRouter(tags=["play"])


@router.post("/play/{title_id}", responses=documented(401, 403, 404))
def start_play(
    body: schemas.PlayRequest, request: Request, context: Context, viewer: Viewer, title_id: TitleId
) -> schemas.PlayBody:
    started = context.play.start(viewer.id, title_id, body.device_id, body.variant)
    return schemas.PlayBody(
        session_id=started.session.id,
        title=title_body(request, started.watched),
        manifests=[
            schemas.ManifestBody(pathway=one.pathway, dash=one.dash, hls=one.hls) for one in started.manifests
        ],
        expires_at=started.session.expires_at,
        licence=_licence_pointer(request, started),
        resume_s=started.resume_s,
    )


def _licence_pointer(request: Request, started: StartedPlay) -> schemas.LicencePointer | None:
    if not started.kids:
        return None
    url = str(request.url_for("licence", session_id=started.session.id))
    return schemas.LicencePointer(url=url, system="matinee.clearkey", kids=list(started.kids))
