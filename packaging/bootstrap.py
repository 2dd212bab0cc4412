#!/usr/bin/env python3
"""Everything `make demo` and `make test` need, from a fresh machine: system libraries and a virtual environment.

Runs on any Python 3.8 or later with the standard library alone. What is done already is skipped: a stamp in the
environment holds the digest of the lock file and the interpreter's version.
"""

import argparse
import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PACKAGES = ROOT / "packaging" / "system-packages.txt"
STAMP = VENV / ".matinee-stamp"
SUPPORTED = ((3, 11), (3, 13))


def say(text):
    print("setup: " + text, file=sys.stderr, flush=True)


def stop(text):
    say(text)
    sys.exit(3)


def system_packages(uses):
    wanted, use = [], None
    for line in PACKAGES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ["):
            use = line[3 : line.index("]")]
        elif line.strip() and not line.startswith("#") and use in uses:
            wanted.append(line.strip())
    return wanted


def is_installed(package):
    found = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    return found.returncode == 0 and b"install ok installed" in found.stdout


def ensure_system(uses):
    """Install what is missing through apt, or say the one command that does."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-query"):
        if ctypes.util.find_library("mpv") is None:
            say("this is not a Debian or Ubuntu system: install libmpv 0.35 or later with its own package manager.")
        return
    missing = [package for package in system_packages(uses) if not is_installed(package)]
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    prefix = []
    if os.geteuid() != 0:
        may = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], stderr=subprocess.DEVNULL, check=False)
        if not may or may.returncode != 0:
            stop("some system packages are missing. Run this and start again:\n  sudo " + " ".join(command))
        prefix = ["sudo"]
    say("installing " + " ".join(missing))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = {"stdout": subprocess.DEVNULL, "env": environment}
    subprocess.run([*prefix, "apt-get", "update", "-qq"], check=False, **quiet)
    done = subprocess.run([*prefix, *command], check=False, **quiet)
    if done.returncode != 0:
        stop("apt-get failed. Run this yourself and start again:\n  sudo " + " ".join(command))


def version_of(interpreter):
    found = subprocess.run(
        [interpreter, "-c", "import sys; print(*sys.version_info[:3])"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if found.returncode != 0:
        return None
    return tuple(int(part) for part in found.stdout.split())


def interpreter():
    """A Python that we support: MATINEE_PYTHON, the one that runs this, or one on the path."""
    names = [os.environ.get("MATINEE_PYTHON"), sys.executable, "python3", "python3.12", "python3.13", "python3.11"]
    for name in names:
        found = name and shutil.which(name)
        version = version_of(found) if found else None
        if version is not None and SUPPORTED[0] <= version[:2] <= SUPPORTED[1]:
            return found, version
    return stop("Python 3.11, 3.12 or 3.13 is needed and none was found (MATINEE_PYTHON=/path/to/python names one).")


def ensure_environment():
    """The virtual environment as the lock file says, every file checked against its hash."""
    python, version = interpreter()
    digest = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + repr(version).encode())
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == digest.hexdigest():
        return
    say("making the Python environment (a minute or two, only the first time)")
    if VENV.exists():
        shutil.rmtree(VENV)
    if subprocess.run([python, "-m", "venv", str(VENV)], check=False).returncode != 0:
        stop("the virtual environment could not be made. On Debian or Ubuntu: sudo apt-get install python3-venv")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=False).returncode != 0:
        stop("the Python packages could not be installed (see above). Is there a network?")
    own = [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    if subprocess.run(own, check=False).returncode != 0:
        stop("the project could not be installed into its own environment (see above).")
    STAMP.write_text(digest.hexdigest(), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with", dest="uses", action="append", default=[], choices=["x11", "test"])
    arguments = parser.parse_args()
    if not sys.platform.startswith("linux"):
        say("only Linux is supported by this script; see docs/guide-developer.md for other systems.")
    ensure_system({"run", *arguments.uses})
    ensure_environment()


if __name__ == "__main__":
    main()
