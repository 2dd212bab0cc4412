"""Bodies of the administrative calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend_stub.api.schemas import NO_NUL, Id64, Strict, Text200

_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
_Length = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
_Label = Literal["AUDIO", "SD", "HD", "UHD"]


class AdminAccount(BaseModel):
    id: str
    email: str
    name: str
    active: bool
    role: str
    country: str | None
    kiosks: bool
    plan: str
    plan_ends_at: float | None


class AccountChange(Strict):
    """Members that are absent stay as they are."""

    role: Literal["viewer", "publisher", "admin"] | None = None
    active: bool | None = None
    country: _Country | None = None
    kiosks: bool | None = None


class PlanChange(Strict):
    plan: Literal["free", "basic", "standard", "premium", "unlimited"]
    ends_at: _Moment | None = None


class RecallReason(Strict):
    reason: Text200


class RightsBody(Strict):
    """What the contract of a title permits."""

    model_config = ConfigDict(extra="forbid", strict=True, from_attributes=True)

    free: bool
    countries: Annotated[list[_Country], Field(max_length=250)]
    available_from: _Moment | None
    available_until: _Moment | None
    download: bool
    rental: bool
    renewable: bool
    licence_s: _Length
    play_s: _Length | None
    grace_s: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    hdcp: dict[_Label, Literal["none", "1.4", "2.2"]]
    analogue: bool
    mirror: bool
    record: bool = True


class EpisodePlace(Strict):
    series_id: Id64
    season: Annotated[int, Field(ge=0, le=10_000)]
    number: Annotated[int, Field(ge=0, le=10_000)]


class PlaceRequest(Strict):
    """``place`` null makes the title a film."""

    place: EpisodePlace | None


class TrailerRequest(Strict):
    """``of`` is the title that this one advertises; null makes it a film."""

    of: Id64 | None


class SeriesRequest(Strict):
    title: Text200
    synopsis: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)] = ""
    year: Annotated[int, Field(ge=0, le=9999)] = 0


class TitleChange(Strict):
    """Members that are absent or null stay as they are."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL)] | None = None
    synopsis: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)] | None = None
    year: Annotated[int, Field(ge=0, le=9999)] | None = None


class SeasonNameBody(Strict):
    """Empty for a season without a name of its own."""

    name: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]


MATURITIES = (0, 6, 12, 16, 18)


class Rating(Strict):
    maturity: Literal[0, 6, 12, 16, 18]


class QualityItem(BaseModel):
    name: str
    playbacks: int
    startup_p50_s: float | None
    startup_p95_s: float | None
    rebuffer_ratio: float | None
    bitrate_bps: float | None
    errors: int
    played_s: float


class QualityReport(BaseModel):
    items: list[QualityItem]


class Weights(Strict):
    """Weights by pathway; none for the edges' own order."""

    weights: Annotated[
        dict[
            Annotated[str, StringConstraints(max_length=64)],
            Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)],
        ],
        Field(max_length=100),
    ]


_Ahead = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class LateSegments(Strict):
    """Segments that end between these moments, in seconds from now, is available ``by_s`` seconds later."""

    from_s: _Ahead
    until_s: _Ahead
    by_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


class LiveFaultsBody(Strict):
    """Troubles of a channel; ``restarts_s`` are seconds from now at which the encoder restarts the title."""

    late: Annotated[list[LateSegments], Field(default_factory=list, max_length=20)]
    restarts_s: Annotated[list[_Ahead], Field(default_factory=list, max_length=20)]


class SteeringRuleBody(Strict):
    """``share`` (0 to 1) of the viewers in ``countries`` with a device whose name fits one of ``devices`` (shell
    patterns) go to ``pathways`` first; an empty list fits everybody."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    pathways: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(min_length=1, max_length=100)
    ]
    countries: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]], Field(default_factory=list, max_length=300)
    ]
    devices: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=200)]],
        Field(default_factory=list, max_length=100),
    ]
    share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0


class SteeringRules(Strict):
    """The first that applies to a playback counts."""

    rules: Annotated[list[SteeringRuleBody], Field(max_length=100)]


class Pathway(BaseModel):
    """``load`` is 0 for idle and 1 for all that it can do; both numbers are null for one that never told."""

    pathway: str
    weight: float
    reports: int
    failures: int
    failing: bool
    load: float | None
    bits_per_s: float | None
    countries: list[str]


class PathwayList(BaseModel):
    items: list[Pathway]


class AuditItem(BaseModel):
    id: int
    at: float
    action: str
    account_id: str | None
    subject: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    items: list[AuditItem]
    next_before: int | None


class KeyRotation(Strict):
    key: Literal["master", "url-signing", "licence-signing"]


class KeyRotated(BaseModel):
    key_id: str
