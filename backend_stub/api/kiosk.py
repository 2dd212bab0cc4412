"""What a kiosk asks for by its device's signature, and what an operator has it do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from backend_stub.api import kiosk_schemas as schemas
from backend_stub.api.deps import Admin, Context, DeviceId, Hex32
from backend_stub.api.errors import documented
from backend_stub.db.models import DeviceCommand
from backend_stub.problems import not_found
from backend_stub.services.device_commands import ASK_AGAIN_S

router = APIRouter(tags=["kiosk"])

_NO_DEVICE = ("device_not_found", "No account has this device.")
_NO_COMMAND = ("command_not_found", "There is no such command, or it brought nothing back.")
_RESULT: dict[str, Any] = {"text/plain": {}, "image/png": {}, "image/jpeg": {}}
RESULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
"""For what a device sent: it is shown, and never run."""


@router.post("/kiosk/commands", responses=documented(403, 409))
def ask_for_commands(body: schemas.Signed, context: Context) -> schemas.CommandsForDevice:
    items = [
        schemas.CommandForDevice(id=one.id, kind=one.kind, playlist=one.playlist, expires_in_s=left_s)
        for one, left_s in context.device_commands.ask(body.request)
    ]
    return schemas.CommandsForDevice(items=items, ask_again_s=ASK_AGAIN_S)


@router.post("/kiosk/commands/{command_id}/answer", responses=documented(403, 404, 409))
def answer_command(body: schemas.SignedAnswer, context: Context, command_id: Hex32) -> schemas.CommandState:
    command = context.device_commands.answer(command_id, body.request, body.attachment)
    return schemas.CommandState(id=command.id, state=command.state)


@router.get("/admin/devices/{device_id}/commands", responses=documented(401, 403))
def commands_of_device(context: Context, _admin: Admin, device_id: DeviceId) -> schemas.CommandList:
    return schemas.CommandList(items=[_body(one) for one in context.device_commands.of_device(device_id)])


@router.post("/admin/devices/{device_id}/commands", responses=documented(401, 403, 404, 409))
def issue_command(
    body: schemas.CommandRequest, context: Context, admin: Admin, device_id: DeviceId
) -> schemas.Command:
    with not_found(*_NO_DEVICE):
        command = context.device_commands.issue(
            device_id, body.kind, by=admin.id, playlist=body.playlist, expires_in_s=body.expires_in_s
        )
    return _body(command)


@router.delete("/admin/commands/{command_id}", status_code=204, responses=documented(401, 403, 404, 409))
def withdraw_command(context: Context, admin: Admin, command_id: Hex32) -> Response:
    with not_found(*_NO_COMMAND):
        context.device_commands.withdraw(command_id, by=admin.id)
    return Response(status_code=204)


@router.get(
    "/admin/commands/{command_id}/result",
    response_class=Response,
    responses={200: {"content": _RESULT, "description": "Picture or text"}, **documented(401, 403, 404)},
)
def command_result(context: Context, _admin: Admin, command_id: Hex32) -> Response:
    with not_found(*_NO_COMMAND):
        result = context.device_commands.result(command_id)
    return Response(result.data, media_type=result.media_type, headers=RESULT_HEADERS)


def _body(command: DeviceCommand) -> schemas.Command:
    return schemas.Command(
        id=command.id,
        kind=command.kind,
        state=command.state,
        message=command.message,
        issued_by=command.issued_by,
        issued_at=command.issued_at,
        expires_at=command.expires_at,
        delivered_at=command.delivered_at,
        finished_at=command.finished_at,
        media_type=command.media_type,
    )
