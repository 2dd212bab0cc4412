"""The actions of ``matinee download`` that concern the files of a download."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downloads import checking, ledger, quota, removal, request, rights
from downloads.checking import CheckResult
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.model import ALL, DownloadChoice, DownloadOrigin, DownloadSummary, State
from downloads.request import DownloadRequest
from downloads.store import Store, free_bytes
from drm_client.errors import DrmError
from drm_client.keystore import open_key_store
from drm_client.vault import FILE_NAME as VAULT_NAME
from player.base.errors import ANY_ERROR, ErrorCode, ExitCode, InputError, MatineeError
from ui.cli.download_store import by_service, open_store
from ui.cli.download_work import estimate_of, work
from ui.cli.options import profile_folder
from ui.cli.output import print_json, shown_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drm_client.offline import OfflineLicences

_STOP_S = 15.0
_BAR = 30


def add(args: argparse.Namespace) -> int:
    """Make a download, and run it unless ``--later``."""
    store = open_store(args)
    wanted = wanted_of(args)
    keys = _keys(args.key)
    name = wanted.origin.title_id or Path(wanted.origin.url).stem or "Download"
    folder = request.make(
        store,
        name,
        wanted,
        priority=args.priority,
        beside=lambda made: request.note_keys(made, keys) if keys else None,
    )
    print(f"matinee: download {folder.id}", file=sys.stderr)
    return _show_one(args, store, folder.id) if args.later else _work(args, store, [folder.id])


def estimate(args: argparse.Namespace) -> int:
    """Say how large a download would be, and whether there is room. Nothing is kept."""
    store = open_store(args)
    plan = estimate_of(args, wanted_of(args))
    free = free_bytes(store.root)
    exact = sum(item.about for item in plan.items if item.size is not None)
    by_type: dict[str, int] = {}
    for item in plan.items:
        type_ = "other" if item.part is None else str(plan.parts[item.part].type)
        by_type[type_] = by_type.get(type_, 0) + item.about
    document = {
        "bytes": plan.size,
        "known_bytes": exact,
        "by_type": by_type,
        "items": len(plan.items),
        "duration_s": plan.duration_s,
        "parts": [{"type": str(part.type), "rendition": part.rendition} for part in plan.parts],
        "free_bytes": free,
        "fits": plan.size <= free,
    }
    if args.json:
        print_json(document)
    else:
        about = "" if exact == plan.size else "about "
        print(f"{about}{shown_bytes(plan.size)} for {plan.duration_s / 60:.0f} min; {shown_bytes(free)} are free")
    return int(ExitCode.GOOD if document["fits"] else ExitCode.FAILED)


def list_(args: argparse.Namespace) -> int:
    """Every download."""
    store = open_store(args)
    _finish_removals(args, store)
    snapshots = store.rebuild() if args.rebuild else store.list()
    told = rights_of(args, store, snapshots)
    if args.json:
        documents = [document_of(item) | {"rights": told.get(item.id)} for item in snapshots]
        print_json({"downloads": documents, "storage": storage_of(store)})
    else:
        for item in snapshots:
            print(_line(item, told.get(item.id)))
        for line in storage_lines(storage_of(store)):
            print(line)
    return int(ExitCode.GOOD)


def _finish_removals(args: argparse.Namespace, store: Store) -> None:
    """What was removed is not listed, though the program was killed in it. Asks nobody; what cannot be finished now
    waits."""
    profile = profile_folder(args)
    if (profile / VAULT_NAME).exists():
        with (
            contextlib.suppress(*ANY_ERROR),  # the list says what is wrong with licences
            rights.kept_licences(profile, open_key_store(profile, args.key_store)) as licences,
        ):
            removal.finish(store, licences)


def storage_of(store: Store) -> dict[str, Any]:
    """What downloads take on the disk and may take, together and for each profile that has a limit. Bytes."""
    limits = quota.read(store.root)
    taken = [quota.Taken(quota.profile_of(store, item), item.fetched) for item in store.list()]
    profiles = {
        name: {"used": sum(one.size for one in taken if one.profile == name), "limit": limit}
        for name, limit in sorted(limits.profiles.items())
    }
    used = sum(one.size for one in taken)
    return {"used": used, "limit": limits.total, "free": free_bytes(store.root), "profiles": profiles}


def storage_lines(storage: dict[str, Any]) -> list[str]:
    """The gauges for people: one for all that has a limit."""
    named = {"all": storage, **storage["profiles"]}
    lines = []
    for name, one in named.items():
        if one["limit"]:
            share = min(1.0, one["used"] / one["limit"])
            bar = f"[{'#' * round(share * _BAR):<{_BAR}}]"
            lines.append(f"{bar} {shown_bytes(one['used'])} of {shown_bytes(one['limit'])}  {name}")
    return lines


def rights_of(
    args: argparse.Namespace, store: Store, snapshots: Sequence[DownloadSummary]
) -> dict[str, dict[str, Any]]:
    """What each download that has a licence still permits, by its id; asks nobody."""
    found: dict[str, dict[str, Any]] = {}
    titles = [item for item in snapshots if item.title_id and not item.code.startswith("download.")]
    if not titles:
        return found
    profile = profile_folder(args)
    with contextlib.ExitStack() as opened:
        try:
            kept = rights.kept_licences(profile, open_key_store(profile, args.key_store))
            licences = opened.enter_context(kept)
        except DrmError as error:
            return {item.id: _unknown_rights(error) for item in titles}
        for item in titles:
            try:
                standing = rights.standing_of(store.get(item.id), licences)
            except ANY_ERROR as error:
                found[item.id] = _unknown_rights(error)
                continue
            if standing is not None:
                found[item.id] = {
                    "state": str(standing.state),
                    "sentence": standing.sentence,
                    "may_start": standing.may_start,
                    "ends_at": standing.ends_at,
                    "remaining_s": standing.remaining_s,
                }
    return found


def _unknown_rights(error: MatineeError | DrmError) -> dict[str, Any]:
    return {"state": str(error.code), "sentence": error.sentence, "may_start": False}


def pause(args: argparse.Namespace) -> int:
    """Hold the named downloads, or all, wherever they run."""
    store = open_store(args)
    for download_id in _named(args, store, State.QUEUED):
        store.get(download_id).note(ledger.changed(State.PAUSED))
    return list_quietly(args, store)


def resume(args: argparse.Namespace) -> int:
    """Go on with the named downloads, or with everything that is not complete."""
    store = open_store(args)
    ids = _named(args, store, State.QUEUED, State.PAUSED, State.FAILED)
    for download_id in ids:
        folder = store.get(download_id)
        if folder.ledger.state is not State.COMPLETE:
            folder.note(ledger.changed(State.QUEUED))
    return _work(args, store, ids)


def cancel(args: argparse.Namespace) -> int:
    """Stop a download wherever it runs, and remove it."""
    from ui.cli import download_rights

    store = open_store(args)
    stop(store.get(args.id))
    return download_rights.remove(args)


def stop(folder: DownloadFolder) -> None:
    """Have whoever works on the download stop. Raises ``download.busy`` when that takes too long."""
    if folder.ledger.state is State.QUEUED:
        folder.note(ledger.changed(State.PAUSED))
    end = time.monotonic() + _STOP_S
    while folder.is_running:
        if time.monotonic() > end:
            raise DownloadError(ErrorCode.DOWNLOAD_BUSY, "Another program is working on this download.")
        time.sleep(0.1)


def verify(args: argparse.Namespace) -> int:
    """Read everything; exit code 1 where something is damaged. A licence that is over is no damage; it is told."""
    store = open_store(args)
    folder = store.find(args.id)
    with _kept_licences(args) as licences:
        found = checking.verify(folder, licences=licences)
    told = rights_of(args, store, [one for one in store.list() if one.id == folder.id])
    return _verdict(args, found, told.get(folder.id))


def repair(args: argparse.Namespace) -> int:
    """Find what is damaged and fetch it again."""
    store = open_store(args)
    folder = store.find(args.id)
    with _kept_licences(args) as licences:
        found = checking.prepare_repair(folder, licences=licences)
    for finding in found.findings:
        print(f"matinee: fetching again: {finding.what}", file=sys.stderr)
    if not found.findings and not found.left and not found.missing:
        return _repaired_rights(args, store, folder, found)
    if folder.ledger.state is not State.COMPLETE:
        folder.note(ledger.changed(State.QUEUED))
    return _work(args, store, [folder.id])


def _repaired_rights(args: argparse.Namespace, store: Store, folder: DownloadFolder, found: CheckResult) -> int:
    """The verdict on whole media. A licence that its service has forgotten is replaced; one that does not permit
    playing is told, with exit code 1."""
    from ui.cli import download_rights

    if download_rights.replace_forgotten(args, folder):
        print("matinee: the service knew nothing of the licence; there is a new one", file=sys.stderr)
    told = rights_of(args, store, [one for one in store.list() if one.id == folder.id]).get(folder.id)
    is_over = told is not None and not told["may_start"]
    return _verdict(args, found, told if is_over else None) or int(ExitCode.FAILED if is_over else ExitCode.GOOD)


@contextlib.contextmanager
def _kept_licences(args: argparse.Namespace) -> Iterator[OfflineLicences | None]:
    """The licences that are kept here, to look at; None where none were ever kept."""
    profile = profile_folder(args)
    if not (profile / VAULT_NAME).exists():
        yield None
        return
    with rights.kept_licences(profile, open_key_store(profile, args.key_store)) as licences:
        yield licences


def move(args: argparse.Namespace) -> int:
    """To another folder or disk."""
    store = open_store(args)
    place = store.move(args.id, Path(args.folder))
    if args.json:
        print_json({"folder": str(place)})
    return int(ExitCode.GOOD)


def priority(args: argparse.Namespace) -> int:
    """Another place in the queue."""
    store = open_store(args)
    folder = store.get(args.id)
    folder.note(ledger.urgency(args.value))
    return _show_one(args, store, folder.id)


def wanted_of(args: argparse.Namespace) -> DownloadRequest:
    """What the command line asks for."""
    where = args.source
    url = Path(where).resolve().as_uri() if "://" not in where and Path(where).is_file() else where
    if url.startswith("file:"):
        raise InputError(ErrorCode.INPUT_USAGE, "This is on this machine already.")
    by_address = "://" in url
    if not by_address and not args.service:
        raise InputError(ErrorCode.INPUT_USAGE, "To download a title, name the service (--service).")
    origin = DownloadOrigin(
        title_id="" if by_address else where,
        url=url if by_address else "",
        variant=args.variant,
        service="" if by_address else args.service,
        licence_url=getattr(args, "licence_url", None) or "",
    )
    return DownloadRequest(origin, choice_of(args), profile=getattr(args, "owner", ""))


def choice_of(args: argparse.Namespace) -> DownloadChoice:
    """What of a title the command line asks for."""
    return DownloadChoice(
        args.height, args.max_size, _languages(args.audio), _languages(args.subtitles), args.thumbnails
    )


def list_quietly(args: argparse.Namespace, store: Store) -> int:
    """The list for ``--json``; nothing for people, who did not ask for it."""
    if args.json:
        print_json({"downloads": [document_of(item) for item in store.list()]})
    return int(ExitCode.GOOD)


def _work(args: argparse.Namespace, store: Store, ids: Sequence[str]) -> int:
    code = 0
    for service, some in by_service(args, [store.find(download_id) for download_id in ids]).items():
        named = argparse.Namespace(**{**vars(args), "service": service})
        code = max(code, work(named, store, [folder.id for folder in some]))
    if args.json:
        print_json({"downloads": [document_of(item) for item in store.list() if item.id in ids]})
    return code


def _show_one(args: argparse.Namespace, store: Store, download_id: str) -> int:
    if args.json:
        print_json({"downloads": [document_of(item) for item in store.list() if item.id == download_id]})
    return int(ExitCode.GOOD)


def _named(args: argparse.Namespace, store: Store, *states: State) -> list[str]:
    """The downloads that were named, else all in one of ``states``."""
    if args.downloads:
        return [store.get(name).id for name in args.downloads]
    return [item.id for item in store.list() if item.state in states and not item.code.startswith("download.")]


def _verdict(args: argparse.Namespace, verdict: CheckResult, told: dict[str, Any] | None = None) -> int:
    if args.json:
        print_json({**asdict(verdict), "sound": verdict.sound, "rights": told})
    else:
        for finding in verdict.findings:
            print(f"damaged: {finding.what}")
        print(f"{verdict.checked} parts checked, {len(verdict.findings)} damaged, {verdict.left} not downloaded yet")
        if told is not None:
            print(told["sentence"])
    return int(ExitCode.GOOD if verdict.sound else ExitCode.FAILED)


def document_of(item: DownloadSummary) -> dict[str, Any]:
    """A download for ``--json``."""
    return {**asdict(item), "state": str(item.state), "fraction": round(item.fraction, 4)}


def _line(item: DownloadSummary, told: dict[str, Any] | None) -> str:
    state = "downloading" if item.running and item.state is State.QUEUED else str(item.state)
    size = shown_bytes(item.fetched)
    if item.state is not State.COMPLETE:  # before that, the size is partly an estimate
        size += f" of {shown_bytes(max(item.size, item.fetched))}"
    words = " ".join(filter(None, (item.sentence, "" if told is None else told["sentence"])))
    return f"{item.id}  {state:<11} {item.fraction:4.0%}  {size:<22} {item.name}  {words}".rstrip()


def _languages(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(ALL if word == "all" else word for word in words)


def _keys(texts: Sequence[str]) -> list[tuple[bytes, bytes]]:
    from ui.cli.play_setup import known_key

    return [known_key(text) for text in texts]
