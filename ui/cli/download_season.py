"""``matinee download season``: a whole season, or the next episodes of a series."""

from __future__ import annotations

import argparse
import sys

from downloads import request
from downloads.model import DownloadOrigin
from downloads.request import DownloadRequest
from downloads.smart_series import season_of
from downloads.store import Store
from player.base.errors import ErrorCode, ExitCode, InputError
from player.service.model import Title
from ui.cli.download_actions import choice_of, document_of
from ui.cli.download_store import open_store
from ui.cli.download_work import engine_of, work
from ui.cli.output import print_json


def add(args: argparse.Namespace) -> int:
    """Download the episodes that are not here yet."""
    if not args.service:
        raise InputError(ErrorCode.INPUT_USAGE, "To know its episodes, name the service (--service).")
    store = open_store(args)
    with engine_of(args) as engine:
        seasons = engine.submit(engine.require_service().seasons(args.series)).result()
    here = {item.title_id for item in store.list()}
    wanted = [title for title in season_of(seasons, args.season, args.next) if title.id not in here]
    if not wanted:
        print("matinee: all of these episodes are here already", file=sys.stderr)
    added = [_add(args, store, title) for title in wanted]
    code = work(args, store, added) if added and not args.later else int(ExitCode.GOOD)
    if args.json:
        print_json({"downloads": [document_of(item) for item in store.list() if item.id in added]})
    return code


def _add(args: argparse.Namespace, store: Store, title: Title) -> str:
    origin = DownloadOrigin(title_id=title.id, variant=args.variant, service=args.service)
    folder = request.make(store, title.title, DownloadRequest(origin, choice_of(args), profile=args.owner))
    print(f"matinee: download {folder.id} of {title.title}", file=sys.stderr)
    return folder.id
