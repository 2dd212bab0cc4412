"""What the service answers, as values. Times are seconds, ``*_at`` seconds since 1970 (UTC); secrets have no repr."""

from __future__ import annotations

from dataclasses import dataclass, field

SESSION_OVER = frozenset({"session_expired", "session_ended", "session_not_found"})
"""The service's names for the problem, or a licence's for the reason, that a play session is over."""


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """A sign-in. ``expires_at`` is that of the access token, on this machine's clock; ``profile`` the id of the
    profile that watches, empty for none and None where that is not known."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float
    account: Account
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class WatchProgress:
    """How far a title was watched; ``watched_at`` is 0 where it never was. ``furthest_s`` is where another device got
    further by so much that it is worth offering; lists of titles do not tell it."""

    position_s: float = 0.0
    duration_s: float = 0.0
    watched_at: float = 0.0
    furthest_s: float | None = None


@dataclass(frozen=True, slots=True)
class EpisodePlace:
    """Where in which series an episode stands."""

    series_id: str
    series_title: str
    season: int
    number: int


@dataclass(frozen=True, slots=True)
class Markers:
    """Where a title's intro begins and ends and where its credits start, in seconds; None where that is not known."""

    intro: tuple[float, float] | None = None
    credits_s: float | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """A title of the catalogue. ``heights`` are its rungs', ``variants`` out of ``encrypted`` and ``clear``;
    ``maturity`` is the age from which it may be watched. ``kind`` is ``film``, ``series``, ``episode``,
    ``trailer``, ``recording`` or ``channel``; lists tell no ``trailer_id``, and not all of them ``markers``.
    ``audio`` and ``text`` are languages. ``focal`` is what the eye is drawn to in the backdrop, across and down from
    0 to 1; ``clip_url`` is a short clip without audio; ``thumb`` (``up``, ``down``) is told for one title only.
    Strings and numbers are empty and 0 for what is not known."""

    id: str
    title: str
    synopsis: str = ""
    year: int = 0
    duration_s: float = 0.0
    poster_url: str = ""
    heights: tuple[int, ...] = ()
    variants: tuple[str, ...] = ()
    progress: WatchProgress = WatchProgress()
    published_at: float = 0.0
    maturity: int = 0
    kind: str = "film"
    episode: EpisodePlace | None = None
    markers: Markers = Markers()
    trailer_id: str = ""
    audio: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    backdrop_url: str = ""
    still_url: str = ""
    logo_url: str = ""
    clip_url: str = ""
    focal: tuple[float, float] | None = None
    thumb: str = ""

    @property
    def variant(self) -> str:
        """The variant to play or download: encrypted where there is one."""
        return "encrypted" if "encrypted" in self.variants or not self.variants else self.variants[0]


@dataclass(frozen=True, slots=True)
class Credits:
    """What kind of title it is, and who made it. ``genres`` are small letters and hyphens; ``people`` are pairs of a
    job (director, writer or actor) and a name, in billing order."""

    genres: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogFilter:
    """A part of the catalogue, the newest first or ``by_title``; empty for any genre or person."""

    genre: str = ""
    person: str = ""
    by_title: bool = False


EVERYTHING = CatalogFilter()


