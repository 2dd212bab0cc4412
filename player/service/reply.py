"""Reading what the service sent: JSON with checks, and problem documents (RFC 9457) into ServiceErrors."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar
from urllib.parse import urljoin

from player.base.errors import ErrorCode, ServiceError
from player.net.failures import retry_after_s
from player.net.model import Response
from player.net.redact import redact_text
from player.service.model import (
    Account,
    AccountDownload,
    AccountDownloads,
    CatalogPage,
    Channel,
    Credits,
    Device,
    DeviceCode,
    DeviceList,
    EpisodePlace,
    LicencePointer,
    ManifestAddresses,
    Markers,
    PlaySession,
    Profile,
    Programme,
    Recording,
    SearchPage,
    Season,
    Title,
    TitleRow,
    Tokens,
    WatchProgress,
)

T = TypeVar("T")

_MAX_SENTENCE = 300
_MAX_NAME = 60
_MOST_STREAMS = 4  # are named

_BY_PROBLEM: Mapping[str, tuple[ErrorCode, str]] = {
    "wrong_credentials": (ErrorCode.SERVICE_SIGN_IN, "The e-mail address or the password is wrong."),
    "account_closed": (ErrorCode.SERVICE_SIGN_IN, "This account is closed."),
    "session_expired": (ErrorCode.SERVICE_EXPIRED, "The permission to play this title has expired."),
    "session_not_found": (ErrorCode.SERVICE_EXPIRED, "The permission to play this title has expired."),
    "title_not_found": (ErrorCode.SERVICE_NOT_FOUND, "This title is not available."),
    "variant_not_found": (ErrorCode.SERVICE_NOT_FOUND, "This title is not available in the form asked for."),
    "device_unknown": (ErrorCode.SERVICE_NOT_ENTITLED, "This device is not registered with your account."),
    "recording_forbidden": (ErrorCode.SERVICE_NOT_ENTITLED, "This programme may not be recorded."),
    "recording_limit": (ErrorCode.SERVICE_NOT_ENTITLED, "The recordings take all the space that your account has."),
    "device_not_found": (ErrorCode.SERVICE_NOT_FOUND, "Your account has no such device."),
    "device_revoked": (ErrorCode.SERVICE_NOT_ENTITLED, "This device was removed from your account."),
    "device_mismatch": (ErrorCode.SERVICE_NOT_ENTITLED, "The permission to play belongs to another device."),
    "plan_missing": (ErrorCode.SERVICE_NOT_ENTITLED, "Your plan does not include this title."),
    "device_limit": (ErrorCode.SERVICE_NOT_ENTITLED, "Your plan allows no more devices; remove one first."),
    "download_not_allowed": (ErrorCode.SERVICE_NOT_ENTITLED, "Your plan does not include downloads of this title."),
    "download_title_limit": (
        ErrorCode.SERVICE_NOT_ENTITLED,
        "This device has all the downloads that your plan allows; remove one first.",
    ),
    "download_device_limit": (
        ErrorCode.SERVICE_NOT_ENTITLED,
        "Your plan allows downloads on no more devices; first give back those of another one.",
    ),
    "title_revoked": (ErrorCode.SERVICE_NOT_ENTITLED, "This title was withdrawn."),
    "not_in_region": (ErrorCode.SERVICE_NOT_ENTITLED, "This title is not available in your country."),
    "not_yet_available": (ErrorCode.SERVICE_NOT_ENTITLED, "This title is not available yet."),
    "no_longer_available": (ErrorCode.SERVICE_NOT_ENTITLED, "This title is no longer available."),
    "profile_not_allowed": (ErrorCode.SERVICE_NOT_ENTITLED, "This profile cannot change the account."),
    "maturity": (ErrorCode.SERVICE_NOT_ENTITLED, "This title is not for this profile."),
    "wrong_pin": (ErrorCode.SERVICE_NOT_ENTITLED, "The PIN is wrong."),
    "access_denied": (ErrorCode.SERVICE_SIGN_IN, "The sign-in was refused on the other device."),
    "weak_password": (ErrorCode.SERVICE_REPLY, "This password is easily guessed; please choose a longer one."),
    "email_taken": (ErrorCode.SERVICE_REPLY, "There is an account with this email address already."),
    "code_not_found": (ErrorCode.SERVICE_NOT_FOUND, "This code is wrong or too old."),
    "expired_token": (ErrorCode.SERVICE_EXPIRED, "The code has expired."),
    "too_many_attempts": (ErrorCode.HTTP_RATE_LIMITED, "Too many attempts; please try again later."),
}
_BY_STATUS: Mapping[int, tuple[ErrorCode, str]] = {
    401: (ErrorCode.SERVICE_EXPIRED, "Your sign-in has expired; please sign in again."),
    403: (ErrorCode.SERVICE_NOT_ENTITLED, "Your account does not include this."),
    404: (ErrorCode.SERVICE_NOT_FOUND, "The service does not have this."),
    429: (ErrorCode.HTTP_RATE_LIMITED, "The service asks us to come back later."),
}


def problem(response: Response, wall_s: float = 0.0) -> ServiceError:
    """The error in an answer of status 400 or more; a problem document in it is used where it can be read. ``wall_s``
    (seconds since 1970) dates a Retry-After that is a date."""
    status = response.status
    try:
        members = Members.of(response)
    except ServiceError:
        members = Members({}, "problem")
    name = members.optional_text("code") or ""
    playing = ""
    if name in _BY_PROBLEM:
        code, sentence = _BY_PROBLEM[name]
    elif name == "stream_limit":
        playing = _screens(members)
        code, sentence = ErrorCode.SERVICE_NOT_ENTITLED, _too_many_screens(playing)
    elif status in _BY_STATUS:
        code, sentence = _BY_STATUS[status]
    elif status >= 500:
        code, sentence = ErrorCode.HTTP_SERVER, "The service has a fault of its own; please try again later."
    else:
        title = redact_text("".join(filter(str.isprintable, members.optional_text("title") or "")))
        code, sentence = ErrorCode.SERVICE_REPLY, title[:_MAX_SENTENCE] or f"The service refuses ({status})."
    recoverable = code in (ErrorCode.SERVICE_EXPIRED, ErrorCode.HTTP_SERVER, ErrorCode.HTTP_RATE_LIMITED)
    asked_s = retry_after_s(response.headers, wall_s)
    later = {} if asked_s is None else {"retry_after_s": asked_s}
    return ServiceError(
        code, sentence, recoverable=recoverable, status=status, problem=name[:64], playing=playing, **later
    )


def _screens(members: Members) -> str:
    """What the viewer may switch off: the devices that play, and what."""

    def shown(item: object) -> str:
        stream = Members(item, "streams")
        return f"{_printed(stream.text('name'))} ({_printed(stream.text('title'))})"

    try:
        return ", ".join(members.each("streams", shown)[:_MOST_STREAMS])
    except ServiceError:
        return ""


def _too_many_screens(playing: str) -> str:
    sentence = "Your plan plays on no more screens at the same time"
    return f"{sentence}; playing now: {playing}." if playing else f"{sentence}."


def _printed(text: str) -> str:
    return redact_text("".join(filter(str.isprintable, text)))[:_MAX_NAME]


class Members:
    """The members of a JSON object. Every method raises ServiceError (``service.reply``) for one that is not as it
    should be; unknown ones are let be."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise _unreadable(place)
        self._members: dict[str, object] = value
        self._place = place

    @classmethod
    def of(cls, response: Response) -> Members:
        """The JSON object that is the body of ``response``."""
        try:
            return cls(json.loads(response.body), "answer")
        except (ValueError, RecursionError) as error:
            raise _unreadable("answer") from error

    def text(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str):
            raise self._wrong(name)
        return value

    def optional_text(self, name: str) -> str | None:
        value = self._members.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> float:
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._wrong(name)
        return float(value)

    def optional_number(self, name: str) -> float | None:
        return None if self._members.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        value = self._members.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def optional_flag(self, name: str, *, missing: bool) -> bool:
        return missing if self._members.get(name) is None else self.flag(name)

    def inner(self, name: str) -> Members:
        """The object under ``name``."""
        return Members(self._members.get(name), name)

    def optional_inner(self, name: str) -> Members | None:
        return None if self._members.get(name) is None else self.inner(name)

    def each(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        """The items of the list under ``name``, each read by ``read``, which may raise TypeError or ValueError."""
        value = self._members.get(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        try:
            return tuple(map(read, value))
        except (TypeError, ValueError) as error:
            raise self._wrong(name) from error

    def optional_each(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        return () if self._members.get(name) is None else self.each(name, read)

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of the list under ``name``."""
        return self.each(name, _string)

    def _wrong(self, name: str) -> ServiceError:
        return _unreadable(f"{self._place}.{name}")


def read_tokens(members: Members, wall_s: float) -> Tokens:
    """A sign-in; ``wall_s`` is the time at which it was asked for."""
    account = members.inner("account")
    return Tokens(
        members.text("access_token"),
        members.text("refresh_token"),
        wall_s + members.number("expires_in_s"),
        Account(account.text("id"), account.text("email"), account.text("name")),
    )


def read_title(members: Members, base_url: str) -> Title:
    """A title; relative addresses in it are completed with ``base_url``."""
    progress, episode = members.optional_inner("progress"), members.optional_inner("episode")
    markers, languages = members.optional_inner("markers"), members.optional_inner("languages")
    artwork = members.optional_inner("artwork")
    return Title(
        id=members.text("id"),
        title=members.text("title"),
        synopsis=members.text("synopsis"),
        year=int(members.number("year")),
        duration_s=members.number("duration_s"),
        poster_url=urljoin(base_url, members.text("poster_url")),
        heights=members.each("heights", _whole),
        variants=members.texts("variants"),
        progress=WatchProgress() if progress is None else _read_progress(progress),
        published_at=members.number("published_at"),
        maturity=int(members.optional_number("maturity") or 0),
        kind=members.optional_text("kind") or "film",
        episode=None if episode is None else _read_place(episode),
        markers=Markers() if markers is None else _read_markers(markers),
        trailer_id=members.optional_text("trailer_id") or "",
        audio=() if languages is None else languages.texts("audio"),
        text=() if languages is None else languages.texts("text"),
        backdrop_url="" if artwork is None else _picture(artwork, "backdrop_url", base_url),
        still_url="" if artwork is None else _picture(artwork, "still_url", base_url),
        logo_url="" if artwork is None else _picture(artwork, "logo_url", base_url),
        clip_url="" if artwork is None else _picture(artwork, "clip_url", base_url),
        focal=None if artwork is None else _focal(artwork),
        thumb=members.optional_text("thumb") or "",
    )


def _focal(artwork: Members) -> tuple[float, float] | None:
    """A point within the picture; none where that is not what was sent."""
    point = artwork.optional_each("focal", _number)
    if len(point) != 2 or not all(0 <= one <= 1 for one in point):
        return None
    return point[0], point[1]


def _picture(artwork: Members, name: str, base_url: str) -> str:
    url = artwork.optional_text(name)
    return "" if url is None else urljoin(base_url, url)


def read_credits(members: Members) -> Credits:
    """What kind of title it is, and who made it."""

    def read(item: object) -> tuple[str, str]:
        one = Members(item, "people")
        return one.text("job"), one.text("name")

    return Credits(members.texts("genres"), members.each("people", read))


def read_seasons(members: Members, base_url: str) -> tuple[Season, ...]:
    """The seasons of a series, in their order."""

    def read(item: object) -> Season:
        one = Members(item, "seasons")
        episodes = one.each("episodes", lambda title: read_title(Members(title, "episodes"), base_url))
        return Season(int(one.number("season")), episodes, one.optional_text("name") or "")

    return members.each("seasons", read)


def joined_seasons(pages: Sequence[Sequence[Season]]) -> tuple[Season, ...]:
    """The seasons of several pages: one that goes on over the end of a page is one."""
    joined: list[Season] = []
    for season in chain.from_iterable(pages):
        if joined and joined[-1].number == season.number:
            joined[-1] = replace(season, episodes=(*joined[-1].episodes, *season.episodes))
        else:
            joined.append(season)
    return tuple(joined)


def read_manifests(members: Members, base_url: str) -> tuple[ManifestAddresses, ...]:
    """Where the manifests of a title are, one entry per edge."""
    return members.each("manifests", lambda item: _read_addresses(Members(item, "manifests"), base_url))


def read_page(members: Members, base_url: str) -> CatalogPage:
    """A page of the catalogue."""
    items = members.each("items", lambda item: read_title(Members(item, "items"), base_url))
    return CatalogPage(items, members.optional_text("next_cursor"))


def read_profile(members: Members) -> Profile:
    """A profile of the household."""
    return Profile(
        members.text("id"),
        members.text("name"),
        int(members.number("maturity")),
        members.flag("has_pin"),
        members.optional_text("avatar") or "",
        members.optional_flag("kids", missing=False),
        members.optional_text("audio_language") or "",
        members.optional_text("text_language") or "",
        members.optional_flag("autoplay", missing=True),
    )


def read_devices(members: Members) -> DeviceList:
    """The machines of the account."""

    def read(item: object) -> Device:
        one = Members(item, "items")
        return Device(one.text("device_id"), one.text("name"), one.number("created_at"), one.number("last_seen_at"))

    limit = members.optional_number("limit")
    return DeviceList(members.each("items", read), None if limit is None else int(limit))


def read_account_downloads(members: Members) -> AccountDownloads:
    """What the machines of the account keep."""

    def read(item: object) -> AccountDownload:
        one = Members(item, "items")
        return AccountDownload(
            one.text("download_id"),
            one.text("title_id"),
            one.text("title"),
            one.text("device_id"),
            one.text("device"),
            one.number("created_at"),
        )

    devices, titles = members.optional_number("device_limit"), members.optional_number("title_limit")
    return AccountDownloads(
        members.each("items", read),
        None if devices is None else int(devices),
        None if titles is None else int(titles),
    )


def read_search(members: Members, base_url: str) -> SearchPage:
    """What a search found."""
    items = members.each("items", lambda item: read_title(Members(item, "items"), base_url))
    return SearchPage(items, members.optional_text("corrected") or "", members.flag("more"))


def read_my_list(members: Members, base_url: str) -> tuple[Title, ...]:
    """The titles of the viewer's list, in its order."""
    return members.each("items", lambda item: read_title(Members(item, "items").inner("title"), base_url))


def read_history(members: Members, base_url: str) -> tuple[Title, ...]:
    """What was watched, the latest first."""
    return members.each("items", lambda item: read_title(Members(item, "items").inner("title"), base_url))


def read_rows(members: Members, base_url: str) -> tuple[TitleRow, ...]:
    """The rows of the first screen, in their order."""

    def read(item: object) -> TitleRow:
        row = Members(item, "items")
        because = row.optional_inner("because")
        return TitleRow(
            row.text("row"),
            row.each("titles", lambda one: read_title(Members(one, "titles"), base_url)),
            "" if because is None else because.text("title"),
            row.optional_text("genre") or "",
        )

    return members.each("items", read)


def read_channels(members: Members, base_url: str, wall_s: float) -> tuple[Channel, ...]:
    """What is on, its times by the clock that says ``wall_s`` now."""
    ahead_s = wall_s - members.number("now_at")

    def programme(item: object) -> Programme:
        one = Members(item, "programmes")
        starts_at, ends_at = one.number("starts_at") + ahead_s, one.number("ends_at") + ahead_s
        return Programme(one.text("title"), starts_at, ends_at, one.optional_flag("recordable", missing=False))

    def channel(item: object) -> Channel:
        one = Members(item, "items")
        title, programmes = read_title(one.inner("title"), base_url), one.each("programmes", programme)
        return Channel(title, programmes, one.optional_number("back_s") or 0.0, ahead_s)

    return members.each("items", channel)


def read_recordings(members: Members, base_url: str) -> tuple[Recording, ...]:
    """The programmes that the viewer records."""

    def read(item: object) -> Recording:
        one = Members(item, "items")
        return Recording(
            title=read_title(one.inner("title"), base_url),
            channel_id=one.text("channel_id"),
            channel=one.text("channel"),
            starts_at=one.number("starts_at"),
            ends_at=one.number("ends_at"),
            state=one.text("state"),
            reason=one.optional_text("reason") or "",
        )

    return members.each("items", read)


def read_device_code(members: Members) -> DeviceCode:
    """A sign-in by code. What bounds our patience is bounded itself."""
    return DeviceCode(
        device_code=members.text("device_code"),
        user_code=members.text("user_code"),
        verification_uri=members.text("verification_uri"),
        complete_uri=members.optional_text("verification_uri_complete") or members.text("verification_uri"),
        expires_in_s=min(3600.0, max(1.0, members.number("expires_in"))),
        interval_s=min(60.0, max(1.0, members.optional_number("interval") or 5.0)),
    )


def read_play_session(members: Members, base_url: str) -> PlaySession:
    """Read the answer with a play session."""
    licence, following = members.optional_inner("licence"), members.optional_inner("next_episode")
    return PlaySession(
        session_id=members.text("session_id"),
        title=read_title(members.inner("title"), base_url),
        manifests=read_manifests(members, base_url),
        expires_at=members.number("expires_at"),
        licence=None if licence is None else _read_licence(licence, base_url),
        resume_s=members.number("resume_s"),
        furthest_s=members.optional_number("furthest_s"),
        next_episode=None if following is None else read_title(following, base_url),
    )


def read_next_in(members: Members) -> float:
    """When the next heartbeat is wanted, in seconds. What paces us is bounded."""
    return min(300.0, max(1.0, members.number("next_in_s")))


def _read_place(members: Members) -> EpisodePlace:
    return EpisodePlace(
        members.text("series_id"),
        members.text("series_title"),
        int(members.number("season")),
        int(members.number("number")),
    )


def _read_markers(members: Members) -> Markers:
    """Markers that mark nothing are left out."""
    intro, credits_s = members.optional_inner("intro"), members.optional_number("credits_s")
    stretch = None if intro is None else (intro.number("start_s"), intro.number("end_s"))
    if stretch is not None and not 0 <= stretch[0] < stretch[1]:
        stretch = None
    return Markers(stretch, credits_s if credits_s is not None and credits_s > 0 else None)


def _read_progress(members: Members) -> WatchProgress:
    return WatchProgress(
        members.number("position_s"),
        members.number("duration_s"),
        members.number("watched_at"),
        members.optional_number("furthest_s"),
    )


def _read_addresses(members: Members, base_url: str) -> ManifestAddresses:
    dash, hls = members.optional_text("dash"), members.optional_text("hls")
    return ManifestAddresses(
        members.text("pathway"),
        None if dash is None else urljoin(base_url, dash),
        None if hls is None else urljoin(base_url, hls),
    )


def _read_licence(members: Members, base_url: str) -> LicencePointer:
    signed_url = members.optional_text("signed_url")
    return LicencePointer(
        urljoin(base_url, members.text("url")),
        members.text("system"),
        members.each("kids", _kid),
        None if signed_url is None else urljoin(base_url, signed_url),
    )


def _kid(value: object) -> bytes:
    kid = bytes.fromhex(_string(value))
    if len(kid) != 16:
        raise ValueError("a key ID has 16 bytes")
    return kid


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _unreadable(place: str) -> ServiceError:
    return ServiceError(
        ErrorCode.SERVICE_REPLY, "The service gave an answer that this version does not understand.", place=place
    )
