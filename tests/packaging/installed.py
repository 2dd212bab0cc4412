"""``make test-packages``: every artefact as it is installed. Wheel and archive in clean folders, the Debian packages
in a fresh root of Debian 12 (debootstrap; takes root).

For each artefact: version and build are shown, and ``doctor`` is content. A title plays headless and is downloaded.
The app shows moving video under Xvfb, draws small pictures of a file, finds its lines, and is walked by keys. A kiosk
heals. When the program has been removed nothing
of it is left, and the download stays. Exit code 1: one of them failed; 3: one could not be tried here.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from player.media.bounded import OPTION
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.films import FILMS
from tests.kit.waiting import until
from tests.packaging.xvfb import VirtualScreen

ROOT = Path(__file__).resolve().parent.parent.parent
SUITE = "bookworm"
BASE = ROOT / ".cache" / "packages" / f"{SUITE}.tar"
_X11 = ("libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-xkb1", "libxkbcommon-x11-0")


class Installation(ABC):
    """A way to run the installed ``matinee``, and to remove it."""

    name = ""

    def __init__(self, scratch: Path, dist: Path) -> None:
        self.scratch, self.dist = scratch, dist
        self.profile = scratch / "profile"
        self.title = scratch / "title"

    @staticmethod
    def lacks() -> str:
        """The sentence that says what is missing here to try it, or nothing."""
        return ""

    @abstractmethod
    def install(self) -> None: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def leftovers(self) -> list[Path]:
        """Remove it; what is still there of it."""

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TMPDIR")}
        return {**kept, "HOME": str(self.scratch), "XDG_RUNTIME_DIR": str(self.scratch)}

    def worker(self, module: str) -> list[str]:
        """What the program starts for a film of unknown origin; nothing if that is a Python, as in the tests."""
        return []

    def path(self, inside: Path) -> str:
        """A file's name as the program sees it."""
        return str(inside)

    def run(self, *words: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run the installed command; ``more`` goes into its environment."""
        return subprocess.run(
            [*self.command(), *words],
            env={**self.environment(), **(more or {})},
            cwd=self.scratch,
            capture_output=True,
            timeout=300,
            check=False,
        )


class Wheel(Installation):
    name = "wheel"

    def install(self) -> None:
        self.venv = self.scratch / "venv"
        subprocess.run([sys.executable, "-m", "venv", str(self.venv)], check=True)
        pip = [str(self.venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # The versions that the project was tested with; the extra of the wheel names the packages themselves.
        pinned = self.scratch / "constraints.txt"
        pinned.write_text(_without_hashes((ROOT / "requirements.lock").read_text(encoding="utf-8")), encoding="utf-8")
        wheel = next(self.dist.glob("matinee-*.whl"))
        subprocess.run([*pip, "--constraint", str(pinned), f"{wheel}[app]"], check=True)

    def command(self) -> list[str]:
        return [str(self.venv / "bin" / "matinee")]

    def leftovers(self) -> list[Path]:
        python = str(self.venv / "bin" / "python")
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "matinee"], check=True)
        return [*self.venv.glob("lib/*/site-packages/ui/**/*.py"), *self.venv.glob("bin/matinee")]


class Archive(Installation):
    name = "archive"

    def install(self) -> None:
        with tarfile.open(next(self.dist.glob("matinee-*.tar.xz"))) as tar:
            tar.extractall(self.scratch / "unpacked", filter="data")
        self.folder = next((self.scratch / "unpacked").iterdir())

    def command(self) -> list[str]:
        return [str(self.folder / "matinee")]

    def worker(self, module: str) -> list[str]:
        return [*self.command(), OPTION, module]

    def leftovers(self) -> list[Path]:
        shutil.rmtree(self.folder)
        return list((self.scratch / "unpacked").iterdir())


class Debian(Installation):
    """Needs root: debootstrap, chroot. The base system is kept in ``.cache/packages`` for the next run."""

    name = "deb"

    @staticmethod
    def lacks() -> str:
        if os.geteuid() != 0:
            return "a system of its own to install into takes root: sudo make test-packages ARGS=deb"
        if shutil.which("debootstrap") is None and not BASE.exists():
            return "debootstrap is missing, which makes a fresh Debian: apt-get install debootstrap"
        return ""

    def __init__(self, scratch: Path, dist: Path) -> None:
        self.root = scratch / "debian"
        super().__init__(scratch, dist)
        self.profile = self.root / "var/tmp/profile"
        self.title = self.root / "var/tmp/title"

    def install(self) -> None:
        if not BASE.exists():
            BASE.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.scratch / "base"
            subprocess.run(
                ["debootstrap", "--variant=minbase", SUITE, str(fresh)], stdout=subprocess.DEVNULL, check=True
            )
            part = BASE.with_suffix(".part")
            subprocess.run(["tar", "-C", str(fresh), "-cf", str(part), "."], check=True)
            part.rename(BASE)
            shutil.rmtree(fresh)
        self.root.mkdir()
        subprocess.run(["tar", "-C", str(self.root), "-xf", str(BASE)], check=True)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        for name in ("proc", "dev"):
            subprocess.run(["mount", "--bind", f"/{name}", str(self.root / name)], check=True)
        for package in self.dist.glob("*.deb"):
            shutil.copy(package, self.root / "var/tmp")
        player, backend = (self.path(next((self.root / "var/tmp").glob(f"{name}_*.deb"))) for name in _DEBS)
        self.inside("apt-get", "update", "-qq")
        # Recommended is the X11 side of Qt; a compositor and a graphics stack are of no use in here.
        self.inside("apt-get", "install", "-y", "-qq", "--no-install-recommends", player, backend, *_X11)

    def inside(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "HOME": "/var/tmp",
        }
        return subprocess.run(
            ["chroot", str(self.root), *words], env=environment, capture_output=True, check=True, timeout=900
        )

    def command(self) -> list[str]:
        return ["chroot", str(self.root), "/usr/bin/matinee"]

    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/var/tmp", "XDG_RUNTIME_DIR": "/var/tmp"}

    def path(self, inside: Path) -> str:
        return "/" + str(inside.relative_to(self.root))

    def leftovers(self) -> list[Path]:
        (self.root / "var/lib/matinee-kiosk").mkdir(exist_ok=True)
        self.inside("dpkg", "--remove", "matinee-backend", "matinee")
        assert (self.root / "var/lib/matinee-kiosk").exists(), "removing is not purging"
        self.inside("dpkg", "--purge", "matinee-backend", "matinee")
        places = (
            "usr/lib/matinee",
            "usr/bin/matinee",
            "var/lib/matinee-kiosk",
            "usr/share/applications/matinee.desktop",
        )
        return [self.root / place for place in places if (self.root / place).exists()]

    def unmount(self) -> None:
        for name in ("dev", "proc"):
            # Lazily: a process that is still in there must not keep it, or devices of the machine would be deleted.
            subprocess.run(["umount", "--lazy", str(self.root / name)], stderr=subprocess.DEVNULL, check=False)
            if os.path.ismount(self.root / name):
                raise SystemExit(f"{self.root / name} is still mounted: unmount it, then delete {self.scratch}")


_DEBS = ("matinee", "matinee-backend")
GOOD, FAILED, MISSING = 0, 1, 3  # exit codes
KINDS: dict[str, type[Installation]] = {kind.name: kind for kind in (Wheel, Archive, Debian)}


def examine(installation: Installation) -> list[str]:
    """Install, use, remove; the sentences of what went wrong."""
    installation.install()
    clip = media.ffmpeg_dash()
    shutil.copytree(clip.folder, installation.title)
    title = installation.path(installation.title / (clip.hls or ""))
    profile = ["--profile-dir", installation.path(installation.profile), "--key-store", "file"]
    wrong = [*_tells_its_version(installation), *_doctor_is_content(installation, profile)]
    wrong += _plays_headless(installation, title, profile)
    wrong += _downloads(installation, clip, profile)
    wrong += _shows_a_picture(installation, title, profile)
    wrong += [*_draws_small_pictures(installation, profile), *_finds_lines(installation)]
    wrong += _tests_itself(installation)
    wrong += [f"{path} is left" for path in installation.leftovers()]
    if not list(installation.profile.glob("downloads/*/*")):
        wrong.append("what the viewer kept has gone")
    return wrong


def _tells_its_version(installation: Installation) -> list[str]:
    told = installation.run("--version").stdout.decode()
    return [] if "(build " in told and "from source" not in told else [f"--version says {told!r}"]


def _doctor_is_content(installation: Installation, profile: Sequence[str]) -> list[str]:
    done = installation.run("doctor", "--json", *profile)
    if done.returncode == 0:
        return []
    return [f"doctor: {done.returncode}: {done.stdout.decode()[-2000:]}{done.stderr.decode()[-1000:]}"]


def _plays_headless(installation: Installation, title: str, profile: Sequence[str]) -> list[str]:
    done = installation.run("play", title, "--headless", "--speed", "max", "--json", *profile)
    if done.returncode != 0:
        return [f"play --headless: {done.returncode}: {done.stderr.decode()[-2000:]}"]
    result = json.loads(done.stdout)["result"]
    return [] if not result["error"] else [f"play --headless: {result}"]


def _downloads(installation: Installation, clip: media.TestMedia, profile: Sequence[str]) -> list[str]:
    with FileServer(clip.folder) as server:
        done = installation.run("download", "add", server.url(clip.dash or ""), "--height", "180", *profile)
    return [] if done.returncode == 0 else [f"download add: {done.returncode}: {done.stderr.decode()[-2000:]}"]


def _shows_a_picture(installation: Installation, title: str, profile: Sequence[str]) -> list[str]:
    with VirtualScreen() as screen:
        environment = {**installation.environment(), "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
        command = [*installation.command(), "play", title, *profile]
        with tempfile.TemporaryFile() as said:
            app = subprocess.Popen(command, env=environment, cwd=installation.scratch, stderr=said)
            try:
                shown = screen.wait_for_moving_picture()
            finally:
                app.terminate()
                app.wait(30)
            said.seek(0)
            return [] if shown else [f"the app shows no picture: {said.read().decode()[-2000:]}"]


def _draws_small_pictures(installation: Installation, profile: Sequence[str]) -> list[str]:
    """The app starts a process of its own for those of a file."""
    film = installation.path(shutil.copy(_film(), installation.title / "film.mkv"))
    with VirtualScreen() as screen:
        environment = {**installation.environment(), "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
        app = subprocess.Popen(
            [*installation.command(), "play", film, *profile], env=environment, cwd=installation.scratch
        )
        try:
            kept = until(lambda: _below(installation.scratch, ".pictures"), patience_s=120)
        except AssertionError:
            return ["no small pictures of a file are drawn"]
        finally:
            app.terminate()
            app.wait(30)
    with zipfile.ZipFile(kept[0]) as zipped:
        drawn = [zipped.read(one) for one in zipped.namelist()]
    return [] if drawn and all(one.startswith(b"\xff\xd8") for one in drawn) else ["small pictures are empty"]


def _below(folder: Path, suffix: str) -> list[Path]:
    """Files with this ending. There is a /proc in a fresh root, in which folders go while one looks."""
    return [Path(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith(suffix)]


def _finds_lines(installation: Installation) -> list[str]:
    command = installation.worker("player.media.lines_worker")
    if not command:
        return []
    done = subprocess.run(
        [*command, str(_film()), "1"], env=installation.environment(), capture_output=True, timeout=60, check=False
    )
    return [] if b'"Hello ger"' in done.stdout else [f"lines: {done.returncode}: {done.stderr.decode()[-1000:]}"]


def _film() -> Path:
    return next(one for one in FILMS if one.name == "many-tracks.mkv").path()


def _tests_itself(installation: Installation) -> list[str]:
    """The app's pages by keys, and a kiosk whose player is killed, stopped or cut off once."""
    with VirtualScreen() as screen:
        screened = {"DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
        done = installation.run("selftest", "--focus", "--kiosk", "1.5", more=screened)
    return [] if done.returncode == 0 else [f"selftest: {done.returncode}: {done.stderr.decode()[-2000:]}"]


def _without_hashes(lock: str) -> str:
    """Constraints take no hashes and no continued lines."""
    return "\n".join(line.rstrip(" \\") for line in lock.splitlines() if not line.startswith(" ")) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="these alone")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="the folder that make package filled")
    arguments = parser.parse_args()
    if not any(arguments.dist.glob("matinee-*.whl")):
        print(f"There are no packages in {arguments.dist}: make package makes them.", file=sys.stderr)
        return 2
    codes = [_try(KINDS[name], arguments.dist.resolve()) for name in arguments.kinds or KINDS]
    return FAILED if FAILED in codes else max(codes)


def _try(kind: type[Installation], dist: Path) -> int:
    """Examine one, and say how that went; the exit code of that."""
    if lacks := kind.lacks():
        print(f"{kind.name}: not tried, {lacks}", flush=True)
        return MISSING
    installation = kind(Path(tempfile.mkdtemp(prefix=f"matinee-{kind.name}-")), dist)
    try:
        wrong = examine(installation)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace")[-2000:]
        wrong = [f"{' '.join(map(str, error.cmd))} ended with code {error.returncode} {said}".rstrip()]
    finally:
        if isinstance(installation, Debian):
            installation.unmount()
        shutil.rmtree(installation.scratch)
    print(f"{kind.name}: {'installed, played, shown, removed' if not wrong else 'FAILED'}", flush=True)
    for sentence in wrong:
        print(f"    {sentence}", flush=True)
    return FAILED if wrong else GOOD


if __name__ == "__main__":
    sys.exit(main())