@dataclass(frozen=True, slots=True)
class Season:
    """The episodes of a season that may be seen, in their order; ``name`` is empty where it has none of its own."""

    number: int
    episodes: tuple[Title, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """Some titles, and the cursor of the next page; None on the last."""

    items: tuple[Title, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TitleRow:
    """One row of the first screen; ``name`` is what the service calls it (``docs/protocol.md``). ``because`` is the
    name of the title that the row follows from and ``genre`` that of its titles, where there is one; ``key`` tells a
    row from the others."""

    name: str
    titles: tuple[Title, ...] = ()
    because: str = ""
    genre: str = ""

    @property
    def key(self) -> str:
        return " ".join(filter(None, (self.name, self.because, self.genre)))


@dataclass(frozen=True, slots=True)
class Programme:
    """Something on a channel, from ``starts_at`` to ``ends_at`` by this machine's clock."""

    title: str
    starts_at: float
    ends_at: float
    recordable: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A programme that the viewer records, its times by the service's clock. ``state`` is ``planned``, ``recording``,
    ``recorded`` or ``failed``; ``reason`` says why it is not whole. ``channel_id`` and ``channel`` name what it is
    of, ``title`` is what plays once it is recorded."""

    title: Title
    channel_id: str
    channel: str
    starts_at: float
    ends_at: float
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: its title's ``live`` variant, what is on, and what was on within the last ``back_s`` seconds, which
    a viewer can go back. This machine's clock is ``ahead_s`` ahead of the service's."""

    title: Title
    programmes: tuple[Programme, ...]
    back_s: float = 0.0
    ahead_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ManifestAddresses:
    """The signed manifest addresses of a title on one edge."""

    pathway: str
    dash: str | None = field(repr=False)
    hls: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LicencePointer:
    """Where the licence of a play session is fetched; ``kids`` are 16-byte key IDs. ``signed_url`` takes signed
    requests; None where the service knows only plain ones."""

    url: str = field(repr=False)
    system: str
    kids: tuple[bytes, ...]
    signed_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PlaySession:
    """The permission to play one title for a while. ``manifests`` are in ranked order, one per edge. ``resume_s`` is
    where to go on, ``furthest_s`` where another device got further; ``next_episode`` is what follows in its
    series."""

    session_id: str = field(repr=False)
    title: Title
    manifests: tuple[ManifestAddresses, ...]
    expires_at: float
    licence: LicencePointer | None
    resume_s: float
    furthest_s: float | None = None
    next_episode: Title | None = None


@dataclass(frozen=True, slots=True)
class ProgressItem:
    """One report of a position. ``event_id`` makes sending it twice harmless; ``profile_id`` says who watched, empty
    for the account without a profile and None for whoever is selected when it is sent."""

    event_id: str
    title_id: str
    position_s: float
    duration_s: float
    watched_at: float
    device_id: str
    profile_id: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody of the household. ``maturity`` is the highest age rating that may be watched.

    The PIN of a ``kids`` profile leads out of it, any other into it. ``avatar`` names a drawn picture; languages are
    ISO 639-1, empty for those of the device.
    """

    id: str
    name: str
    maturity: int = 18
    has_pin: bool = False
    avatar: str = ""
    kids: bool = False
    audio_language: str = ""
    text_language: str = ""
    autoplay: bool = True


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found; ``corrected`` is the query that was answered instead, empty for none."""

    items: tuple[Title, ...] = ()
    corrected: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A sign-in that waits for the viewer to approve it elsewhere (RFC 8628). ``complete_uri`` has the code in it."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    verification_uri: str
    complete_uri: str = field(repr=False)
    expires_in_s: float
    interval_s: float


@dataclass(frozen=True, slots=True)
class Device:
    """A machine of the account."""

    id: str
    name: str
    registered_at: float
    last_seen_at: float


@dataclass(frozen=True, slots=True)
class AccountDownload:
    """A title that a machine of the account keeps."""

    id: str
    title_id: str
    title: str
    device_id: str
    device: str
    created_at: float


@dataclass(frozen=True, slots=True)
class AccountDownloads:
    """What the machines of an account keep. The plan allows downloads on ``device_limit`` of them and ``title_limit``
    on each; None for any number."""

    items: tuple[AccountDownload, ...]
    device_limit: int | None
    title_limit: int | None

    @property
    def devices(self) -> int:
        """On how many machines there are downloads."""
        return len({item.device_id for item in self.items})


@dataclass(frozen=True, slots=True)
class DeviceList:
    """The machines of an account, and how many its plan allows; None for any number."""

    items: tuple[Device, ...]
    limit: int | None
