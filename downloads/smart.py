"""Smart downloads: the next episode in, the watched one out. Pure; who calls it carries it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from downloads.model import DownloadSummary, State

WATCHED_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class SmartRule:
    """``ahead``: so many episodes after the last one watched are kept. ``max_bytes`` bounds what smart downloads take
    together; ``keep_watched`` keeps the watched ones."""

    ahead: int = 1
    max_bytes: int | None = None
    keep_watched: bool = False


@dataclass(frozen=True, slots=True)
class SmartStep:
    """What to do now: titles to download, in order, and downloads (by id) to remove."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def decide(
    episodes: Sequence[str],
    watched: Mapping[str, float],
    downloads: Collection[DownloadSummary],
    smart: Collection[str],
    rule: SmartRule,
    *,
    episode_bytes: int = 0,
    playing: str | None = None,
) -> SmartStep:
    """The next step for one series.

    ``episodes`` are title ids in their order, ``watched`` the share (0 to 1) of each that was watched, ``smart`` the
    ids of the downloads that this rule made: it never removes another. ``playing`` (a title id) is left alone.
    ``episode_bytes`` is what one more is expected to take.
    """
    have = {item.title_id: item for item in downloads}
    over = {title for title in episodes if watched.get(title, 0.0) >= WATCHED_SHARE}
    out = [
        have[title].id
        for title in episodes
        if title in over and title in have and title != playing and have[title].id in smart
    ]
    remove = () if rule.keep_watched else tuple(out)
    begun = [number for number, title in enumerate(episodes) if watched.get(title, 0.0) > 0 or title == playing]
    if not begun:
        return SmartStep(remove=remove)
    after = episodes[max(begun) + 1 :]
    wanted = [title for title in after if title not in over][: rule.ahead]
    room = _room(rule, downloads, smart, remove)
    add = []
    for title in wanted:
        if title in have:
            continue
        if room is not None and episode_bytes > room:
            break
        room = None if room is None else room - episode_bytes
        add.append(title)
    return SmartStep(tuple(add), remove)


def eviction_preview(
    downloads: Collection[DownloadSummary], watched: Mapping[str, float], needed: int
) -> tuple[DownloadSummary, ...]:
    """Which downloads would have to go for ``needed`` bytes: failed ones first, then watched ones, then the oldest;
    empty where even all of them are not enough. Nothing is removed."""

    def rank(item: DownloadSummary) -> tuple[int, float, float]:
        share = watched.get(item.title_id, 0.0)
        kind = 0 if item.state is State.FAILED else 1 if share >= WATCHED_SHARE else 2
        return kind, -share, item.created_at

    chosen: list[DownloadSummary] = []
    gained = 0
    for item in sorted((item for item in downloads if not item.running), key=rank):
        if gained >= needed:
            break
        if item.fetched:
            chosen.append(item)
            gained += item.fetched
    return tuple(chosen) if gained >= needed else ()


def _room(
    rule: SmartRule, downloads: Collection[DownloadSummary], smart: Collection[str], remove: Collection[str]
) -> int | None:
    if rule.max_bytes is None:
        return None
    taken = sum(max(item.size, item.fetched) for item in downloads if item.id in smart and item.id not in remove)
    return rule.max_bytes - taken
