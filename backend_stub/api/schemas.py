"""Bodies of requests and responses. ``docs/protocol.md`` is their text form.

Requests are strict: no unknown members, no strings for numbers, no NaN, no NUL in stored text.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NO_NUL = r"^[^\x00]*$"
Text200 = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Id64 = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Seconds = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ProblemDetails(BaseModel):
    """RFC 9457; some codes have members of their own besides."""

    type: str
    title: str
    status: int
    code: str


class LoginRequest(Strict):
    email: Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=NO_NUL)]
    password: Secret
    device_name: Text200


class RefreshRequest(Strict):
    refresh_token: Secret


NewPassword = Annotated[str, StringConstraints(min_length=8, max_length=1024)]


Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\s\x00@]+@[^\s\x00@]+$")]
MailedCode = Annotated[str, StringConstraints(min_length=1, max_length=32)]


class RegisterRequest(Strict):
    email: Email
    password: NewPassword
    name: Text200
    device_name: Text200


class PasswordRequest(Strict):
    password: Secret
    new_password: NewPassword
    device_name: Text200


class EmailRequest(Strict):
    email: Email


class ResetRequest(Strict):
    email: Email
    code: MailedCode
    new_password: NewPassword
    device_name: Text200


class MailCodeRequest(Strict):
    code: MailedCode


class DeletionRequest(Strict):
    password: Secret


class OwnAccountBody(BaseModel):
    """``country`` is that of residence (ISO 3166-1 alpha-2), where it is known."""

    id: str
    email: str
    email_verified: bool
    name: str
    country: str | None
    created_at: float


class DeviceGrantRequest(Strict):
    device_name: Text200


class DeviceGrantBody(BaseModel):
    """RFC 8628, section 3.2; these members have the names that it gives them. Times are seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: float
    interval: float


class DeviceCodeRequest(Strict):
    device_code: Secret


class ApprovalRequest(Strict):
    user_code: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    approve: bool


class ApprovalBody(BaseModel):
    device_name: str


_Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,8}$")]


Maturity = Literal[0, 6, 12, 16, 18]
Avatar = Annotated[str, StringConstraints(pattern=r"^[a-z]{0,24}$")]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3})?$")]


class ProfileRequest(Strict):
    name: Text200
    maturity: Maturity
    pin: _Pin | None = None
    avatar: Avatar = ""
    kids: bool = False
    audio_language: Language = ""
    text_language: Language = ""
    autoplay: bool = True


class ProfileChange(Strict):
    """What is absent stays; ``pin`` null takes the PIN away."""

    name: Text200 | None = None
    maturity: Maturity | None = None
    pin: _Pin | None = None
    avatar: Avatar | None = None
    kids: bool | None = None
    audio_language: Language | None = None
    text_language: Language | None = None
    autoplay: bool | None = None


class ProfileBody(BaseModel):
    """``avatar`` is empty for none, languages for those of the device."""

    id: str
    name: str
    maturity: int
    has_pin: bool
    avatar: str
    kids: bool
    audio_language: str
    text_language: str
    autoplay: bool


class ProfileList(BaseModel):
    items: list[ProfileBody]
    current: str | None


class SelectionRequest(Strict):
    pin: _Pin | None = None


class SelectionBody(BaseModel):
    access_token: str
    expires_in_s: float
    profile: ProfileBody


class AccountBody(BaseModel):
    id: str
    email: str
    name: str


class TokensBody(BaseModel):
    access_token: str
    refresh_token: str
    expires_in_s: float
    account: AccountBody
    profile_id: str | None


class ProgressBody(BaseModel):
    position_s: float
    duration_s: float
    watched_at: float
    furthest_s: float | None


class EpisodeBody(BaseModel):
    """Where in which series an episode stands."""

    series_id: str
    series_title: str
    season: int
    number: int


class Stretch(Strict):
    start_s: Seconds
    end_s: Seconds


class MarkersBody(Strict):
    """Where a title's intro is and where its credits start; null where it is not known."""

    intro: Stretch | None
    credits_s: Seconds | None


class LanguagesBody(BaseModel):
    """Of the tracks to hear and to read, as their source names them (ISO 639)."""

    audio: list[str]
    text: list[str]


class ArtworkBody(BaseModel):
    """Addresses of pictures besides the poster, and of a short clip without audio; null where there is none.
    ``focal`` is what the eye is drawn to in the backdrop, across and down from 0 to 1."""

    backdrop_url: str | None
    clip_url: str | None
    focal: list[float] | None
    logo_url: str | None
    still_url: str | None


class TitleBody(BaseModel):
    id: str
    kind: Literal["film", "series", "episode", "trailer", "channel", "recording"]
    title: str
    synopsis: str
    year: int
    duration_s: float
    poster_url: str
    heights: list[int]
    variants: list[Literal["encrypted", "clear", "live"]]
    maturity: int
    progress: ProgressBody | None
    published_at: float
    episode: EpisodeBody | None
    markers: MarkersBody | None
    trailer_id: str | None
    languages: LanguagesBody
    artwork: ArtworkBody
    thumb: Literal["up", "down"] | None


class HistoryItem(BaseModel):
    title: TitleBody
    watched_at: float


class HistoryBody(BaseModel):
    items: list[HistoryItem]


class ThumbBody(Strict):
    thumb: Literal["up", "down"] | None


class GenreList(BaseModel):
    """The genres of titles that are on offer, in alphabetical order."""

    items: list[str]


