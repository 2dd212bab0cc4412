"""Resumable uploads: tus 1.0.0 with creation, checksum and termination."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from backend_stub.api.deps import Context, Hex32, Publisher
from backend_stub.api.errors import documented
from backend_stub.api.job_schemas import UploadBody
from backend_stub.problems import ProblemError
from backend_stub.services.uploads import ALGORITHMS, CHECKSUM_MISMATCH, MAX_BYTES, Upload

router = APIRouter(prefix="/admin/uploads", tags=["uploads"])

_VERSION = "1.0.0"
_CHUNK_TYPES = ("application/offset+octet-stream", "application/octet-stream")
_Tus = Annotated[str, Header(alias="Tus-Resumable", description="1.0.0")]
_Length = Annotated[int, Header(alias="Upload-Length", ge=0, le=MAX_BYTES)]
_Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=MAX_BYTES)]
_Metadata = Annotated[str, Header(alias="Upload-Metadata", max_length=4096)]
_Checksum = Annotated[str, Header(alias="Upload-Checksum", max_length=200)]
_MISMATCH: dict[int | str, dict[str, Any]] = {
    CHECKSUM_MISMATCH: {**documented(422)[422], "description": "Checksum Mismatch"}
}
_CHUNK = {
    "requestBody": {
        "required": True,
        "content": {_CHUNK_TYPES[1]: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.options("", status_code=204, responses=documented(401, 403))
def capabilities(_publisher: Publisher) -> Response:
    return _answer(
        204,
        {
            "Tus-Version": _VERSION,
            "Tus-Extension": "creation,checksum,termination",
            "Tus-Max-Size": str(MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@router.post("", status_code=201, responses=documented(401, 403, 412, 413))
def create_upload(
    request: Request,
    context: Context,
    _publisher: Publisher,
    length: _Length,
    response: Response,
    tus: _Tus = _VERSION,
    metadata: _Metadata = "",
) -> UploadBody:
    _check_version(tus)
    upload = context.uploads.create(length, _file_name(metadata))
    response.headers["Tus-Resumable"] = _VERSION
    response.headers["Location"] = str(request.url_for("upload", upload_id=upload.id))
    return _body(upload)


@router.get("/{upload_id}", name="upload", responses=documented(401, 403, 404))
def get_upload(context: Context, _publisher: Publisher, upload_id: Hex32) -> UploadBody:
    return _body(context.uploads.get(upload_id))


@router.head("/{upload_id}", include_in_schema=False)
def upload_state(context: Context, _publisher: Publisher, upload_id: Hex32, tus: _Tus = _VERSION) -> Response:
    _check_version(tus)
    upload = context.uploads.get(upload_id)
    return _answer(
        200,
        {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length), "Cache-Control": "no-store"},
    )


@router.patch(
    "/{upload_id}",
    status_code=204,
    responses={**documented(401, 403, 404, 409, 412, 413, 415, 423), **_MISMATCH},
    openapi_extra=_CHUNK,
)
async def append(
    request: Request,
    context: Context,
    _publisher: Publisher,
    upload_id: Hex32,
    offset: _Offset,
    tus: _Tus = _VERSION,
    checksum: _Checksum = "",
) -> Response:
    _check_version(tus)
    if request.headers.get("content-type", "") not in _CHUNK_TYPES:
        raise ProblemError(415, "unsupported_media_type", f"A part of an upload is {_CHUNK_TYPES[0]}.")
    with context.uploads.appending(upload_id, offset, checksum) as appender:
        async for piece in request.stream():
            await asyncio.to_thread(appender.write, piece)
    return _answer(204, {"Upload-Offset": str(context.uploads.get(upload_id).offset)})


@router.delete("/{upload_id}", status_code=204, responses=documented(401, 403, 404, 412))
def terminate(context: Context, _publisher: Publisher, upload_id: Hex32, tus: _Tus = _VERSION) -> Response:
    _check_version(tus)
    context.uploads.delete(upload_id)
    return _answer(204, {})


def _body(upload: Upload) -> UploadBody:
    return UploadBody(upload_id=upload.id, name=upload.name, length=upload.length, offset=upload.offset)


def _answer(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers={"Tus-Resumable": _VERSION, **headers})


def _check_version(tus: str) -> None:
    if tus != _VERSION:
        raise ProblemError(412, "tus_version", "Only tus 1.0.0 is spoken here.", {"Tus-Version": _VERSION})


def _file_name(metadata: str) -> str:
    """``filename`` of ``Upload-Metadata``: pairs of a name and base64, separated by commas."""
    for pair in metadata.split(","):
        name, _, encoded = pair.strip().partition(" ")
        if name == "filename":
            try:
                return base64.b64decode(encoded, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError) as error:
                raise ProblemError(400, "bad_request", "Upload-Metadata cannot be read.") from error
    return ""
