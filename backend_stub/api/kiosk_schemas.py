"""Bodies of the calls of kiosks, and of those that tell them what to do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from backend_stub.api.schemas import Strict
from backend_stub.services.device_commands import MAX_PLAYLIST_CHARS

_MONTH_S = 31 * 86400.0
_Base64 = Annotated[str, StringConstraints(max_length=700_000, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
_Playlist = Annotated[str, StringConstraints(max_length=MAX_PLAYLIST_CHARS, pattern=r"^[^\x00]*$")]
_Lifetime = Annotated[float, Field(ge=60, le=_MONTH_S, allow_inf_nan=False)]


class Signed(Strict):
    request: Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class SignedAnswer(Signed):
    """``attachment`` is what the command brought back, in base64; empty for nothing."""

    attachment: _Base64


class CommandForDevice(BaseModel):
    id: str
    kind: str
    playlist: str | None
    expires_in_s: float


class CommandsForDevice(BaseModel):
    items: list[CommandForDevice]
    ask_again_s: float


class CommandState(BaseModel):
    id: str
    state: str


class CommandRequest(Strict):
    """``playlist`` is the ``[[entry]]`` part of a provisioning file, for that kind alone."""

    kind: Literal["restart", "playlist", "screenshot", "logs"]
    playlist: _Playlist = ""
    expires_in_s: _Lifetime = 86400.0


class Command(CommandState):
    kind: str
    message: str
    issued_by: str | None
    issued_at: float
    expires_at: float
    delivered_at: float | None
    finished_at: float | None
    media_type: str | None


class CommandList(BaseModel):
    items: list[Command]
