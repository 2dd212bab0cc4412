"""The actions of ``matinee download`` that concern licences: renew, give back, say what will be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from downloads import removal, request, rights, service
from downloads.engine import access_of
from downloads.errors import DownloadError
from downloads.folder import DownloadFolder
from downloads.store import Store
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keystore import VAULT_FILE, open_key_store
from drm_client.offline import OfflineLicences
from drm_client.rights import ForecastStep
from player.base.errors import ANY_ERROR, ErrorCode, ExitCode, InputError, exit_code
from player.engine import Engine
from ui.cli.download_store import by_service, open_store
from ui.cli.download_work import engine_of, finish_removals, licences_for
from ui.cli.options import profile_folder
from ui.cli.output import print_json

_HOUR_S = 3600.0


def remove(args: argparse.Namespace) -> int:
    """Delete a download; its licence is given back now, or at the next time there is a network."""
    store = open_store(args)
    folder = store.locate(args.id)
    needs_service = _use_service_of(args, folder)
    if not needs_service:
        args.service = _service_of_licence(args, folder.id)
        needs_service = args.service is not None
    if needs_service:
        with engine_of(args, works_offline=True) as engine:
            licences = licences_for(engine)
            if licences is not None:
                removal.finish(store, licences)  # what an earlier run was killed in
            if folder.id in store.ids():
                removal.remove(store, folder.id, licences)
            sent = send_receipts(engine, licences)
    else:
        store.remove(folder.id)
        sent = 0
    if args.json:
        print_json({"removed": folder.id, "receipts_sent": sent})
    return int(ExitCode.GOOD)


def renew(args: argparse.Namespace) -> int:
    """Renew the named downloads' licences, or all there are."""
    store = open_store(args)
    if not args.downloads and not args.all:
        raise InputError(ErrorCode.INPUT_USAGE, "Name downloads, or --all.")
    folders = _kept(store) if args.all else [store.get(name) for name in args.downloads]
    done: list[dict[str, Any]] = []
    worst: Exception | None = None
    groups = by_service(args, folders)
    if args.all and not groups and args.service:
        groups[args.service] = []  # the last title may have been removed, and its licence not given back
    for address, some in groups.items():
        error = _renew_some(argparse.Namespace(**{**vars(args), "service": address}), store, some, done)
        worst = error or worst
    if args.json:
        print_json({"renewed": done})
    else:
        for entry in done:
            print(f"{entry['id']}  {entry['sentence']}")
    return int(ExitCode.GOOD if worst is None else exit_code(worst) if isinstance(worst, ANY_ERROR) else 1)


def replace_forgotten(args: argparse.Namespace, folder: DownloadFolder) -> bool:
    """Have a new licence where the service says that it knows none; whether that was so. A service that cannot be
    reached is told, and forgets nothing."""
    if service.licence_of(folder) is None or not _use_service_of(args, folder):
        return False
    try:
        with engine_of(args, works_offline=True) as engine:
            licences = licences_for(engine)
            if licences is None:
                return False
            return engine.submit(access_of(engine).replace_forgotten(folder, licences)).result()
    except ANY_ERROR as error:
        print(f"matinee: the licence could not be checked with its service: {error.sentence}", file=sys.stderr)
        return False


def simulate(args: argparse.Namespace) -> int:
    """What a download's licence will permit, at the times asked for and whenever it changes."""
    store = open_store(args)
    folder = store.get(args.id)
    _use_service_of(args, folder)
    licence_id = service.licence_of(folder)
    moments: Sequence[ForecastStep] = ()
    if licence_id is not None:
        with engine_of(args, works_offline=True) as engine:
            licences = licences_for(engine)
            if licences is None:
                raise DrmError(DrmErrorCode.NO_LICENCE, "There is no licence for this title on this device.")
            now_s = engine.submit(_now(engine)).result()
            at = [_moment(time, now_s) for time in args.at]
            play_at = None if args.play_at is None else _moment(args.play_at, now_s)
            moments = licences.simulate(licence_id, at, play_at_s=play_at)
    if args.json:
        print_json({"id": folder.id, "licence": licence_id, "moments": [_document(moment) for moment in moments]})
    elif licence_id is None:
        print("This download needs no licence; it can be watched without a time limit.")
    else:
        for moment in moments:
            may = "plays" if moment.standing.may_start else "does not play"
            print(f"{_shown(moment.at_s)}  {may:<14} {moment.standing.sentence}")
    return int(ExitCode.GOOD)


