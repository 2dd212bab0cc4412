"""Whether an account may watch a title: the one place where plans, countries, windows and recalls are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from sqlalchemy import ColumnElement, Float, Integer, String, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from backend_stub.db.models import Episode, Recording, Subscription, Title, TitleRights, Trailer
from backend_stub.problems import ProblemError
from backend_stub.services.plans import Plan, plan_of, running_subscription
from backend_stub.titles import CLEAR, LISTED, LIVE, RECORDING, SERIES, TRAILER

HDCP_LEVELS = ("none", "1.4", "2.2")
#: The picture heights that a key label covers, in lines; 0 is sound.
LABEL_HEIGHTS = {"AUDIO": 0, "SD": 576, "HD": 1080, "UHD": 4320}
_ANY_AGE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Viewing:
    """Who asks, and up to which age rating (None: any).

    ``country`` is the one that counts: that of the network, else that of residence, None where neither is known.
    ``profile_id`` is empty where none was selected, ``family`` is the sign-in, ``network`` (CIDR) the one that
    addresses of media are to be good in, empty for any.
    """

    account_id: str
    country: str | None = None
    maturity: int | None = None
    profile_id: str = ""
    family: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """What the contract of a title permits. Times are seconds; ``hdcp`` is the least level by key label.

    ``licence_s`` is the length of a download's licence, ``play_s`` that of its playback clock.
    """

    free: bool = False
    countries: frozenset[str] = frozenset()
    available_from: float | None = None
    available_until: float | None = None
    download: bool = True
    rental: bool = False
    renewable: bool = True
    licence_s: float = 30 * 86400.0
    play_s: float | None = 48 * 3600.0
    grace_s: float = 2 * 3600.0
    hdcp: dict[str, str] = field(default_factory=dict)
    analogue: bool = True
    mirror: bool = True
    record: bool = True
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Entitled:
    """A title that may be watched, and the limits within which; ``plan_ends_at`` is None for a plan without end."""

    title: Title
    rights: ContractTerms
    plan: Plan
    plan_ends_at: float | None

    def allows(self, label: str) -> bool:
        """Whether the plan covers the keys of this label; a label of no known height counts as the highest."""
        limit = self.plan.max_height
        return limit is None or label_height(label) <= limit

    @property
    def max_height(self) -> int | None:
        """The most lines that pictures have, in the clear as well; None for any. A trailer has no limit."""
        return None if self.title.kind == TRAILER else self.plan.max_height

    def end(self, wanted: float) -> float:
        """``wanted``, or the end of the title's window or of the plan where that is earlier."""
        plan_end = None if self.rights.free else self.plan_ends_at
        return min(moment for moment in (wanted, self.rights.available_until, plan_end) if moment is not None)


def label_height(label: str) -> int:
    return LABEL_HEIGHTS.get(label, LABEL_HEIGHTS["UHD"])


def label_floor(label: str) -> int:
    """The least picture height, in lines, that needs the key of this label."""
    height = label_height(label)
    return max((below + 1 for below in LABEL_HEIGHTS.values() if 0 < below < height), default=0)


def rights_of(session: Session, title_id: str) -> ContractTerms:
    return terms_of(session.get(TitleRights, title_id))


def terms_of(row: TitleRights | None) -> ContractTerms:
    """What a row of contracts says; no row permits all."""
    if row is None:
        return ContractTerms()
    return ContractTerms(
        free=row.free,
        countries=frozenset(row.countries.split()),
        available_from=row.available_from,
        available_until=row.available_until,
        download=row.download,
        rental=row.rental,
        renewable=row.renewable,
        licence_s=row.licence_s,
        play_s=row.play_s,
        grace_s=row.grace_s,
        hdcp=dict(row.hdcp),
        analogue=row.analogue,
        mirror=row.mirror,
        record=row.record,
        revoked_at=row.revoked_at,
    )


def published_title(
    session: Session, title_id: str, variant: str | None = None, viewing: Viewing | None = None
) -> Title:
    """The published title, in this variant where one is named. A recording is there for its owner only.

    Raises :class:`ProblemError` 404 ``title_not_found`` or ``variant_not_found``, 403 ``maturity`` for a profile that
    may not watch it.
    """
    title = _published(session.get(Title, title_id), variant)
    if viewing is not None:
        _check_maturity(viewing, title)
    if title.kind == RECORDING:
        _own_recording(session, title_id, viewing)
    return title


def _own_recording(session: Session, title_id: str, viewing: Viewing | None) -> Recording:
    """Raises :class:`ProblemError` 404 ``title_not_found``, as for a title that is not there."""
    recording = session.get(Recording, title_id)
    if recording is None or viewing is None:
        raise _not_found()
    if (recording.account_id, recording.profile_id) != (viewing.account_id, viewing.profile_id):
        raise _not_found()
    return recording


def _not_found() -> ProblemError:
    return ProblemError(404, "title_not_found", "There is no such title.")


