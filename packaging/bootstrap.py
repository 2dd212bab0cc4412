#!/usr/bin/env python3
"""Everything `make demo` and `make test` need, from a fresh machine: system libraries and a virtual environment.

Runs on any Python 3.8 or later with the standard library alone. What is done already is skipped: a stamp in the
environment says from which lock file and interpreter it was made. Exit code 3: something is missing that only the
user can get; the last line printed is the command that gets it.
"""

from __future__ import annotations

import argparse
import ctypes.util
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
PACKAGES = ROOT / "packaging" / "system-packages.txt"
NPM = ROOT / "packaging" / "npm-packages.txt"
NPM_HOME = ROOT / ".cache" / "npm"
STAMP = VENV / ".matinee-stamp"
TRIED = VENV / ".matinee-components"  # what is missing though its installation was tried
OLDEST, NEWEST = (3, 11), (3, 13)
MISSING = 3


def say(text: str) -> None:
    print("setup: " + text, file=sys.stderr, flush=True)


def stop(text: str) -> NoReturn:
    say(text)
    sys.exit(MISSING)


def answer(*command: str) -> str | None:
    """What a command prints; None when it fails or is not there."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode("utf-8", "replace")


# --- system packages


def wanted_packages(uses: Collection[str]) -> list[list[str]]:
    """The lines of the list for these uses, each as its alternatives (``libfoo1 | libfoo1t64``)."""
    wanted: list[list[str]] = []
    use = ""
    for line in PACKAGES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ["):
            use = line[3 : line.index("]")]
        elif line.strip() and not line.startswith("#") and use in uses:
            wanted.append([name.strip() for name in line.split("|")])
    return wanted


# A package whose own files are configured, though the system still owes it a trigger (an index to be made again).
INSTALLED = ("installed", "triggers-awaited", "triggers-pending")


def is_installed(package: str) -> bool:
    status = (answer("dpkg-query", "-W", "-f=${Status}", package) or "").split()
    return status[1:2] == ["ok"] and status[-1] in INSTALLED


def is_offered(package: str) -> bool:
    return "Package: " in (answer("apt-cache", "show", "--no-all-versions", package) or "")


def done_unasked(*command: str) -> bool:
    """Run a command of the package system that asks nothing and prints only its complaints; whether it succeeded."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment, check=False)
    return done.returncode == 0


def missing_of(uses: Collection[str]) -> list[list[str]]:
    return [names for names in wanted_packages(uses) if not any(is_installed(name) for name in names)]


def offered_of(missing: list[list[str]]) -> list[str]:
    """One name of each line: the first that this system offers, else the first."""
    return [next((name for name in choice if is_offered(name)), choice[0]) for choice in missing]


def to_be_root() -> list[str] | None:
    """What to put before a command that takes root; None where that is not available."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if answer("sudo", "-n", "true") is not None else None


def installing(names: list[str]) -> list[str]:
    """The command. Another installation may be going on (a new machine's own updates, for one): wait for it."""
    return ["apt-get", "install", "-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends", *names]


def by_hand(names: list[str]) -> str:
    return "sudo sh -c 'apt-get update && " + " ".join(installing(names)) + "'"


def ensure_system(uses: Collection[str]) -> None:
    """Install what is missing through apt, or say the one command that does."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-query"):
        if ctypes.util.find_library("mpv") is None:
            say("this is not a Debian or Ubuntu system: install libmpv 0.35 or later with its own package manager.")
        return
    missing = missing_of(uses)
    if not missing:
        return
    sudo = to_be_root()
    if sudo is not None:
        say("reading the system's package lists")
        done_unasked(*sudo, "apt-get", "update", "-qq")
    names = offered_of(missing)
    if sudo is None:
        stop(
            "system packages are missing, and installing them takes root. Run this, then start again:\n"
            + by_hand(names)
        )
    say("installing " + " ".join(names))
    # An installation that was killed leaves the packages half set up, and apt-get refuses until that is finished.
    done_unasked(*sudo, "dpkg", "--configure", "-a")
    if not done_unasked(*sudo, *installing(names)):
        stop(
            "apt-get could not install the system packages (see above). Put that right and start again:\n"
            + by_hand(names)
        )


# --- what some tests need beside the program

# Debian starts these when they are installed, and at each start of the machine. Tests run servers of their own.
DAEMONS = ("nginx", "postgresql")


def ensure_components(uses: Collection[str]) -> None:
    """Install what apt offers of them. What is not available stops nothing: tests say at the end what they lacked."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-query"):
        return
    missing = missing_of(uses)
    tried = repr(missing)
    if not missing or (TRIED.exists() and TRIED.read_text(encoding="utf-8") == tried):
        return
    sudo = to_be_root()
    if sudo is None:
        say(
            "some tests are skipped without these programs, and installing them takes root:\n"
            + by_hand(offered_of(missing))
        )
    else:
        say("reading the system's package lists")
        done_unasked(*sudo, "apt-get", "update", "-qq")
        for name in offered_of(missing):
            install_component(sudo, name)
    TRIED.write_text(repr(missing_of(uses)), encoding="utf-8")