class SeasonBody(BaseModel):
    """``name`` is empty where the season has none of its own."""

    season: int
    name: str
    episodes: list[TitleBody]


class SeasonList(BaseModel):
    """``next_after`` is where the next page goes on, null on the last one."""

    seasons: list[SeasonBody]
    next_after: str | None


class CatalogPage(BaseModel):
    items: list[TitleBody]
    next_cursor: str | None


class DeviceKey(BaseModel):
    """A public EC P-256 key (RFC 7517, RFC 7518 section 6.2.1); other members of a JWK are ignored."""

    model_config = ConfigDict(strict=True)

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    y: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class DeviceRequest(Strict):
    name: Text200
    public_key: DeviceKey
    proof: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None


class DeviceBody(BaseModel):
    device_id: str
    proven: bool


class ChallengeBody(BaseModel):
    challenge: str
    expires_at: float


class ListedDevice(BaseModel):
    device_id: str
    name: str
    created_at: float
    last_seen_at: float
    proven: bool


class DeviceList(BaseModel):
    items: list[ListedDevice]
    limit: int | None


class PlayRequest(Strict):
    device_id: Id64
    variant: Literal["encrypted", "clear", "live"]
    ahead: bool = False


class ManifestBody(BaseModel):
    pathway: str
    dash: str
    hls: str


class LicencePointer(BaseModel):
    url: str
    system: Literal["matinee.clearkey"]
    kids: list[str]
    signed_url: str


class HeartbeatRequest(Strict):
    position_s: Seconds
    state: Literal["playing", "paused"]


class AddressesBody(BaseModel):
    manifests: list[ManifestBody]


class HeartbeatBody(BaseModel):
    next_in_s: float
    expires_at: float


class SteeringPointer(BaseModel):
    """``hls`` and ``dash`` are manifests that name all edges and ``url``; a channel has none."""

    url: str
    hls: str | None
    dash: str | None


class QualityBody(BaseModel):
    """``score`` is 0 to 100 by ``metric`` (``vmaf`` or ``ssim``), null where it could not be measured; bit/s."""

    codec: str
    height: int
    bitrate: int
    metric: str
    score: float | None


class PlayBody(BaseModel):
    session_id: str
    title: TitleBody
    manifests: list[ManifestBody]
    expires_at: float
    licence: LicencePointer | None
    resume_s: float
    furthest_s: float | None
    steering: SteeringPointer
    thumbnails: None = None
    qualities: list[QualityBody]
    next_episode: TitleBody | None


_Kids = Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(min_length=1, max_length=64)]


class ClearKeyRequest(Strict):
    """W3C Encrypted Media Extensions, section 9.1.3."""

    kids: _Kids
    type: Literal["temporary"] = "temporary"


class ContentKeyBody(BaseModel):
    kty: Literal["oct"]
    kid: str
    k: str


class ClearKeyBody(BaseModel):
    """W3C Encrypted Media Extensions, section 9.1.4."""

    keys: list[ContentKeyBody]
    type: Literal["temporary"]


class ProgressItem(Strict):
    event_id: Id64
    title_id: Id64
    position_s: Seconds
    duration_s: Seconds
    watched_at: Seconds
    device_id: Id64
    profile_id: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")] | None = None


class ProgressRequest(Strict):
    items: Annotated[list[ProgressItem], Field(max_length=500)]


GENRE_PATTERN = r"^[a-z][a-z-]{0,39}$"


class PersonBody(Strict):
    name: Text200
    job: Literal["director", "writer", "actor"]


class CreditsBody(Strict):
    genres: Annotated[list[Annotated[str, StringConstraints(pattern=GENRE_PATTERN)]], Field(max_length=20)]
    people: Annotated[list[PersonBody], Field(max_length=200)]


RowName = Literal["continue", "list", "because", "picks", "trending", "episodes", "new", "genre"]


class NamedTitle(BaseModel):
    id: str
    title: str


class RowBody(BaseModel):
    row: RowName
    because: NamedTitle | None
    genre: str | None
    titles: list[TitleBody]


class LeftOutRow(BaseModel):
    row: RowName
    reason: Literal["slow", "failed"]


class RowsBody(BaseModel):
    items: list[RowBody]
    left_out: list[LeftOutRow]


class ListEntryBody(BaseModel):
    title: TitleBody
    changed_at: float


class MyList(BaseModel):
    items: list[ListEntryBody]


class ListChange(Strict):
    listed: bool
    changed_at: Seconds


class ListedState(BaseModel):
    listed: bool
    changed_at: float


class SearchPage(BaseModel):
    items: list[TitleBody]
    corrected: str | None
    more: bool


class TelemetryItem(Strict):
    event_id: Id64
    session_id: Id64
    kind: Literal["start", "beat", "end", "error"]
    at: Seconds
    title_id: Id64
    device_id: Id64
    pathway: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)]
    app_version: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)]
    startup_s: Seconds | None
    played_s: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)]
    stalled_s: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)]
    stalls: Annotated[int, Field(ge=0, le=10_000)]
    bits: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
    error: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)] | None
    height: Annotated[int, Field(ge=0, le=100_000)] | None = None
    buffer_s: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)] | None = None


class TelemetryRequest(Strict):
    items: Annotated[list[TelemetryItem], Field(max_length=500)]


class AcceptedBody(BaseModel):
    accepted: list[str]


class TimeBody(BaseModel):
    now_at: float
    token: str


class Nothing(Strict):
    """A body without members."""


class HealthBody(BaseModel):
    status: Literal["ok"]
    version: str
