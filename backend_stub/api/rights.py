"""Downloads and device-bound licences of version 2."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Header, Query, Request, Response

from backend_stub.api import rights_schemas as schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import MOST_ID, Context, Hex32, TitleId, Viewer, Watching
from backend_stub.api.errors import documented
from backend_stub.api.play import manifest_bodies
from backend_stub.problems import not_found
from backend_stub.services.downloads import DownloadGrant
from backend_stub.services.licence_issuing import LicenceUrls, SignedLicence

router = APIRouter(tags=["rights"])

_Serial = Annotated[int, Query(ge=0, le=MOST_ID)]


@router.post("/download/{title_id}", responses=documented(401, 403, 404))
def grant_download(
    body: schemas.DownloadGrantRequest, request: Request, context: Context, watching: Watching, title_id: TitleId
) -> schemas.DownloadBody:
    grant = context.downloads.grant(watching, title_id, body.device_id, body.variant, body.max_height)
    return schemas.DownloadBody(
        download_id=grant.download.id,
        title=title_body(request, grant.watched),
        variant=cast("Literal['encrypted', 'clear']", grant.download.variant),
        manifests=manifest_bodies(grant.manifests),
        urls_expire_at=grant.urls_expire_at,
        licence=schemas.DownloadLicence(url=str(request.url_for("licences")), kids=list(grant.kids)),
        policy=_policy(grant),
    )


@router.get("/downloads", responses=documented(401, 403))
def list_downloads(context: Context, viewer: Viewer) -> schemas.DownloadList:
    kept, plan = context.downloads.of_account(viewer.id)
    return schemas.DownloadList(
        items=[
            schemas.ListedDownload(
                download_id=one.download.id,
                title_id=one.download.title_id,
                title=one.title,
                device_id=one.download.device_id,
                device=one.device,
                created_at=one.download.created_at,
            )
            for one in kept
        ],
        device_limit=plan.download_devices,
        title_limit=plan.download_titles,
    )


@router.delete("/downloads/{download_id}", status_code=204, responses=documented(401, 403, 404))
def give_back_download(context: Context, viewer: Viewer, download_id: Hex32) -> Response:
    with not_found("download_not_found", "The account has no such download."):
        context.downloads.give_back(viewer.id, download_id)
    return Response(status_code=204)


@router.post("/licences", name="licences", responses=documented(401, 403, 404, 409))
def acquire_licence(
    body: schemas.SignedRequest, request: Request, context: Context, watching: Watching
) -> schemas.SignedLicenceBody:
    return _body(context.rights.issuing.acquire(watching, body.request, _urls(request)))


@router.post("/licences/{licence_id}/renewal", responses=documented(401, 403, 404, 409))
def renew_licence(
    body: schemas.SignedRequest, request: Request, context: Context, watching: Watching, licence_id: Hex32
) -> schemas.SignedLicenceBody:
    return _body(context.rights.issuing.renew(watching, licence_id, body.request, _urls(request)))


@router.post("/licences/{licence_id}/release", responses=documented(404))
def release_licence(body: schemas.SignedReceipt, context: Context, licence_id: Hex32) -> schemas.ReleasedBody:
    released_at = context.rights.releases.release(licence_id, body.receipt)
    return schemas.ReleasedBody(licence_id=licence_id, released_at=released_at)


@router.post("/licences/state", responses=documented(403, 409, 503))
def licence_states(body: schemas.SignedRequest, context: Context) -> schemas.StateBody:
    return schemas.StateBody(state=context.rights.states.answer(body.request))


@router.get("/revocations", response_model=schemas.RevocationsBody, responses={304: {"description": "Nothing new"}})
def revocations(
    context: Context, response: Response, since: _Serial = 0, if_none_match: Annotated[str, Header()] = ""
) -> Response | schemas.RevocationsBody:
    tag = f'"{context.rights.revocations.version(since)}"'
    if if_none_match == tag:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return schemas.RevocationsBody(list=context.rights.revocations.signed_list(since))


@router.get("/keys")
def service_keys(context: Context) -> schemas.ServiceKeysBody:
    signer = context.rights.signer
    return schemas.ServiceKeysBody(
        keys=[dict(key) for key in signer.public_keys()], endorsements=signer.endorsements(context.clock.now())
    )


def _urls(request: Request) -> LicenceUrls:
    return LicenceUrls(str(request.url_for("licences")))


def _body(signed: SignedLicence) -> schemas.SignedLicenceBody:
    return schemas.SignedLicenceBody(licence=signed.licence, jwe=signed.jwe)


def _policy(grant: DownloadGrant) -> schemas.DownloadPolicy:
    terms = grant.terms
    return schemas.DownloadPolicy(
        licence_s=grant.licence_s,
        play_s=terms.play_s,
        grace_s=terms.grace_s,
        rental=terms.rental,
        renewable=terms.renew_until is not None,
        max_height=grant.max_height,
        expires_at=terms.expires_at,
    )
