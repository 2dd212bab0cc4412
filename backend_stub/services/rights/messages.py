"""What devices sign: the payloads of their requests, read strictly, and the guard against replay.

A payload may have members that are not known here; those that are known must be right.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from backend_stub.db.database import Database
from backend_stub.db.models import Device, SpentNonce
from backend_stub.problems import ProblemError
from backend_stub.services.rights.signatures import TIME, BadStatementError, ServiceSigner, verify

MAX_SKEW_S = 300.0
_NONCE_KEPT_S = 2 * MAX_SKEW_S  # a request is too old before its nonce is forgotten

Kid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Id32 = Kid
_Nonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,43}$")]
_Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
_Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
_Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_Kids = Annotated[list[Kid], Field(max_length=64)]


class _Message(BaseModel):
    model_config = ConfigDict(strict=True)

    device_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class DeviceInfo(BaseModel):
    """What the device says of itself; ``hdcp`` is the least that its outputs do."""

    model_config = ConfigDict(strict=True)

    name: _Text
    platform: _Text
    app_version: _Text
    hdcp: Literal["none", "1.4", "2.2"]


class DeviceProof(_Message):
    challenge: Annotated[str, StringConstraints(max_length=64)]


class _Stamped(_Message):
    """Good once, and only near the time at which it was signed."""

    nonce: _Nonce
    issued_at: _Moment


class _Request(_Stamped):
    kids: _Kids
    info: DeviceInfo


class LicenceRequest(_Request):
    type: Literal["streaming", "persistent"]
    session_id: Id32
    pssh: Annotated[str, StringConstraints(max_length=65536)] | None


class RenewalRequest(_Request):
    licence_id: Id32
    sequence: Annotated[int, Field(ge=1, le=2**31)]
    first_play_at: _Moment | None


class Release(_Message):
    licence_id: Id32
    sequence: Annotated[int, Field(ge=1, le=2**31)]
    released_at: _Moment
    reason: Literal["removed", "evicted", "expired", "signed_out"]
    first_play_at: _Moment | None
    nonce: _Nonce


class HeldLicence(BaseModel):
    """A licence as the device has it."""

    model_config = ConfigDict(strict=True)

    licence_id: Id32
    sequence: Annotated[int, Field(ge=1, le=2**31)]
    first_play_at: _Moment | None


class StateRequest(_Stamped):
    generation: Annotated[int, Field(ge=0, le=2**53)]
    before: Annotated[int, Field(ge=0, le=2**53)]
    licences: Annotated[list[HeldLicence], Field(max_length=200)]


class KioskStatus(BaseModel):
    """How a screen is; times are seconds, sizes bytes."""

    model_config = ConfigDict(strict=True)

    name: _Text
    version: _Text
    phase: _Text
    status: _Text
    entry: _Text
    healthy: bool
    screen_on: bool
    up_s: _Amount
    without_picture_s: _Amount
    memory: _Amount
    disk_free: _Amount


class CommandsAsked(_Stamped):
    status: KioskStatus


class CommandAnswer(_Stamped):
    command_id: Id32
    ok: bool
    message: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
    media_type: Literal["text/plain", "image/png", "image/jpeg"] | None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None


_M = TypeVar("_M", bound=_Message)


def read_signed(compact: str, typ: str, jwk: dict[str, Any], model: type[_M], device_id: str) -> _M:
    """The message that the device of this key signed. Raises :class:`ProblemError` 422 ``bad_signed_request``."""
    try:
        message = model.model_validate(verify(compact, typ, jwk))
    except BadStatementError as error:
        raise ProblemError(422, "bad_signed_request", str(error)) from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ProblemError(422, "bad_signed_request", f"The signed member {place} is wrong.") from error
    if message.device_id != device_id:
        raise ProblemError(422, "bad_signed_request", "The signed device is not the one whose key signed.")
    return message


class ReplayGuard:
    """Takes each signed request once, and only near the time at which it was signed."""

    def __init__(self, database: Database, signer: ServiceSigner) -> None:
        self._database = database
        self._signer = signer

    def admit(self, device: Device, message: _Stamped, now: float) -> None:
        """Raises :class:`ProblemError` 403 ``clock_skew`` with the service's signed time, 409 ``replayed``.

        The nonce is spent whatever becomes of the request. A service that is not sure of the time takes none: 503
        ``clock_unsure``.
        """
        self._signer.check()
        if abs(message.issued_at - now) > MAX_SKEW_S:
            raise ProblemError(
                403,
                "clock_skew",
                "The clock of this device is too far from the service's.",
                members={"now_at": now, "time": signed_time(self._signer, now, message.nonce)},
            )
        try:
            with self._database.write() as session:
                session.execute(delete(SpentNonce).where(SpentNonce.seen_at < now - _NONCE_KEPT_S))
                session.add(SpentNonce(device_id=device.id, nonce=message.nonce, seen_at=now))
        except IntegrityError as error:
            raise ProblemError(409, "replayed", "This request was made before.") from error


def signed_time(signer: ServiceSigner, now: float, nonce: str | None) -> str:
    return signer.sign(TIME, {"now_at": now, "nonce": nonce})
