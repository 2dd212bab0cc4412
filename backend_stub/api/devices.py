"""Registration of devices, and taking them away."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend_stub.api import schemas
from backend_stub.api.deps import Context, DeviceId, GrownUp, Viewer
from backend_stub.api.errors import documented
from backend_stub.problems import not_found

router = APIRouter(tags=["devices"])


@router.post("/devices/challenge", responses=documented(401, 403))
def challenge(_body: schemas.Nothing, context: Context, viewer: Viewer) -> schemas.ChallengeBody:
    text, expires_at = context.devices.challenge(viewer.id)
    return schemas.ChallengeBody(challenge=text, expires_at=expires_at)


@router.post("/devices", responses=documented(401, 403))
def register_device(body: schemas.DeviceRequest, context: Context, viewer: Viewer) -> schemas.DeviceBody:
    device = context.devices.register(viewer.id, body.name, body.public_key.model_dump(), body.proof)
    return schemas.DeviceBody(device_id=device.id, proven=device.proven)


@router.get("/devices", responses=documented(401, 403))
def list_devices(context: Context, viewer: Viewer) -> schemas.DeviceList:
    devices, plan = context.devices.of_account(viewer.id)
    return schemas.DeviceList(
        items=[
            schemas.ListedDevice(
                device_id=one.id,
                name=one.name,
                created_at=one.created_at,
                last_seen_at=one.last_seen_at or one.created_at,
                proven=one.proven,
            )
            for one in devices
        ],
        limit=plan.devices,
    )


@router.delete("/devices/{device_id}", status_code=204, responses=documented(401, 403, 404))
def remove_device(context: Context, viewer: GrownUp, device_id: DeviceId) -> Response:
    with not_found("device_not_found", "The account has no such device."):
        context.devices.revoke(viewer.id, device_id)
    return Response(status_code=204)