def _renew_some(
    args: argparse.Namespace, store: Store, folders: Sequence[DownloadFolder], done: list[dict[str, Any]]
) -> Exception | None:
    """Renew the licences of one service into ``done``; the last error."""
    worst: Exception | None = None
    with engine_of(args) as engine:
        licences = licences_for(engine)
        if licences is None:
            raise InputError(ErrorCode.INPUT_USAGE, "To renew licences, name the service (--service).")
        finish_removals(engine, store)
        for folder in folders:
            entry, error = _renew_one(engine, licences, folder)
            done.append(entry)
            worst = error or worst
        for report in engine.submit(engine.upkeep.run_now(args.service)).result():
            for sentence in report.sentences():
                print(f"matinee: {sentence}", file=sys.stderr)
    return worst


def _renew_one(
    engine: Engine, licences: OfflineLicences, folder: DownloadFolder
) -> tuple[dict[str, Any], Exception | None]:
    try:
        standing = licences.standing(engine.submit(service.renew(folder, licences, access_of(engine))).result())
    except ANY_ERROR as error:
        return {"id": folder.id, "code": str(error.code), "sentence": error.sentence}, error
    entry = {"id": folder.id, "code": "", "sentence": standing.sentence, "ends_at": standing.ends_at}
    return entry, None


def _kept(store: Store) -> list[DownloadFolder]:
    """The downloads that have a licence and can be read."""
    found = []
    for snapshot in store.list():
        try:
            folder = store.get(snapshot.id)
            if service.has_licence_note(folder) and service.licence_of(folder) is not None:
                found.append(folder)
        except DownloadError as error:
            print(f"matinee: {snapshot.id}: {error.sentence} ({error.code})", file=sys.stderr)
    return found


def _use_service_of(args: argparse.Namespace, folder: DownloadFolder) -> bool:
    """Ask the service that the download came from, unless another was named; whether there is one to ask."""
    if not args.service:
        try:
            args.service = request.read(folder).origin.service or None
        except DownloadError:
            args.service = None
    return args.service is not None


def _service_of_licence(args: argparse.Namespace, download_id: str) -> str | None:
    """The service of a download that does not say itself where it is from, such as one whose disk is lost."""
    profile = profile_folder(args)
    if not (profile / VAULT_FILE).exists():
        return None
    try:
        with rights.kept_licences(profile, open_key_store(profile, args.key_store)) as licences:
            return removal.service_of(download_id, licences)
    except DrmError:
        return None


def send_receipts(engine: Engine, licences: OfflineLicences | None) -> int:
    """How many receipts the service confirmed; without a network they wait."""
    if licences is None:
        return 0
    try:
        return engine.submit(licences.send_receipts()).result()
    except ANY_ERROR as error:
        print(f"matinee: the licence will be given back later: {error.sentence}", file=sys.stderr)
        return 0


async def _now(engine: Engine) -> float:
    rights = await engine.rights()
    return engine.clock.wall() if rights is None else rights.now()


def _moment(time: float | str, now_s: float) -> float:
    """``+HOURS`` counts from now."""
    return time if isinstance(time, float) else now_s + float(time) * _HOUR_S


def _document(moment: ForecastStep) -> dict[str, Any]:
    standing = moment.standing
    return {
        "at": moment.at_s,
        "state": str(standing.state),
        "may_start": standing.may_start,
        "may_play": standing.may_play,
        "ends_at": standing.ends_at,
        "remaining_s": standing.remaining_s,
        "renewal_due": standing.renewal_due,
        "sentence": standing.sentence,
    }


def _shown(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).astimezone().isoformat(sep=" ", timespec="minutes")
