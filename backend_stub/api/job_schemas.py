"""Bodies of the calls on encoding jobs, uploads and versions of titles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator

from backend_stub.api.schemas import NO_NUL, Strict

_Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class UploadBody(BaseModel):
    """``length`` and ``offset`` in bytes."""

    upload_id: str
    name: str
    length: int
    offset: int


class SidecarBody(Strict):
    """Subtitles beside the film: an upload that is complete, and its language (ISO 639)."""

    upload_id: _Hex32
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class JobRequest(Strict):
    """Make a title of an upload that is complete."""

    upload_id: _Hex32
    title: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL)]
    synopsis: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)] = ""
    year: Annotated[int, Field(ge=0, le=9999)] = 0
    title_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] | None = None
    replace: bool = False
    clear: bool = False
    encrypted: bool = True
    codecs: Annotated[list[Literal["h264", "hevc", "av1"]], Field(max_length=3)] = Field(default=[])
    scheme: Literal["cbcs", "cenc"] = "cbcs"
    systems: Annotated[list[Literal["widevine", "playready"]], Field(max_length=2)] = Field(default=[])
    preset: Literal["ultrafast", "veryfast", "fast", "medium", "slow"] = "veryfast"
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    subtitles: Annotated[list[SidecarBody], Field(max_length=40)] = Field(default=[])

    @model_validator(mode="after")
    def _has_a_variant(self) -> JobRequest:
        if not (self.clear or self.encrypted):
            raise ValueError("a title needs a clear or an encrypted variant")
        return self


class PriorityRequest(Strict):
    priority: Annotated[int, Field(ge=-1000, le=1000)]


class JobBody(BaseModel):
    """``done`` is 0 to 1, ``stage`` the kind of task at work, ``trouble`` why it is parked."""

    id: str
    name: str
    state: Literal["waiting", "running", "done", "parked", "cancelled"]
    done: float
    stage: str
    trouble: str
    priority: int
    created_at: float
    finished_at: float | None
    result: dict[str, Any]


class JobTaskBody(BaseModel):
    name: str
    kind: str
    state: Literal["waiting", "ready", "running", "done", "parked", "cancelled"]
    done: float
    attempts: int
    owner: str
    started_at: float | None
    finished_at: float | None
    log: str


class JobDetail(JobBody):
    tasks: list[JobTaskBody]


class JobList(BaseModel):
    items: list[JobBody]
    next_before: str | None


class VersionBody(BaseModel):
    version: int
    shown: bool
    published_at: float
    duration_s: float
    heights: list[int]
    variants: list[str]
    qualities: list[dict[str, Any]]


class VersionList(BaseModel):
    items: list[VersionBody]
