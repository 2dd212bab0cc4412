"""Registration of devices."""

from __future__ import annotations

from fastapi import APIRouter

from backend_stub.api import schemas
from backend_stub.api.deps import Context, Viewer
from backend_stub.api.errors import documented

router = APIRouter(tags=["devices"])


@router.post("/devices", responses=documented(401, 403))
def register_device(body: schemas.DeviceRequest, context: Context, viewer: Viewer) -> schemas.DeviceBody:
    device_id = context.devices.register(viewer.id, body.name, body.public_key.model_dump())
    return schemas.DeviceBody(device_id=device_id)
