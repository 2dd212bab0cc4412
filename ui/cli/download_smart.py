"""``matinee download smart``: the next episodes of a series in, the watched ones out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from downloads import removal, request, smart
from downloads.errors import DownloadError
from downloads.model import DownloadOrigin, DownloadSummary
from downloads.request import DownloadRequest
from downloads.smart import SmartRule, SmartStep
from downloads.smart_series import watched_share
from downloads.store import Store
from player.base.errors import ErrorCode, ExitCode, InputError
from player.engine import Engine
from ui.cli.download_actions import choice_of, document_of
from ui.cli.download_rights import send_receipts
from ui.cli.download_store import open_store
from ui.cli.download_work import engine_of, licences_for, work
from ui.cli.output import print_json


def keep_up(args: argparse.Namespace) -> int:
    """Carry out one step of the rule for the episodes that are named in their order."""
    if not args.service:
        raise InputError(ErrorCode.INPUT_USAGE, "To know what was watched, name the service (--service).")
    if bool(args.series) == bool(args.episodes):
        raise InputError(ErrorCode.INPUT_USAGE, "Name either a series (--series) or its episodes.")
    store = open_store(args)
    with engine_of(args) as engine:
        if args.series:
            args.episodes = engine.submit(_episodes(engine, args.series)).result()
        watched = engine.submit(_watched(engine, args.episodes)).result()
        step = _step(args, store, watched)
        _remove(engine, store, step.remove)
    added = [_add(args, store, title) for title in step.add]
    code = work(args, store, added) if added and not args.later else int(ExitCode.GOOD)
    if args.json:
        shown = [document_of(item) for item in store.list() if item.id in added]
        print_json({"watched": watched, "removed": list(step.remove), "downloads": shown})
    return code


async def _episodes(engine: Engine, series_id: str) -> list[str]:
    """The episodes of a series that may be seen, in their order. Raises ServiceError, NetError."""
    return [title.id for season in await engine.require_service().seasons(series_id) for title in season.episodes]


async def _watched(engine: Engine, episodes: Sequence[str]) -> dict[str, float]:
    """The share of each episode that was watched, as the service knows it. Raises ServiceError, NetError."""
    service = engine.require_service()
    shares = {name: watched_share(await service.title(name)) for name in episodes}
    return {name: share for name, share in shares.items() if share > 0}


def _step(args: argparse.Namespace, store: Store, watched: dict[str, float]) -> SmartStep:
    snapshots = store.list()
    made = {item.id for item in snapshots if _is_smart(store, item)}
    sizes = [max(item.size, item.fetched) for item in snapshots if item.title_id in args.episodes]
    return smart.decide(
        args.episodes,
        watched,
        snapshots,
        made,
        SmartRule(args.ahead, args.room, args.keep_watched),
        episode_bytes=max(sizes, default=0),
    )


def _is_smart(store: Store, item: DownloadSummary) -> bool:
    try:
        return request.read(store.find(item.id)).smart
    except DownloadError:
        return False  # what cannot be read was not made by a rule that may remove it


def _add(args: argparse.Namespace, store: Store, title_id: str) -> str:
    origin = DownloadOrigin(title_id=title_id, variant=args.variant, service=args.service)
    folder = request.make(store, title_id, DownloadRequest(origin, choice_of(args), smart=True))
    print(f"matinee: download {folder.id} of {title_id}", file=sys.stderr)
    return folder.id


def _remove(engine: Engine, store: Store, ids: Sequence[str]) -> None:
    if not ids:
        return
    licences = licences_for(engine)
    for download_id in ids:
        removal.remove(store, download_id, licences)
        print(f"matinee: removed {download_id}, which was watched", file=sys.stderr)
    send_receipts(engine, licences)