def _published(title: Title | None, variant: str | None) -> Title:
    if title is None or title.published_at is None:
        raise _not_found()
    looped = variant == LIVE and CLEAR in title.variants
    if variant is not None and variant not in title.variants and not looped:
        raise ProblemError(404, "variant_not_found", f"This title has no {variant} variant.")
    return title


# A title, its contract and what the account pays for: one question for what every playback asks.
_ASKED = (
    select(Title, TitleRights, Subscription)
    .outerjoin(TitleRights, TitleRights.title_id == Title.id)
    .outerjoin(Subscription, Subscription.id == running_subscription())
    .where(Title.id == bindparam("title_id"))
)


def entitled_title(
    session: Session, viewing: Viewing, title_id: str, now: float, variant: str | None = None
) -> Entitled:
    """The title, if this account may watch it now and here; the account is known to be active already. A trailer may
    be watched, without a plan too, by whom its title is offered to; a recording by its owner, as its channel may be.

    Raises :class:`ProblemError` as :func:`published_title`, 403 ``maturity``, ``title_revoked``, ``not_in_region``,
    ``not_yet_available``, ``no_longer_available`` or ``plan_missing``.
    """
    values = {"title_id": title_id, "account_id": viewing.account_id, "now": now}
    title, row, subscription = session.execute(_ASKED, values).first() or (None, None, None)
    title = _published(title, variant)
    if title.kind == RECORDING:
        channel_id = _own_recording(session, title_id, viewing).channel_id
        rights = _offered_rights(viewing, session.get_one(Title, channel_id), rights_of(session, channel_id), now)
    else:
        rights = _offered_rights(viewing, title, terms_of(row), now)
    if title.kind == TRAILER:
        advertised = session.scalar(select(Trailer.of_id).where(Trailer.title_id == title_id))
        of = published_title(session, advertised or "")
        _offered_rights(viewing, of, rights_of(session, of.id), now)
        rights = replace(rights, free=True)
    plan, ends_at = plan_of(subscription)
    if not (rights.free or plan.paid):
        raise ProblemError(403, "plan_missing", "This title needs a plan.")
    return Entitled(title, rights, plan, ends_at)


def _offered_rights(viewing: Viewing, title: Title, rights: ContractTerms, now: float) -> ContractTerms:
    """The rights of a title that is offered to this viewer. Raises :class:`ProblemError` 403."""
    _check_maturity(viewing, title)
    check_offer(rights, viewing.country, now)
    return rights


def _check_maturity(viewing: Viewing, title: Title) -> None:
    if viewing.maturity is not None and title.maturity > viewing.maturity:
        raise ProblemError(403, "maturity", "This profile may not watch this title.")


def check_offer(rights: ContractTerms, country: str | None, now: float) -> None:
    """Whether the title is offered here and now, whoever asks. Raises :class:`ProblemError` 403."""
    if rights.revoked_at is not None:
        raise ProblemError(403, "title_revoked", "This title was withdrawn.")
    if rights.countries and country not in rights.countries:
        raise ProblemError(403, "not_in_region", "This title is not available in your country.")
    if rights.available_from is not None and now < rights.available_from:
        raise ProblemError(
            403,
            "not_yet_available",
            "This title is not available yet.",
            members={"available_from": rights.available_from},
        )
    if rights.available_until is not None and now >= rights.available_until:
        raise ProblemError(403, "no_longer_available", "This title is no longer available.")


@cache
def is_offered(kinds: tuple[str, ...] = LISTED) -> ColumnElement[bool]:
    """The same rules for a query over titles: published, here, now, at this age.

    Of these kinds only; a series is offered while one of its episodes is. The query is executed with the values of
    :func:`offer_values`: so the rules are put together once and not for each viewer.
    """
    episode = aliased(Title)
    one_of_its_episodes = (
        select(Episode.title_id)
        .join(episode, episode.id == Episode.title_id)
        .where(Episode.series_id == Title.id, _shown(episode))
        .correlate(Title)
        .exists()
    )
    listed = and_(Title.kind.in_(kinds), _shown(Title))
    return and_(listed, or_(Title.kind != SERIES, one_of_its_episodes)) if SERIES in kinds else listed


def offer_values(viewing: Viewing, now: float) -> Mapping[str, object]:
    """What a query with :func:`is_offered` is executed with."""
    return {
        "offer_now": now,
        "offer_here": "" if viewing.country is None else f"% {viewing.country} %",
        "offer_maturity": _ANY_AGE if viewing.maturity is None else viewing.maturity,
    }


def _shown(title: type[Title]) -> ColumnElement[bool]:
    """No contract forbids it. Asked so, and not by an outer join, PostgreSQL knows that few titles are left out, and
    reads the newest instead of sorting all."""
    now, here = bindparam("offer_now", type_=Float), bindparam("offer_here", type_=String)
    contract = aliased(TitleRights)
    forbids = or_(
        contract.revoked_at.is_not(None),
        and_(contract.countries != "", contract.countries.not_like(here)),
        contract.available_from > now,
        contract.available_until <= now,
    )
    return and_(
        title.published_at.is_not(None),
        title.maturity <= bindparam("offer_maturity", type_=Integer),
        ~exists().where(contract.title_id == title.id, forbids),
    )
