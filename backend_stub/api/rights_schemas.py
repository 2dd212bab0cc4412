"""Bodies of the calls on downloads and licences of version 2; what is signed is described in ``docs/protocol.md``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from backend_stub.api.schemas import Id64, ManifestBody, Strict, TitleBody

_Jws = Annotated[str, StringConstraints(min_length=1, max_length=1 << 18, pattern=r"^[A-Za-z0-9_.-]+$")]


class SignedRequest(Strict):
    request: _Jws


class SignedReceipt(Strict):
    receipt: _Jws


class SignedLicenceBody(BaseModel):
    licence: str
    jwe: str | None


class ReleasedBody(BaseModel):
    licence_id: str
    released_at: float


class StateBody(BaseModel):
    state: str


class RevocationsBody(BaseModel):
    list: str


class ServiceKeysBody(BaseModel):
    keys: list[dict[str, Any]]
    endorsements: list[str]


class DownloadGrantRequest(Strict):
    device_id: Id64
    variant: Literal["encrypted", "clear"]
    max_height: Annotated[int, Field(ge=1, le=100_000)] | None = None


class ListedDownload(BaseModel):
    download_id: str
    title_id: str
    title: str
    device_id: str
    device: str
    created_at: float


class DownloadList(BaseModel):
    items: list[ListedDownload]
    device_limit: int | None
    title_limit: int | None


class DownloadLicence(BaseModel):
    url: str
    kids: list[str]


class DownloadPolicy(BaseModel):
    licence_s: float
    play_s: float | None
    grace_s: float
    rental: bool
    renewable: bool
    max_height: int | None
    expires_at: float


class DownloadBody(BaseModel):
    download_id: str
    title: TitleBody
    variant: Literal["encrypted", "clear"]
    manifests: list[ManifestBody]
    urls_expire_at: float
    licence: DownloadLicence
    policy: DownloadPolicy
