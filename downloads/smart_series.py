"""Smart downloads of series: what one step of the rule means for the episodes that the service knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from downloads import smart
from downloads.model import DownloadSummary
from downloads.smart import SmartRule
from player.base.errors import ErrorCode, InputError
from player.resume.merge import is_finished
from player.service.model import Season, Title


class SeriesService(Protocol):
    """What is needed of the service (:class:`player.service.ServiceClient` is one)."""

    async def seasons(self, series_id: str) -> tuple[Season, ...]: ...


@dataclass(frozen=True, slots=True)
class EpisodeStep:
    """What to do now: episodes to download, in order, and downloads (by id) to remove."""

    add: Sequence[Title] = ()
    remove: Sequence[str] = ()


def watched_share(title: Title) -> float:
    """How much of a title was seen, 0 to 1; all of it where its credits were reached."""
    progress = title.progress
    if progress.duration_s <= 0:
        return 0.0
    if is_finished(progress.position_s, progress.duration_s, title.markers.credits_s):
        return 1.0
    return min(1.0, progress.position_s / progress.duration_s)


async def step_of(
    service: SeriesService,
    series_id: str,
    downloads: Collection[DownloadSummary],
    made: Collection[str],
    rule: SmartRule,
) -> EpisodeStep:
    """The next step for one series; ``made`` are the downloads (by id) that the rule made before.

    Raises ServiceError, NetError.
    """
    seasons = await service.seasons(series_id)
    episodes: Mapping[str, Title] = {title.id: title for season in seasons for title in season.episodes}
    shares = {title_id: watched_share(title) for title_id, title in episodes.items()}
    sizes = [max(item.size, item.fetched) for item in downloads if item.title_id in episodes]
    step = smart.decide(list(episodes), shares, downloads, made, rule, episode_bytes=max(sizes, default=0))
    return EpisodeStep([episodes[title_id] for title_id in step.add], step.remove)


def season_of(seasons: Sequence[Season], number: int | None, following: int | None) -> list[Title]:
    """The episodes of a season (None: the one in which the viewer is, else the first), or the next ``following`` ones
    of the series that were not watched to their end. Raises InputError for a season that there is not."""
    episodes = [title for season in seasons for title in season.episodes]
    shares = {title.id: watched_share(title) for title in episodes}
    begun = [place for place, title in enumerate(episodes) if shares[title.id] > 0]
    last = begun[-1] if begun else 0
    here = last + 1 if begun and shares[episodes[last].id] >= smart.WATCHED_SHARE else last
    if number is None and following is not None:
        return [title for title in episodes[here:] if shares[title.id] < smart.WATCHED_SHARE][:following]
    now = episodes[min(here, len(episodes) - 1)].id if episodes else ""
    for season in seasons:
        if season.number == number if number is not None else now in {title.id for title in season.episodes}:
            return [t for t in season.episodes if following is None or shares[t.id] < smart.WATCHED_SHARE][:following]
    raise InputError(ErrorCode.INPUT_USAGE, "This series has no such season.")