def install_component(sudo: list[str], name: str) -> None:
    """Each by itself, so that one that cannot be installed is in no other's way."""
    if not is_offered(name):
        say(name + " is not offered here: tests that need it are skipped")
        return
    say("installing " + name + ", which some tests need")
    if not done_unasked(*sudo, *installing([name])):
        say(name + " could not be installed (see above): tests that need it are skipped")
    for daemon in DAEMONS:
        if name.startswith(daemon):
            answer(*sudo, "service", daemon, "stop")
            answer(*sudo, "update-rc.d", daemon, "disable")


def ensure_npm_packages() -> None:
    """Packages of npm that some tests compare with. Without npm or a network those tests are skipped, no more."""
    names = [line for line in NPM.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    done = NPM_HOME / "installed.txt"
    if not shutil.which("npm") or (done.exists() and done.read_text(encoding="utf-8") == repr(names)):
        return
    say("installing " + " and ".join(names) + ", which some tests compare with")
    NPM_HOME.mkdir(parents=True, exist_ok=True)
    options = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(NPM_HOME))
    if answer("npm", "install", *options, *names) is None:
        say("npm could not install them: tests that need them are skipped")
    done.write_text(repr(names), encoding="utf-8")  # not tried again by each run


# --- the Python environment


def version_of(interpreter: str) -> tuple[int, ...] | None:
    """The version as a tuple; None when it does not run."""
    printed = answer(interpreter, "-c", "import sys; print(*sys.version_info[:3])")
    return tuple(int(part) for part in printed.split()) if printed else None


def is_supported(version: tuple[int, ...] | None) -> bool:
    return version is not None and OLDEST <= version[:2] <= NEWEST


def choose_interpreter() -> tuple[str, tuple[int, ...] | None]:
    """The Python that MATINEE_PYTHON names; else the one the environment has; else any that we support."""
    named = os.environ.get("MATINEE_PYTHON")
    if named:
        version = version_of(named)
        if not is_supported(version):
            stop("MATINEE_PYTHON=" + named + " is not a Python 3.11, 3.12 or 3.13.")
        return named, version
    current = VENV / "bin" / "python"
    if STAMP.exists() and is_supported(version_of(str(current))):
        return str(current.resolve()), version_of(str(current))
    for name in (sys.executable, "python3", "python3.12", "python3.13", "python3.11"):
        version = version_of(name)
        if is_supported(version):
            return name, version
    stop(
        "Python 3.11, 3.12 or 3.13 is needed and none was found. Name one and start again:\n"
        "MATINEE_PYTHON=/path/to/python make demo"
    )


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def ensure_environment() -> None:
    """The virtual environment as the lock file says, every file checked against its hash, and the project in it."""
    interpreter, version = choose_interpreter()
    made_from = digest(LOCK.read_bytes(), repr(version).encode(), str(ROOT).encode())
    project = digest(PROJECT.read_bytes())
    stamp = read_stamp()
    if stamp == {"made_from": made_from, "project": project}:
        return
    if stamp.get("made_from") != made_from:
        make_environment(interpreter)
    if pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT)) != 0:
        stop("the project could not be installed into its own environment (see above).")
    STAMP.write_text(json.dumps({"made_from": made_from, "project": project}), encoding="utf-8")


def read_stamp() -> dict[str, str]:
    """Empty where there is none, or none that was written whole."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def make_environment(interpreter: str) -> None:
    say("making the Python environment (a minute or two, only the first time)")
    if VENV.exists():
        shutil.rmtree(VENV)
    if subprocess.run([interpreter, "-m", "venv", str(VENV)], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        stop(
            "the virtual environment could not be made. Run this and start again:\nsudo apt-get install python3-venv"
        )
    if pip("--require-hashes", "--requirement", str(LOCK)) != 0:
        stop("the Python packages could not be installed (see above). Is there a network?")


def pip(*arguments: str) -> int:
    """``pip install`` inside the environment; its exit code. Its chatter is shown only when it fails."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
    return done.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with", dest="uses", action="append", default=[], choices=["x11", "test", "packages"])
    arguments = parser.parse_args()
    if not sys.platform.startswith("linux"):
        stop("only Linux is set up by itself; docs/guide-developer.md says what other systems need.")
    components = {"components": "test", "packages": "packages"}
    ensure_system({"run", *arguments.uses} - components.keys())
    ensure_environment()
    ensure_components({part for part, use in components.items() if use in arguments.uses})
    if "test" in arguments.uses:
        ensure_npm_packages()


if __name__ == "__main__":
    main()
